// @ts-check
/** A diagram of norms over the steps back from the end, with a logarithmic scale. It runs in the browser too. */
import { text } from './svg.mjs';

/** @param {number} n */
export const superscript = (n) =>
  [...String(n)].map((digit) => (digit === '-' ? '⁻' : '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)])).join('');

/** The attribute of a line's dashes, with a space before it. @param {string} [dash] */
export const dashOf = (dash) => (dash ? ` stroke-dasharray="${dash}"` : '');

/**
 * The upper left corner of the plot is at (x, y). T steps to the right, powers of ten upward, from 10^low to 10^high with a line `every` powers.
 * A curve has T+1 norms, the class `of` its colour, and its dashes. Returns SVG: texts in nested lists.
 *
 * @typedef {object} Curve
 * @property {readonly number[]} norms
 * @property {string} of
 * @property {string} [dash]
 *
 * @param {{ x: number, y?: number, width?: number, height?: number }} place
 * @param {number} T
 * @param {{ low: number, high: number, every: number }} scale
 * @param {readonly Curve[]} curves
 */
export function diagram({ x, y = 56, width = 270, height = 260 }, T, { low, high, every }, curves) {
  /** @param {number} k */
  const across = (k) => (x + (width * k) / T).toFixed(1);
  /** @param {number} log */
  const up = (log) => (y + (height * (high - log)) / (high - low)).toFixed(1);
  const powers = [];
  for (let log = low; log <= high; log += every) powers.push(log);
  return [
    text(x, y - 22, `${T} steps`),
    powers.map((log) => [
      `<path class="line" d="M${x} ${up(log)}h${width}"${log === 0 ? ' stroke-width="2"' : ''}/>`,
      text(x - 8, Number(up(log)) + 4, log === 0 ? '1' : `10${superscript(log)}`, { of: 'quiet', anchor: 'end' }),
    ]),
    [0, T / 4, T / 2, (3 * T) / 4, T].map((k) =>
      text(across(k), y + height + 20, k, { of: 'quiet', anchor: 'middle' }),
    ),
    text(x + width / 2, y + height + 40, 'steps back from the end', { of: 'quiet', anchor: 'middle' }),
    curves.map(({ norms, of, dash }) => {
      const points = norms.map((norm, k) => `${across(k)} ${up(Math.log10(norm))}`);
      const drawn = points.filter((_, k) => k % Math.ceil(T / 200) === 0);
      return `<path class="${of}" stroke-width="2" stroke-linejoin="round"${dashOf(dash)} d="M${drawn.join('L')}"/>`;
    }),
  ];
}
