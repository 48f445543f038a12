// @ts-check
/** One cell over many steps, with its gates held: c and h, and what is left of c[0] and of the gradient. It runs in the browser too. */
import { text } from './svg.mjs';

/**
 * @typedef {object} Line
 * @property {readonly { readonly h: number }[]} cells T of them.
 * @property {readonly number[]} c T+1 numbers.
 * @property {readonly number[]} left
 * @property {readonly number[]} dc
 */

export const [LINE_WIDTH, LINE_HEIGHT] = [360, 400];
const [X, WIDTH, HEIGHT] = [44, 300, 120];
/** Where the two diagrams begin. */
const TOPS = [50, 232];

/** The distance of the lines in a diagram. @param {number} span */
const spaceOf = (span) => (span <= 4 ? 1 : span <= 16 ? 5 : 10);

/** The scale of c and h: it holds -1 to 1, and every number of c. @param {readonly number[]} c */
export function scaleOf(c) {
  const [least, most] = [Math.min(-1, ...c), Math.max(1, ...c)];
  const every = spaceOf(most - least);
  return { low: Math.floor(least / every) * every, high: Math.ceil(most / every) * every, every };
}

/**
 * A diagram whose upper edge is at y: its lines, and `up`, the height of a number in it.
 *
 * @param {number} y
 * @param {{ low: number, high: number, every: number }} scale
 * @param {(value: number) => string} nameOf
 */
function diagram(y, { low, high, every }, nameOf) {
  /** @param {number} value */
  const up = (value) => (y + (HEIGHT * (high - value)) / (high - low)).toFixed(1);
  const count = Math.round((high - low) / every) + 1;
  const lines = Array.from({ length: count }, (_, n) => {
    const value = low + n * every;
    return [
      `<path class="line" d="M${X} ${up(value)}h${WIDTH}"${value === 0 ? ' stroke-width="2"' : ''}/>`,
      text(X - 8, Number(up(value)) + 4, nameOf(value).replace('-', '−'), { of: 'quiet', anchor: 'end' }),
    ];
  });
  return { up, lines };
}

/** Line, step by step, with a dot for each number. @param {string} of @param {readonly string[]} points */
const curve = (of, points) => [
  `<path class="${of}" stroke-width="1.5" stroke-linejoin="round" d="M${points.join('L')}"/>`,
  `<path class="${of}" stroke-width="5" stroke-linecap="round" d="${points.map((point) => `M${point}h0`).join('')}"/>`,
];

/** The SVG of both diagrams, in nested lists. `step`: the one that is marked. @param {Line} line @param {number} step */
export function cellLine({ cells, c, left, dc }, step) {
  const T = cells.length;
  /** @param {number} t */
  const across = (t) => (X + (WIDTH * t) / T).toFixed(1);
  const states = diagram(TOPS[0], scaleOf(c), String);
  const parts = diagram(TOPS[1], { low: 0, high: 1, every: 0.5 }, (value) => `${100 * value}%`);
  return [
    TOPS.map((y) => `<rect class="marked" x="${across(step)}" y="${y}" width="${WIDTH / T}" height="${HEIGHT}"/>`),
    text(X, 18, 'c, the cell', { of: 'second' }),
    text(X, 38, 'h, what it shows', { of: 'first' }),
    states.lines,
    curve(
      'first',
      cells.map(({ h }, t) => `${across(t + 1)} ${states.up(h)}`),
    ),
    curve(
      'second',
      c.map((value, t) => `${across(t)} ${states.up(value)}`),
    ),
    text(X, TOPS[1] - 32, 'of c[0] is left: forward, to the right', { of: 'second' }),
    text(X, TOPS[1] - 12, `of dc[${T}] arrives: back, to the left`, { of: 'third' }),
    parts.lines,
    curve(
      'third',
      dc.map((value, t) => `${across(t)} ${parts.up(value)}`),
    ),
    curve(
      'second',
      left.map((value, t) => `${across(t)} ${parts.up(value)}`),
    ),
    [0, T / 3, (2 * T) / 3, T].map((t) =>
      text(across(t), TOPS[1] + HEIGHT + 20, String(t), { of: 'quiet', anchor: 'middle' }),
    ),
    text(X + WIDTH / 2, TOPS[1] + HEIGHT + 40, 'row of c', { of: 'quiet', anchor: 'middle' }),
  ];
}
