/** Softmax cross-entropy (5) and its gradient (5′), for one-hot, smoothed, weighted and zero labels. */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { fillRandom, Random } from '../../src/core/rng.js';
import { tensorFrom, valuesOf, zeros } from '../../src/core/tensor.js';
import { crossEntropyBackward, crossEntropyForward, labelRows } from '../../src/equations/cross-entropy.js';
import { checkGradients } from '../../src/equations/gradcheck.js';

const [B, C] = [3, 4];

function lossOf(logits: Float64Array, y: Float64Array) {
  const [losses, probabilities] = [zeros([B], 'f64'), zeros([B, C], 'f64')];
  crossEntropyForward(losses, probabilities, tensorFrom(logits, [B, C]), tensorFrom(y, [B, C]));
  return { probabilities, loss: valuesOf(losses).reduce((sum, loss) => sum + loss, 0) / B };
}

test.each([
  ['one-hot', [1, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0]],
  ['smoothed', [0.91, 0.03, 0.03, 0.03, 0.25, 0.25, 0.25, 0.25, 0, 0, 1, 0]],
  ['weighted, with the sums 2, 0.5 and 0', [0, 2, 0, 0, 0.25, 0, 0.25, 0, 0, 0, 0, 0]],
])('the gradient agrees with the numeric gradient if rows of y are %s', async (_, labels) => {
  const y = Float64Array.from(labels);
  const logits = new Float64Array(B * C);
  const random = new Random(3);
  fillRandom(tensorFrom(logits, [B, C]), () => random.normal(0, 2));
  const [report] = await checkGradients({
    inputs: { logits },
    loss: () => lossOf(logits, y).loss,
    gradients: () => {
      const dLogits = zeros([B, C], 'f64');
      crossEntropyBackward(dLogits, lossOf(logits, y).probabilities, tensorFrom(y, [B, C]), B);
      return { logits: valuesOf(dLogits) };
    },
  });
  expect(report).toMatchObject({ ok: true });
});

test('a row of zeros has no loss and no gradient', () => {
  const backend = createReferenceBackend();
  const tensor = (values: readonly number[]) => tensorFrom(values, [1, 2]);
  const [losses, p, dLogits] = [zeros([1]), zeros([1, 2]), zeros([1, 2])];
  backend.crossEntropyForward(losses, p, tensor([3, -4]), tensor([0, 0]));
  backend.crossEntropyBackward(dLogits, p, tensor([0, 0]), 1);
  expect([...valuesOf(losses), ...valuesOf(dLogits)].map(Math.abs)).toEqual([0, 0, 0]);
});

test('a class label is its one-hot row, and -1 is a row of zeros', () => {
  const rows = labelRows(tensorFrom([2, -1, 0], [3]));
  const values = [0, 1, 2].map((b) => [0, 1, 2, 3].map((k) => rows.get(b, k)));
  expect(values).toEqual([
    [0, 0, 1, 0],
    [0, 0, 0, 0],
    [1, 0, 0, 0],
  ]);
});
