/** The reference backend's product against three plain loops: every layout of its operands, below and above its block sizes. */
import fc from 'fast-check';
import { matmul } from '../../kernels/reference/matmul.js';
import type { MatmulOptions } from '../../src/core/backend.js';
import { Random } from '../../src/core/rng.js';
import { type DType, type Tensor, fill, transposeOf, valuesOf, zeros } from '../../src/core/tensor.js';
import { expectSameNumbers } from '../helpers/numeric.js';

/** How an operand lies in memory: transposed or not, and with how many rows and columns of guards around it. */
interface Layout {
  readonly transposed: boolean;
  readonly before: number;
  readonly after: number;
}

interface Case {
  readonly M: number;
  readonly N: number;
  readonly K: number;
  readonly a: Layout;
  readonly b: Layout;
  readonly out: Layout;
  readonly added: 'none' | 'out' | 'bias';
  readonly dtype: DType;
}

// In jest every look-up of a global passes through its sandbox; in the loops below that is too slow.
const { abs } = Math;

/** Around the inputs. No sum of the numbers used here comes near it. */
const GUARD = 12_345_678;

/** Around the output. Writing any other number there is noticed, and so is adding one: -0 + 0 is 0. */
const OUT_GUARD = -0;

/** A view `[rows,columns]` in the given layout, and the larger tensor it lies in, which is full of guards. */
function embed(rows: number, columns: number, { transposed, before, after }: Layout, dtype: DType, guard = GUARD) {
  const [outer, inner] = transposed ? [columns, rows] : [rows, columns];
  const whole = zeros([before + outer + after, after + inner + before], dtype);
  fill(whole, guard);
  const inside = whole.hi(before + outer, after + inner).lo(before, after);
  return { whole, view: transposed ? transposeOf(inside) : inside };
}

function fillWith(tensor: Tensor, draw: () => number): void {
  const [rows, columns] = tensor.shape;
  for (let m = 0; m < rows; m++) for (let n = 0; n < columns; n++) tensor.set(m, n, draw());
}

function operandsOf({ M, N, K, a, b, out, added, dtype }: Case, draw: () => number) {
  const operands = {
    a: embed(M, K, a, dtype),
    b: embed(K, N, b, dtype),
    out: embed(M, N, out, dtype, OUT_GUARD),
    bias: embed(1, N, { transposed: false, before: 1, after: 2 }, dtype),
  };
  fillWith(operands.a.view, draw);
  fillWith(operands.b.view, draw);
  fillWith(operands.bias.view, draw);
  // If out is replaced, its old values must not be read, not even NaN.
  fillWith(operands.out.view, added === 'out' ? draw : () => NaN);
  const options: MatmulOptions =
    added === 'bias' ? { bias: operands.bias.view.pick(0) } : { accumulate: added === 'out' };
  return { ...operands, options };
}

/** The definition, in f64, and the sum of the magnitudes of all terms, which bounds the rounding. */
function threeLoops({ M, N, K, added }: Case, { a, b, out, bias }: ReturnType<typeof operandsOf>) {
  const [A, B, before] = [valuesOf(a.view), valuesOf(b.view), valuesOf(out.view)];
  const sums = new Float64Array(M * N);
  const magnitudes = new Float64Array(M * N);
  for (let m = 0; m < M; m++) {
    for (let n = 0; n < N; n++) {
      let sum = { none: 0, out: before[m * N + n], bias: bias.view.get(0, n) }[added];
      let magnitude = abs(sum);
      for (let k = 0; k < K; k++) {
        const product = A[m * K + k] * B[k * N + n];
        sum += product;
        magnitude += abs(product);
      }
      sums[m * N + n] = sum;
      magnitudes[m * N + n] = magnitude;
    }
  }
  return { sums, magnitudes };
}

const layout = fc.record({ transposed: fc.boolean(), before: fc.nat({ max: 3 }), after: fc.nat({ max: 3 }) });
const extent = fc.integer({ min: 1, max: 40 });
const anyCase = fc.record({
  M: extent,
  N: extent,
  K: extent,
  a: layout,
  b: layout,
  out: layout,
  added: fc.constantFrom('none', 'out', 'bias'),
  dtype: fc.constantFrom<DType>('f32', 'f64'),
});

const inTheMiddle = (transposed: boolean): Layout => ({ transposed, before: 2, after: 3 });

/** Just above the blocks of 128 rows, 512 columns and 256 products; exactly a block; far thinner than a block. */
const LARGE = [
  { M: 131, N: 517, K: 259 },
  { M: 128, N: 512, K: 256 },
  { M: 257, N: 3, K: 513 },
  { M: 1, N: 1025, K: 1 },
];

