/** The figures of docs/learn/questions.md that no other page has. */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { Random } from '../../src/core/rng.js';
import { fillBatch } from '../../src/data/batches.js';
import { loadMnist } from '../../src/data/mnist-files.js';
import { Model } from '../../src/door/model.js';
import { read } from '../helpers/chapter.js';

const prose = read('questions.md').replace(/\s+/g, ' ');

test('the first losses of the tutorial’s network are above ln C; with glorot they are near it', async () => {
  const { train } = loadMnist();
  const model = new Model(createReferenceBackend(), { T: 28, B: 128, I: 28, H: 128, C: 10 });
  const { x, y } = model.activations;
  fillBatch(x, y, train, [...Array(128).keys()]);
  const firstLoss = async (seed: number, outputInit: 'normal' | 'glorot'): Promise<number> => {
    model.initialise(new Random(seed), outputInit);
    model.forward();
    return (await model.metrics()).loss;
  };
  const losses: string[] = [];
  for (const seed of [1, 2, 3]) losses.push((await firstLoss(seed, 'normal')).toFixed(2));
  expect(prose).toContain(
    `the losses of \`Model.initialise\` with the seeds 1 to 3 are ${losses[0]}, ${losses[1]} and ${losses[2]}.`,
  );
  expect(prose).toContain(`for 10 classes ${Math.log(10).toFixed(2)}.`);
  expect(await firstLoss(1, 'glorot')).toBeCloseTo(Math.log(10), 1);
});

test('the list of mistakes.md has the programs that the answer counts', () => {
  const [list] = read('mistakes.md').split('Training with Adam')[1].split('```');
  const accuracies = [...list.matchAll(/^ {2}(\S+) .* accuracy (\S+)$/gm)].filter(([, name]) => name !== 'no');
  const good = accuracies.filter(([, , accuracy]) => Number(accuracy) >= 0.98);
  expect([accuracies.length, good.length]).toEqual([13, 8]);
  // The gradients of `loss-of-p` are those of the right loss, and those of `no-forget-bias` fit its forward pass.
  const wrong = good.filter(([, name]) => name !== 'loss-of-p' && name !== 'no-forget-bias');
  expect(wrong).toHaveLength(6);
  expect(prose).toContain('eight of 13 programs with a mistake answer at least 98% correctly, and six of these eight');
});
