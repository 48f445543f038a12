/** Whether a kernel's product is right, and what is certain about a wrong one. */
import type { Operands, Size } from '../steps/product-steps.js';
import type { Prepared } from './compiled.js';

/**
 * Checked before anything is timed. No tile of 4, 8, 16, 32, 64 or 128 divides M and N, which leave remainders below and above half a tile. K
 * leaves each remainder of a division by 4, and once some of a division by 128. Some need several workgroups along M and N.
 */
export const ODD_SIZES: readonly Size[] = [
  [7, 5, 3],
  [33, 64, 65],
  [65, 18, 70],
  [130, 20, 133],
  [1, 33, 7],
  [6, 7, 29],
  [19, 131, 61],
  [1, 1, 1],
];

/** What the kernel computes at this size: undefined if two products are right, else in sentences. */
export async function mistakeOf(kernel: Prepared): Promise<string | undefined> {
  kernel.fill?.([NaN], kernel.operands);
  await kernel.repeat(1);
  const { result, outside } = await kernel.read();
  const wrong = wrongIn(result, kernel.operands);
  if (wrong.length === 0 && outside === undefined) return mistakeOfNext(kernel);
  if (wrong.length === 0) return `Every element of out is right, but ${outside}.`;
  const cause = await causeOf(kernel, result, wrong);
  const sentences = [
    `${firstOf(result, wrong, kernel.operands)}.`,
    outside === undefined ? '' : `${capital(outside)}.`,
    cause ?? '',
  ];
  return sentences.filter(Boolean).join(' ');
}

/** Far from every product of operands between -2 and 2. Of both signs, so that `max` and `min` with what out held before show. */
const LARGE = 2 ** 20;

/**
 * A product with other operands, after out held large numbers of both signs. It finds a kernel that computes once, or keeps what it computed.
 * It also finds `max(out, sum)`, which passes over NaN.
 */
async function mistakeOfNext(kernel: Prepared): Promise<string | undefined> {
  if (!kernel.fill) return undefined; // it sees neither out nor an earlier call
  const operands = othersFor(kernel.operands);
  kernel.fill([LARGE, -LARGE], operands);
  await kernel.repeat(1);
  const { result, outside } = await kernel.read();
  const wrong = wrongIn(result, operands);
  const next = 'The first product is right, but the next one, with −a, 2·b and large numbers in out,';
  if (wrong.length > 0)
    return `${next} is not: ${firstOf(result, wrong, operands)}. The kernel depends on what out held before, or on an earlier product.`;
  return outside === undefined ? undefined : `${next} is not alone: ${outside}.`;
}

/** -a, 2·b and their product, all without rounding. */
const othersFor = ({ size, a, b, product, bound }: Operands): Operands => ({
  size,
  a: a.map((value) => -value),
  b: b.map((value) => 2 * value),
  product: product.map((value) => -2 * value),
  bound: bound.map((value) => 2 * value),
});

/** The indices of all wrong elements. */
function wrongIn(result: Float32Array, { product, bound }: Operands): number[] {
  const wrong: number[] = [];
  for (let n = 0; n < product.length; n++) if (!(Math.abs(result[n] - product[n]) <= bound[n])) wrong.push(n); // also NaN
  return wrong;
}

function firstOf(result: Float32Array, wrong: readonly number[], { size: [, , N], product, bound }: Operands): string {
  const [first] = wrong;
  const place = `row ${Math.floor(first / N)}, column ${first % N}`;
  const numbers = `${result[first].toPrecision(9)}, and should be ${product[first].toPrecision(9)} ± ${bound[first].toExponential(0)}`;
  return `out at ${place} is ${numbers}; ${wrong.length} of ${product.length} elements are wrong, and this is the first`;
}

const capital = (text: string): string => text[0].toUpperCase() + text.slice(1);

/** Not NaN. The sum of it and a product of these operands is another number in f32. */
const OTHER_FILL = 1;

/** A sentence that is true of every wrong element, or undefined. */
async function causeOf(kernel: Prepared, result: Float32Array, wrong: readonly number[]): Promise<string | undefined> {
  const { operands } = kernel;
  const { product, bound } = operands;
  const again = async (fill: number): Promise<Float32Array> => {
    kernel.fill?.([fill], operands);
    await kernel.repeat(1);
    return (await kernel.read()).result;
  };
  if (kernel.fill) {
    // A sum that begins with a NaN of out is NaN too: another content of out shows which elements are not written.
    const other = await again(OTHER_FILL);
    const missing = wrong.filter((n) => Number.isNaN(result[n]) && other[n] === OTHER_FILL);
    if (missing.length > 0) return missingWords(missing, operands);
    // each of the roundings is by at most 2⁻²⁴ of a partial sum, which is now larger by OTHER_FILL
    const more = (operands.size[1] + 1) * OTHER_FILL * 2 ** -24;
    if (wrong.every((n) => Number.isNaN(result[n]) && Math.abs(other[n] - OTHER_FILL - product[n]) <= bound[n] + more))
      return 'The kernel adds the product to what out held before: it should set out.';
  }
  const repeated = await again(NaN);
  const differing = wrong.find((n) => !Object.is(repeated[n], result[n]));
  if (differing !== undefined)
    return `A second run gives other numbers (${repeated[differing]} there): ${kernel.unsteady}.`;
  return partWords(operands, result, wrong, bound);
}

/** Which elements no thread wrote. */
function missingWords(missing: readonly number[], { size: [M, , N] }: Operands): string {
  if (missing.length === M * N) return 'No element of out was written.';
  const rows = missing.map((n) => Math.floor(n / N));
  const columns = missing.map((n) => n % N);
  // by a loop: a list of a million arguments is too long for Math.min
  const least = (values: readonly number[]): number => values.reduce((least, value) => Math.min(least, value));
  const [row, column] = [least(rows), least(columns)];
  const lines = (what: string, from: number, to: number): string =>
    from === to ? `The last ${what}, ${from}, was never written.` : `The ${what}s ${from} to ${to} were never written.`;
  if (missing.length === (M - row) * N) return lines('row', row, M - 1);
  if (missing.length === M * (N - column)) return lines('column', column, N - 1);
  return `Elements never written: ${missing.length} of ${M * N}, the first at row ${rows[0]}, column ${columns[0]}.`;
}

/** Whether each wrong element is the sum without its last terms, or without its first ones. */
function partWords(
  { size: [, K, N], a, b }: Operands,
  result: Float32Array,
  wrong: readonly number[],
  bound: Float64Array,
): string | undefined {
  /** The sums of the terms from `from` on, and of those before `to`, at one element. */
  const fits = (n: number, from: number, to: number): boolean => {
    const [row, column] = [Math.floor(n / N), n % N];
    let sum = 0;
    for (let k = from; k < to; k++) sum += a[row * K + k] * b[k * N + column];
    return Math.abs(result[n] - sum) <= bound[n];
  };
  for (let count = 0; count < K; count++) {
    if (wrong.every((n) => fits(n, 0, count))) return partOf(count === 0 ? 'none' : `only the ${firsts(count)}`, K);
    if (count > 0 && wrong.every((n) => fits(n, count, K))) return partOf(`all but the ${firsts(count)}`, K);
  }
  return undefined;
}

const firsts = (count: number): string => (count === 1 ? 'first' : `first ${count}`);
const partOf = (which: string, K: number): string => `Every wrong element is the sum of ${which} of its ${K} terms.`;
