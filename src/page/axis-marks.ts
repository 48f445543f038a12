/** Where the axes of the charts have marks. */

/** Distances between the marks of an axis that counts: 1, 2, 5, 10, 20, … uPlot's own list has 2.5. */
export const WHOLE_DISTANCES = Array.from({ length: 21 }, (_, n) => [1, 2, 5][n % 3] * 10 ** Math.floor(n / 3));

/** A logarithmic axis has at most this many marks. */
const MOST_POWERS = 5;

/** Marks of a logarithmic axis: powers of ten, at equal distances. uPlot's own marks crowd, and its texts end at 0.001. */
export function powersOfTen(min: number, max: number): number[] {
  const [first, last] = [Math.ceil(Math.log10(min)), Math.floor(Math.log10(max))];
  const every = Math.max(1, Math.ceil((last - first + 1) / MOST_POWERS));
  return Array.from({ length: Math.floor((last - first) / every) + 1 }, (_, n) => 10 ** (last - n * every)).reverse();
}

/** `10⁻⁴`. */
export const powerText = (power: number): string =>
  `10${String(Math.round(Math.log10(power))).replace(/./g, (sign) => '⁻⁰¹²³⁴⁵⁶⁷⁸⁹'['-0123456789'.indexOf(sign)])}`;
