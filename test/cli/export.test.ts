/** `longhand export` and `longhand import`: of the tutorial's network, of others, and of whole runs. */
import { copyFileSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { parseSafetensors } from '../../src/files/safetensors.js';
import { completeConfig } from '../../src/network/config.js';
import { loadCheckpoint, saveCheckpoint } from '../../src/training/checkpoint-files.js';
import { train } from '../../src/door/train.js';
import { done, jsonOf, longhand, misused, refused, words } from '../helpers/longhand.js';
import { IMAGES, OPTIONS } from '../helpers/small-data.js';
import { DATA, SMALL } from '../helpers/small-runs.js';
import { inFolder } from '../helpers/temporary-directories.js';

const RUN = inFolder('run.safetensors');
/** The tutorial's network. */
const OWN = inFolder('tutorial.safetensors');

beforeAll(async () => {
  const options = { ...OPTIONS, hidden: [5, 4], bidirectional: true };
  await train(createReferenceBackend(), IMAGES, options, { onCheckpoint: (state) => saveCheckpoint(RUN, state) });
  await longhand([...SMALL, '--training-iters', '1600', '--checkpoint', OWN]);
});

test('a run goes to PyTorch’s training and back, byte for byte', async () => {
  const [there, back] = [inFolder('run.pytorch-training.safetensors'), inFolder('back.safetensors')];
  expect((await done(['export', RUN, '--to', 'pytorch-training'])).stdout).toMatch(`${there}: `);
  const text = (await done(['import', there, '--from', 'pytorch-training', '--output', back])).stdout;
  expect(text).toBe(
    `${back}: 3 inputs, 2 layers of 5+4 units in both directions, crossEntropy at the last step, 10 classes, ` +
      'forget bias 1; its training is at step 12\n',
  );
  expect(readFileSync(back)).toEqual(readFileSync(RUN));
  const json = (await done(['import', there, '--from', 'pytorch-training', '--output', back, '--json'])).stdout;
  const layers = [5, 4].map((hidden) => ({ hidden, bidirectional: true }));
  const network = completeConfig({ inputs: 3, layers, outputs: 10 });
  expect(JSON.parse(json)).toEqual({ file: back, T: 4, network, step: 12 });
});

test('the default name keeps what is no known extension, so that two checkpoints have two exports', async () => {
  const names = ['run.best', 'run.last', 'v1.2', 'other.ckpt'];
  const written: string[] = [];
  for (const name of names) {
    copyFileSync(RUN, inFolder(name));
    const { files } = jsonOf(await done(['export', inFolder(name), '--to', 'safetensors-pytorch', '--json'])) as {
      files: [{ file: string }];
    };
    const { file } = jsonOf(await done(['import', files[0].file, '--from', 'safetensors-pytorch', '--json'])) as {
      file: string;
    };
    written.push(path.basename(file));
  }
  expect(written).toEqual(
    ['run.best', 'run.last', 'v1.2', 'other'].map((name) => `${name}.pytorch.longhand.safetensors`),
  );
});

const IMPORT = ['import', RUN, '--from', 'pytorch-training'];

test.each([
  ['a format that cannot hold it', 1, ['export', RUN, '--to', 'safetensors-tf1'], 'safetensors-tf1 holds only'],
  ['another file', 1, IMPORT, 'run.safetensors: not a file that '],
  ['rows for a run', 2, [...IMPORT, '--rows', '4'], 'error: --rows cannot change the'],
  ['a forget bias for a run', 2, [...IMPORT, '--forget-bias', '1'], 'the file has the forget bias of its run'],
])('%s ends with one line', async (_, exitCode, args, message) => {
  const ends = exitCode === 1 ? refused : misused;
  expect(await ends([...args, '--output', inFolder('none')])).toContain(message);
  expect(existsSync(inFolder('none'))).toBe(false);
});

describe('of the tutorial’s network', () => {
  test.each([
    ['onnx', ['tutorial.onnx']],
    ['safetensors-pytorch', ['tutorial.pytorch.safetensors']],
    ['safetensors-tf1', ['tutorial.tf1.safetensors']],
    ['keras', ['tutorial.keras.safetensors']],
    ['tfjs', ['tutorial.tfjs/model.json', 'tutorial.tfjs/weights.bin']],
  ])('--to %s writes beside the checkpoint', async (form, files) => {
    const { files: written } = jsonOf(await done(['export', OWN, '--to', form, '--json'])) as {
      files: { file: string; bytes: number }[];
    };
    expect(written.map(({ file }) => file)).toEqual(files.map(inFolder));
    for (const { file, bytes } of written) expect(readFileSync(file)).toHaveLength(bytes);
  });

  test('import uses the flags for T and the forget bias rather than the file', async () => {
    const there = inFolder('there.safetensors');
    await done(['export', OWN, '--to', 'safetensors-tf1', '--output', there]);
    const flags = '--from safetensors-tf1 --forget-bias 0.5 --rows 9'.split(' ');
    const args = ['import', there, '--output', inFolder('b'), ...flags];
    const sizes = { T: 9, I: 3, H: 8, C: 10, forgetBias: 0.5 };
    expect(jsonOf(await done([...args, '--json']))).toEqual({ file: inFolder('b'), ...sizes });
    const wrong = await misused(words`import ${there} --from safetensors-pytorch --forget-bias 1`);
    expect(wrong).toContain('--forget-bias needs --from safetensors-tf1');
  });

  test('a file in a missing folder is reported in one line', async () => {
    const none = await refused(words`export ${OWN} --to onnx --output ${inFolder('none/tutorial.onnx')}`);
    expect(none).toContain('no such directory');
    expect(existsSync(inFolder('none'))).toBe(false);
  });

  test('folders are made one in another, and where none can be made, the command ends', async () => {
    await done(['export', OWN, '--to', 'tfjs', '--output', inFolder('new/newer/newest')]);
    expect(readdirSync(inFolder('new/newer/newest')).sort()).toEqual(['model.json', 'weights.bin']);
    const none = path.resolve('/proc/longhand/folder'); // Node's own recursive mkdir never returns there
    expect(await refused(['export', OWN, '--to', 'tfjs', '--output', none])).toContain(`${none}: cannot be created (`);
  });
});

describe('metadata of a checkpoint', () => {
  const METADATA = { scale: [0.5, 2], 'a name': 'x' };
  const TEXT = JSON.stringify(METADATA);
  const saved = inFolder('metadata.safetensors');
  const bytesOf = (name: string): Buffer => readFileSync(inFolder(name));
  beforeAll(() => saveCheckpoint(saved, { ...loadCheckpoint(OWN), metadata: METADATA }));

  test('is shown by inspect, and does not matter to eval', async () => {
    expect((await done(['inspect', saved])).stdout).toContain(`\nmetadata       ${TEXT}\n`);
    expect(jsonOf(await done(['inspect', saved, '--json']))).toMatchObject({ metadata: { metadata: TEXT } });
    const evalOf = async (file: string) => (await longhand(['eval', file, '--data', DATA])).stdout;
    expect(await evalOf(saved)).toBe(await evalOf(OWN));
  });

  test.each([
    ['safetensors-pytorch', ''],
    ['safetensors-tf1', ''],
    ['pytorch-training', '; its training is at step 99'],
  ])('goes through %s, as does its network', async (form, state) => {
    const [there, back] = [inFolder('there.safetensors'), inFolder('back.safetensors')];
    await done(words`export ${saved} --to ${form} --output ${there}`);
    const { stdout } = await done(words`import ${there} --from ${form} --output ${back}`);
    expect(stdout).toBe(`${back}: 3 inputs, 8 units, 10 classes, forget bias 1${state}\n`);
    const { model, training, metadata } = loadCheckpoint(back);
    expect({ model, metadata }).toEqual({ model: loadCheckpoint(OWN).model, metadata: METADATA });
    if (form === 'pytorch-training') expect(bytesOf('back.safetensors')).toEqual(bytesOf('metadata.safetensors'));
    else {
      expect(training).toBeNull();
      expect(await refused(words`train --data ${DATA} --resume ${back}`)).toContain('holds only a network');
    }
  });

  test('is in the other forms too', async () => {
    for (const [form, name] of [
      ['onnx', 'm.onnx'],
      ['keras', 'm.keras'],
      ['tfjs', 'm'],
    ])
      await done(['export', saved, '--to', form, '--output', inFolder(name)]);
    expect(bytesOf('m.onnx').toString()).toContain(TEXT);
    expect(parseSafetensors(bytesOf('m.keras'), 'f').metadata.get('metadata')).toBe(TEXT);
    const { userDefinedMetadata } = JSON.parse(bytesOf('m/model.json').toString()) as Record<string, unknown>;
    expect(userDefinedMetadata).toEqual({ metadata: METADATA });
  });

  test('is kept by train --resume', async () => {
    const { code } = await longhand(['train', '--resume', saved, '--data', DATA, '--training-iters', '1700']);
    expect(code).toBe(0);
    const { training, metadata } = loadCheckpoint(saved);
    expect([training?.step, metadata]).toEqual([106, METADATA]);
  });
});
