/** Export: other engines compute the same from an exported network. */
import * as tf from '@tensorflow/tfjs';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as ort from 'onnxruntime-web';
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { networkOn } from '../../src/cli/memory.js';
import { DataError } from '../../src/core/errors.js';
import { Network } from '../../src/door/network.js';
import { valuesOf } from '../../src/core/tensor.js';
import { toKeras, toTensorFlowJs, toTensorFlow1 } from '../../src/export/tensorflow.js';
import { toOnnx } from '../../src/export/onnx.js';
import { toPyTorch } from '../../src/export/pytorch.js';
import { parseSafetensors } from '../../src/files/safetensors.js';
import type { SavedModel } from '../../src/training/checkpoint.js';
import { predict } from '../../src/door/predict.js';
import {
  B,
  BOTH,
  CELLS,
  classAt,
  expectClose,
  HALF,
  LOSSES,
  MODEL,
  networkNamed,
  NETWORKS,
  ONE,
  outputsOf,
  PROJECTED,
  savedNetwork,
  x,
} from '../helpers/exported-networks.js';
import { expectDataError } from '../helpers/failures.js';
import { SIZES, modelOf } from '../helpers/random-model.js';

/** ONNX Runtime for the web, which needs no native binary. `x`: numbers, or class indices. The results are `[B,C]`, or `[T,B,C]`; without a softmax there are no probabilities. */
async function inOnnxRuntime(
  model: Uint8Array,
  x: Float32Array | BigInt64Array,
  shape: readonly number[],
): Promise<{ logits: Float32Array; probabilities: Float32Array | undefined }> {
  const session = await ort.InferenceSession.create(model, { executionProviders: ['wasm'] });
  const input = x instanceof Float32Array ? new ort.Tensor('float32', x, shape) : new ort.Tensor('int64', x, shape);
  const results: Partial<Record<string, ort.Tensor>> = await session.run({ x: input });
  await session.release();
  const { logits, probabilities } = results;
  return { logits: logits?.data as Float32Array, probabilities: probabilities?.data as Float32Array | undefined };
}

beforeAll(async () => {
  tf.enableProdMode(); // otherwise it advertises its native addon on the console
  await tf.setBackend('cpu');
});

/** Numbers `[T,B,C]` in the order `[B,T,C]`, which Keras and TensorFlow.js have; `[B,C]` as they are. */
function batchFirst(values: Float64Array, { T, network: { reads, outputs: C } }: SavedModel): Float64Array {
  if (reads === 'last') return values;
  return values.map((_, n) => {
    const [b, t, k] = [Math.floor(n / (T * C)), Math.floor(n / C) % T, n % C];
    return values[(t * B + b) * C + k];
  });
}

/** The inputs of a network that reads numbers, `[T,B,I]`. */
const numbersFor = (T: number, I: number): Float32Array =>
  Float32Array.from({ length: T * B * I }, (_, n) => x(Math.floor(n / (B * I)), Math.floor(n / I) % B, n % I));

/** The inputs as TensorFlow.js reads them, `[B,T,I]` or `[B,T]`. */
function sequencesFor({ T, network: { inputs: I, inputKind } }: SavedModel): tf.Tensor {
  const sequences = Array.from({ length: B }, (_, b) =>
    Array.from({ length: T }, (_, t) =>
      inputKind === 'classes' ? classAt(t, b, I) : Array.from({ length: I }, (_, i) => x(t, b, i)),
    ),
  );
  return tf.tensor(sequences);
}

