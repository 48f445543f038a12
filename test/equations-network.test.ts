/** What makes a network of LSTMs, each part alone: dropout (12), directions and layers. */
import { createReferenceBackend } from '../kernels/reference/index.js';
import { drawMask } from '../src/dropout.js';
import { lstmBackward, lstmForward } from '../src/lstm.js';
import type { LstmSizes } from '../src/lstm-tensors.js';
import { Network } from '../src/network.js';
import type { NetworkSizes } from '../src/network-sizes.js';
import { valuesByName } from '../src/parameters.js';
import { Random } from '../src/rng.js';
import type { Tensor } from '../src/tensor.js';
import { copyInto, rowsOf, stepOf, valuesOf, zeros } from '../src/tensor.js';
import { expectClose, expectSame, matrix, numericGradient, sum } from './helpers/numeric.js';
import { randomise, randomLstm } from './helpers/random-lstm.js';

const backend = createReferenceBackend({ dtype: 'f64' });
const SIZES: LstmSizes = { T: 5, B: 3, I: 2, H: 4 };

/** A network with random parameters, inputs and initial states, and a batch. */
function randomNetwork(sizes: NetworkSizes): Network {
  const network = new Network(backend, sizes, { T: 3, B: 2 }, { inputGradient: true });
  const { x, y } = network.activations;
  randomise([x, ...Object.values(valuesByName(network.parameters))]);
  randomise(network.layers.flat().flatMap(({ initial }) => [initial.h, initial.c]));
  randomise(network.parameters.map(({ gradient }) => gradient));
  const targets = zeros(y.shape, 'f64');
  randomise([targets], new Random(4));
  if (network.network.loss === 'squaredError') network.setTargets({ targets });
  network.drawMasks(new Random(5));
  return network;
}

/** The mean loss of a new forward pass. `count`: rows that count. */
function lossOf(network: Network, count: number, dropout = false): number {
  network.forward({ dropout });
  return valuesOf(network.activations.losses).reduce((total, loss) => total + loss, 0) / count;
}

// ── (12) and (12′) ──

const P = 0.3;
const DROPOUT: NetworkSizes = {
  inputs: 2,
  layers: [{ hidden: 3, bidirectional: true }, { hidden: 4 }],
  outputs: 2,
  loss: 'squaredError',
  dropout: P,
};

/** For each direction of the lower layer: x and y of (12), and their gradients. */
function dropoutsOf({ layers: [below, [above]] }: Network) {
  return below.map(({ outputs, dhOutside, reverse, sizes: { T } }, k) => ({
    x: outputs.h,
    y: above.inputs[k],
    dx: rowsOf(dhOutside, reverse ? 0 : 1, reverse ? T : T + 1),
    dy: above.dInputs[k],
  }));
}

describe('(12)', () => {
  test('mask = 0 with probability p, else 1/(1-p): the mean stays 1', () => {
    const mask = zeros([200, 200], 'f64');
    drawMask(mask, P, new Random(1));
    const values = [...valuesOf(mask)];
    expect([...new Set(values)].sort()).toEqual([0, 1 / (1 - P)]);
    // The limits are four standard deviations.
    expect(Math.abs(values.filter((value) => value === 0).length / values.length - P)).toBeLessThan(0.0092);
    expect(Math.abs(sum(values.length, (n) => values[n]) / values.length - 1)).toBeLessThan(0.0131);
  });
  test('y = x*mask between two layers, and y = x without dropout', () => {
    const network = randomNetwork(DROPOUT);
    network.forward({ dropout: true });
    for (const { x, y } of dropoutsOf(network)) {
      const [xs, ys] = [valuesOf(x), valuesOf(y)];
      const factors = ys.map((value, n) => Number((value / xs[n]).toFixed(12)));
      expect([...new Set(factors)].sort()).toEqual([0, Number((1 / (1 - P)).toFixed(12))]);
    }
    network.forward();
    for (const { x, y } of dropoutsOf(network)) expect(valuesOf(y)).toEqual(valuesOf(x));
  });
  test('nothing is drawn if p = 0', () => {
    const random = new Random(1);
    const before = random.state;
    randomNetwork({ ...DROPOUT, dropout: 0 }).drawMasks(random);
    expect(random.state).toEqual(before);
    randomNetwork(DROPOUT).drawMasks(random);
    expect(random.state).not.toEqual(before);
  });
});

describe('(12′)', () => {
  test('dx = dy*mask with the mask of the forward pass, and dx = dy without dropout', () => {
    const network = randomNetwork(DROPOUT);
    network.forward({ dropout: true });
    const masks = dropoutsOf(network).map(({ x, y }) => valuesOf(y).map((value, n) => value / valuesOf(x)[n]));
    network.backward();
    dropoutsOf(network).forEach(({ dx, dy }, k) =>
      expectClose(
        dx,
        valuesOf(dy).map((value, n) => value * masks[k][n]),
      ),
    );
    network.forward();
    network.backward();
    for (const { dx, dy } of dropoutsOf(network)) expect(valuesOf(dx)).toEqual(valuesOf(dy));
  });
});

// ── Directions and layers ──

/** Row t of the result is row T-1-t. */
const turned = (tensor: Tensor): Tensor => tensor.step(-1);

