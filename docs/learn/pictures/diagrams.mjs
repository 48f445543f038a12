/** Diagrams of curves that the site draws in the browser too: norms, and what one large gradient leaves in Adam's m and v. */
import { picture, text } from './svg.mjs';

/** @param {number} n */
export const superscript = (n) =>
  [...String(n)].map((digit) => (digit === '-' ? '⁻' : '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)])).join('');

/** The attribute of a line's dashes, with a space before it. @param {string} [dash] */
export const dashOf = (dash) => (dash ? ` stroke-dasharray="${dash}"` : '');

/**
 * Norms over the steps back from the end, with a logarithmic scale. The upper left corner of the plot is at (x, y). T steps to the right, powers of ten upward, from 10^low to 10^high with a line `every` powers.
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
export function normsDiagram({ x, y = 56, width = 270, height = 260 }, T, { low, high, every }, curves) {
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

const [X, WIDTH, LAST] = [46, 640, 1100];
const EARLIER = 100;

/**
 * One diagram over the updates from 100 before the spike to LAST after it. Its plot is at `place`, and it goes from 0 to `highest`. A curve has
 * the class `of`, the attribute `dash`, and `values` from the spike on. It runs in the browser too.
 */
export function spikeDiagram({ x = X, y, width = WIDTH, height }, highest, title, curves) {
  const across = (k) => (x + (width * (k + EARLIER)) / (LAST + EARLIER)).toFixed(1);
  const up = (value) => (y + height * (1 - value / highest)).toFixed(1);
  const ticks = Array.from({ length: 5 }, (_, n) => (highest * n) / 4);
  return [
    text(x, y - 14, title),
    ticks.map((value) => [
      `<path class="line" d="M${x} ${up(value)}h${width}"/>`,
      text(x - 8, Number(up(value)) + 4, Number(value.toPrecision(3)), { of: 'quiet', anchor: 'end' }),
    ]),
    curves.map(({ of, dash, values }) => {
      const points = values
        .slice(0, LAST + 1)
        .map((value, k) => [k, `${across(k)} ${up(value)}`])
        .filter(([k]) => k < 100 || k % 10 === 0)
        .map(([, point]) => point);
      const start = `${across(-EARLIER)} ${up(1)}L${across(-1)} ${up(1)}`;
      return `<path class="${of}" stroke-width="2" stroke-linejoin="round"${dash} d="M${start}L${points.join('L')}"/>`;
    }),
    [0, 200, 400, 600, 800, 1000].map((k) => text(across(k), y + height + 20, k, { of: 'quiet', anchor: 'middle' })),
  ];
}

/** docs/learn/loss-and-update.md. `states`: those of `afterSpike`. */
export function spikePicture(states) {
  const [m, root, update] = ['m', 'root', 'update'].map((name) => states.map((state) => state[name]));
  return picture(720, 520, 'm, √v and the update of Adam before and after one gradient of 100 among gradients of 1', [
    // on a phone, the left half is seen first, so the names stand there
    spikeDiagram({ y: 44, height: 180 }, 12, 'm and √v', [
      { of: 'second', dash: ' stroke-dasharray="8 4"', values: root },
      { of: 'first', dash: '', values: m },
    ]),
    '<path class="first" stroke-width="2" d="M150 76h28"/>',
    text(186, 80, 'm: large for 20 updates', { of: 'first' }),
    '<path class="second" stroke-width="2" stroke-dasharray="8 4" d="M150 100h28"/>',
    text(186, 104, '√v: above 2 for 1,000 updates', { of: 'second' }),
    spikeDiagram({ y: 290, height: 180 }, 4, 'the update, divided by lr', [{ of: 'third', dash: '', values: update }]),
    text(X + 130, 510, 'updates after the spike', { of: 'quiet' }),
  ]);
}
