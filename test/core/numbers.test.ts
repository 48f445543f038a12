/** Numbers from texts: which spellings are numbers; and lists of numbers. Numbers that f32 cannot hold are refused where they enter, and files of earlier versions still load. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { templateOf } from '../../src/compare/template.js';
import { DataError } from '../../src/core/errors.js';
import { decimalFrom, F32_RANGE, isWithinF32, wholeFrom } from '../../src/core/numbers.js';
import { toKeras, toTensorFlowJs, fromTensorFlow1, toTensorFlow1 } from '../../src/export/tensorflow.js';
import { toOnnx } from '../../src/export/onnx.js';
import { fromPyTorch, toPyTorch } from '../../src/export/pytorch.js';
import { type StoredTensor, parseSafetensors, writeSafetensors } from '../../src/files/safetensors.js';
import { type Checkpoint, checkpointBytes, parseCheckpoint, signed } from '../../src/training/checkpoint.js';
import { loadCheckpoint } from '../../src/training/checkpoint-files.js';
import { resumeTraining } from '../../src/door/train.js';
import { expectDataError } from '../helpers/failures.js';
import { failed, longhand } from '../helpers/longhand.js';
import { savedModel } from '../helpers/random-model.js';
import { IMAGES } from '../helpers/small-data.js';
import { directoryOf } from '../helpers/temporary-directories.js';

test.each([
  ['0', 0],
  ['-0', -0],
  ['0.000', 0],
  ['0e5', 0],
  ['12', 12],
  ['-0.5', -0.5],
  ['.5', 0.5],
  ['5.', 5],
  ['1e-3', 1e-3],
  ['1E+3', 1000],
  ['5e-324', 5e-324],
  ['007', 7],
])('%s is a decimal number', (text, value) => expect(decimalFrom(text)).toBe(value));

test.each([
  ...['', ' ', '1 ', ' 1', '\t1', '1\n', '+1', '--1', '0x10', '0b1'],
  ...['0o7', '1_000', '1,5', '1e', 'e5', '.', '-', '1.2.3'],
  ...['NaN', 'Infinity', '-Infinity', 'one', '１', '1n', '1e400', '-1e400', '1e-400', '-0.1e-400'],
])('%j is not a decimal number', (text) => expect(decimalFrom(text)).toBeNaN());

test('whole numbers consist of digits, and are within their limits', () => {
  expect(
    ['1', '8', '0', '9', '-1', '1.0', '1e0', '0x1', '+1', ' 1', '', 'NaN', '8px'].map((text) => wholeFrom(text, 1, 8)),
  ).toEqual([...[1, 8], ...new Array<number>(11).fill(NaN)]);
});

test('a number is within f32 unless rounding makes it infinite', () => {
  const largest = (2 - 2 ** -23) * 2 ** 127;
  expect(F32_RANGE).toBe(`±${largest.toPrecision(8)}`);
  const half = 2 ** 103; // half a unit in the last place of the largest number
  expect([largest, -largest, largest + half / 2, 0].map(isWithinF32)).toEqual([true, true, true, true]);
  expect([largest + half, -largest - half, 1e300, Infinity, NaN].map(isWithinF32)).toEqual(new Array(5).fill(false));
});

const fileOf = (name: string): Uint8Array =>
  readFileSync(new URL(`../fixtures/checkpoint-${name}.safetensors`, import.meta.url));
const fixture = (dtype: string): Uint8Array => fileOf(`0.1.0-${dtype}`);

type Changes = Readonly<Record<string, string>>;

/** The file with element 1 of a tensor replaced by `value`, the tensor stored as F64, and other metadata. */
function changed(bytes: Uint8Array, key: string, value: number, texts: Changes = {}): Uint8Array {
  const file = parseSafetensors(bytes, 'f');
  const stored = file.tensors.get(key)!;
  const data = new Uint8Array(stored.bytes).buffer;
  const values = stored.dtype === 'F64' ? new Float64Array(data) : Float64Array.from(new Float32Array(data));
  values[1] = value;
  const tensor: StoredTensor = { dtype: 'F64', shape: stored.shape, bytes: new Uint8Array(values.buffer) };
  const metadata = new Map([...file.metadata, ...Object.entries(texts)]);
  const contents = { metadata, tensors: new Map(file.tensors).set(key, tensor) };
  return writeSafetensors(metadata.has('checksum') ? signed(contents) : contents);
}

