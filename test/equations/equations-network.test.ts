/**
 * What makes a network of LSTMs, each part alone: dropout (12), directions and layers. LSTMs by themselves compute the same,
 * and the results are compared. So a mistake in the equations of the LSTM does not fail these tests: both have it.
 */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { Random } from '../../src/core/rng.js';
import type { Tensor } from '../../src/core/tensor.js';
import { addInto, copyInto, fill, matrixOf, rowsOf, stepOf, valuesOf, zeros } from '../../src/core/tensor.js';
import { denseBackward, denseForward } from '../../src/equations/dense.js';
import { drawMask } from '../../src/equations/dropout.js';
import type { Lstm, LstmSizes } from '../../src/equations/lstm-tensors.js';
import { lstmBackward, lstmForward } from '../../src/equations/lstm.js';
import type { NetworkConfig } from '../../src/network/config.js';
import { Network } from '../../src/door/network.js';
import { valuesByName } from '../../src/network/parameters.js';
import { expectClose, expectSame, sum } from '../helpers/numeric.js';
import { fillNormal, randomLstm } from '../helpers/random-model.js';

const backend = createReferenceBackend({ dtype: 'f64' });
const SIZES: LstmSizes = { T: 5, B: 3, I: 2, H: 4 };

function randomTargets({ shape }: Tensor): Tensor {
  const targets = zeros(shape, 'f64');
  fillNormal([targets], new Random(4));
  return targets;
}

/** A network with random parameters, inputs and initial states, and a batch. */
function randomNetwork(sizes: NetworkConfig): Network {
  const network = new Network(backend, sizes, { T: 3, B: 2 }, { inputGradient: true });
  const { x, y } = network.activations;
  fillNormal([x, ...Object.values(valuesByName(network.parameters))]);
  fillNormal(network.layers.flat().flatMap(({ initial }) => [initial.h, initial.c]));
  if (network.config.loss === 'squaredError') network.setTargets({ targets: randomTargets(y) });
  network.drawMasks(new Random(5));
  return network;
}

// ── (12) and (12′) ──

const P = 0.3;
const DROPOUT: NetworkConfig = {
  inputs: 2,
  layers: [{ hidden: 3, bidirectional: true }, { hidden: 4 }],
  outputs: 2,
  loss: 'squaredError',
  dropout: P,
};

