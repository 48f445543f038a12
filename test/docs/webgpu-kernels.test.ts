/** docs/webgpu-kernels.md: its picture, its counts of loads, threads and launches, and what it says of its tables. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { stepsFor } from '../../bench/steps/webgpu-kernels.js';
import type { Place } from '../../kernels/webgpu/allocations.js';
import type { Call } from '../../kernels/webgpu/calls.js';
import { launchesOf } from '../../kernels/webgpu/merge.js';
import { Model } from '../../src/network/model.js';
import { Adam } from '../../src/training/optimisers.js';
import { chapter, read } from '../helpers/chapter.js';
import { describeWebGpu, openWebGpu } from '../helpers/webgpu.js';

const page = readFileSync(fileURLToPath(new URL('../../docs/webgpu-kernels.md', import.meta.url)), 'utf8');
const prose = page.replace(/\s+/g, ' ');
const { ask } = chapter('fast', {
  '../pictures/pictures.mjs': ['PICTURES'],
  '../pictures/tiles.mjs': ['WORKGROUP'],
});

test('the picture is the one that the program draws, with the sizes of the kernel', async () => {
  const drawn = (await ask("return { svg: PICTURES['workgroup.svg'](), WORKGROUP };")) as {
    svg: string;
    WORKGROUP: object;
  };
  expect(drawn.svg).toBe(read('workgroup.svg'));
  expect(drawn.WORKGROUP).toEqual({ side: 64, depth: 16, thread: 4 });
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
    expect(rows.map(([name]) => name)).toEqual([...steps.map(({ name }) => name), '7. the backend']);
    expect(rows.slice(0, -1).map(([, loads]) => Number(loads))).toEqual(
      steps.map(({ loads }) => Number(loads.toFixed(3))),
    );
  }
});

test('the loads of each step are those that the text counts', () => {
  const counts = steps.slice(1).map(({ loads }) => loads);
  expect(counts).toEqual([2 / 4, 6 / 32, 16 / 256, 10 / 64, 2 / 256]);
  for (const words of [
    '2 loads are enough for 4 multiply-adds',
    '4 + 2 loads for 32 multiply-adds',
    '16 loads for 256 multiply-adds',
    '10 loads for 64 multiply-adds',
    '2 loads from the storage buffer for 256 multiply-adds, a twentieth of step 5',
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
  expect([groupsOf(4) * 8, groupsOf(5), groupsOf(5) * 256]).toEqual([1024, 16, 4096]);
  expect(prose).toContain('With 8 × 8 numbers a thread, hPrev·Wh has 1024 threads; with 4 × 4 it has 4096');
  expect(prose).toContain('A tile of 64 × 64 gives hPrev·Wh 16 workgroups');
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
