/** The output layer and the losses, (5), (13) and (17) to (19), each alone; test/equations/equations-lstm.test.ts explains how. */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { Random } from '../../src/core/rng.js';
import type { Tensor } from '../../src/core/tensor.js';
import { tensorFrom, zeros } from '../../src/core/tensor.js';
import { crossEntropyBackward, crossEntropyForward } from '../../src/equations/cross-entropy.js';
import { denseBackward, denseForward } from '../../src/equations/dense.js';
import {
  absoluteErrorBackward,
  absoluteErrorForward,
  huberBackward,
  huberForward,
  pinballBackward,
  pinballForward,
  squaredErrorBackward,
  squaredErrorForward,
} from '../../src/equations/error-losses.js';
import { expectClose, inner, matrix, numericGradient, randomTensor, sum } from '../helpers/numeric.js';

const [B, H, C] = [2, 3, 6];

describe('output layer', () => {
  const random = new Random(5);
  const [h, W, dLogits] = [randomTensor(random, B, H), randomTensor(random, H, C), randomTensor(random, B, C)];
  const b = randomTensor(random, C);
  const [dh, dW, db] = [randomTensor(random, B, H), randomTensor(random, H, C), randomTensor(random, C)];
  const logitsOf = (): Tensor => matrix(B, C, (row, k) => sum(H, (n) => h.get(row, n) * W.get(n, k)) + b.get(k));
  const loss = (): number => inner(dLogits, logitsOf());
  beforeAll(() => denseBackward(createReferenceBackend({ dtype: 'f64' }), [dh], dW, db, dLogits, [h], W));

  test('logits = h·W + b', () => {
    const logits = zeros([B, C], 'f64');
    denseForward(createReferenceBackend({ dtype: 'f64' }), logits, [h], W, b);
    expectClose(logits, logitsOf());
  });
  test('dh = dLogits·Wᵀ: numeric derivative of the logits', () => expectClose(dh, numericGradient(h, loss)));
  test('dW = hᵀ·dLogits: numeric derivative of the logits', () => expectClose(dW, numericGradient(W, loss)));
  test('db = Σ dLogits: numeric derivative of the logits', () => expectClose(db, numericGradient(b, loss)));

  // A bidirectional top layer has two states: here of 1 and 2 units. Rows of W: those of each state in turn.
  const columns = (tensor: Tensor, from: number, to: number): Tensor => tensor.hi(B, to).lo(0, from);
  const twoStates = (tensor: Tensor): Tensor[] => {
    const parts = [columns(tensor, 0, 1), columns(tensor, 1, H)];
    return parts.map((part) => matrix(B, part.shape[1], (row, n) => part.get(row, n)));
  };

  test('logits = Σ stateₖ·Wₖ + b for two states', () => {
    const logits = zeros([B, C], 'f64');
    denseForward(createReferenceBackend({ dtype: 'f64' }), logits, twoStates(h), W, b);
    expectClose(logits, logitsOf());
  });
  test('dStateₖ and dWₖ for two states: numeric derivative of the logits', () => {
    const [dStates, dWOfTwo] = [twoStates(dh), randomTensor(random, H, C)];
    denseBackward(createReferenceBackend({ dtype: 'f64' }), dStates, dWOfTwo, db, dLogits, twoStates(h), W);
    const both = matrix(B, H, (row, n) => (n < 1 ? dStates[0].get(row, 0) : dStates[1].get(row, n - 1)));
    expectClose(both, numericGradient(h, loss));
    expectClose(dWOfTwo, numericGradient(W, loss));
  });
});

