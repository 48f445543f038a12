/** Import: a round trip changes no bit, files of others are read, and a wrong file is refused with the reason. */
import { DataError } from '../../src/core/errors.js';
import { valuesOf } from '../../src/core/tensor.js';
import { vocabularyOf } from '../../src/data/text.js';
import { toKeras, toTensorFlowJs, fromTensorFlow1, toTensorFlow1 } from '../../src/export/tensorflow.js';
import { toOnnx } from '../../src/export/onnx.js';
import { fromPyTorch, toPyTorch } from '../../src/export/pytorch.js';
import { parseSafetensors, writeSafetensors } from '../../src/files/safetensors.js';
import type { SavedModel } from '../../src/training/checkpoint.js';
import {
  bitsOf,
  BOTH,
  CELLS,
  expectClose,
  LOSSES,
  MODEL,
  networkNamed,
  NETWORKS,
  outputsOf,
  PROJECTED,
  savedNetwork,
} from '../helpers/exported-networks.js';
import { type Tensors, changed } from '../helpers/changed-files.js';
import { expectDataError } from '../helpers/failures.js';
import { savedModel, SIZES, modelOf } from '../helpers/random-model.js';

describe('export and import', () => {
  test.each([1, 0, -0.3, 1e-50])('through PyTorch change no bit, with forget bias %d', (forgetBias) => {
    const model = savedModel(SIZES, forgetBias);
    const bytes = toPyTorch(model);
    const back = fromPyTorch(parseSafetensors(bytes, 'f'), SIZES.T, 'f');
    expect(bitsOf(back)).toEqual(bitsOf(model));
    expect(toPyTorch(back)).toEqual(bytes);
  });

  test.each([...NETWORKS.keys(), ...Object.keys({ ...PROJECTED, ...LOSSES, ...CELLS })])(
    'through PyTorch change no bit: %s',
    (name) => {
      const model = networkNamed(name);
      const bytes = toPyTorch(model);
      const back = fromPyTorch(parseSafetensors(bytes, 'f'), model.T, 'f');
      expect(bitsOf(back)).toEqual(bitsOf(model));
      expect(toPyTorch(back)).toEqual(bytes);
    },
  );

  test.each([1, 0, 0.1])('through TensorFlow 1’s variables change no bit, with forget bias %d', (forgetBias) => {
    const model = savedModel(SIZES, forgetBias);
    const bytes = toTensorFlow1(model);
    const back = fromTensorFlow1(parseSafetensors(bytes, 'f'), SIZES.T, forgetBias, 'f');
    expect(bitsOf(back)).toEqual(bitsOf(model));
    expect(toTensorFlow1(back)).toEqual(bytes);
  });
});

describe('the vocabulary of a text’s network', () => {
  const TEXT = 'to be or not to be, that is the question 😀\n';

  test('comes back through PyTorch, and every export has it', async () => {
    const model: SavedModel = { T: 5, ...(await modelOf([4, 3])) };
    const bytes = toPyTorch(model);
    const back = fromPyTorch(parseSafetensors(bytes, 'f'), 5, 'f');
    expect(back.vocabulary).toEqual(vocabularyOf(TEXT));
    expect(bitsOf(back)).toEqual(bitsOf(model));
    expect(toPyTorch(back)).toEqual(bytes);
    const json = JSON.stringify(model.vocabulary);
    expect(parseSafetensors(toKeras(model), 'f').metadata.get('vocabulary')).toBe(json);
    const topology = new TextDecoder().decode(toTensorFlowJs(model)['model.json']);
    expect(JSON.parse(topology)).toMatchObject({ userDefinedMetadata: { vocabulary: model.vocabulary } });
    expect(new TextDecoder().decode(toOnnx(model))).toContain(json);
  });

  test.each([
    ['{"characters":["a","b"],"hasOther":false}', 'f: metadata: a vocabulary of 2 classes, but the network reads'],
    [
      '{"characters":["b","a"],"hasOther":false}',
      'f: metadata: vocabulary: characters[1] is "a": must be one character',
    ],
    ['[', 'f: metadata vocabulary: '],
    ['3', 'f: metadata: vocabulary is 3: must have characters'],
  ])('%s in the metadata of a file with other classes is refused', async (json, message) => {
    const { metadata, tensors } = parseSafetensors(toPyTorch({ T: 5, ...(await modelOf([4])) }), 'f');
    const file = { tensors, metadata: new Map(metadata).set('vocabulary', json) };
    expectDataError(() => fromPyTorch(file, 5, 'f'), message);
  });
});

