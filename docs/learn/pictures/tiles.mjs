/** The tiles of the matrix product, what lies in which cache, and the measured speeds: docs/learn/fast.md. */
import { readFileSync } from 'node:fs';
import { BLOCK, BYTES, PANEL, SIZE, speeds, tileSizes } from '../programs/fast.mjs';
import { picture, text } from './svg.mjs';

const CELL = 16;
const cell = (x, y, of, fill = '') =>
  `<rect class="${of}" x="${x}" y="${y}" width="${CELL}" height="${CELL}"${fill && ` style="fill: var(--${fill})" fill-opacity="0.35"`}/>`;
const quiet = (x, y, content) => text(x, y, content, { of: 'quiet' });
const times = (count, draw) => Array.from({ length: count }, (_, n) => draw(n));

/** One tile: a column of a on the left, a row of b above, and the sums. Each vector of four columns has a frame. */
function tile(left, top, { name, rows, columns }) {
  const vectors = columns / 4;
  const [x, y] = [left + 40, top + 62];
  const frame = (fromX, fromY, of) =>
    `<rect class="${of}" x="${fromX}" y="${fromY}" width="${4 * CELL}" height="${CELL}" stroke-width="2"/>`;
  return [
    text(left, top, name),
    quiet(left, top + 22, `${rows} + ${vectors} loads for ${rows * vectors} multiply-adds of vectors`),
    text(left, y - 12, 'b', { of: 'second' }),
    times(columns, (n) => cell(x + CELL * n, y - 24, 'line', 'second')),
    times(vectors, (n) => frame(x + 4 * CELL * n, y - 24, 'second')),
    text(left, y + 12, 'a', { of: 'first' }),
    times(rows, (r) => cell(left + 14, y + CELL * r, 'first', 'first')),
    times(rows, (r) => times(columns, (n) => cell(x + CELL * n, y + CELL * r, 'line', 'third'))),
    times(rows, (r) => times(vectors, (n) => frame(x + 4 * CELL * n, y + CELL * r, 'third'))),
  ];
}

export function tilesPicture() {
  const [portable, relaxed] = tileSizes();
  return picture(720, 250, 'The two tiles of the matrix product, with what one pass of the inner loop reads', [
    quiet(20, 30, 'One pass of the inner loop reads one column of a and one row of b, and adds to all sums.'),
    tile(20, 66, { ...portable, name: `portable build: ${portable.rows} × ${portable.columns}` }),
    tile(400, 66, { ...relaxed, name: `relaxed build: ${relaxed.rows} × ${relaxed.columns}` }),
    quiet(20, 238, 'A frame is one vector register of four numbers.'),
  ]);
}

/** What one product needs at the same time, by the place where it lies. */
export function cachesPicture() {
  const kib = (bytes) => `${bytes / 1024} KiB`;
  const [{ rows, columns }] = tileSizes();
  const { M, N, K } = SIZE;
  const levels = [
    [
      'registers',
      `${BYTES.registers} bytes`,
      `the tile: ${(rows * columns) / 4} vectors of sums, ${columns / 4} of b, one of a`,
      'third',
    ],
    [
      'first cache',
      kib(BYTES.first),
      `one panel of b, ${K} × ${PANEL} (${kib(4 * K * PANEL)}; at most ${kib(4 * BLOCK * PANEL)}), and ${rows} rows of a (${kib(4 * rows * K)})`,
      'second',
    ],
    [
      'second cache',
      '2 MiB',
      `all of a (${kib(4 * M * K)}), b (${kib(4 * K * N)}) and out (${kib(4 * M * N)})`,
      'first',
    ],
    ['memory', '', 'x, gates, h and c of all steps, Adam’s moments', 'grey'],
  ];
  return picture(760, 304, 'What lies where during a matrix product', [
    quiet(
      20,
      30,
      `The product [${M},${K}]·[${K},${N}], in the portable build. Each level is larger and slower than the one above.`,
    ),
    levels.map(([name, size, content, of], n) => {
      const [inset, y] = [60 - 20 * n, 48 + 60 * n];
      return [
        `<rect class="${of}" x="${20 + inset}" y="${y}" width="${720 - 2 * inset}" height="50" rx="6" stroke-width="2" style="fill: var(--fill)"/>`,
        text(36 + inset, y + 21, size === '' ? name : `${name}: ${size}`, { of: of === 'grey' ? '' : of }),
        quiet(36 + inset, y + 40, content),
      ];
    }),
  ]);
}

/** The speeds of docs/kernels.md, as bars on a logarithmic scale. */
export function speedsPicture() {
  const steps = speeds(readFileSync(new URL('../../kernels.md', import.meta.url), 'utf8'));
  const across = (gflops) => (400 * Math.log10(gflops / 0.5)) / Math.log10(200 / 0.5);
  const bar = (y, gflops, of) =>
    gflops === undefined
      ? quiet(308, y + 9, '–')
      : [
          `<rect x="300" y="${y}" width="${across(gflops).toFixed(1)}" height="10" style="fill: var(--${of})"/>`,
          quiet(306 + across(gflops), y + 9.5, gflops),
        ];
  const title = 'The speed of each step of docs/kernels.md, in GFLOPS, on a logarithmic scale';
  return picture(760, 80 + 34 * steps.length, title, [
    quiet(20, 30, 'GFLOPS on a logarithmic scale, [128,128]·[128,512]'),
    `<rect x="450" y="20" width="10" height="10" style="fill: var(--first)"/>`,
    text(466, 30, 'Node 20', { of: 'first' }),
    `<rect x="550" y="20" width="10" height="10" style="fill: var(--second)"/>`,
    text(566, 30, 'Node 24', { of: 'second' }),
    steps.map(({ name, node20, node24 }, n) => {
      const y = 50 + 34 * n;
      return [text(20, y + 15, name), bar(y, node20, 'first'), bar(y + 12, node24, 'second')];
    }),
  ]);
}