describe('(5)', () => {
  const random = new Random(3);
  const [logits, y] = [randomTensor(random, B, C), matrix(B, C, () => random.uniform(0, 1))];

  test('p = softmax(logits)', () => {
    expectClose(crossEntropy(logits, y).probabilities, softmaxOf(logits));
  });
  test('loss = mean over the batch of -Σ y*log p', () => {
    const { losses } = crossEntropy(logits, y);
    expect(sum(B, (b) => losses.get(b)) / B).toBeCloseTo(lossOf(logits, y), 12);
  });
  test('loss = Σ over b / count: a row of zeros adds nothing', () => {
    const rows = matrix(B, C, (b, k) => (b === 0 ? y.get(b, k) : 0));
    const { losses } = crossEntropy(logits, rows);
    expect(losses.get(0)).toBeCloseTo(B * lossOf(logits, rows), 12);
    expect(Math.abs(losses.get(1))).toBe(0);
  });
  test('logits of ±1000 neither overflow nor lose the loss', () => {
    const large = matrix(1, 3, (_, k) => [1000, 998, -1000][k]);
    const { losses, probabilities } = crossEntropy(
      large,
      matrix(1, 3, (_, k) => (k === 1 ? 1 : 0)),
    );
    expect(losses.get(0)).toBeCloseTo(2 + Math.log(1 + Math.exp(-2)), 12);
    expectClose(
      probabilities,
      matrix(1, 3, (_, k) => [1 / (1 + Math.exp(-2)), 1 / (1 + Math.exp(2)), 0][k]),
    );
  });
});

function crossEntropy(logits: Tensor, y: Tensor) {
  const [rows] = logits.shape;
  const [losses, probabilities] = [zeros([rows], 'f64'), zeros(logits.shape, 'f64')];
  crossEntropyForward(losses, probabilities, logits, y);
  return { losses, probabilities };
}

function softmaxOf(logits: Tensor): Tensor {
  return matrix(B, C, (b, k) => Math.exp(logits.get(b, k)) / sum(C, (n) => Math.exp(logits.get(b, n))));
}

function lossOf(logits: Tensor, y: Tensor, count = B): number {
  const p = softmaxOf(logits);
  return sum(B, (b) => -sum(C, (k) => y.get(b, k) * Math.log(p.get(b, k)))) / count;
}

describe('(5′)', () => {
  test.each([
    ['one-hot rows of y', (b: number, k: number) => (k === b + 2 ? 1 : 0)],
    ['smoothed rows of y', (b: number, k: number) => (k === b + 2 ? 0.95 : 0.01)],
    ['rows of y with other sums', (b: number, k: number) => (b + 1) * (k + 0.5)],
    ['a row of zeros, which does not count', (b: number, k: number) => (b === 1 && k === 3 ? 1 : 0), 1],
  ])('dLogits = (p*Σy - y) / count for %s: numeric derivative of (5)', (_, label, count = B) => {
    const logits = randomTensor(new Random(4), B, C);
    const y = matrix(B, C, label);
    const dLogits = randomTensor(new Random(5), B, C);
    crossEntropyBackward(dLogits, softmaxOf(logits), y, count);
    expectClose(
      dLogits,
      numericGradient(logits, () => lossOf(logits, y, count)),
    );
  });
});

// ── (13) and (17) to (19), each alone: some of the numbers do not count ──

const N = 3;
const mask = matrix(N, C, (b, k) => Number((b + k) % 4 !== 1));
const COUNT = sum(N, (b) => sum(C, (k) => mask.get(b, k)));
const quantiles = tensorFrom([0.05, 0.25, 0.5, 0.75, 0.9, 0.99], [C], 'f64');
const DELTA = 0.8;

type ErrorForward = typeof squaredErrorForward;
type ErrorBackward = typeof squaredErrorBackward;
/** What an error r in column k costs. */
type Cost = (r: number, k: number) => number;

const random = new Random(8);
const [outputs, targets] = [randomTensor(random, N, C), randomTensor(random, N, C)];
const errors = matrix(N, C, (b, k) => outputs.get(b, k) - targets.get(b, k));
const rowCost = (cost: Cost, b: number): number =>
  sum(C, (k) => mask.get(b, k) * cost(outputs.get(b, k) - targets.get(b, k), k));

