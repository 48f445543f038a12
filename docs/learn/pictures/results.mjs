/** Pictures of what trainings have given: which networks learn the gap task, how far back the error reaches, and on which paths. */
import { readFileSync } from 'node:fs';
import { loadMnist } from '../../../dist/src/data/mnist-files.js';
import { LENGTHS, NETWORKS, UPDATES } from '../programs/gap.mjs';
import { dashOf, superscript } from './diagrams.mjs';
import { picture, text } from './svg.mjs';

/** One run: a full circle if it answers everything at the end, an empty one if not. */
const circle = (x, y, { correct }) =>
  `<circle class="${correct === 56 ? 'first' : 'grey'}" cx="${x}" cy="${y}" r="9" stroke-width="2"${correct === 56 ? ' style="fill: var(--first)"' : ''}/>`;

/** Which networks learn the gap task at which lengths: docs/learn/plain-rnn.md and docs/learn/lstm.md. */
export function gapPicture() {
  const [left, top, column, row] = [190, 66, 104, 44];
  const results = JSON.parse(readFileSync(new URL('../programs/gap.json', import.meta.url), 'utf8'));
  const title = `Three runs of each network: full circles answer all 56 sequences after ${UPDATES} updates`;
  return picture(720, top + row * NETWORKS.length + 14, title, [
    text(24, 30, title),
    text(left - 14, top - 8, 'steps of a sequence', { of: 'quiet', anchor: 'end' }),
    LENGTHS.map((T, n) => text(left + column * n + 36, top - 8, T, { anchor: 'middle' })),
    NETWORKS.map(({ name }, network) => {
      const y = top + row * network + 18;
      return [
        text(24, y + 5, name),
        LENGTHS.map((T, length) =>
          results
            .filter((one) => one.network === name && one.T === T)
            .map((one, seed) => circle(left + column * length + 10 + 26 * seed, y, one)),
        ),
      ];
    }),
  ]);
}

const SECONDS = 1.2; // for each frame
const [TOP, ROW] = [64, 8]; // where row 0 of the image begins, and the height of a row
const [BARS, LONGEST] = [330, 340]; // where the bars begin, and the longest one

/** An image of 28 × 28 pixels, in four shades. */
function digit({ pixels, columns, rows }, x, y) {
  return [1, 2, 3, 4].map((shade) => {
    const squares = [];
    for (let r = 0; r < rows; r++)
      for (let c = 0; c < columns; c++)
        if (Math.ceil((pixels[r * columns + c] / 255) * 4) === shade)
          squares.push(`M${x + c * ROW} ${y + r * ROW}h${ROW}v${ROW}h-${ROW}z`);
    return `<path d="${squares.join('')}" style="fill: var(--ink)" opacity="${shade / 4}"/>`;
  });
}

const bars = (shares) =>
  shares
    .map((share, t) => `M${BARS} ${TOP + t * ROW + 1}h${(Math.min(1, share) * LONGEST).toFixed(1)}v${ROW - 2}H${BARS}z`)
    .join('');

/**
 * Each frame is visible for its share of the time. Readers who want no motion see the last one, except at `reach.svg#moving`;
 * `reach.svg#still` shows it to all.
 */
function motion(count) {
  const share = 100 / count;
  return `<style>
  .frame { opacity: 0; animation: show ${(SECONDS * count).toFixed(1)}s step-end infinite; }
  @keyframes show { 0% { opacity: 1; } ${share.toFixed(2)}% { opacity: 0; } 100% { opacity: 0; } }
  #still:target ~ .frame { animation: none; } #still:target ~ .frame:last-of-type { opacity: 1; }
  @media (prefers-reduced-motion: reduce) {
    #moving:not(:target) ~ .frame { animation: none; } #moving:not(:target) ~ .frame:last-of-type { opacity: 1; }
  }
</style>`;
}

/** How far back the error reaches while the network trains, as a moving picture: the README. ../programs/reach.mjs computes its numbers. */
export function reachPicture() {
  const frames = JSON.parse(readFileSync(new URL('../programs/reach.json', import.meta.url), 'utf8'));
  const bottom = TOP + 28 * ROW;
  return picture(720, bottom + 56, 'How far back the error reaches while the network trains', [
    motion(frames.length),
    '<g id="still"/><g id="moving"/>',
    text(24, 30, 'How far back the error reaches', { of: 'first' }),
    text(24, 50, 'An LSTM reads an image row by row.', { of: 'quiet' }),
    digit(loadMnist().test, 40, TOP),
    text(BARS, 50, '‖∂L/∂c‖ after each row, divided by that after the last', { of: 'quiet' }),
    text(BARS - 8, TOP + 8, 'first row', { of: 'quiet', anchor: 'end' }),
    text(BARS - 8, bottom, 'last row', { of: 'quiet', anchor: 'end' }),
    `<path class="line" d="M${BARS} ${TOP}V${bottom}M${BARS + LONGEST} ${TOP}V${bottom}"/>`,
    text(BARS, bottom + 20, '0', { of: 'quiet', anchor: 'middle' }),
    text(BARS + LONGEST, bottom + 20, '1', { of: 'quiet', anchor: 'middle' }),
    frames.map(
      ({ step, correct, shares }, n) =>
        `<g class="frame" style="animation-delay: ${(n * SECONDS).toFixed(1)}s"><path d="${bars(shares)}" style="fill: var(--first)"/>${text(BARS, bottom + 42, `after ${step} ${step === 1 ? 'step' : 'steps'}: ${correct} of 20 images are classified correctly`)}</g>`,
    ),
  ]);
}

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

/** On which paths the gradient comes back, and how f is distributed over the units: docs/learn/why-57.md. */
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