type Change = (tensors: Tensors) => unknown;

const changedFile = (bytes: Uint8Array, change: Change) =>
  parseSafetensors(writeSafetensors(changed(parseSafetensors(bytes, 'f'), change)), 'f');

const renamed =
  (from: RegExp, to: string): Change =>
  (tensors) => {
    for (const [key, tensor] of [...tensors]) {
      tensors.delete(key);
      tensors.set(key.replace(from, to), tensor);
    }
  };
const without =
  (key: string): Change =>
  (tensors) =>
    tensors.delete(key);
/** Replaces a tensor by zeros, or adds one. */
const set =
  (key: string, ...shape: number[]): Change =>
  (tensors) =>
    tensors.set(key, {
      dtype: 'F32',
      shape,
      bytes: new Uint8Array(4 * shape.reduce((size, extent) => size * extent, 1)),
    });
const exchanged =
  (first: string, second: string): Change =>
  (tensors) => {
    const [one, other] = [tensors.get(first)!, tensors.get(second)!];
    tensors.set(first, other).set(second, one);
  };

test('names of classes come back through PyTorch, and every export has them', () => {
  const classNames = Array.from({ length: MODEL.network.outputs }, (_, k) => `class ${k}`);
  const named = { ...MODEL, network: { ...MODEL.network, classNames } };
  expect(fromPyTorch(parseSafetensors(toPyTorch(named), 'f'), MODEL.T, 'f').network).toEqual(named.network);
  expect(parseSafetensors(toKeras(named), 'f').metadata.get('network')).toContain(JSON.stringify(classNames));
  const json = JSON.stringify(classNames);
  expect(parseSafetensors(toTensorFlow1(named), 'f').metadata.get('classNames')).toBe(json);
  expect(parseSafetensors(toTensorFlow1(MODEL), 'f').metadata.has('classNames')).toBe(false);
  const topology = new TextDecoder().decode(toTensorFlowJs(named)['model.json']);
  expect(JSON.parse(topology)).toMatchObject({ userDefinedMetadata: { classNames } });
  expect(new TextDecoder().decode(toOnnx(named))).toContain(json);
  expect(parseSafetensors(toPyTorch(MODEL), 'f').metadata.has('network')).toBe(false);
});

