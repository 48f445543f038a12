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
  const rss = [];
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
      rss.push(process.memoryUsage.rss() / 2 ** 20);
    },
  });
  console.log(JSON.stringify({ steps, lines, rss }));`;

test('the memory does not grow from step 30,000 to step 100,000', () => {
  const { stdout, stderr, status } = runModule(SCRIPT);
  expect([status, stderr]).toEqual([0, '']);
  const { steps, lines, rss } = JSON.parse(stdout) as { steps: number; lines: number; rss: number[] };
  expect([steps, lines, rss.length]).toEqual([100_000, 2000, 10]);
  // MiB; a leak of one number a step would be at least 0.5, of one object a step at least 3
  expect(Math.max(...rss.slice(3)) - rss[2]).toBeLessThan(8);
});
