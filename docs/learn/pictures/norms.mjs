/**
 * Curves on logarithmic scales: the norm of the gradient over the steps, and the error of numeric derivatives. Then the loss over
 * two parameters of a plain RNN, and two runs of gradient descent: docs/learn/loss-and-update.md.
 */
import { descent, LIMIT, lossAndGradient, START } from '../programs/clipping.mjs';
import { DRAWN_BIASES, lstmNorms, RNN_RADIUS } from '../programs/forget-bias.mjs';
import { gradientNorms, RADII } from '../programs/gradient-norms.mjs';
import { numericErrors } from '../programs/numeric.mjs';
import { dashOf, normsDiagram, superscript } from './diagrams.mjs';
import { picture, text, arrow, heads } from './svg.mjs';

const LINES = [{ of: 'first' }, { of: 'second', dash: '8 4' }, { of: 'third', dash: '2 4' }];

/** A line of a legend: a piece of the curve, and its name. */
const sample = (x, y, width, { of, dash }, name, gap = 10) => [
  `<path class="${of}" stroke-width="2"${dashOf(dash)} d="M${x} ${y}h${width}"/>`,
  text(x + width + gap, y + 4, name, { of: of === 'grey' ? 'quiet' : of }),
];

/** The norm of dh in a plain RNN, over 28 and 784 steps: docs/learn/plain-rnn.md. */
export function normsPicture() {
  const curves = (T) => RADII.map((radius, n) => ({ ...LINES[n], norms: gradientNorms(radius, T).norms }));
  const legend = RADII.map((radius, n) => sample(62 + 215 * n, 390, 28, LINES[n], `spectral radius ${radius}`, 8));
  return picture(720, 412, 'The norm of the gradient of h, divided by its norm at the end, on a logarithmic scale', [
    normsDiagram({ x: 62 }, 28, { low: -6, high: 2, every: 2 }, curves(28)),
    normsDiagram({ x: 420 }, 784, { low: -150, high: 50, every: 50 }, curves(784)),
    legend,
  ]);
}

/** The plain RNN among LSTMs. */
const RNN = { of: 'grey', dash: '12 3 3 3' };

/** The norm of the gradient in a plain RNN and in an LSTM, over 28 and 784 steps: docs/learn/lstm.md. */
export function lstmNormsPicture() {
  const curves = (T) => [
    { ...RNN, norms: gradientNorms(RNN_RADIUS, T).norms },
    ...DRAWN_BIASES.map((forgetBias, n) => ({ ...LINES[n], norms: lstmNorms(forgetBias, T).norms })),
  ];
  const names = [
    [RNN, `plain RNN, spectral radius ${RNN_RADIUS}`],
    ...DRAWN_BIASES.map((forgetBias, n) => [LINES[n], `LSTM, forget bias ${forgetBias}`]),
  ];
  const legend = names.map(([line, name], n) => sample(62, 660 + 22 * n, 40, line, name));
  const place = { x: 62, width: 274, height: 220 };
  return picture(
    360,
    746,
    'The norm of the gradient of the state in a plain RNN and in LSTMs, on a logarithmic scale',
    [
      normsDiagram({ ...place, y: 44 }, 28, { low: -8, high: 2, every: 2 }, curves(28)),
      normsDiagram({ ...place, y: 370 }, 784, { low: -150, high: 50, every: 50 }, curves(784)),
      legend,
    ],
  );
}

/** The place of the numeric derivatives' errors, and the powers of ten in it. */
const [X, Y, WIDTH, HEIGHT] = [62, 30, 560, 340];
const [HIGH, LOW] = [0, -12];
const power = (n) => (n === 0 ? '1' : `10${superscript(n)}`);

/** Large δ is at the right. */
const across = (log) => (X + (WIDTH * (log + 10)) / 9).toFixed(1);
const up = (log) => (Y + (HEIGHT * (HIGH - log)) / (HIGH - LOW)).toFixed(1);

