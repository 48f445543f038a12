/** On which paths the gradient comes back, and how f is distributed over the units: docs/learn/by-hand.md. */
import { readFileSync } from 'node:fs';
import { dashOf, superscript } from './norms-diagram.mjs';
import { picture, text } from './svg.mjs';

const PATHS = [
  { name: 'all', label: 'all paths', of: 'first' },
  { name: 'direct and j', label: 'the direct path and the block of j', of: 'third', dash: '2 4' },
  { name: 'direct', label: 'the direct path alone', of: 'second', dash: '8 4' },
  { name: 'without direct', label: 'all but the direct path', of: 'grey', dash: '12 3 3 3' },
];
const [WIDTH, HEIGHT] = [274, 190];
const LOWEST = -12; // a power of ten
const [LEAST_F, BINS] = [0.6, 50];

/** ‖dc‖ after each step, on a logarithmic scale. `step`: the name of what is read in one. */
function norms(x, y, step, { rows, norms: ofPath }) {
  const last = rows[rows.length - 1];
  const across = (row) => (x + (WIDTH * (row - 1)) / (last - 1)).toFixed(1);
  const up = (log) => (y + (HEIGHT * log) / LOWEST).toFixed(1);
  return [
    text(x, y - 12, `‖∂L/∂c‖ after each ${step}, divided by that after the last`, { of: 'quiet' }),
    [0, -3, -6, -9, -12].map((log) => [
      `<path class="line" d="M${x} ${up(log)}h${WIDTH}"/>`,
      text(x - 8, Number(up(log)) + 4, log === 0 ? '1' : `10${superscript(log)}`, { of: 'quiet', anchor: 'end' }),
    ]),
    text(x, y + HEIGHT + 20, `${step} 1`, { of: 'quiet' }),
    text(x + WIDTH, y + HEIGHT + 20, `${step} ${last}`, { of: 'quiet', anchor: 'end' }),
    PATHS.map(({ name, of, dash }) => {
      const points = visible(rows.map((row, n) => [row, Math.log10(ofPath[name][n])]));
      const line = points.map(([row, log]) => `${across(row)} ${up(log)}`).join('L');
      return `<path class="${of}" stroke-width="2" stroke-linejoin="round"${dashOf(dash)} d="M${line}"/>`;
    }),
  ];
}

/** The end of a curve that is not below the scale, from where it crosses the lowest line. */
function visible(points) {
  const start = points.findIndex((_, n) => points.slice(n).every(([, log]) => log >= LOWEST));
  if (start === 0) return points;
  const [[row, log], [nextRow, nextLog]] = [points[start - 1], points[start]];
  const part = Math.max(0, (LOWEST - log) / (nextLog - log) || 1); // a norm of 0 has the logarithm -∞
  return [[row + part * (nextRow - row), LOWEST], ...points.slice(start)];
}

/** The percentages of the units whose mean f is in each bin. The first of `shown` is an outline, the others are filled. */
function gates(x, y, shown) {
  const across = (f) => (x + (WIDTH * (f - LEAST_F)) / (1 - LEAST_F)).toFixed(1);
  const bars = ({ f: { units } }) =>
    units
      .map((count, n) => ({ from: n / BINS, height: (HEIGHT * count) / units.reduce((sum, one) => sum + one) }))
      .filter(({ height }) => height > 0)
      .map(
        ({ from, height }) =>
          `M${across(from)} ${y + HEIGHT}v${(-height).toFixed(1)}H${across(from + 1 / BINS)}V${y + HEIGHT}z`,
      )
      .join('');
  return [
    text(x, y - 12, 'units by their mean f', { of: 'quiet' }),
    [0, 50, 100].map((percent) => {
      const level = y + HEIGHT * (1 - percent / 100);
      return [
        `<path class="line" d="M${x} ${level}h${WIDTH}"/>`,
        text(x - 8, level + 4, `${percent}%`, { of: 'quiet', anchor: 'end' }),
      ];
    }),
    [0.6, 0.7, 0.8, 0.9, 1].map((f) => text(across(f), y + HEIGHT + 20, f, { of: 'quiet', anchor: 'middle' })),
    shown.map(({ of, frame }) =>
      of === 'grey'
        ? `<path class="grey" stroke-width="1.5" d="${bars(frame)}"/>`
        : `<path d="${bars(frame)}" style="fill: var(--${of})"/>`,
    ),
  ];
}

export function pathsOfGradientPicture() {
  const frames = JSON.parse(readFileSync(new URL('../programs/paths.json', import.meta.url), 'utf8'));
  const frame = (task, step) => frames.find((one) => one.task === task && one.step === step);
  const [before, after, pixels] = [frame('mnist', 1), frame('mnist', 781), frame('pixels', 0)];
  const [left, right, top, below] = [58, 424, 62, 360];
  return picture(720, 656, 'On which paths the gradient comes back, and how f is distributed over the units', [
    text(24, 28, 'MNIST, one row a step: after 781 updates'),
    norms(left, top, 'row', after),
    gates(right, top, [
      { of: 'first', frame: after },
      { of: 'grey', frame: before },
    ]),
    text(right + WIDTH, top + 22, 'after 1 update (outline)', { of: 'quiet', anchor: 'end' }),
    text(right + WIDTH, top + 42, 'after 781 updates', { of: 'first', anchor: 'end' }),
    text(24, below - 34, 'MNIST, one pixel a step: chrono biases, before training'),
    norms(left, below, 'pixel', pixels),
    gates(right, below, [{ of: 'first', frame: pixels }]),
    PATHS.map(({ label, of, dash }, n) => {
      const [x, y] = [left + 320 * (n % 2), 610 + 24 * Math.floor(n / 2)];
      return [
        `<path class="${of}" stroke-width="2"${dashOf(dash)} d="M${x} ${y}h40"/>`,
        text(x + 50, y + 4, label, { of: of === 'grey' ? 'quiet' : of }),
      ];
    }),
  ]);
}
