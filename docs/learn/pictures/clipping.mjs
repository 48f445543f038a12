/** The loss over two parameters of a plain RNN, and two runs of gradient descent: docs/learn/loss-and-update.md. */
import { descent, LIMIT, lossAndGradient, START } from '../programs/clipping.mjs';
import { arrow, heads, picture, text } from './svg.mjs';

const [X, Y, WIDTH, HEIGHT] = [62, 44, 470, 440];
const [W_LOW, W_HIGH, B_LOW, B_HIGH] = [0.4, 2.4, -1.6, 0.8];
const [COLUMNS, ROWS] = [94, 88];
/** The picture shows which of these a loss exceeds. The last colour is for losses above 1.8. */
const LEVELS = [0.05, 0.3, 0.6, 0.9, 1.2, 1.5, 1.8];

const across = (w) => (X + (WIDTH * (w - W_LOW)) / (W_HIGH - W_LOW)).toFixed(1);
const up = (b) => (Y + (HEIGHT * (B_HIGH - b)) / (B_HIGH - B_LOW)).toFixed(1);
const opacity = (level) => (0.055 * level).toFixed(2);

/** A cell for each of COLUMNS × ROWS points, one path for each colour; neighbours of the same colour are one rectangle. */
function surface() {
  const [width, height] = [WIDTH / COLUMNS, HEIGHT / ROWS];
  const rectangles = LEVELS.map(() => '');
  for (let r = 0; r < ROWS; r++) {
    const b = B_HIGH - ((r + 0.5) / ROWS) * (B_HIGH - B_LOW);
    const levels = [...Array(COLUMNS).keys()].map((c) => {
      const { loss } = lossAndGradient(W_LOW + ((c + 0.5) / COLUMNS) * (W_HIGH - W_LOW), b);
      return LEVELS.filter((limit) => loss > limit).length;
    });
    const starts = [...levels.keys()].filter((c) => levels[c] > 0 && levels[c] !== levels[c - 1]);
    for (const start of starts) {
      const isOther = (level, c) => c > start && level !== levels[start];
      const end = levels.findIndex(isOther) + 1 || COLUMNS + 1;
      const across = (end - 1 - start) * width;
      rectangles[levels[start] - 1] += `M${X + start * width} ${Y + r * height}h${across}v${height}h${-across}z`;
    }
  }
  return rectangles.map((path, n) => `<path fill-opacity="${opacity(n + 1)}" d="${path}"/>`);
}

const axes = () => [
  [0.5, 1, 1.5, 2].map((w) => text(across(w), Y + HEIGHT + 20, w, { of: 'quiet', anchor: 'middle' })),
  [0.5, 0, -0.5, -1, -1.5].map((b) => text(X - 8, Number(up(b)) + 4, b, { of: 'quiet', anchor: 'end' })),
  text(X + WIDTH / 2, Y + HEIGHT + 42, 'w', { anchor: 'middle' }),
  text(20, Y + HEIGHT / 2, 'b', { anchor: 'middle' }),
  `<rect class="line" x="${X}" y="${Y}" width="${WIDTH}" height="${HEIGHT}"/>`,
];

const legend = () => [
  text(556, 60, 'loss'),
  [...LEVELS.keys(), LEVELS.length].map((level) => {
    const words = level === 0 ? `up to ${LEVELS[0]}` : `above ${LEVELS[level - 1]}`;
    return [
      `<rect class="line" x="556" y="${70 + 24 * level}" width="26" height="18"/>`,
      `<rect x="556" y="${70 + 24 * level}" width="26" height="18" fill="var(--quiet)" fill-opacity="${opacity(level)}"/>`,
      text(592, 84 + 24 * level, words, { of: 'quiet' }),
    ];
  }),
];

/** One path, of which each point is a round line without a length. */
const dots = (path, of) =>
  `<path class="${of}" stroke-width="5" stroke-linecap="round" d="${path.map(({ w, b }) => `M${across(w)} ${up(b)}h0`).join('')}"/>`;
const lineOf = (path) => `M${path.map(({ w, b }) => `${across(w)} ${up(b)}`).join('L')}`;

export function clippingPicture() {
  const [without, clipped] = [Infinity, LIMIT].map((limit) => descent(START, { limit }));
  const cliff = without.findIndex(({ norm }) => norm > LIMIT);
  return picture(
    720,
    540,
    'The loss over w and b, with a cliff, and two runs of gradient descent from the same start',
    [
      heads('second'),
      text(X, 28, 'The loss of an RNN with one unit over 30 steps'),
      `<g fill="var(--quiet)">${surface().join('\n')}</g>`,
      axes(),
      legend(),
      `<path class="first" stroke-width="2" d="${lineOf(clipped)}"/>`,
      dots(clipped, 'first'),
      arrow(lineOf(without.slice(cliff, cliff + 2)), 'second'),
      dots(without.slice(cliff + 1), 'second'),
      text(Number(across(START[0])) + 8, Number(up(START[1])) - 8, 'start'),
      '<path class="first" stroke-width="2" d="M556 300h26"/>',
      text(592, 304, 'clipped', { of: 'first' }),
      text(556, 324, `(norm at most ${LIMIT})`, { of: 'quiet' }),
      '<path class="second" stroke-width="2" d="M556 354h26"/>',
      text(592, 358, 'not clipped', { of: 'second' }),
      text(556, 378, `after update ${cliff}`, { of: 'quiet' }),
      text(556, 412, 'Each dot is the state', { of: 'quiet' }),
      text(556, 430, 'before one update.', { of: 'quiet' }),
    ],
  );
}
