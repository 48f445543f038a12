/** The norm of dh in a plain RNN, over 28 and 784 steps: docs/learn/plain-rnn.md. */
import { gradientNorms, RADII } from '../gradient-norms.mjs';
import { picture, text } from '../svg.mjs';

const superscript = (n) => [...String(n)].map((digit) => (digit === '-' ? '⁻' : '⁰¹²³⁴⁵⁶⁷⁸⁹'[digit])).join('');
const CLASSES = ['first', 'second', 'third'];
const DASHES = ['', '8 4', '2 4'];

/** One diagram: T steps to the right, powers of ten upward. */
function diagram(x, T, { low, high, every }) {
  const [y, width, height] = [56, 270, 260];
  const across = (k) => (x + (width * k) / T).toFixed(1);
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
    RADII.map((radius, n) => {
      const points = gradientNorms(radius, T).norms.map((norm, k) => `${across(k)} ${up(Math.log10(norm))}`);
      const drawn = points.filter((_, k) => k % Math.ceil(T / 200) === 0);
      const dash = DASHES[n] && ` stroke-dasharray="${DASHES[n]}"`;
      return `<path class="${CLASSES[n]}" stroke-width="2" stroke-linejoin="round"${dash} d="M${drawn.join('L')}"/>`;
    }),
  ];
}

export function normsPicture() {
  const legend = RADII.map((radius, n) => {
    const x = 62 + 215 * n;
    const dash = DASHES[n] && ` stroke-dasharray="${DASHES[n]}"`;
    return [
      `<path class="${CLASSES[n]}" stroke-width="2"${dash} d="M${x} 390h28"/>`,
      text(x + 36, 394, `spectral radius ${radius}`, { of: CLASSES[n] }),
    ];
  });
  return picture(720, 412, 'The norm of the gradient of h, divided by its norm at the end, on a logarithmic scale', [
    diagram(62, 28, { low: -6, high: 2, every: 2 }),
    diagram(420, 784, { low: -150, high: 50, every: 50 }),
    legend,
  ]);
}
