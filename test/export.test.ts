/** Export and import: other engines compute the same from an exported network, and a round trip changes no bit. */
import * as tf from '@tensorflow/tfjs';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createReferenceBackend } from '../kernels/reference/index.js';
import { modelOn } from '../src/cli/saved-model.js';
import { DataError } from '../src/errors.js';
import { toKeras, toTensorFlowJs } from '../src/export/keras.js';
import { toOnnx } from '../src/export/onnx.js';
import { fromPyTorch, toPyTorch } from '../src/export/pytorch.js';
import { fromTensorFlow1, toTensorFlow1 } from '../src/export/tensorflow1.js';
import type { StoredTensor } from '../src/files/safetensors.js';
import { parseSafetensors, writeSafetensors } from '../src/files/safetensors.js';
import { valuesOf } from '../src/tensor.js';
import type { SavedModel } from '../src/training/checkpoint.js';
import { inOnnxRuntime } from './helpers/onnx-runtime.js';
import { savedModel, SIZES } from './helpers/saved-models.js';

beforeAll(async () => {
  tf.enableProdMode(); // otherwise it advertises its native addon on the console
  await tf.setBackend('cpu');
});

const B = 3;

const MODEL = savedModel();

/** x `[T,B,I]`, the same as in test/fixtures/export.py. */
const x = (t: number, b: number, i: number): number => ((7 * t + 5 * b + 3 * i) % 11) / 8 - 0.5;

async function outputsOf(model: SavedModel): Promise<{ logits: Float64Array; probabilities: Float64Array }> {
  const network = modelOn(createReferenceBackend(), model, B);
  const { activations } = network;
  const { T, I } = model.sizes;
  for (let t = 0; t < T; t++)
    for (let b = 0; b < B; b++) for (let i = 0; i < I; i++) activations.x.set(t, b, i, x(t, b, i));
  network.forward();
  return { logits: valuesOf(activations.logits), probabilities: valuesOf(activations.probabilities) };
}

function expectClose(actual: ArrayLike<number>, expected: Float64Array): void {
  expect(actual).toHaveLength(expected.length);
  expected.forEach((value, n) => expect(Math.abs(actual[n] - value)).toBeLessThan(1e-5));
}

const bitsOf = ({ sizes, forgetBias, parameters }: SavedModel) => ({
  sizes,
  forgetBias,
  ...Object.fromEntries(Object.entries(parameters).map(([name, tensor]) => [name, [...valuesOf(tensor)]])),
});