const LARGE_CASES = LARGE.flatMap((sizes) =>
  [false, true].flatMap((aTransposed) =>
    [false, true].map((bTransposed): Case => ({
      ...sizes,
      a: inTheMiddle(aTransposed),
      b: inTheMiddle(bTransposed),
      out: inTheMiddle(false),
      added: aTransposed !== bTransposed ? 'out' : bTransposed ? 'bias' : 'none',
      dtype: 'f32',
    })),
  ),
);

/** Computes the product, and fails if an element is further from the definition than `bound` times its magnitude. */
function check(one: Case, draw: () => number, bound: number): ReturnType<typeof operandsOf> {
  const operands = operandsOf(one, draw);
  const { sums, magnitudes } = threeLoops(one, operands);
  matmul(operands.out.view, operands.a.view, operands.b.view, operands.options);
  const product = valuesOf(operands.out.view);
  const wrong = product.findIndex((value, n) => !(abs(value - sums[n]) <= bound * magnitudes[n]));
  expect({ wrong, is: product[wrong], shouldBe: sums[wrong] }).toEqual({ wrong: -1 });
  return operands;
}

/** Whole numbers so small that every sum is exact in f32: the product must be correct to the last bit. */
function checkExactly(one: Case, seed: number): void {
  const random = new Random(seed);
  const { out } = check(one, () => random.below(9) - 4, 0);
  fill(out.view, OUT_GUARD);
  expect(valuesOf(out.whole).findIndex((value) => !Object.is(value, OUT_GUARD))).toBe(-1);
}

/**
 * Any numbers, within the expected rounding. Each block of 256 products is added in f64 and then rounded to the precision
 * of `out`, an error of at most u·magnitude. The f64 sums, of the product and of the three loops, err by K·2⁻⁵³·magnitude.
 */
function checkRounding(one: Case, seed: number): void {
  const random = new Random(seed);
  const unit = one.dtype === 'f32' ? 2 ** -24 : 2 ** -53;
  const bound = (Math.ceil(one.K / 256) + 1) * unit + (2 * one.K + 2) * 2 ** -53;
  check(one, () => random.normal(0, 1), bound);
}

test('the product is exact on whole numbers, in any layout, and writes nothing outside its output', () => {
  fc.assert(fc.property(anyCase, fc.nat(), checkExactly), { numRuns: 300, seed: 1 });
});

test('the rounding error stays within the bound of the precision, in any layout', () => {
  fc.assert(fc.property(anyCase, fc.nat(), checkRounding), { numRuns: 300, seed: 2 });
});

describe.each(LARGE_CASES)('M $M, N $N, K $K, a transposed: $a.transposed, b transposed: $b.transposed', (large) => {
  test('is exact on whole numbers', () => checkExactly(large, 3));
  test('the rounding error stays within the bound of the precision', () => checkRounding(large, 4));
});

test('the product changes neither its inputs nor the memory around them', () => {
  fc.assert(
    fc.property(anyCase, (test) => {
      const random = new Random(5);
      const operands = operandsOf(test, () => random.normal(0, 1));
      const inputs = [operands.a.whole, operands.b.whole, operands.bias.whole];
      const before = inputs.map(valuesOf);
      matmul(operands.out.view, operands.a.view, operands.b.view, operands.options);
      expectSameNumbers(inputs, before);
    }),
    { numRuns: 50, seed: 6 },
  );
});

test('NaN and infinities reach only their own row or column', () => {
  const [M, K, N] = [5, 3, 9];
  const [a, b, out] = [zeros([M, K]), zeros([K, N]), zeros([M, N])];
  fill(a, 1);
  fill(b, 1);
  a.set(2, 1, NaN);
  b.set(0, 6, Infinity);
  matmul(out, a, b);
  for (let m = 0; m < M; m++) {
    for (let n = 0; n < N; n++) expect(out.get(m, n)).toBe(m === 2 ? NaN : n === 6 ? Infinity : 3);
  }
});

test('a small product after a large one does not read the leftovers of the large one', () => {
  const [big, small] = [zeros([300, 300]), zeros([3, 3])];
  fill(big, NaN);
  matmul(zeros([300, 300]), big, big);
  fill(small, 1);
  const out = zeros([3, 3]);
  matmul(out, small, small);
  expect([...valuesOf(out)]).toEqual(Array.from({ length: 9 }, () => 3));
});