describe('an exported network computes the same', () => {
  test('in ONNX Runtime, for any batch', async () => {
    const { T, I } = SIZES;
    const model = toOnnx(MODEL);
    const expected = outputsOf(MODEL);
    const input = numbersFor(T, I);
    const { logits, probabilities } = await inOnnxRuntime(model, input, [T, B, I]);
    expectClose(logits, expected.logits);
    expectClose(probabilities!, expected.results);
    const ofFirst = Float32Array.from({ length: T * I }, (_, n) => x(Math.floor(n / I), 0, n % I));
    expectClose((await inOnnxRuntime(model, ofFirst, [T, 1, I])).logits, expected.logits.subarray(0, SIZES.C));
  });

  test.each([...HALF, ...Object.keys({ ...PROJECTED, ...LOSSES, ...CELLS })])('in ONNX Runtime: %s', async (name) => {
    const model = networkNamed(name);
    const { T } = model;
    const { inputs: I, inputKind, loss } = model.network;
    const classes = BigInt64Array.from({ length: T * B }, (_, n) => BigInt(classAt(Math.floor(n / B), n % B, I)));
    const { logits, probabilities } =
      inputKind === 'classes'
        ? await inOnnxRuntime(toOnnx(model), classes, [T, B])
        : await inOnnxRuntime(toOnnx(model), numbersFor(T, I), [T, B, I]);
    const expected = outputsOf(model);
    expectClose(logits, expected.logits);
    if (loss === 'crossEntropy') expectClose(probabilities!, expected.results);
    else expect(probabilities).toBeUndefined();
  });

  test('in ONNX Runtime, LSTMs with peepholes in both directions', async () => {
    const layers = [{ ...BOTH, cell: 'lstm-peephole' } as const];
    const model = savedNetwork({ inputs: 3, layers, outputs: 4, reads: 'every' });
    const { logits } = await inOnnxRuntime(toOnnx(model), numbersFor(model.T, 3), [model.T, B, 3]);
    expectClose(logits, outputsOf(model).logits);
  });

  test('in ONNX Runtime, a text’s network, whose vocabulary stands beside the graph', async () => {
    const model: SavedModel = { T: 5, ...(await modelOf([4])) };
    const { inputs: I } = model.network;
    const classes = BigInt64Array.from({ length: 5 * B }, (_, n) => BigInt(classAt(Math.floor(n / B), n % B, I)));
    const { logits } = await inOnnxRuntime(toOnnx(model), classes, [5, B]);
    expectClose(logits, outputsOf(model).logits);
  });

  test('in ONNX Runtime, for any number of steps', async () => {
    const model = networkNamed('both directions, then one, numbers, squaredError, every');
    const { inputs: I } = model.network;
    const { logits } = await inOnnxRuntime(toOnnx(model), numbersFor(9, I), [9, B, I]);
    expectClose(logits, outputsOf({ ...model, T: 9 }).logits);
  });

  /** The networks in test/fixtures/export.json, in its order. */
  const IN_PYTORCH = [
    MODEL,
    networkNamed('one layer, classes, squaredError, every'),
    networkNamed('two layers in both directions, numbers, crossEntropy, last'),
    networkNamed('both directions, then one, numbers, crossEntropy, every'),
    networkNamed('one direction, then both, classes, squaredError, last'),
    ...Object.values(PROJECTED),
    ...Object.values(CELLS),
  ];

  test('in PyTorch, which read these very files, and `predict` does', () => {
    const files = IN_PYTORCH.map((model) => toPyTorch(model));
    const fixture = JSON.parse(readFileSync(new URL('../fixtures/export.json', import.meta.url), 'utf8')) as {
      sha256: string;
      logits: number[];
    }[];
    const digests = files.map((bytes) => createHash('sha256').update(bytes).digest('hex'));
    if (digests.join() !== fixture.map(({ sha256 }) => sha256).join()) {
      const folder = mkdtempSync(path.join(tmpdir(), 'longhand-export-'));
      files.forEach((bytes, n) => writeFileSync(path.join(folder, `${String(n).padStart(2, '0')}.safetensors`), bytes));
      throw new Error(`test/fixtures/export.json belongs to other files: regenerate it from ${folder}/*.safetensors`);
    }
    IN_PYTORCH.forEach((model, n) => expectClose(fixture[n].logits, outputsOf(model).logits));
    return Promise.all(
      IN_PYTORCH.map(async (model, n) => {
        const network = new Network(networkOn(createReferenceBackend(), model, 2)); // a batch, and one sequence
        const { outputs } = await predict(network, sequencesFor(model).arraySync() as number[][][]);
        expectClose(valuesOf(outputs), batchFirst(Float64Array.from(fixture[n].logits), model));
      }),
    );
  });

  const OF_RNNS = Object.keys(CELLS).filter((name) => !name.includes('gru'));
  test.each(['the tutorial’s', ...HALF, ...Object.keys(LOSSES), ...OF_RNNS])(
    'in TensorFlow.js, as a layers model: %s',
    async (name) => {
      const model = name === 'the tutorial’s' ? MODEL : networkNamed(name);
      const files = toTensorFlowJs(model);
      const { modelTopology, weightsManifest } = JSON.parse(Buffer.from(files['model.json']).toString()) as {
        modelTopology: object;
        weightsManifest: { paths: string[]; weights: tf.io.WeightsManifestEntry[] }[];
      };
      expect(weightsManifest.map(({ paths }) => paths)).toEqual([['weights.bin']]);
      const weightData = Uint8Array.from(files['weights.bin']).buffer;
      const weightSpecs = weightsManifest[0].weights;
      const layersModel = await tf.loadLayersModel(tf.io.fromMemory({ modelTopology, weightSpecs, weightData }));
      const results = layersModel.predict(sequencesFor(model)) as tf.Tensor;
      expectClose(results.dataSync(), batchFirst(outputsOf(model).results, model));
    },
  );

  test.each([
    ['the tutorial’s', ['lstm/kernel', 'lstm/recurrent_kernel', 'lstm/bias', 'dense/kernel', 'dense/bias']],
    ['two layers in both directions, numbers, squaredError, every', undefined],
    ['one direction, then both, numbers, squaredError, last', undefined],
  ])('as Keras’s weights, set in the order of get_weights(): %s', (name, names) => {
    const saved = NETWORKS.get(name) ?? MODEL;
    const { tensors, metadata } = parseSafetensors(toKeras(saved), 'f');
    const { inputs: I, layers, outputs: C, reads } = saved.network;
    const model = tf.sequential();
    layers.forEach(({ hidden: units, bidirectional }, n) => {
      const returnSequences = n < layers.length - 1 || reads === 'every';
      const first = n === 0 ? { inputShape: [saved.T, I] } : {};
      const lstm = tf.layers.lstm({ units, recurrentActivation: 'sigmoid', returnSequences, ...first });
      model.add(bidirectional ? tf.layers.bidirectional({ layer: lstm, mergeMode: 'concat', ...first }) : lstm);
    });
    model.add(tf.layers.dense({ units: C }));
    const order = names ?? (JSON.parse(metadata.get('weights')!) as string[]);
    expect([...tensors.keys()].sort()).toEqual([...order].sort());
    model.setWeights(
      order.map((key) => {
        const { bytes, shape } = tensors.get(key)!;
        return tf.tensor(new Float32Array(new Uint8Array(bytes).buffer), [...shape]);
      }),
    );
    const results = model.predict(sequencesFor(saved)) as tf.Tensor;
    expectClose(results.dataSync(), batchFirst(outputsOf(saved).logits, saved));
  });
});

