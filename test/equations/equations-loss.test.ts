/** The output layer and the losses, (5), (5′), (13) and (13′), each alone; test/equations/equations-lstm.test.ts explains how. */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { Random } from '../../src/core/rng.js';
import type { Tensor } from '../../src/core/tensor.js';
import { tensorFrom, zeros } from '../../src/core/tensor.js';
import { crossEntropyBackward, crossEntropyForward } from '../../src/equations/cross-entropy.js';
import { denseBackward, denseForward } from '../../src/equations/dense.js';
import { squaredErrorBackward, squaredErrorForward } from '../../src/equations/squared-error.js';
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

// ── (13) and (13′): three rows, of which the second does not count ──

const mask = tensorFrom([1, 0, 1], [3], 'f64');
const COUNT = 2;

function randomRows() {
  const random = new Random(8);
  return { outputs: randomTensor(random, 3, C), targets: randomTensor(random, 3, C) };
}

/** The mean of the squared differences over the elements of rows 0 and 2. */
const meanSquare = ({ outputs, targets }: ReturnType<typeof randomRows>): number =>
  sum(C, (k) => sum(COUNT, (n) => (outputs.get(2 * n, k) - targets.get(2 * n, k)) ** 2)) / (COUNT * C);

describe('(13)', () => {
  test('loss = the mean of (outputs - targets)² over the elements that count', () => {
    const rows = randomRows();
    const losses = randomTensor(new Random(9), 3);
    squaredErrorForward(losses, rows.outputs, rows.targets, mask);
    expect(losses.get(1)).toBe(0);
    expect((losses.get(0) + losses.get(2)) / COUNT).toBeCloseTo(meanSquare(rows), 14);
  });
});

describe('(13′)', () => {
  test('dOutputs = mask*2*(outputs - targets) / (C·count): numeric derivative of (13)', () => {
    const rows = randomRows();
    const dOutputs = randomTensor(new Random(9), 3, C);
    squaredErrorBackward(dOutputs, rows.outputs, rows.targets, mask, COUNT);
    expectClose(
      dOutputs,
      numericGradient(rows.outputs, () => meanSquare(rows)),
    );
  });
});
