/**
 * docs/learn/fast.md: its numbers are those of the sources and of the table of docs/kernels.md. docs/webgpu-kernels.md: its counts of loads,
 * threads and launches, and what it says of its tables.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chapter } from '../helpers/chapter.js';
import { stepsFor } from '../../bench/steps/webgpu-kernels.js';
import type { Place } from '../../kernels/webgpu/allocations.js';
import type { Call } from '../../kernels/webgpu/calls.js';
import { launchesOf } from '../../kernels/webgpu/merge.js';
import { Model } from '../../src/door/model.js';
import { Adam } from '../../src/training/optimisers.js';
import { describeWebGpu, openWebGpu } from '../helpers/webgpu.js';

const { says, ask } = chapter('fast', {
  'fast.mjs': ['BLOCK', 'PANEL', 'SIZE', 'speeds', 'tileSizes'],
  '../pictures/tiles.mjs': ['WORKGROUP'],
});

interface Speed {
  readonly name: string;
  readonly node20?: number;
  readonly node24?: number;
}

const numbers = (await ask(`
  const { readFileSync } = await import('node:fs');
  return { BLOCK, PANEL, SIZE, tiles: tileSizes(), speeds: speeds(readFileSync('docs/kernels.md', 'utf8')) };`)) as {
  BLOCK: number;
  PANEL: number;
  SIZE: { M: number; K: number; N: number };
  tiles: { name: string; rows: number; columns: number }[];
  speeds: Speed[];
};

test('the tiles have the sizes in their names, and fit into 15 registers', () => {
  for (const { name, rows, columns } of numbers.tiles) expect(name).toBe(`tile${rows}x${columns}`);
  const [portable, relaxed] = numbers.tiles.map(({ rows, columns }) => (rows * columns) / 4 + columns / 4 + 1);
  expect([portable + 2, relaxed]).toEqual([15, 15]);
  says('2×16 needs 8 + 4 + 1, and 2 more for products. 6×8 needs 12 + 2 + 1;');
});

test('what lies where: the sizes of the text alternative', () => {
  const { M, K, N } = numbers.SIZE;
  const kib = (count: number): string => `${(4 * count) / 1024} KiB`;
  says(`one panel of b, ${K} × ${numbers.PANEL} numbers or ${kib(K * numbers.PANEL)}`);
  says(`2 rows of a, ${kib(2 * K)}`);
  says(`all of a, ${kib(M * K)}, of b, ${kib(K * N)}, and of out, ${kib(M * N)}`);
  says(`here ${M / 2} times`);
  says(`the rows of a panel are ${4 * N} bytes apart`);
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
  says('The result of an addition takes 2 to 3 cycles, and that of a fused multiply-add 4.');
  expect(kernels).toContain('the backend reaches 94% of its tile');
  expect(kernels).toContain('and 96% on Node 24');
});

const page = readFileSync(fileURLToPath(new URL('../../docs/webgpu-kernels.md', import.meta.url)), 'utf8');
const prose = page.replace(/\s+/g, ' ');

test('the picture has the sizes of the kernel', async () => {
  expect(await ask('return WORKGROUP;')).toEqual({ side: 64, depth: 16, thread: 4 });
  expect(prose).toContain(
    '64 × 64 numbers of out; 16 × 16 threads that share the copies of a and b; 4 × 4 sums of a thread',
  );
});

const steps = stepsFor('gpu');

/** The tables of the steps: the names, the loads, and for each size the GFLOPS of each step. */
const tables = ['node', 'chromium'].map((name) => {
  const [, part] = page.split(`<!-- ${name}: made by the command -->`);
  const rows = [...part.split('<!-- end of')[0].matchAll(/^\| (\d\. .*) \|$/gm)];
  return rows.map(([, row]) => row.split('|').map((cell) => cell.trim()));
});

test('both tables have the steps of the program, and their loads', () => {
  for (const rows of tables) {
    expect(rows.map(([name]) => name)).toEqual([...steps.map(({ name }) => name), '8. the backend']);
    expect(rows.slice(0, -1).map(([, loads]) => Number(loads))).toEqual(
      steps.map(({ loads }) => Number(loads.toFixed(3))),
    );
  }
});

test('the loads of each step are those that the text counts', () => {
  const counts = steps.slice(1).map(({ loads }) => loads);
  expect(counts).toEqual([2 / 4, 6 / 32, 16 / 256, 10 / 64, 2 / 256, 2 / 128]);
  for (const words of [
    '2 loads are enough for 4 multiply-adds',
    '4 + 2 loads for 32 multiply-adds',
    '16 loads for 256 multiply-adds',
    '10 loads for 64 multiply-adds',
    '2 loads from the storage buffer for 256 multiply-adds, a twentieth of step 5',
    'makes 2 loads from the storage buffer for 128 multiply-adds',
  ])
    expect(prose).toContain(words);
  expect(Math.round(counts[3] / counts[4])).toBe(20);
});

test('what the text says about the speeds is in the tables', () => {
  for (const rows of tables) {
    for (const column of [3, 6]) {
      const gflops = rows.map((row) => Number(row[column]));
      const [naive, four, , , one, workgroup] = gflops;
      expect(four).toBeGreaterThan(naive);
      expect(one).toBeGreaterThan(four);
      expect(workgroup).toBeLessThan(one); // on a processor
    }
  }
});

test('the threads and workgroups of hPrev·Wh', () => {
  const place = (rows: number, columns: number): Place => ({
    ...{ data: new Float32Array(0), address: 0, transposed: false },
    ...{ rows, columns, pitch: columns / 4 },
  });
  const groupsOf = (n: number): number => steps[n].launch(place(128, 512), place(128, 128), place(128, 512)).groups;
  expect([groupsOf(4) * 8, groupsOf(5), groupsOf(5) * 256, groupsOf(6)]).toEqual([1024, 16, 4096, 64]);
  expect(prose).toContain('With 8 × 8 numbers a thread, hPrev·Wh has 1024 threads; with 4 × 4 it has 4096');
  expect(prose).toContain('A tile of 64 × 64 gives hPrev·Wh 16 workgroups, and one of 32 × 32 gives it 64');
});

await describeWebGpu(() => {
  test('a training step of the tutorial has the calls and the launches of the text', async () => {
    const backend = await openWebGpu('software');
    const model = new Model(backend, { T: 28, B: 4, I: 28, H: 8, C: 10 });
    const adam = new Adam(backend, model.parameters);
    backend.queue.submit();
    model.forward();
    model.backward();
    adam.update(0.001);
    const { calls } = backend.queue as unknown as { calls: Call[] };
    const launches = launchesOf(calls, 'software', () => 0);
    const count = (name: RegExp): number => launches.filter(({ kernel }) => name.test(kernel.name)).length;
    const [forward, backward] = [count(/with lstmCellForward/), count(/lstmCellBackward/)];
    expect([calls.length, launches.length, forward, backward]).toEqual([238, 73, 28, 28]);
    await backend.dispose();
  });
});

test('the text’s launches add up', () => {
  expect(prose).toContain('(T 28, B 128, H 128) is 238 calls');
  expect(prose).toContain('the 238 calls into 73 launches');
  const [, rows] = page.split('| what they compute');
  const counts = [...rows.split('\n\n')[0].matchAll(/^\| +(\d+) \|/gm)].map(([, count]) => Number(count));
  expect(counts.reduce((sum, one) => sum + one)).toBe(73);
  expect(counts).toEqual([1, 28, 28, 3, 1, 12]);
});
