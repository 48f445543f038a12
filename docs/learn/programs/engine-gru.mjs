/** A network of one GRU, computed by the engine in f64, for gates.mjs: src/equations/gru.ts has its equations. */
import { gradientsByName, Network, stepOf, tensorFrom, valuesOf } from 'longhand';
import { createReferenceBackend } from 'longhand/reference';

/**
 * Forward: the loss, the probabilities p of each sequence, and the network. x `[T,B,I]`; kernel `[I+H,3H]`, x's rows first; b and bU `[3H]`,
 * in blocks r, z, n; Wy `[H,C]` and by `[C]` of the output layer, which reads the last h; h0 `[B,H]` is optional.
 */
export function gruForward(x, labels, { kernel, b, bU, Wy, by, h0 }, { T, B, I, H, C }) {
  const config = { inputs: I, layers: [{ hidden: H, cell: 'gru' }], outputs: C };
  const network = new Network(createReferenceBackend({ dtype: 'f64' }), config, { T, B }, { inputGradient: true });
  const given = (values, ...shape) => tensorFrom(values, shape, 'f64');
  network.load({
    ...{ kernel: given(kernel, I + H, 3 * H), bias: given(b, 3 * H), recurrentBias: given(bU, 3 * H) },
    ...{ outKernel: given(Wy, H, C), outBias: given(by, C) },
  });
  if (h0) network.states.setInitial({ h0: given(h0, B, H) });
  network.setBatch({ x: given(x, T, B, I), labels });
  network.forward();
  const { losses, probabilities } = network.activations;
  const p = labels.map((_, n) => valuesOf(probabilities.pick(n, null)));
  return { loss: valuesOf(losses).reduce((sum, loss) => sum + loss) / B, p, network };
}

/** Backward: the gradient of every parameter, of x and of h0, by the names that gruForward gets. */
export function gruBackward(network) {
  network.backward();
  const { kernel, bias, recurrentBias, outKernel, outBias } = gradientsByName(network.parameters);
  const dh0 = stepOf(network.cells[0][0].dStates.h, 0);
  const gradients = { kernel, b: bias, bU: recurrentBias, Wy: outKernel, by: outBias, x: network.dx, h0: dh0 };
  return Object.fromEntries(Object.entries(gradients).map(([name, tensor]) => [name, valuesOf(tensor)]));
}
