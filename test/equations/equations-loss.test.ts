/**
 * The output layer and the losses, (5), (13) and (17) to (19), each alone. The losses are operations: test/helpers/operation-cases.ts has
 * their operands, and formula-backend.ts their formulas, of which the gradients are compared with the numeric ones.
 */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { Random } from '../../src/core/rng.js';
import type { Tensor } from '../../src/core/tensor.js';
import { tensorFrom, zeros } from '../../src/core/tensor.js';
import { denseBackward, denseForward } from '../../src/equations/dense.js';
import { pinballForward } from '../../src/equations/error-losses.js';
import { expectClose, inner, matrix, numericGradient, randomTensor, sum } from '../helpers/numeric.js';
import { casesOf, expectFormula, expectGradient } from '../helpers/formula-backend.js';

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

/** Rows of labels are one-hot, zeros, or numbers whose sum is 2; classes are 0 … 7, and -1 for a row of zeros. */
const ALL = casesOf('crossEntropyForward B 6 C 8');
const isExtreme = ([name]: (typeof ALL)[number]): boolean => name.includes('up to ±1000');
const usual = ALL.filter((one) => !isExtreme(one));

describe('(5)', () => {
  test.each(usual)('p = softmax(logits): %s', (_, one) => expectFormula(one, 1));
  test.each(usual)('loss = -Σ y*log p of each row: %s', (_, one) => expectFormula(one, 0));
  test.each(ALL.filter(isExtreme))('logits of ±1000 neither overflow nor lose the loss: %s', (_, one) =>
    expectFormula(one),
  );
});

describe('(5′)', () => {
  test.each(casesOf('crossEntropyBackward B 6 C 8'))(
    'dLogits = (p*Σy - y) / count: numeric derivative of (5): %s',
    (_, one) => expectGradient(one),
  );
});

// ── (13) and (17) to (19), each alone: some of the numbers do not count, and some errors are 0 ──

/** The cases of an operation for one kind of error: few numbers and many, on both sides of every corner. */
const errorsOf = (operation: 'errorForward' | 'errorBackward', kind: string) =>
  ['B 17 C 5', 'B 6 C 8'].flatMap((size) => casesOf(`${operation} ${size}`).filter(([name]) => name.endsWith(kind)));

function testLoss(kind: string): void {
  test.each(errorsOf('errorForward', kind))('losses = the sum of mask*cost over each row: %s', (_, one) =>
    expectFormula(one),
  );
}

function testGradient(kind: string): void {
  test.each(errorsOf('errorBackward', kind))(
    'dOutputs: numeric derivative of the loss; none if an error is 0: %s',
    (_, one) => {
      expectGradient(one);
      expectFormula(one);
    },
  );
}

describe('(13)', () => {
  testLoss('squared');
});
describe('(13′)', () => {
  testGradient('squared');
});

describe('(17)', () => {
  testLoss('absolute');
});
describe('(17′)', () => {
  testGradient('absolute');
});

describe('(18)', () => {
  testLoss('huber');
});
describe('(18′)', () => {
  testGradient('huber');
});

describe('(19)', () => {
  testLoss('pinball');
});
describe('(19′)', () => {
  testGradient('pinball');
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