const withText = (bytes: Uint8Array, key: string, text: string): Uint8Array => {
  const { metadata, tensors } = parseSafetensors(bytes, 'f');
  return writeSafetensors(signed({ tensors, metadata: new Map(metadata).set(key, text) }));
};

const LARGEST = (2 - 2 ** -23) * 2 ** 127;
const RANGE = '(±3.4028235e+38)';

test.each<[string, (saved: Checkpoint) => unknown, unknown]>([
  [
    '0.2.0',
    ({ model, training }) => [training?.step, training?.task, model.vocabulary?.characters.length],
    [19, 'text', 15],
  ],
  [
    '1.0.0-projection', // without biases, with names of classes and metadata
    ({ model, training, metadata }) => [training?.step, model.network.classNames, metadata],
    [3, ['left', 'right', 'up'], { mean: [20.5], unit: '°C' }],
  ],
])('a checkpoint of %s loads, and is written again with the same bytes', (name, partsOf, parts) => {
  const saved = parseCheckpoint(fileOf(name), 'f');
  expect(partsOf(saved)).toEqual(parts);
  expect(Buffer.compare(checkpointBytes(saved), fileOf(name))).toBe(0);
});

describe.each([
  ['forecast', 'a forecaster', ['ahead-1-seed-1/kernel']],
  ['classifier', 'a classifier of tables', ['seed-1/kernel', 'seed-2-training/kernel']],
])('a file of 1.0.0 that is no network: %s', (kind, name, tensors) => {
  const file = fileURLToPath(new URL(`../fixtures/checkpoint-1.0.0-${kind}.safetensors`, import.meta.url));
  const sentence = `${file}: holds ${name} of Longhand 1 or 2, which this version does not read: use Longhand 2`;

  test('every reader of checkpoints says so', async () => {
    expectDataError(() => parseCheckpoint(readFileSync(file), file), sentence);
    expectDataError(() => loadCheckpoint(file), sentence);
    for (const args of [
      ['eval', file],
      ['predict', file, 'digit.png'],
      ['sample', file],
      ['export', file, '--to', 'onnx'],
      ['train', '--resume', file],
    ])
      expect(await longhand(args)).toMatchObject({ code: 1, stdout: '', stderr: `longhand: ${sentence}\n` });
  });

  test('inspect lists its tensors', async () => {
    const { code, stdout, stderr } = await longhand(['inspect', file]);
    expect([code, stderr]).toEqual([0, `${sentence}\n`]);
    for (const tensor of tensors) expect(stdout).toMatch(new RegExp(`^${tensor} +F(32|64) `, 'm'));
  });
});

test('metadata as a tensor, as 2.0.0 wrote long ones, and metadata of no known kind', () => {
  const text = '{"forecast":{}}';
  const bytes = new TextEncoder().encode(text);
  const set = (metadata: Changes, tensors: [string, StoredTensor][]): Uint8Array =>
    writeSafetensors(
      signed({
        metadata: new Map(
          Object.entries({ format: 'longhand checkpoint', formatVersion: '3', networks: '[]', ...metadata }),
        ),
        tensors: new Map(tensors),
      }),
    );
  const stored: StoredTensor = { dtype: 'U8', shape: [bytes.length], bytes };
  expectDataError(
    () => parseCheckpoint(set({}, [['metadata', stored]]), 'f'),
    /^f: holds a forecaster of Longhand 1 or 2, /,
  );
  expectDataError(
    () => parseCheckpoint(set({ metadata: '{}' }, []), 'f'),
    /^f: holds several networks of Longhand 1 or 2, /,
  );
});