/** For each direction of the lower layer: x and y of (12), and their gradients. */
function dropoutsOf({ layers: [below, [above]] }: Network) {
  return below.map(({ outputs, dhUpstream, reverse, sizes: { T } }, k) => ({
    x: outputs.h,
    y: above.inputs[k],
    dx: rowsOf(dhUpstream, reverse ? 0 : 1, reverse ? T : T + 1),
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
    for (const [k, { dx, dy }] of dropoutsOf(network).entries()) {
      const masked = valuesOf(dy).map((value, n) => value * masks[k][n]);
      expectClose(dx, masked);
    }
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
  for (const name of ['x', 'h', 'c', 'dhUpstream', 'dcUpstream'] as const)
    copyInto(forward[name], turned(reverse[name]));
  for (const lstm of [reverse, forward]) {
    lstmForward(backend, lstm);
    lstmBackward(backend, lstm);
  }
  return { reverse, forward };
}

const BOTH: NetworkConfig = {
  inputs: 2,
  layers: [{ hidden: 3, bidirectional: true }],
  outputs: 2,
  loss: 'squaredError',
};

/** An LSTM of its own with the parameters and the initial state of one in a network. */
function copyOf({ sizes, reverse, kernel, bias, initial }: Lstm) {
  const copy = randomLstm(backend, sizes, reverse);
  copyInto(copy.kernel, kernel);
  copyInto(copy.bias, bias);
  copyInto(copy.initial.h, initial.h);
  copyInto(copy.initial.c, initial.c);
  fill(copy.dhUpstream, 0);
  fill(copy.dcUpstream, 0);
  return copy;
}

/** Copies the parts of a tensor's last axis to tensors of their own; with `put`, from them. */
function split(whole: Tensor, parts: readonly Tensor[], put: boolean): void {
  let from = 0;
  for (const part of parts) {
    const columns = whole.lo(0, 0, from).hi(-1, -1, part.shape[2]);
    if (put) copyInto(columns, part);
    else copyInto(part, columns);
    from += part.shape[2];
  }
}

/** The rows of h, or of its gradient, that belong to the steps. */
const rowsOfSteps = ({ reverse, sizes: { T } }: Lstm, rows: Tensor): Tensor =>
  reverse ? rowsOf(rows, 0, T) : rowsOf(rows, 1, T + 1);

/** The logits of one step from h of each direction, by the output layer itself. */
function logitsFrom({ parameters }: Network, states: readonly Tensor[]): Tensor {
  const [W, b] = parameters.slice(-2);
  const logits = zeros([2, W.value.shape[1]], 'f64');
  denseForward(backend, logits, states, W.value, b.value);
  return logits;
}

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
  test('reads last: the forward state after step T-1, the reverse one after step 0', () => {
    const network = randomNetwork(BOTH);
    network.forward();
    const [[forward, reverse]] = network.layers;
    expectSame(network.activations.logits, logitsFrom(network, [stepOf(forward.h, 3), stepOf(reverse.h, 0)]));
  });
  test('reads every: both states after the same step', () => {
    const network = randomNetwork({ ...BOTH, reads: 'every' });
    network.forward();
    const [[forward, reverse]] = network.layers;
    for (let t = 0; t < 3; t++) {
      const logits = logitsFrom(network, [stepOf(forward.h, t + 1), stepOf(reverse.h, t)]);
      expectSame(stepOf(network.activations.logits, t), logits);
    }
  });
  test.each(['last', 'every'] as const)('reads %s: dx is the sum of what both directions give', (reads) => {
    const network = randomNetwork({ ...BOTH, reads });
    network.forward();
    network.backward();
    const sum = zeros(network.dx.shape, 'f64');
    for (const lstm of network.layers[0]) {
      const alone = copyOf(lstm);
      copyInto(alone.x, network.activations.x);
      copyInto(alone.dhUpstream, lstm.dhUpstream);
      lstmForward(backend, alone);
      lstmBackward(backend, alone);
      addInto(sum, alone.dx);
    }
    expectSame(network.dx, sum);
  });
});

const STACK: NetworkConfig = {
  inputs: 2,
  layers: [{ hidden: 3, bidirectional: true }, { hidden: 2 }],
  outputs: 3,
  loss: 'squaredError',
  reads: 'every',
};

/** The LSTMs of a network, each computed alone. The upper layer reads one input: both directions side by side. */
function stackByHand({ activations: { x }, layers: [below, [top]] }: Network) {
  const [lower, upper] = [below.map(copyOf), copyOf(top)];
  for (const lstm of lower) {
    copyInto(lstm.x, x);
    lstmForward(backend, lstm);
  }
  const states = lower.map((lstm) => rowsOfSteps(lstm, lstm.h));
  split(upper.x, states, true);
  lstmForward(backend, upper);

  copyInto(upper.dhUpstream, top.dhUpstream);
  lstmBackward(backend, upper);
  const dStates = lower.map((lstm) => rowsOfSteps(lstm, lstm.dhUpstream));
  split(upper.dx, dStates, false);
  for (const lstm of lower) lstmBackward(backend, lstm);
  return [...lower, upper];
}

describe('layers', () => {
  test('h: the upper layer reads h of both directions below, after the same step', () => {
    const network = randomNetwork(STACK);
    network.forward();
    network.layers.flat().forEach(({ h }, n) => expectSame(h, stackByHand(network)[n].h));
  });
  test('dWx, dWh, db and dh0: each direction below gets its part of the upper layer’s dx', () => {
    const network = randomNetwork(STACK);
    network.forward();
    network.backward();
    const byHand = stackByHand(network);
    network.layers.flat().forEach((lstm, n) => {
      for (const name of ['dKernel', 'dBias', 'dh', 'dc'] as const) expectSame(lstm[name], byHand[n][name]);
    });
  });
  test('reads every: dh of each step has the gradient of the loss there', () => {
    const network = randomNetwork(STACK);
    network.forward();
    network.backward();
    const { dhUpstream } = network.layers[1][0];
    const [W, b] = network.parameters.slice(-2).map(({ value }) => value);
    const [dState, dW, db] = [zeros([2, 2], 'f64'), zeros(W.shape, 'f64'), zeros(b.shape, 'f64')];
    for (let t = 0; t < 3; t++) {
      denseBackward(backend, [dState], dW, db, stepOf(network.activations.dLogits, t), [zeros([2, 2], 'f64')], W);
      expectSame(stepOf(dhUpstream, t + 1), dState);
    }
  });
  test('the loss is the mean over the rows that count, and so are its gradients', async () => {
    const network = randomNetwork({ ...STACK, loss: 'crossEntropy' });
    network.setTargets({ labels: [2, -1, 0, 1, 1, 2], lengths: [3, 2] }); // row 5 is beyond an end
    network.forward();
    network.backward();
    const { losses, probabilities, y, dLogits } = network.activations;
    const rows = valuesOf(losses);
    expect((await network.metrics()).loss).toBeCloseTo((rows[0] + rows[2] + rows[3] + rows[4]) / 4, 14);
    expect(valuesOf(y)).toEqual(Float64Array.of(2, -1, 0, 1, 1, -1));
    const expected = zeros([6, 3], 'f64');
    backend.crossEntropyBackward(expected, matrixOf(probabilities!), y, 4);
    expectSame(matrixOf(dLogits), expected);
  });
  test('with the squared error too', async () => {
    const network = randomNetwork(STACK);
    const { losses, logits, y, mask, dLogits } = network.activations;
    network.setTargets({ targets: randomTargets(y), lengths: [3, 1] }); // rows 3 and 5 are beyond an end
    network.forward();
    network.backward();
    const rows = [1, 1, 1, 0, 1, 0];
    expect(valuesOf(mask!)).toEqual(Float64Array.from(rows.flatMap((counts) => [counts, counts, counts])));
    expect((await network.metrics()).loss).toBeCloseTo(sum(6, (row) => rows[row] * losses.get(row)) / 12, 14);
    const expected = zeros([6, 3], 'f64');
    backend.errorBackward(expected, matrixOf(logits), matrixOf(y), matrixOf(mask!), 12, { kind: 'squared' });
    expectSame(matrixOf(dLogits), expected);
  });
});