describe('an exported network computes the same', () => {
  test('in ONNX Runtime, for any batch', async () => {
    const { T, I } = SIZES;
    const model = toOnnx(MODEL);
    const expected = await outputsOf(MODEL);
    const input = Float32Array.from({ length: T * B * I }, (_, n) =>
      x(Math.floor(n / (B * I)), Math.floor(n / I) % B, n % I),
    );
    const { logits, probabilities } = await inOnnxRuntime(model, input, [T, B, I]);
    expectClose(logits, expected.logits);
    expectClose(probabilities, expected.probabilities);
    const ofFirst = Float32Array.from({ length: T * I }, (_, n) => x(Math.floor(n / I), 0, n % I));
    expectClose((await inOnnxRuntime(model, ofFirst, [T, 1, I])).logits, expected.logits.subarray(0, SIZES.C));
  });

  test('in PyTorch, which read this very file', async () => {
    const bytes = toPyTorch(MODEL);
    const fixture = JSON.parse(readFileSync(new URL('fixtures/export.json', import.meta.url), 'utf8')) as {
      sha256: string;
      logits: number[];
    };
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    if (sha256 !== fixture.sha256) {
      const file = path.join(tmpdir(), 'longhand-export.safetensors');
      writeFileSync(file, bytes);
      throw new Error(`test/fixtures/export.json belongs to another file: regenerate it from ${file}`);
    }
    expectClose(fixture.logits, (await outputsOf(MODEL)).logits);
  });

  test('in TensorFlow.js, as a layers model', async () => {
    const files = toTensorFlowJs(MODEL);
    const { modelTopology, weightsManifest } = JSON.parse(Buffer.from(files['model.json']).toString()) as {
      modelTopology: object;
      weightsManifest: { paths: string[]; weights: tf.io.WeightsManifestEntry[] }[];
    };
    expect(weightsManifest.map(({ paths }) => paths)).toEqual([['weights.bin']]);
    const weightData = Uint8Array.from(files['weights.bin']).buffer;
    const weightSpecs = weightsManifest[0].weights;
    const model = await tf.loadLayersModel(tf.io.fromMemory({ modelTopology, weightSpecs, weightData }));
    const { T, I } = SIZES;
    const sequences = Array.from({ length: B }, (_, b) =>
      Array.from({ length: T }, (_, t) => Array.from({ length: I }, (_, i) => x(t, b, i))),
    );
    const probabilities = (model.predict(tf.tensor3d(sequences)) as tf.Tensor).dataSync();
    expectClose(probabilities, (await outputsOf(MODEL)).probabilities);
  });

  test('as Keras’s weights, set in the order of get_weights()', async () => {
    const { tensors } = parseSafetensors(toKeras(MODEL), 'f');
    const { T, I, H, C } = SIZES;
    const model = tf.sequential({
      layers: [
        tf.layers.lstm({ units: H, inputShape: [T, I], recurrentActivation: 'sigmoid' }),
        tf.layers.dense({ units: C }),
      ],
    });
    const order = ['lstm/kernel', 'lstm/recurrent_kernel', 'lstm/bias', 'dense/kernel', 'dense/bias'];
    expect([...tensors.keys()].sort()).toEqual([...order].sort());
    model.setWeights(
      order.map((name) => {
        const { bytes, shape } = tensors.get(name)!;
        return tf.tensor(new Float32Array(new Uint8Array(bytes).buffer), [...shape]);
      }),
    );
    const sequences = Array.from({ length: B }, (_, b) =>
      Array.from({ length: T }, (_, t) => Array.from({ length: I }, (_, i) => x(t, b, i))),
    );
    expectClose((model.predict(tf.tensor3d(sequences)) as tf.Tensor).dataSync(), (await outputsOf(MODEL)).logits);
  });
});

describe('export and import', () => {
  test.each([1, 0, -0.3, 1e-50])('through PyTorch change no bit, with forget bias %d', (forgetBias) => {
    const model = savedModel(SIZES, forgetBias);
    const bytes = toPyTorch(model);
    const back = fromPyTorch(parseSafetensors(bytes, 'f'), SIZES.T, 'f');
    expect(bitsOf(back)).toEqual(bitsOf(model));
    expect(toPyTorch(back)).toEqual(bytes);
  });

  test.each([1, 0, 0.1])('through TensorFlow 1’s variables change no bit, with forget bias %d', (forgetBias) => {
    const model = savedModel(SIZES, forgetBias);
    const bytes = toTensorFlow1(model);
    const back = fromTensorFlow1(parseSafetensors(bytes, 'f'), SIZES.T, forgetBias, 'f');
    expect(bitsOf(back)).toEqual(bitsOf(model));
    expect(toTensorFlow1(back)).toEqual(bytes);
  });
});

type Tensors = Map<string, StoredTensor>;

const changedFile = (bytes: Uint8Array, change: (tensors: Tensors) => void) => {
  const { metadata, tensors } = parseSafetensors(bytes, 'f');
  const changed = new Map(tensors);
  change(changed);
  return parseSafetensors(writeSafetensors({ metadata, tensors: changed }), 'f');
};

function renamed(from: RegExp, to: string) {
  return (tensors: Tensors): void => {
    for (const [key, tensor] of [...tensors]) {
      tensors.delete(key);
      tensors.set(key.replace(from, to), tensor);
    }
  };
}