describe('checkpoints of 0.1.0', () => {
  test.each(['f32', 'f64'] as const)(
    'in %s load, have the same bytes when written again, and resume',
    async (dtype) => {
      const saved = parseCheckpoint(fixture(dtype), 'f');
      expect(saved.training?.step).toBe(7);
      expect(Buffer.compare(checkpointBytes(saved), fixture(dtype))).toBe(0);
      let steps = 0;
      const hooks = { validation: IMAGES, onStep: (step: number) => (steps = step), onWarning: () => {} };
      const model = await resumeTraining(createReferenceBackend({ dtype }), IMAGES, saved, {}, hooks);
      expect(steps).toBe(12);
      model.dispose();
    },
  );
});

describe('a checkpoint', () => {
  const read = (bytes: Uint8Array) => () => parseCheckpoint(bytes, 'f');

  const TENSORS = ['kernel', 'outBias', 'adam.m.bias', 'adam.v.outKernel'];
  test.each(TENSORS)('is refused if %s holds an F64 number beyond f32', (key) => {
    for (const value of [1e300, -1e300, 3.5e38]) {
      expect(read(changed(fixture('f32'), key, value))).toThrow(DataError);
      const message = `f: tensor "${key}": element 1 is ${value}: beyond f32 ${RANGE}`;
      expect(read(changed(fixture('f64'), key, value))).toThrow(message);
    }
    const smallest = key.startsWith('adam.v.') ? 0 : -LARGEST; // a mean of squares is not negative
    for (const value of [LARGEST, smallest, 1e-300]) expect(read(changed(fixture('f64'), key, value))).not.toThrow();
  });

  test('is read in spite of such a number if the caller allows NaN and infinities', () => {
    const { model } = parseCheckpoint(changed(fixture('f64'), 'kernel', 1e300), 'f', { allowNonFinite: true });
    expect(model.parameters.kernel.data[1]).toBe(1e300);
  });

  test('is refused if its forget bias is beyond f32, but not for such limits of clipping', () => {
    const file = parseSafetensors(fixture('f32'), 'f');
    const texts = (key: string, name: string) => {
      const fields = JSON.parse(file.metadata.get(key)!) as Record<string, unknown>;
      return read(withText(fixture('f32'), key, JSON.stringify({ ...fields, [name]: 1e39 })));
    };
    expect(texts('model', 'forgetBias')).toThrow(`f: model: forgetBias is 1e+39, must be a number within f32 ${RANGE}`);
    // 0.1.0 accepted such limits: they are compared in f64, and clip nothing
    for (const name of ['clipValue', 'clipNorm']) expect(texts('options', name)).not.toThrow();
  });
});

describe('import', () => {
  const fromTorch = (bytes: Uint8Array) => () => fromPyTorch(parseSafetensors(bytes, 'f'), 5, 'f');
  const fromTf1 = (bytes: Uint8Array) => () => fromTensorFlow1(parseSafetensors(bytes, 'f'), 5, 1, 'f');
  const torch = toPyTorch(savedModel());
  const tf1 = toTensorFlow1(savedModel());

  const LSTM = ['weight_ih_l0', 'weight_hh_l0', 'bias_ih_l0', 'bias_hh_l0'].map((name) => `lstm.${name}`);
  test.each([...LSTM, 'fc.weight', 'fc.bias'])('from PyTorch refuses %s beyond f32', (key) => {
    expect(fromTorch(changed(torch, key, 1e300))).toThrow(`f: tensor "${key}": element 1 is 1e+300: beyond f32`);
    expect(fromTorch(changed(torch, key, 1e38))).not.toThrow();
  });

  const CELL = ['kernel', 'bias'].map((name) => `rnn/basic_lstm_cell/${name}`);
  test.each([...CELL, 'Variable', 'Variable_1'])('from TensorFlow 1 refuses %s beyond f32', (key) => {
    expect(fromTf1(changed(tf1, key, 1e300))).toThrow(`f: tensor "${key}": element 1 is 1e+300: beyond f32`);
    expect(fromTf1(changed(tf1, key, 1e38))).not.toThrow();
  });

  test('from PyTorch refuses two biases whose sum is beyond f32', () => {
    const both = changed(changed(torch, 'lstm.bias_ih_l0', 3e38), 'lstm.bias_hh_l0', 3e38);
    expectDataError(fromTorch(both), `f: the sum of its two biases is beyond f32 ${RANGE} at element 1`);
  });

  test('from PyTorch uses the forget bias of the tensor if that of the metadata is not a decimal number', () => {
    const model = fromTorch(changed(torch, 'fc.bias', 1, { forgetBias: '0x1' }))();
    expect(model.network.forgetBias).toBe(Math.fround(0.8));
  });

  test.each([
    ['forgetBias', '1e39', `a number within ±3.4028235e+38`],
    ['forgetBias', '0x1', 'a number within'],
    ['forgetBias', '1 ', 'a number within'],
    ['forgetBias', '', 'a number within'],
    ['T', '0x1c', 'a whole number from 1 to 4294967295'],
    ['T', '2e1', 'a whole number from'],
    ['T', '28.0', 'a whole number from'],
    ['T', '1e300', 'a whole number from'],
    ['T', '0', 'a whole number from'],
  ])('refuses %s %j in the metadata with exit code 1', async (key, text, rule) => {
    const file = path.join(directoryOf({ tf1: changed(tf1, 'Variable', 1, { [key]: text }) }), 'tf1');
    expect(await failed(['import', file, '--from', 'safetensors-tf1'])).toContain(
      `longhand: ${file}: metadata ${key} is ${JSON.stringify(text)}, must be ${rule}`,
    );
  });
});

