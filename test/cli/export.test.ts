/** `longhand export` and `longhand import` of networks that are not the tutorial's, and of whole runs. */
import { existsSync, readFileSync } from 'node:fs';
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { completeSizes } from '../../src/network/config.js';
import { loadCheckpoint, saveCheckpoint } from '../../src/training/checkpoint-files.js';
import { train } from '../../src/training/loop.js';
import { longhand } from '../helpers/longhand.js';
import { IMAGES, OPTIONS } from '../helpers/small-images.js';
import { inFolder } from '../helpers/temporary-directories.js';

const RUN = inFolder('run.safetensors');

beforeAll(async () => {
  const options = { ...OPTIONS, hidden: [5, 4], bidirectional: true };
  await train(createReferenceBackend(), IMAGES, options, { onCheckpoint: (state) => saveCheckpoint(RUN, state) });
});

async function printed(args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await longhand(args);
  expect([code, stderr]).toEqual([0, '']);
  return stdout;
}

test('a run goes to PyTorch’s training and back, byte for byte', async () => {
  const [there, back] = [inFolder('run.pytorch-training.safetensors'), inFolder('back.safetensors')];
  expect(await printed(['export', RUN, '--to', 'pytorch-training'])).toMatch(`${there}: `);
  const text = await printed(['import', there, '--from', 'pytorch-training', '--output', back]);
  expect(text).toBe(
    `${back}: 3 inputs, 2 layers of 5+4 units in both directions, crossEntropy at the last step, 10 classes, ` +
      'forget bias 1; its training is at step 12\n',
  );
  expect(readFileSync(back)).toEqual(readFileSync(RUN));
  const json = await printed(['import', there, '--from', 'pytorch-training', '--output', back, '--json']);
  const layers = [5, 4].map((hidden) => ({ hidden, bidirectional: true }));
  const network = completeSizes({ inputs: 3, layers, outputs: 10 });
  expect(JSON.parse(json)).toEqual({ file: back, T: 4, network, step: 12 });
});

test('its network goes to PyTorch and back, without the run', async () => {
  const there = inFolder('run.pytorch.safetensors');
  await printed(['export', RUN, '--to', 'safetensors-pytorch']);
  await printed(['import', there, '--from', 'safetensors-pytorch']);
  const back = loadCheckpoint(inFolder('run.pytorch.longhand.safetensors'));
  expect(back).toEqual({ model: loadCheckpoint(RUN).model, training: null });
});

test.each([
  [
    'a format that cannot hold the network',
    1,
    ['export', RUN, '--to', 'safetensors-tf1'],
    'safetensors-tf1 holds only',
  ],
  ['another file', 1, ['import', RUN, '--from', 'pytorch-training'], 'run.safetensors: not a file that '],
  [
    'rows for a run',
    2,
    ['import', RUN, '--from', 'pytorch-training', '--rows', '4'],
    'error: --rows cannot change the',
  ],
  [
    'a forget bias for a run',
    2,
    ['import', RUN, '--from', 'pytorch-training', '--forget-bias', '1'],
    'the file has the forget bias of its run',
  ],
] as const)('%s ends with one line', async (_, exitCode, args, message) => {
  const { code, stdout, stderr } = await longhand([...args, '--output', inFolder('none')]);
  expect([code, stdout]).toEqual([exitCode, '']);
  expect(stderr).toContain(message);
  expect(stderr.match(/\n/g)).toHaveLength(1);
  expect(existsSync(inFolder('none'))).toBe(false);
});