const CURVES = [
  ['f64', 'five', { of: 'first' }],
  ['f64', 'two', { of: 'first', dash: '8 4' }],
  ['f32', 'five', { of: 'second' }],
  ['f32', 'two', { of: 'second', dash: '8 4' }],
];

/** The error of numeric derivatives against δ: docs/learn/check-it.md. */
export async function numericPicture() {
  const { deltas, errors } = await numericErrors();
  const path = (dtype, rule) =>
    deltas.map((delta, n) => {
      const log = Math.min(HIGH, Math.max(LOW, Math.log10(errors[dtype][n][rule])));
      return `${across(Math.log10(delta))} ${up(log)}`;
    });
  return picture(720, 470, 'The relative error of numeric derivatives against δ, both on logarithmic scales', [
    [0, -2, -4, -6, -8, -10, -12].map((log) => [
      `<path class="line" d="M${X} ${up(log)}h${WIDTH}"/>`,
      text(X - 8, Number(up(log)) + 4, power(log), { of: 'quiet', anchor: 'end' }),
    ]),
    [-10, -8, -6, -4, -3, -2, -1].map((log) =>
      text(across(log), Y + HEIGHT + 22, power(log), { of: 'quiet', anchor: 'middle' }),
    ),
    text(X + WIDTH + 40, Y + HEIGHT + 22, 'δ', { of: 'quiet' }),
    CURVES.map(([dtype, rule, line], n) => {
      const [x, y] = [X + 290 * (n % 2), Y + HEIGHT + 52 + 24 * Math.floor(n / 2)];
      return [
        `<path class="${line.of}" stroke-width="2" stroke-linejoin="round"${dashOf(line.dash)} d="M${path(dtype, rule).join('L')}"/>`,
        sample(x, y, 36, line, `${rule}-point rule in ${dtype}`),
      ];
    }),
  ]);
}

const [X, Y, WIDTH, HEIGHT] = [62, 44, 470, 440];
const [W_LOW, W_HIGH, B_LOW, B_HIGH] = [0.4, 2.4, -1.6, 0.8];
const [COLUMNS, ROWS] = [94, 88];
/** The picture shows which of these a loss exceeds. The last colour is for losses above 1.8. */
const LEVELS = [0.05, 0.3, 0.6, 0.9, 1.2, 1.5, 1.8];

const across = (w) => (X + (WIDTH * (w - W_LOW)) / (W_HIGH - W_LOW)).toFixed(1);
const up = (b) => (Y + (HEIGHT * (B_HIGH - b)) / (B_HIGH - B_LOW)).toFixed(1);
const opacity = (level) => (0.055 * level).toFixed(2);

/** A cell for each of COLUMNS × ROWS points; neighbours of the same colour are one rectangle. */
function surface() {
  const [width, height] = [WIDTH / COLUMNS, HEIGHT / ROWS];
  return [...Array(ROWS).keys()].map((r) => {
    const b = B_HIGH - ((r + 0.5) / ROWS) * (B_HIGH - B_LOW);
    const levels = [...Array(COLUMNS).keys()].map((c) => {
      const { loss } = lossAndGradient(W_LOW + ((c + 0.5) / COLUMNS) * (W_HIGH - W_LOW), b);
      return LEVELS.filter((limit) => loss > limit).length;
    });
    const starts = [...levels.keys()].filter((c) => c === 0 || levels[c] !== levels[c - 1]);
    return starts.map((c, n) => {
      const count = (starts[n + 1] ?? COLUMNS) - c;
      const [x, y] = [X + c * width, Y + r * height];
      return levels[c] === 0
        ? []
        : `<path fill-opacity="${opacity(levels[c])}" d="M${+x.toFixed(1)} ${+y.toFixed(1)}h${+(count * width).toFixed(1)}v${height}h${-(count * width).toFixed(1)}z"/>`;
    });
  });
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

const dots = (path, of) =>
  path.map(({ w, b }) => `<circle cx="${across(w)}" cy="${up(b)}" r="2.5" style="fill: var(--${of})"/>`);
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
      `<g fill="var(--quiet)">${surface().flat(Infinity).join('\n')}</g>`,
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