test.each([
  ['onnx', toOnnx],
  ['keras', toKeras],
  ['tfjs', toTensorFlowJs],
])('export to %s refuses a bias whose sum with the forget bias is beyond f32', (_, write) => {
  const model = savedModel(undefined, 3e38);
  expect(() => write(model)).not.toThrow();
  model.parameters.bias.set(2 * model.network.layers[0].hidden, 3e38); // gate f
  expectDataError(() => write(model), `the sum of bias and forget bias 3e+38 is beyond f32 ${RANGE} at element 14`);
});

describe('the command line', () => {
  const inFolder = (name: string, bytes: Uint8Array): string => path.join(directoryOf({ [name]: bytes }), name);

  test.each([
    ['eval', (file: string) => ['eval', file]],
    ['export', (file: string) => ['export', file, '--to', 'keras']],
    ['train', (file: string) => ['train', '--resume', file]],
  ])('refuses %s of a checkpoint with a weight of 1e300, and does not report divergence', async (_, args) => {
    const file = inFolder('run', changed(fixture('f64'), 'kernel', 1e300));
    const stderr = `longhand: ${file}: tensor "kernel": element 1 is 1e+300: beyond f32 ${RANGE}\n`;
    expect(await longhand(args(file))).toEqual({ code: 1, stdout: '', stderr });
  });

  test('reads such numbers in inspect and compare, which compute in f64', async () => {
    const checkpoint = inFolder('run', changed(fixture('f64'), 'kernel', 1e300));
    expect((await longhand(['inspect', checkpoint])).stdout).toMatch(/^kernel +F64 .*1\.000e\+300/m);
    const template = writeSafetensors(await templateOf(createReferenceBackend({ dtype: 'f64' }), 1));
    const mine = inFolder('mine', changed(template, 'd.x', 1e300));
    const { code, stdout } = await longhand(['compare', mine, '--json']);
    const { differences } = JSON.parse(stdout) as { differences: { name: string; theirs: number }[] };
    expect([code, differences.find(({ name }) => name === 'd.x')?.theirs]).toEqual([1, 1e300]);
    const forgetful = inFolder('mine', changed(template, 'x', 1, { forgetBias: '1e39' }));
    expect((await longhand(['compare', forgetful])).stdout).toContain('DIFFERS');
    writeFileSync(forgetful, changed(template, 'x', 1, { forgetBias: '0x1' }));
    expect(await longhand(['compare', forgetful])).toMatchObject({ code: 1, stdout: '' });
  });
});

/** This shows that the files above are refused because of the changed number alone. */
test('a file whose changed number is the old one loads as the same checkpoint', () => {
  const original = parseCheckpoint(fixture('f64'), 'f');
  const { kernel } = original.model.parameters;
  const same: Checkpoint = parseCheckpoint(changed(fixture('f64'), 'kernel', kernel.data[1]), 'f');
  expect(same).toEqual(original);
});
