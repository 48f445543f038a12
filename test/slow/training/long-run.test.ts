/** A process does not grow over 100,000 steps of a tiny model, with lines, validations and checkpoints. */
import { runModule } from '../../helpers/run-module.js';

const SCRIPT = `
  import { setFlagsFromString } from 'node:v8';
  import { runInNewContext } from 'node:vm';
  import { checkpointBytes, train } from 'longhand';
  import { createWasmBackend } from 'longhand/wasm';

  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc'); // when V8 does it depends on the computer

  const count = 40;
  const images = { count, rows: 2, columns: 3, pixels: new Uint8Array(count * 6), labels: new Uint8Array(count) };
  const options = { hidden: 3, batchSize: 4, trainingIters: 4 * 100_001, displayStep: 50, validateEvery: 500, clipNorm: 1 };
  const memory = [];
  let [steps, lines] = [0, 0];
  await train(await createWasmBackend({ threads: 1, check: true }), images, options, {
    validation: images,
    onLine: () => lines++,
    onCheckpoint: (checkpoint) => checkpointBytes(checkpoint),
    checkpointEvery: 1000,
    onStep: (step) => {
      steps = step;
      if (step % 10_000 > 0) return;
      collectGarbage();
      const { heapUsed, rss } = process.memoryUsage();
      memory.push([heapUsed / 2 ** 20, rss / 2 ** 20]);
    },
  });
  console.log(JSON.stringify({ steps, lines, memory }));`;

test('the memory does not grow from step 30,000 to step 100,000', () => {
  // V8 otherwise doubles its young generation whenever much of it survives: 8 MiB that are no leak
  const { stdout, stderr, status } = runModule(SCRIPT, ['--min-semi-space-size=1', '--max-semi-space-size=1']);
  expect([status, stderr]).toEqual([0, '']);
  const { steps, lines, memory } = JSON.parse(stdout) as { steps: number; lines: number; memory: number[][] };
  expect([steps, lines, memory.length]).toEqual([100_000, 2000, 10]);
  const growth = [0, 1].map((k) => Math.max(...memory.slice(3).map((values) => values[k])) - memory[2][k]); // MiB
  expect(growth[0]).toBeLessThan(0.4); // objects; a leak of one number a step is at least 0.5
  expect(growth[1]).toBeLessThan(8); // everything, WebAssembly's memory too; a leak of 120 bytes a step is 8
});
