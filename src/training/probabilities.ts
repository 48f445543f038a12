/** The class probabilities of one sequence: after all its steps, and as if it ended after each step. */
import { NonFiniteError } from '../core/errors.js';
import type { Tensor } from '../core/tensor.js';
import { assertNotFreed, copyInto, stepOf } from '../core/tensor.js';
import { denseForward } from '../equations/dense.js';
import type { Network } from '../network/network.js';

/**
 * The probabilities `[C]` of the first sequence in x, as if it ended after step 1, 2, … T. For networks that read the last
 * state. `what` begins the message of a NonFiniteError (default: 'network'). Overwrites all results; a bidirectional network also overwrites y and the other sequences, and its lengths are T
 * afterwards.
 *
 * In one direction, no state depends on later steps, so one forward pass is enough. In both directions each length needs a
 * pass of its own: B of them are computed as one batch, so a larger B is faster.
 */
export async function probabilitiesByRow(network: Network, what = 'network'): Promise<Float64Array[]> {
  const isBidirectional = network.config.layers.some(({ bidirectional }) => bidirectional);
  return isBidirectional ? byLengths(network, what) : byStates(network, what);
}

/** The output layer reads the state after each step. */
async function byStates(network: Network, what: string): Promise<Float64Array[]> {
  const { backend, sizes, layers, parameters } = network;
  const { y, logits, losses } = network.activations;
  const probabilities = probabilitiesIn(network);
  const [outKernel, outBias] = parameters.slice(-2);
  const [top] = layers[layers.length - 1];
  network.forward();
  const rows: Float64Array[] = [];
  for (let t = 0; t < sizes.T; t++) {
    denseForward(backend, logits, [stepOf(top.outputs.h, t)], outKernel.value, outBias.value);
    backend.crossEntropyForward(losses, probabilities, logits, y);
    rows.push(await firstProbabilities(network, what));
  }
  return rows;
}

/** Every sequence of the batch is a copy of the first one, with another length. */
async function byLengths(network: Network, what: string): Promise<Float64Array[]> {
  const { backend, activations } = network;
  const { T, B } = network.sizes;
  const { x } = activations;
  const probabilities = probabilitiesIn(network);
  const labels = new Uint8Array(B);
  for (let b = 1; b < B; b++) copyInto(x.pick(null, b), x.pick(null, 0));
  backend.upload(x);
  const rows: Float64Array[] = [];
  for (let longest = T; longest > 0; longest -= B) {
    network.setTargets({ labels, lengths: Array.from(labels, (_, b) => Math.max(longest - b, 1)) });
    network.forward();
    await backend.download(probabilities);
    for (let b = 0; b < Math.min(B, longest); b++) {
      rows[longest - b - 1] = probabilitiesOf(network, b, what);
    }
  }
  network.setTargets({ labels });
  return rows;
}

/**
 * The probabilities `[C]` of the first sequence in the last forward pass. Rejects with a NonFiniteError, which begins with
 * `what` (default: 'network'), if one is NaN.
 */
export async function firstProbabilities(network: Network, what = 'network'): Promise<Float64Array> {
  await network.backend.download(probabilitiesIn(network));
  return probabilitiesOf(network, 0, what);
}

/** Those of sequence b, on the host. */
function probabilitiesOf(network: Network, b: number, what: string): Float64Array {
  const probabilities = probabilitiesIn(network);
  assertNotFreed(what, probabilities); // while it was awaited
  const values = Float64Array.from({ length: network.config.outputs }, (_, k) => probabilities.get(b, k));
  const wrong = values.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0) throw new NonFiniteError(`${what}: the probability of class ${wrong}`, values[wrong]);
  return values;
}

function probabilitiesIn({ activations: { probabilities } }: Network): Tensor {
  if (!probabilities) throw new Error('network: no probabilities: its loss is the squared error');
  return probabilities;
}