describe('Keras’s weights of GRUs, in plain arrays', () => {
  const sigmoid = (a: number): number => 1 / (1 + Math.exp(-a));

  /** keras.layers.GRU of its documentation, with reset_after=True: `weights` are its kernel, recurrent kernel and bias `[2,3H]`; gates z, r, h. */
  function kerasGru(weights: readonly Float32Array[], sequence: readonly (readonly number[])[]): number[][] {
    const [kernel, recurrent, bias] = weights;
    const columns = bias.length / 2;
    const H = columns / 3;
    const product = (values: readonly number[], matrix: Float32Array, b: Float32Array): number[] =>
      Array.from(b, (value, k) => values.reduce((sum, one, row) => sum + one * matrix[row * columns + k], value));
    let h = Array<number>(H).fill(0);
    return sequence.map((x) => {
      const [ofX, ofH] = [product(x, kernel, bias.subarray(0, columns)), product(h, recurrent, bias.subarray(columns))];
      h = h.map((old, k) => {
        const [z, r] = [sigmoid(ofX[k] + ofH[k]), sigmoid(ofX[H + k] + ofH[H + k])];
        return z * old + (1 - z) * Math.tanh(ofX[2 * H + k] + r * ofH[2 * H + k]);
      });
      return h;
    });
  }

  test.each(['a gru', 'grus in both directions of two equal layers'])('%s', (name) => {
    const saved = networkNamed(name);
    const { T, network } = saved;
    const { tensors, metadata } = parseSafetensors(toKeras(saved), 'f');
    const names = JSON.parse(metadata.get('weights')!) as string[];
    const values = names.map((key) => new Float32Array(Uint8Array.from(tensors.get(key)!.bytes).buffer));
    const logits = Array.from({ length: B }, (_, b) => {
      let sequence = Array.from({ length: T }, (_, t) =>
        Array.from({ length: 3 }, (_, i) =>
          network.inputKind === 'classes' ? Number(classAt(t, b, 3) === i) : x(t, b, i),
        ),
      );
      let first = 0;
      for (const { bidirectional } of network.layers) {
        const states = kerasGru(values.slice(first, (first += 3)), sequence);
        const other = bidirectional
          ? kerasGru(values.slice(first, (first += 3)), [...sequence].reverse()).reverse()
          : [];
        sequence = states.map((state, t) => [...state, ...(other.at(t) ?? [])]);
      }
      const [kernel, bias] = values.slice(first);
      const rows = network.reads === 'last' ? sequence.slice(-1) : sequence;
      return rows.map((h) =>
        Array.from(bias, (value, k) => h.reduce((sum, one, row) => sum + one * kernel[row * bias.length + k], value)),
      );
    });
    expectClose(logits.flat(2), batchFirst(outputsOf(saved).logits, saved));
  });
});