describe('import from PyTorch', () => {
  const read = (change: Change) => fromPyTorch(changedFile(toPyTorch(MODEL), change), SIZES.T, 'f');

  test('accepts any names of the modules', () => {
    const other = read((tensors) => {
      renamed(/^lstm\./, 'encoder.rnn.')(tensors);
      renamed(/^fc\./, 'head.0.')(tensors);
    });
    expect(bitsOf(other)).toEqual(bitsOf(MODEL));
  });

  test('adds two biases of any values', () => {
    const other = read(exchanged('lstm.bias_ih_l0', 'lstm.bias_hh_l0'));
    expect(other.network.forgetBias).toBe(0);
    expectClose(outputsOf(other).logits, outputsOf(MODEL).logits);
  });

  const DEEP = networkNamed('two layers in both directions, numbers, crossEntropy, last');
  const LISTED = networkNamed('both directions, then one, numbers, crossEntropy, last');
  const readFrom = (model: SavedModel, change: Change) =>
    fromPyTorch(changedFile(toPyTorch(model), change), model.T, 'f');

  test('adds the biases of every LSTM if one of them is no forget bias', () => {
    const other = readFrom(DEEP, exchanged('lstm.bias_ih_l1_reverse', 'lstm.bias_hh_l1_reverse'));
    expect(other.network.forgetBias).toBe(0);
    expectClose(outputsOf(other).logits, outputsOf(DEEP).logits);
  });

  test('accepts layers with any names: those of one nn.LSTM, or of a numbered list', () => {
    const deep = readFrom(DEEP, renamed(/^lstm\./, 'encoder.rnn.'));
    expect(bitsOf(deep)).toEqual(bitsOf(DEEP));
    const listed = readFrom(LISTED, (tensors) => {
      renamed(/^layers\.1\./, 'lstm10.')(tensors);
      renamed(/^layers\.0\./, 'lstm9.')(tensors);
    });
    expect(bitsOf(listed)).toEqual(bitsOf(LISTED));
  });

  test('reads layers without biases, and adds no forget bias if some layers have biases', () => {
    const unbiased = savedNetwork({ inputs: 3, layers: [{ ...BOTH, bias: false, projection: 2 }], outputs: 4 }, 5, 0);
    const { metadata, tensors } = parseSafetensors(toPyTorch(unbiased), 'f');
    expect([...tensors.keys()].filter((key) => key.includes('bias'))).toEqual(['fc.bias']);
    expect(metadata.has('network')).toBe(true);
    expect(bitsOf(fromPyTorch({ metadata: new Map(), tensors }, 5, 'f'))).toEqual(bitsOf(unbiased));

    const mixed = readFrom(LISTED, (all) => {
      for (const key of [...all.keys()]) if (key.startsWith('layers.1.bias')) all.delete(key);
    });
    expect([mixed.network.forgetBias, ...mixed.network.layers.map(({ bias }) => bias)]).toEqual([0, true, false]);
  });

  test('reads an nn.GRU and an nn.RNN without Longhand’s metadata; the two biases of an RNN are added', () => {
    const { tensors } = parseSafetensors(toPyTorch(CELLS['a gru']), 'f');
    const gru = fromPyTorch({ metadata: new Map(), tensors }, 5, 'f');
    expect(gru.network.layers).toMatchObject([{ hidden: 5, cell: 'gru' }]);
    expect(outputsOf(gru)).toEqual(outputsOf(CELLS['a gru']));
    const rnn = readFrom(CELLS['an rnn'], (all) => all.set('rnn.bias_hh_l0', all.get('rnn.bias_ih_l0')!));
    const { bias } = CELLS['an rnn'].parameters;
    expect([...valuesOf(rnn.parameters.bias)]).toEqual(Array.from(valuesOf(bias), (value) => 2 * value));
  });

  test('refuses a tensor that would be dropped', () => {
    const extra = { dtype: 'F32', shape: [1, 1, 5], bytes: new Uint8Array(20) } as const;
    for (const key of ['h0', 'temperature', 'lstm.weight_hr_l7']) {
      const read = () => readFrom(MODEL, (all) => all.set(key, extra));
      expectDataError(read, `f: tensor "${key}" belongs neither to a recurrent layer nor to the linear layer`);
    }
  });

  test('refuses a projection to as many numbers as there are units', () => {
    const projected = networkNamed('a projection');
    const read = () =>
      readFrom(projected, (all) => {
        all.set('lstm.weight_hr_l0', { ...all.get('lstm.weight_hr_l0')!, shape: [5, 2] });
      });
    expectDataError(read, 'f: layer 0 projects 2 units to 2: must be fewer');
  });

  test('without Longhand’s metadata, a network computes classes from numbers at the last step', () => {
    const { tensors } = parseSafetensors(toPyTorch(networkNamed('two layers, classes, squaredError, every')), 'f');
    const { network } = fromPyTorch({ metadata: new Map(), tensors }, 5, 'f');
    expect(network).toMatchObject({ inputKind: 'numbers', loss: 'crossEntropy', reads: 'last', dropout: 0 });
    const wrong = { metadata: new Map([['network', '{"inputs":3}']]), tensors };
    expectDataError(() => fromPyTorch(wrong, 5, 'f'), 'f: metadata network: network: outputs is undefined');
    const cut = { metadata: new Map([['network', '{"inputs":3']]), tensors };
    expect(() => fromPyTorch(cut, 5, 'f')).toThrow(DataError);
  });

  test('with quantiles in the metadata, the linear layer has outputs for each of them', () => {
    const widened = (outputs: number) =>
      readFrom(LOSSES['quantiles of two targets'], (tensors) => {
        set('fc.weight', outputs, 10)(tensors);
        set('fc.bias', outputs)(tensors);
      });
    expect(widened(6).network).toMatchObject({ outputs: 6, loss: 'pinball', quantiles: [0.1, 0.9] });
    const message = 'f: metadata network has 2 quantiles, but the linear layer has 5 outputs: must be a multiple';
    expectDataError(() => widened(5), message);
  });

  const unread: Change = (tensors) => {
    for (const name of ['weight_ih', 'weight_hh']) set(`lstm.${name}_l1`, 28, 7)(tensors);
    for (const name of ['bias_ih', 'bias_hh']) set(`lstm.${name}_l1`, 28)(tensors);
    set('lstm.weight_ih_l1', 28, 3)(tensors);
  };
  const INPUTS = 'lstm.weight_ih_l0';
  const UNREAD = 'f: tensor "lstm.weight_ih_l1" is [28,3], must be [28,7]';

  test.each([
    ['a layer above that does not read the one below', MODEL, unread, UNREAD],
    ['a layer that is missing', DEEP, renamed(/_l1/, '_l2'), 'f: its module has the layers 0, 2: must be 0, 1, …'],
    [
      'LSTMs without an order',
      LISTED,
      renamed(/^layers\.0\./, 'encoder.'),
      'f: the order of its layers is not known: encoder., layers.1.: must be one nn.LSTM, nn.GRU or nn.RNN, or layers.0, layers.1, … of one',
    ],
    ['half a layer', DEEP, without(`${INPUTS}_reverse`), 'f: tensor "lstm.weight_ih_l1" is [20,10], must be [20,5]'],
    [
      'no LSTM',
      MODEL,
      without(INPUTS),
      'f: must have a layer of LSTMs, GRUs or RNNs (…weight_ih_l0); has only fc.bias, fc.weight, ',
    ],
    ['two linear layers', MODEL, set('fc2.weight', 4, 7), 'must have one linear layer; has 2: fc.weight, fc2.weight'],
    [
      'an fc of another width',
      MODEL,
      set('fc.weight', 4, 6),
      'fc.weight reads 6 units, but the top recurrent layer has 7',
    ],
    ['a GRU’s inputs', MODEL, set(INPUTS, 21, 3), 'tensor "lstm.weight_ih_l0" is [21,3], must be [28,3]'],
    [
      'a projection of a GRU',
      CELLS['a gru'],
      set('gru.weight_hr_l0', 2, 5),
      'f: layer 0 projects 5 units to 5: must be fewer',
    ],
    ['half of a GRU’s biases', CELLS['a gru'], without('gru.bias_hh_l0'), 'has no tensor "gru.bias_hh_l0"'],
    ['a missing bias', MODEL, without('lstm.bias_hh_l0'), 'has no tensor "lstm.bias_hh_l0"'],
    ['an fc of one axis', MODEL, set('fc.weight', 4), 'fc.weight must have 2 axes'],
    ['no inputs', MODEL, set(INPUTS, 28, 0), 'must have 2 axes, not empty'],
  ])('refuses %s', (_, model, change, message) => {
    expectDataError(() => readFrom(model, change), message);
  });
});

describe('import from TensorFlow 1', () => {
  const read = (change: Change) => fromTensorFlow1(changedFile(toTensorFlow1(MODEL), change), SIZES.T, 0.8, 'f');
  const KERNEL = 'rnn/basic_lstm_cell/kernel';

  test('accepts any scope, and any names of the output layer’s variables', () => {
    const other = read((tensors) => {
      renamed(/^rnn\//, 'model/rnn/')(tensors);
      renamed(/^Variable$/, 'weights/out')(tensors);
    });
    expect(bitsOf(other)).toEqual(bitsOf(MODEL));
  });

  test.each([
    ['no cell', without(KERNEL), 'has no variable …lstm_cell/kernel'],
    ['Adam’s variables too', set('Variable_1/Adam', 4), 'a matrix and a bias were expected besides the cell'],
    ['a cell of another shape', set(KERNEL, 4), 'is [4], must be [I+H,28]'],
  ])('refuses %s', (_, change, message) => {
    expectDataError(() => read(change), message);
  });
});
