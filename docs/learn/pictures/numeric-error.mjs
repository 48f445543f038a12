/** The error of numeric derivatives against δ: docs/learn/check-it.md. */
import { numericErrors } from '../programs/numeric.mjs';
import { picture, text } from './svg.mjs';

const [X, Y, WIDTH, HEIGHT] = [62, 30, 560, 340];
const [HIGH, LOW] = [0, -12];
const superscript = (n) => [...String(n)].map((digit) => (digit === '-' ? '⁻' : '⁰¹²³⁴⁵⁶⁷⁸⁹'[digit])).join('');
const power = (n) => (n === 0 ? '1' : `10${superscript(n)}`);

/** Large δ is at the right. */
const across = (log) => (X + (WIDTH * (log + 10)) / 9).toFixed(1);
const up = (log) => (Y + (HEIGHT * (HIGH - log)) / (HIGH - LOW)).toFixed(1);

const CURVES = [
  ['f64', 'five', 'first', ''],
  ['f64', 'two', 'first', ' stroke-dasharray="8 4"'],
  ['f32', 'five', 'second', ''],
  ['f32', 'two', 'second', ' stroke-dasharray="8 4"'],
];

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
    CURVES.map(([dtype, rule, of, dash], n) => {
      const [x, y] = [X + 290 * (n % 2), Y + HEIGHT + 52 + 24 * Math.floor(n / 2)];
      return [
        `<path class="${of}" stroke-width="2" stroke-linejoin="round"${dash} d="M${path(dtype, rule).join('L')}"/>`,
        `<path class="${of}" stroke-width="2"${dash} d="M${x} ${y}h36"/>`,
        text(x + 46, y + 4, `${rule}-point rule in ${dtype}`, { of }),
      ];
    }),
  ]);
}
