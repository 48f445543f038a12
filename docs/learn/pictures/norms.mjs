/** Curves on logarithmic scales: the norm of the gradient over the steps, and the error of numeric derivatives. */
import { DRAWN_BIASES, lstmNorms, RNN_RADIUS } from '../programs/forget-bias.mjs';
import { gradientNorms, RADII } from '../programs/gradient-norms.mjs';
import { numericErrors } from '../programs/numeric.mjs';
import { dashOf, normsDiagram, superscript } from './diagrams.mjs';
import { picture, text } from './svg.mjs';

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
