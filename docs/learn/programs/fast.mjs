/**
 * The numbers of docs/learn/fast.md: sizes from the sources of the kernels, speeds from the table of docs/kernels.md.
 *
 *     node docs/learn/programs/fast.mjs
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { fillRandom, Random, zeros } from 'longhand';
import { createWasmBackend } from 'longhand/wasm';

const read = (name) => readFileSync(new URL(`../../../${name}`, import.meta.url), 'utf8');
const constant = (name) =>
  Number(new RegExp(`const ${name}: i32 = (\\d+)`).exec(read('kernels/wasm/assembly/jobs.ts'))[1]);

/** Rows of a panel of b, and its columns. */
export const BLOCK = constant('BLOCK');
export const PANEL = constant('PANEL_COLUMNS');

/** The LSTM's own product, hPrev·Wh. */
export const SIZE = { M: 128, K: 128, N: 512 };

/** 15 registers of 16 bytes that V8 leaves free, and the first cache of the processor of docs/kernels.md. */
export const BYTES = { registers: 15 * 16, first: 48 * 1024 };

/** The main tile of the portable and of the relaxed build, as the source has them. */
export function tileSizes() {
  const source = read('kernels/wasm/assembly/matmul-inner-loops.ts');
  return ['tile2x16', 'tile6x8'].map((name) => {
    const body = source.split(`export function ${name}(`)[1].split('\n}')[0];
    const sums = new Set(body.match(/\bs\d\d(?= = multiplyAdd)/g));
    const rows = new Set([...sums].map((sum) => sum[1])).size;
    return { name, rows, columns: (4 * sums.size) / rows };
  });
}

/** The rows of the first table of docs/kernels.md: the name of each step and its GFLOPS. */
export function speeds(document) {
  const [, table] = document.split('`[128,128]·[128,512]`\n\n');
  const rows = table.split('\n\n')[0].split('\n').slice(2);
  const number = (text) => (text === '–' ? undefined : Number(text));
  return rows.map((row) => {
    const [, name, , node20, , , node24] = row.split('|').map((text) => text.trim());
    return { name, node20: number(node20), node24: number(node24) };
  });
}

/** The same product on one thread and on two: the number of outputs whose bits differ. */
export async function differingBits() {
  const { M, K, N } = SIZE;
  const results = [];
  for (const threads of [1, 2]) {
    const backend = await createWasmBackend({ threads, deterministic: true });
    const random = new Random(1);
    const [a, b, out] = [
      [M, K],
      [K, N],
      [M, N],
    ].map((shape) => backend.allocate(shape));
    for (const operand of [a, b]) {
      fillRandom(operand, () => random.uniform(-1, 1));
      backend.upload(operand);
    }
    backend.matmul(out, a, b);
    await backend.download(out);
    results.push(Float32Array.from({ length: M * N }, (_, n) => out.get(Math.floor(n / N), n % N)));
    await backend.dispose();
  }
  return results[0].filter((value, n) => !Object.is(value, results[1][n])).length;
}

/** The same numbers added in two orders, in f32: one running sum, and the sum of two halves. */
export function twoOrders() {
  const random = new Random(1);
  const numbers = zeros([SIZE.K], 'f32');
  fillRandom(numbers, () => random.uniform(-1, 1));
  const sum = (from, to) => numbers.data.slice(from, to).reduce((total, value) => Math.fround(total + value), 0);
  return [sum(0, SIZE.K), Math.fround(sum(0, SIZE.K / 2) + sum(SIZE.K / 2, SIZE.K))];
}

export async function* output() {
  for (const { name, rows, columns } of tileSizes()) {
    const vectors = columns / 4;
    yield `${name}: ${rows * vectors} sums, ${rows + vectors} loads for ${rows * vectors} multiply-adds`;
  }
  yield `one sum: ${twoOrders()[0]}, two halves: ${twoOrders()[1]}`;
  yield `outputs that differ between 1 and 2 threads: ${await differingBits()} of ${SIZE.M * SIZE.N}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) for await (const line of output()) console.log(line);