test('the errors are on both sides of every corner', () => {
  const all = Array.from({ length: N * C }, (_, n) => errors.get(Math.floor(n / C), n % C));
  for (const isThere of [(r: number) => r < -DELTA, (r: number) => r > DELTA, (r: number) => Math.abs(r) < DELTA / 2])
    expect(all.some(isThere)).toBe(true);
});

function testLoss(forward: ErrorForward, cost: Cost): void {
  test('losses = the sum of mask*cost over each row', () => {
    const losses = randomTensor(new Random(9), N);
    forward(losses, outputs, targets, mask);
    for (let b = 0; b < N; b++) expect(losses.get(b)).toBeCloseTo(rowCost(cost, b), 14);
  });
  test('losses: an error of 0 costs nothing', () => {
    const losses = randomTensor(new Random(9), N);
    forward(losses, targets, targets, mask);
    for (let b = 0; b < N; b++) expect(Math.abs(losses.get(b))).toBe(0);
  });
}

function testGradient(backward: ErrorBackward, cost: Cost): void {
  test('dOutputs: numeric derivative of the loss', () => {
    const dOutputs = randomTensor(new Random(9), N, C);
    backward(dOutputs, outputs, targets, mask, COUNT);
    expectClose(
      dOutputs,
      numericGradient(outputs, () => sum(N, (b) => rowCost(cost, b)) / COUNT),
    );
  });
  test('dOutputs: an error of 0 has no gradient', () => {
    const dOutputs = randomTensor(new Random(9), N, C);
    backward(dOutputs, targets, targets, mask, COUNT);
    for (let b = 0; b < N; b++) for (let k = 0; k < C; k++) expect(Math.abs(dOutputs.get(b, k))).toBe(0);
  });
}

describe('(13)', () => {
  testLoss(squaredErrorForward, (r) => r ** 2);
});
describe('(13′)', () => {
  testGradient(squaredErrorBackward, (r) => r ** 2);
});

describe('(17)', () => {
  testLoss(absoluteErrorForward, (r) => (r > 0 ? r : -r));
});
describe('(17′)', () => {
  testGradient(absoluteErrorBackward, (r) => (r > 0 ? r : -r));
});

const huberCost: Cost = (r) => (Math.abs(r) < DELTA ? 0.5 * r ** 2 : DELTA * Math.abs(r) - 0.5 * DELTA ** 2);

describe('(18)', () => {
  testLoss((losses, outputs, targets) => huberForward(losses, outputs, targets, mask, DELTA), huberCost);
});
describe('(18′)', () => {
  testGradient((dOutputs, outputs, targets, _, count) => {
    huberBackward(dOutputs, outputs, targets, mask, DELTA, count);
  }, huberCost);
});

const pinballCost: Cost = (r, k) => Math.max(quantiles.get(k) * -r, (quantiles.get(k) - 1) * -r);

describe('(19)', () => {
  testLoss((losses, outputs, targets) => pinballForward(losses, outputs, targets, mask, quantiles), pinballCost);
});
describe('(19′)', () => {
  testGradient((dOutputs, outputs, targets, _, count) => {
    pinballBackward(dOutputs, outputs, targets, mask, quantiles, count);
  }, pinballCost);
});

test('(19) is smallest at the quantile: of 99 different targets, 24 are smaller than the quarter', () => {
  const M = 99;
  const targets = matrix(M, 1, (b) => ((37 * b) % M) + 1);
  const quarter = tensorFrom([0.25], [1], 'f64');
  const lossAt = (value: number): number => {
    const [losses, all] = [zeros([M], 'f64'), matrix(M, 1, () => value)];
    pinballForward(
      losses,
      all,
      targets,
      matrix(M, 1, () => 1),
      quarter,
    );
    return sum(M, (b) => losses.get(b));
  };
  const values = Array.from({ length: M }, (_, n) => n + 1);
  const best = values.reduce((least, value) => (lossAt(value) < lossAt(least) ? value : least));
  expect(best).toBe(25);
});