describe('import from PyTorch', () => {
  const read = (change: (tensors: Tensors) => void) => fromPyTorch(changedFile(toPyTorch(MODEL), change), SIZES.T, 'f');

  test('accepts any names of the modules', async () => {
    const other = read((tensors) => {
      renamed(/^lstm\./, 'encoder.rnn.')(tensors);
      renamed(/^fc\./, 'head.0.')(tensors);
    });
    expect(bitsOf(other)).toEqual(bitsOf(MODEL));
  });

  test('adds two biases of any values', async () => {
    const other = read((tensors) => {
      const [first, second] = ['lstm.bias_ih_l0', 'lstm.bias_hh_l0'].map((key) => tensors.get(key)!);
      tensors.set('lstm.bias_ih_l0', second);
      tensors.set('lstm.bias_hh_l0', first);
    });
    expect(other.forgetBias).toBe(0);
    expectClose((await outputsOf(other)).logits, (await outputsOf(MODEL)).logits);
  });

  const of = (...shape: number[]): StoredTensor => ({
    dtype: 'F32',
    shape,
    bytes: new Uint8Array(4 * shape.reduce((product, extent) => product * extent, 1)),
  });

  test.each([
    [
      'two layers',
      (tensors: Tensors) => tensors.set('lstm.weight_ih_l1', of(28, 7)),
      'f: must have one LSTM layer, not bidirectional; has 2',
    ],
    [
      'a bidirectional LSTM',
      (tensors: Tensors) => tensors.set('lstm.weight_ih_l0_reverse', of(28, 3)),
      'must have one LSTM layer, not bidirectional; has 2',
    ],
    [
      'no LSTM',
      (tensors: Tensors) => tensors.delete('lstm.weight_ih_l0'),
      'must have one LSTM layer, not bidirectional; has 0: none in',
    ],
    [
      'a second linear layer',
      (tensors: Tensors) => tensors.set('fc2.weight', of(4, 7)),
      'must have one linear layer, not bidirectional; has 2',
    ],
    [
      'a GRU',
      (tensors: Tensors) => tensors.set('lstm.weight_ih_l0', of(21, 3)),
      'lstm.weight_ih_l0 has 21 rows, but fc.weight reads 7 units',
    ],
    ['a missing bias', (tensors: Tensors) => tensors.delete('lstm.bias_hh_l0'), 'has no tensor "lstm.bias_hh_l0"'],
    ['a linear layer of one axis', (tensors: Tensors) => tensors.set('fc.weight', of(4)), 'fc.weight must have 2 axes'],
  ])('refuses %s', (_, change, message) => {
    expect(() => read(change)).toThrow(DataError);
    expect(() => read(change)).toThrow(message);
  });
});

describe('import from TensorFlow 1', () => {
  const read = (change: (tensors: Tensors) => void) =>
    fromTensorFlow1(changedFile(toTensorFlow1(MODEL), change), SIZES.T, 0.8, 'f');
  const vector: StoredTensor = { dtype: 'F32', shape: [4], bytes: new Uint8Array(16) };

  test('accepts any scope, and any names of the output layer’s variables', () => {
    const other = read((tensors) => {
      renamed(/^rnn\//, 'model/rnn/')(tensors);
      renamed(/^Variable$/, 'weights/out')(tensors);
    });
    expect(bitsOf(other)).toEqual(bitsOf(MODEL));
  });

  test.each([
    [
      'no cell',
      (tensors: Tensors) => tensors.delete('rnn/basic_lstm_cell/kernel'),
      'has no variable …lstm_cell/kernel',
    ],
    [
      'Adam’s variables too',
      (tensors: Tensors) => tensors.set('Variable_1/Adam', vector),
      'a matrix and a bias were expected besides the cell',
    ],
    [
      'a cell of another shape',
      (tensors: Tensors) => tensors.set('rnn/basic_lstm_cell/kernel', vector),
      'is [4], must be [I+H,28]',
    ],
  ])('refuses %s', (_, change, message) => {
    expect(() => read(change)).toThrow(DataError);
    expect(() => read(change)).toThrow(message);
  });
});
