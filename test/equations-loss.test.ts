/** The output layer and the equations of the loss, (5) and (5′), each alone; test/equations-lstm.test.ts explains how. */
import { createReferenceBackend } from '../kernels/reference/index.js';
import { crossEntropyBackward, crossEntropyForward } from '../src/cross-entropy.js';
import { denseBackward, denseForward } from '../src/dense.js';
import { Random } from '../src/rng.js';
import type { Tensor } from '../src/tensor.js';
import { zeros } from '../src/tensor.js';
import { expectClose, inner, matrix, numericGradient, randomTensor, sum } from './helpers/numeric.js';

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
  const [losses, correct, probabilities] = [zeros([rows], 'f64'), zeros([rows], 'f64'), zeros(logits.shape, 'f64')];
  crossEntropyForward(losses, correct, probabilities, logits, y);
  return { losses, probabilities };
}

function softmaxOf(logits: Tensor): Tensor {
  return matrix(B, C, (b, k) => Math.exp(logits.get(b, k)) / sum(C, (n) => Math.exp(logits.get(b, n))));
}

function lossOf(logits: Tensor, y: Tensor): number {
  const p = softmaxOf(logits);
  return sum(B, (b) => -sum(C, (k) => y.get(b, k) * Math.log(p.get(b, k)))) / B;
}

describe('(5′)', () => {
  test.each([
    ['one-hot rows of y', (b: number, k: number) => (k === b + 2 ? 1 : 0)],
    ['smoothed rows of y', (b: number, k: number) => (k === b + 2 ? 0.95 : 0.01)],
    ['rows of y with other sums', (b: number, k: number) => (b + 1) * (k + 0.5)],
  ])('dLogits = (p*Σy - y) / B for %s: numeric derivative of (5)', (_, label) => {
    const logits = randomTensor(new Random(4), B, C);
    const y = matrix(B, C, label);
    const dLogits = zeros([B, C], 'f64');
    crossEntropyBackward(dLogits, softmaxOf(logits), y, B);
    expectClose(
      dLogits,
      numericGradient(logits, () => lossOf(logits, y)),
    );
  });
});
