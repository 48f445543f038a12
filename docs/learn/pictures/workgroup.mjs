/** Workgroup, tile and thread of the GPU's matrix product: docs/webgpu-kernels.md. Its sizes are those of the kernel. */
import { readFileSync } from 'node:fs';
import { picture, text } from './svg.mjs';

const source = readFileSync(new URL('../../../kernels/webgpu/workgroup-tiles.ts', import.meta.url), 'utf8');
const numberOf = (name) => Number(new RegExp(`const ${name} = (\\d+);`).exec(source)[1]);

/** Rows and columns of a workgroup's tile, the k that it copies at a time, and those of a thread's tile. */
export const WORKGROUP = { side: numberOf('SIDE'), depth: numberOf('DEPTH'), thread: 4 };
const { side, depth, thread } = WORKGROUP;
const across = side / thread;

const quiet = (x, y, content, anchor = 'start') => text(x, y, content, { of: 'quiet', anchor });
const lines = (count, draw) => Array.from({ length: count }, (_, n) => draw(n));
const filled = (x, y, width, height, of) =>
  `<rect class="${of}" x="${x}" y="${y}" width="${width}" height="${height}" style="fill: var(--${of})" fill-opacity="0.35"/>`;
const framed = (x, y, width, height, of = 'line') =>
  `<rect class="${of}" x="${x}" y="${y}" width="${width}" height="${height}"/>`;
/** A grid of `rows` and `columns` cells. */
const grid = (x, y, cell, rows, columns) => [
  framed(x, y, cell * columns, cell * rows),
  lines(rows - 1, (n) => `<path class="line" d="M${x} ${y + cell * (n + 1)}h${cell * columns}"/>`),
  lines(columns - 1, (n) => `<path class="line" d="M${x + cell * (n + 1)} ${y}v${cell * rows}"/>`),
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
  const rows = (fromX, fromY, of) => lines(thread, (n) => framed(fromX, fromY + n * cell, size, cell, of));
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
