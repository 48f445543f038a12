/** docs/learn/fast.md: its numbers are those of the sources, of the table of docs/kernels.md, and of its program. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chapter, outputOf, read } from '../helpers/chapter.js';

const { page, prose, ask } = chapter('fast', {
  'fast.mjs': ['BLOCK', 'PANEL', 'SIZE', 'speeds', 'tileSizes'],
  '../pictures/pictures.mjs': ['PICTURES'],
});

test('the chapter quotes what the program prints', () => {
  const quoted = [...page.matchAll(/```\n([\s\S]*?)```/g)].map(([, block]) => block);
  expect(quoted).toHaveLength(2);
  expect(quoted.join('')).toBe(outputOf('fast.mjs'));
});

interface Speed {
  readonly name: string;
  readonly node20?: number;
  readonly node24?: number;
}

const numbers = (await ask(`
  const { readFileSync } = await import('node:fs');
  const names = ['tiles.svg', 'caches.svg', 'speeds.svg'];
  return { BLOCK, PANEL, SIZE, tiles: tileSizes(), names, pictures: names.map((name) => PICTURES[name]()),
    speeds: speeds(readFileSync('docs/kernels.md', 'utf8')) };`)) as {
  BLOCK: number;
  PANEL: number;
  SIZE: { M: number; K: number; N: number };
  tiles: { name: string; rows: number; columns: number }[];
  names: string[];
  pictures: string[];
  speeds: Speed[];
};

test('the pictures are those that the program draws', () => {
  expect(numbers.pictures).toEqual(numbers.names.map(read));
});

test('the tiles have the sizes in their names, and fit into 15 registers', () => {
  for (const { name, rows, columns } of numbers.tiles) expect(name).toBe(`tile${rows}x${columns}`);
  const [portable, relaxed] = numbers.tiles.map(({ rows, columns }) => (rows * columns) / 4 + columns / 4 + 1);
  expect([portable + 2, relaxed]).toEqual([15, 15]);
  expect(prose).toContain('2×16 needs 8 + 4 + 1, and 2 more for products. 6×8 needs 12 + 2 + 1;');
});

test('what lies where: the sizes of the text alternative', () => {
  const { M, K, N } = numbers.SIZE;
  const kib = (count: number): string => `${(4 * count) / 1024} KiB`;
  expect(prose).toContain(`one panel of b, ${K} × ${numbers.PANEL} numbers or ${kib(K * numbers.PANEL)}`);
  expect(prose).toContain(`2 rows of a, ${kib(2 * K)}`);
  expect(prose).toContain(`all of a, ${kib(M * K)}, of b, ${kib(K * N)}, and of out, ${kib(M * N)}`);
  expect(prose).toContain(`here ${M / 2} times`);
  expect(prose).toContain(`the rows of a panel are ${4 * N} bytes apart`);
  expect(kib(numbers.BLOCK * numbers.PANEL)).toBe('16 KiB');
});

test('what the text says about the speeds is in the table', () => {
  expect(numbers.speeds).toHaveLength(11);
  const at = (step: number): Required<Speed> =>
    numbers.speeds.find(({ name }) => name.startsWith(`${step}. `)) as Required<Speed>;
  expect([at(1).node20, at(1).node24].map(Math.round)).toEqual([1, 1]);
  expect([at(4).node20, at(4).node24].map(Math.round)).toEqual([4, 5]);
  expect([at(5).node20, at(5).node24].map(Math.round)).toEqual([2, 2]);
  expect([at(6).node20, at(6).node24].map(Math.round)).toEqual([9, 9]);
  expect([at(7).node20, at(7).node24].map(Math.round)).toEqual([35, 37]);
  expect([at(9).node20, Math.round(at(9).node24)]).toEqual([undefined, 51]);
  expect([at(11).node20, at(11).node24]).toEqual([74, 102]);
  expect([at(5).node20 / at(1).node20, at(5).node24 / at(1).node24].map(Math.round)).toEqual([2, 2]); // “twice as fast”
  expect(at(5).node24).toBeLessThan(at(4).node20);
  expect(Math.round(at(7).node20 / at(5).node20)).toBe(15);
  for (const [upper, lower] of [
    [7, 6],
    [6, 5],
  ])
    expect(Math.round(at(upper).node20 / at(lower).node20)).toBe(4);
  const kernels = readFileSync(fileURLToPath(new URL('../../docs/kernels.md', import.meta.url)), 'utf8').replace(
    /\s+/g,
    ' ',
  );
  expect(kernels).toContain('The result takes 4 cycles, so 4·2 = 8 sums must be in progress at every moment.');
  expect(kernels).toContain('The result of an addition takes 2 to 3 cycles.');
  expect(prose).toContain('The result of an addition takes 2 to 3 cycles, and that of a fused multiply-add 4.');
  expect(kernels).toContain('the backend reaches 94% of its tile');
  expect(kernels).toContain('and 96% on Node 24');
});
