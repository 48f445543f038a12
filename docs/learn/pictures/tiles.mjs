/**
 * The tiles of the matrix product, what lies in which cache, and the measured speeds: docs/learn/fast.md. Workgroup, tile and thread of the
 * GPU's product, with the sizes of the kernel: docs/webgpu-kernels.md.
 */
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

const source = readFileSync(new URL('../../../kernels/webgpu/workgroup-tiles.ts', import.meta.url), 'utf8');
const numberOf = (name) => Number(new RegExp(`const ${name} = (\\d+);`).exec(source)[1]);

/** Rows and columns of a workgroup's tile, the k that it copies at a time, and those of a thread's tile. */
export const WORKGROUP = { side: 4 * numberOf('LARGE'), depth: numberOf('LARGE'), thread: 4 };
const { side, depth, thread } = WORKGROUP;
const across = side / thread;

const filled = (x, y, width, height, of) =>
  `<rect class="${of}" x="${x}" y="${y}" width="${width}" height="${height}" style="fill: var(--${of})" fill-opacity="0.35"/>`;
const framed = (x, y, width, height, of = 'line') =>
  `<rect class="${of}" x="${x}" y="${y}" width="${width}" height="${height}"/>`;
/** A grid of `rows` and `columns` cells. */
const grid = (x, y, cell, rows, columns) => [
  framed(x, y, cell * columns, cell * rows),
  times(rows - 1, (n) => `<path class="line" d="M${x} ${y + cell * (n + 1)}h${cell * columns}"/>`),
  times(columns - 1, (n) => `<path class="line" d="M${x + cell * (n + 1)} ${y}v${cell * rows}"/>`),
];

/** a on the left, b above, and out; `parts` draws what is filled in them. */
function panel(x, [title, ...under], { a, b, out }) {
  return [text(x, 34, title), under.map((line, n) => quiet(x, 54 + 17 * n, line)), a, b, out];
}

/** out of 4 × 4 workgroups, and the slabs of a and b that one of them reads. */
function product(x) {
  const [cell, K, slab] = [28, 84, 12];
  const [left, top] = [x + K + 12, 112 + K];
  const [row, column] = [1, 2];
  return panel(
    x,
    [
      '1. The product',
      `A workgroup computes ${side} × ${side} numbers of out.`,
      `It copies ${depth} k of a and b at a time.`,
    ],
    {
      a: [
        framed(x, top, K, 4 * cell),
        filled(x + 2 * slab, top + row * cell, slab, cell, 'first'),
        framed(x, top + row * cell, K, cell, 'first'),
        quiet(x + 4, top + 4 * cell - 6, 'a [M,K]'),
      ],
      b: [
        framed(left, top - 12 - K, 4 * cell, K),
        filled(left + column * cell, top - 12 - K + 2 * slab, cell, slab, 'second'),
        framed(left + column * cell, top - 12 - K, cell, K, 'second'),
        quiet(left + 4, top - 18, 'b [K,N]'),
      ],
      out: [
        grid(left, top, cell, 4, 4),
        filled(left + column * cell, top + row * cell, cell, cell, 'third'),
        quiet(left + 4, top + 4 * cell - 6, 'out [M,N]'),
      ],
    },
  );
}

/** The tile of the workgroup: a cell is a thread. */
function workgroup(x) {
  const cell = 8;
  const [deep, size] = [2 * depth, cell * across];
  const [left, top] = [x + deep + 12, 196 - 12];
  const [y, column] = [5, 9];
  return panel(
    x,
    ['2. Its workgroup', `${across} × ${across} threads. The copies lie in memory`, 'that all of them share.'],
    {
      a: [
        filled(x, top, deep, size, 'first'),
        framed(x, top + y * cell, deep, cell, 'first'),
        quiet(x, top + size + 18, `aTile ${side} × ${depth}`),
      ],
      b: [
        filled(left, top - 12 - deep, size, deep, 'second'),
        framed(left + column * cell, top - 12 - deep, cell, deep, 'second'),
        quiet(left, top - 20 - deep, `bTile ${depth} × ${side}`),
      ],
      out: [grid(left, top, cell, across, across), filled(left + column * cell, top + y * cell, cell, cell, 'third')],
    },
  );
}

/** The tile of a thread, for four k. A frame is a vec4. */
function ofThread(x) {
  const cell = 22;
  const size = cell * thread;
  const [left, top] = [x + size + 14, 112 + size + 14];
  const rows = (fromX, fromY, of) => times(thread, (n) => framed(fromX, fromY + n * cell, size, cell, of));
  return panel(
    x,
    [
      '3. One of its threads',
      `${thread} × ${thread} sums in four variables. For four k it`,
      `reads ${2 * thread} vec4f and makes ${thread ** 3} multiply-adds.`,
    ],
    {
      a: [filled(x, top, size, size, 'first'), rows(x, top, 'first'), quiet(x, top + size + 18, '4 rows of a')],
      b: [
        filled(left, top - 14 - size, size, size, 'second'),
        rows(left, top - 14 - size, 'second'),
        quiet(left + size + 8, top - 14 - size / 2, '4 k'),
      ],
      out: [
        filled(left, top, size, size, 'third'),
        rows(left, top, 'third'),
        quiet(left, top + size + 18, '4 columns of out'),
      ],
    },
  );
}

export const workgroupPicture = () =>
  picture(950, 366, 'Workgroup, tile and thread of the matrix product on a GPU', [
    product(20),
    workgroup(345),
    ofThread(650),
    quiet(
      20,
      352,
      'Blue: a. Orange: b. Green: what is computed. In 3, each frame is a vec4f: four numbers in one variable.',
    ),
  ]);