/** An LSTM in reverse, and one that reads the same sequence turned around. */
function reverseAndTurned() {
  const [reverse, forward] = [randomLstm(backend, SIZES, true), randomLstm(backend, SIZES)];
  for (const name of ['x', 'h', 'c', 'dhOutside', 'dcOutside'] as const) copyInto(forward[name], turned(reverse[name]));
  for (const lstm of [reverse, forward]) {
    lstmForward(backend, lstm);
    lstmBackward(backend, lstm);
  }
  return { reverse, forward };
}

const BOTH: NetworkSizes = {
  inputs: 2,
  layers: [{ hidden: 3, bidirectional: true }],
  outputs: 2,
  loss: 'squaredError',
};

/** Σ over the directions of h·W, + b: the logits of one row. `rows`: h of each direction. */
const logitOf = ({ parameters }: Network, rows: readonly Tensor[], k: number): number => {
  const [W, b] = parameters.slice(-2);
  const states = rows.flatMap((row) => [...valuesOf(row)]);
  return sum(states.length, (n) => states[n] * W.value.get(n, k)) + b.value.get(k);
};

describe('directions', () => {
  test('in reverse, h and c are those of the sequence turned around', () => {
    const { reverse, forward } = reverseAndTurned();
    for (const name of ['h', 'c'] as const) {
      expect(valuesOf(reverse[name])).toEqual(valuesOf(turned(forward[name])));
      expect(valuesOf(reverse.final[name])).toEqual(valuesOf(forward.final[name]));
      expect(valuesOf(reverse.outputs[name])).toEqual(valuesOf(turned(forward.outputs[name])));
    }
  });
  test('in reverse, the gradients are those of the sequence turned around', () => {
    const { reverse, forward } = reverseAndTurned();
    for (const name of ['dKernel', 'dBias'] as const) expect(valuesOf(reverse[name])).toEqual(valuesOf(forward[name]));
    for (const name of ['dx', 'dh', 'dc'] as const) {
      expect(valuesOf(reverse[name])).toEqual(valuesOf(turned(forward[name])));
    }
  });
  test('dx is the sum over both directions: numeric derivative of the loss', () => {
    const network = randomNetwork(BOTH);
    network.forward();
    network.backward();
    expectClose(
      network.dx,
      numericGradient(network.activations.x, () => lossOf(network, 2)),
    );
  });
  test('reads last: the forward state after step T-1, the reverse one after step 0', () => {
    const network = randomNetwork(BOTH);
    network.forward();
    const [[forward, reverse]] = network.layers;
    expectClose(
      network.activations.logits,
      matrix(2, 2, (b, k) => logitOf(network, [forward.h.pick(3, b, null), reverse.h.pick(0, b, null)], k)),
    );
  });
  test('reads every: both states after the same step', () => {
    const network = randomNetwork({ ...BOTH, reads: 'every' });
    network.forward();
    const [[forward, reverse]] = network.layers;
    for (let t = 0; t < 3; t++) {
      expectClose(
        stepOf(network.activations.logits, t),
        matrix(2, 2, (b, k) => logitOf(network, [forward.h.pick(t + 1, b, null), reverse.h.pick(t, b, null)], k)),
      );
    }
  });
});

const STACK: NetworkSizes = {
  inputs: 2,
  layers: [{ hidden: 3, bidirectional: true }, { hidden: 2 }],
  outputs: 3,
  loss: 'squaredError',
  reads: 'every',
};

describe('layers', () => {
  test('the upper layer reads h of both directions below, after the same step', () => {
    const network = randomNetwork(STACK);
    network.forward();
    const [[forward, reverse], [above]] = network.layers;
    const { x, ...copy } = randomLstm(backend, { T: 3, B: 2, I: 6, H: 2 });
    for (const name of ['kernel', 'bias'] as const) copyInto(copy[name], above[name]);
    for (const name of ['h', 'c'] as const) copyInto(copy.initial[name], above.initial[name]);
    for (let t = 0; t < 3; t++) {
      copyInto(stepOf(x, t).hi(2, 3), stepOf(forward.h, t + 1));
      copyInto(stepOf(x, t).lo(0, 3), stepOf(reverse.h, t));
    }
    lstmForward(backend, copy);
    expectSame(above.h, copy.h);
  });
  test.each(['kernel.0', 'kernel.0.reverse', 'bias.0.reverse', 'kernel.1', 'outKernel'])(
    'the gradient of %s: numeric derivative of the mean loss over every step',
    (name) => {
      const network = randomNetwork(STACK);
      network.forward();
      network.backward();
      const { value, gradient } = network.parameters.find((parameter) => parameter.name === name)!;
      expectClose(
        gradient,
        numericGradient(value, () => lossOf(network, 6)),
      );
    },
  );
  test('the loss is the mean over the rows that count, and so are its gradients', async () => {
    const network = randomNetwork({ ...STACK, loss: 'crossEntropy' });
    network.setTargets({ labels: [2, -1, 0, 1, 1, 2], lengths: [3, 2] }); // row 5 is beyond an end
    network.forward();
    network.backward();
    expect((await network.metrics()).loss).toBeCloseTo(lossOf(network, 4), 14);
    const { value, gradient } = network.parameters[0];
    expectClose(
      gradient,
      numericGradient(value, () => lossOf(network, 4)),
    );
  });
});