describe('an export refuses in one line what its format cannot hold', () => {
  const writers = { onnx: toOnnx, 'safetensors-pytorch': toPyTorch, keras: toKeras, tfjs: toTensorFlowJs } as const;
  test.each([
    ['onnx', 'mingru', 'lstm, lstm-peephole, gru, rnn'],
    ['onnx', 'slstm', 'lstm, lstm-peephole, gru, rnn'],
    ['safetensors-pytorch', 'minlstm', 'lstm, gru, rnn'],
    ['safetensors-pytorch', 'lstm-peephole', 'lstm, gru, rnn'],
    ['keras', 'lstm-peephole', 'lstm, gru, rnn'],
    ['tfjs', 'gru', 'lstm, rnn'],
  ] as const)('%s: a layer of %s', (format, cell, cells) => {
    const model = savedNetwork({ inputs: 3, layers: [ONE, { ...ONE, cell }], outputs: 4 });
    const message = `${format}: layer 1 has the cell ${cell}: the format has only ${cells}`;
    expectDataError(() => writers[format](model), message);
  });

  const LAST = 'crossEntropy at the last step';
  test.each([
    ['two layers, numbers, crossEntropy, last', `2 layers of 3+5 units, ${LAST}`],
    ['both directions, numbers, crossEntropy, last', `1 layer of 5 units in both directions, ${LAST}`],
    ['one layer, classes, crossEntropy, last', `1 layer of 5 units, class indices as inputs, ${LAST}`],
    ['one layer, numbers, squaredError, every', '1 layer of 5 units, squaredError at every step'],
    ['a projection', '1 layer of 5→2 units, crossEntropy at the last step'],
    ['a gru', '1 layer of 5 gru units, crossEntropy at the last step'],
    ['an rnn, an lstm, a gru', `3 layers of 4+5+2 rnn+lstm+gru units in both directions, ${LAST}`],
  ])('safetensors-tf1: %s', (name, kind) => {
    const write = () => toTensorFlow1(networkNamed(name));
    expect(write).toThrow(DataError);
    expect(write).toThrow(
      `safetensors-tf1 holds only the tutorial's network, not ${kind}; try onnx or safetensors-pytorch`,
    );
  });

  test.each([toKeras, toTensorFlowJs])('keras and tfjs: projections', (write) => {
    expectDataError(
      () => write(networkNamed('both directions, then a projection without biases')),
      'keras and tfjs hold no projections, and this is 2 layers of 5+5→1 units (some without biases) in both directions, ' +
        'crossEntropy at the last step; onnx and safetensors-pytorch hold them',
    );
  });

  test('tfjs: very many input classes, for which it would need a table', () => {
    const { network, parameters } = networkNamed('one layer, classes, crossEntropy, last');
    const write = () => toTensorFlowJs({ T: 5, network: { ...network, inputs: 8193 }, parameters });
    expectDataError(write, 'tfjs: 8193 input classes, at most 8192');
  });
});

test('a forget bias beyond f32 is reported with the name of the bias', () => {
  const model = savedNetwork({ inputs: 2, layers: [BOTH, ONE], outputs: 2 });
  const extreme = { ...model, network: { ...model.network, forgetBias: 3e38 } };
  extreme.parameters['bias.0.reverse'].set(2 * 5, 3e38); // gate f
  for (const write of [toOnnx, toKeras, toTensorFlowJs])
    expect(() => write(extreme)).toThrow('the sum of bias.0.reverse and forget bias 3e+38 is beyond f32');
});
