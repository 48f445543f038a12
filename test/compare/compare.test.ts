/** `longhand compare`: right numbers pass, wrong numbers are reported with their element, and faulty files are refused. */
import * as tf from '@tensorflow/tfjs';
import { readFileSync } from 'node:fs';
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { asText } from '../../src/cli/commands/compare.js';
import { type Comparison, compareFile } from '../../src/compare/compare.js';
import { problemOf } from '../../src/compare/read-problem.js';
import { solve } from '../../src/compare/solve.js';
import { templateOf } from '../../src/compare/template.js';
import { reorderGates } from '../../src/equations/lstm-tensors.js';
import type { Safetensors } from '../../src/files/safetensors.js';
import { storedFloats } from '../../src/files/stored-tensors.js';
import { networkParameterShapes } from '../../src/network/config.js';
import { type Change, type Tensors, changed } from '../helpers/changed-files.js';
import { changeNumbers, numbers, RESULT_NAMES, stored, storedZeros, whole } from '../helpers/compare-files.js';
import { dataErrorOf, failureOf } from '../helpers/failures.js';
import type { Problem, PyTorchResults } from '../helpers/network-problem.mjs';

beforeAll(async () => {
  tf.enableProdMode(); // otherwise it advertises its native addon on the console
  await tf.setBackend('cpu');
});

const backend = createReferenceBackend({ dtype: 'f64' });
const compare = (file: Safetensors, tolerance = 1e-4): Promise<Comparison> =>
  compareFile(backend, file, tolerance, 'mine.safetensors');

let template: Safetensors;
beforeAll(async () => (template = await templateOf(backend, 1)));

test('the template agrees with itself in every result, to the last bit', async () => {
  const { ok, differences, hints } = await compare(template, 1e-300);
  expect([ok, hints]).toEqual([true, []]);
  expect(differences.map(({ name }) => name)).toEqual([...RESULT_NAMES]);
  for (const { largestAbsolute, largestRelative } of differences)
    expect([largestAbsolute, largestRelative]).toEqual([0, 0]);
});

test('a cause for each tensor that differs, below the table if no known mistake gives all numbers', async () => {
  const numbersOf = (name: string): Float64Array => Float64Array.from(numbers(template.tensors.get(name)!));
  const shapeOf = (name: string) => template.tensors.get(name)!.shape;
  const [rows, columns] = shapeOf('d.outKernel');
  const outKernel = numbersOf('d.outKernel');
  const wrong = {
    'd.kernel': numbersOf('d.kernel').map((value) => 2 * value),
    'd.outKernel': outKernel.map((_, n) => outKernel[(n % rows) * columns + Math.floor(n / rows)]),
    ...{ 'd.h0': numbersOf('d.c0'), 'd.c0': numbersOf('d.h0') },
    'd.bias': numbersOf('d.bias').map((value, n) => value + Math.sin(n * n + 1)),
  };
  const file = changed(template, (tensors) => {
    for (const [name, values] of Object.entries(wrong)) tensors.set(name, stored(values, shapeOf(name)));
  });
  const comparison = await compare(file);
  const causes = Object.fromEntries(comparison.differences.map(({ name, cause }) => [name, cause]));
  const exchanged = 'd.c0 and d.h0 are exchanged: each has the expected numbers of the other.';
  expect(causes).toEqual({
    ...Object.fromEntries(RESULT_NAMES.map((name) => [name, undefined])),
    'd.kernel': 'Every number of d.kernel is 2 times the expected one: is it added twice?',
    'd.outKernel': 'd.outKernel is transposed: rows and columns are exchanged.',
    ...{ 'd.h0': exchanged, 'd.c0': exchanged },
  });
  expect(asText(comparison, 1e-4)).toMatch(
    /alone gives your numbers\.\nEvery number of d\.kernel .*\n.*transposed.*\n.*exchanged.*$/,
  );
});

test('gradients that TensorFlow.js computes in f32 by automatic differentiation pass', async () => {
  const get = (name: string) => template.tensors.get(name)!;
  const tensor = (name: string) => tf.tensor(Float32Array.from(numbers(get(name))), [...get(name).shape]);
  const [T, B] = get('x').shape;
  const labels = [...get('labels').bytes];
  const lossOf = (kernel: tf.Tensor, bias: tf.Tensor, outKernel: tf.Tensor, outBias: tf.Tensor): tf.Scalar => {
    const x = tf.unstack(tensor('x'));
    let [c, h] = [tensor('c0') as tf.Tensor2D, tensor('h0') as tf.Tensor2D];
    for (let t = 0; t < T; t++)
      [c, h] = tf.basicLSTMCell(tf.scalar(1), kernel as tf.Tensor2D, bias as tf.Tensor1D, x[t] as tf.Tensor2D, c, h);
    const logits = tf.add(tf.matMul(h, outKernel as tf.Tensor2D), outBias);
    return tf.losses.softmaxCrossEntropy(tf.oneHot(labels, outBias.size), logits).asScalar();
  };
  const names = ['kernel', 'bias', 'outKernel', 'outBias'];
  const gradients = tf.grads(lossOf)(names.map(tensor));
  const file = changed(template, (tensors) => {
    for (const name of RESULT_NAMES) tensors.delete(name);
    names.forEach((name, n) => {
      tensors.set(`d.${name}`, storedFloats(Float32Array.from(gradients[n].dataSync()), get(name).shape));
    });
  });
  expect(B).toBeGreaterThan(1);
  const { ok, differences } = await compare(file);
  expect([ok, differences.length]).toEqual([true, 4]);
  for (const { largestRelative } of differences) expect(largestRelative).toBeGreaterThan(0);
});

describe('nn.LSTM’s numbers agree, of test/fixtures/network.json', () => {
  const { cases } = JSON.parse(readFileSync(new URL('../fixtures/network.json', import.meta.url), 'utf8')) as {
    cases: { name: string; problem: Problem; results: PyTorchResults }[];
  };
  const names = ['no biases', 'a projection in both directions of one torch.nn.LSTM', 'lengths, both directions'];

  /** The file that a PyTorch program would write. */
  function fileOf(name: string): Safetensors {
    const { problem, results } = cases.find((one) => one.name === name)!;
    const { network, T, B, lengths, parameters, x, h0, c0, labels = [] } = problem;
    const f64 = (values: readonly number[], shape: readonly number[]) => stored(Float64Array.from(values), shape);
    const tensors: Tensors = new Map([
      ['x', f64(x, [T, B, network.inputs])],
      ['labels', whole(labels, [B])],
      ['lengths', whole(lengths, [B])],
      ['loss', f64([results.loss], [])],
      ['logits', f64(results.logits, [B, network.outputs])],
      ['h', f64(results.h, [T, B, results.h.length / (T * B)])],
      ['d.x', f64(results.gradients.x, [T, B, network.inputs])],
    ]);
    for (const [key, shape] of Object.entries(networkParameterShapes(network)))
      tensors.set(key, f64(parameters[key], shape)).set(`d.${key}`, f64(results.gradients[key], shape));
    for (const [key, states] of Object.entries({ h0, c0 })) {
      const [all, suffixes] = [Object.values(states), Object.keys(states)];
      const shape = [...(all.length > 1 ? [all.length] : []), B, all[0].length / B];
      tensors.set(key, f64(all.flat(), shape));
      tensors.set(
        `d.${key}`,
        f64(
          suffixes.flatMap((suffix) => results.gradients[key + suffix]),
          shape,
        ),
      );
    }
    const { forgetBias, layers } = network;
    return {
      metadata: new Map([
        ['forgetBias', String(forgetBias)],
        ['bias', String(layers[0].bias)],
      ]),
      tensors,
    };
  }

  test.each(names)('%s', async (name) => {
    const file = fileOf(name);
    const { ok, differences } = await compare(file, 1e-12);
    const results = [...file.tensors.keys()].filter((key) => /^(loss|logits|h|d\..*)$/.test(key));
    expect([ok, differences.map((one) => one.name).sort()]).toEqual([true, results.sort()]);
  });

  test('and mistakes are recognised in a network without biases', async () => {
    const file = fileOf('no biases');
    const wrong = changed(file, (tensors) => {
      const { shape } = tensors.get('kernel')!;
      for (const name of ['kernel', 'd.kernel']) {
        const values = numbers(tensors.get(name)!);
        tensors.set(name, stored(reorderGates(values, shape[1] / 4, 'ijfo', 'ofji'), shape));
      }
    });
    expect((await compare(wrong, 1e-9)).hints).toEqual([
      'the gates are in the order o, f, j, i; here they are i, j, f, o',
    ]);
  });

  test('and mistakes are recognised in a network with projections', async () => {
    const file = fileOf(names[1]);
    const shapes = ['kernel.0', 'kernel.0.reverse', 'kernel.1', 'kernel.1.reverse'].map(
      (key) => [key, file.tensors.get(key)!.shape] as const,
    );
    const exchanged = changed(file, (tensors) => {
      for (const [key, shape] of shapes) {
        const H = shape[1] / 4;
        for (const [of, width] of [
          [key, shape],
          [key.replace('kernel', 'bias'), [4 * H]],
        ] as const) {
          tensors.set(of, stored(reorderGates(numbers(tensors.get(of)!), H, 'ijfo', 'ifjo'), width));
          tensors.set(`d.${of}`, stored(reorderGates(numbers(tensors.get(`d.${of}`)!), H, 'ijfo', 'ifjo'), width));
        }
      }
    });
    expect((await compare(exchanged, 1e-9)).hints).toEqual([
      'the gates are in the order i, f, j, o; here they are i, j, f, o',
    ]);
    const directions = changed(file, (tensors) => {
      for (const kind of ['kernel', 'bias', 'projection']) {
        for (const prefix of ['', 'd.']) {
          for (const n of [0, 1]) {
            const [one, other] = [`${prefix}${kind}.${n}`, `${prefix}${kind}.${n}.reverse`];
            const [first, second] = [tensors.get(one)!, tensors.get(other)!];
            tensors.set(one, second).set(other, first);
          }
        }
      }
    });
    expect((await compare(directions, 1e-9)).hints).toEqual(['the weights of the two directions are exchanged']);
  });

  test.each<[string, (tensors: Tensors, metadata: Map<string, string>) => unknown, string]>([
    [
      'a bias with metadata bias false',
      (_, metadata) => metadata.set('bias', 'false'),
      'metadata bias is false, but the file has "bias.0"',
    ],
    ['another text there', (_, metadata) => metadata.set('bias', 'no'), 'metadata bias is "no", must be true or false'],
    [
      'a projection for one direction only',
      (tensors) => tensors.delete('projection.1.reverse'),
      'has no tensor "projection.1.reverse"',
    ],
    [
      'a projection of the reverse direction only',
      (tensors) => tensors.delete('projection.1'),
      '"projection.1.reverse" is [3,2], but the file has no "projection.1"',
    ],
    [
      'a projection of another shape',
      (tensors) => tensors.set('projection.0.reverse', tensors.get('bias.0')!),
      '"projection.0.reverse" is [12], must be [3,2]',
    ],
    [
      'a projection to H numbers',
      (tensors) => tensors.set('projection.0', stored(new Float64Array(9), [3, 3])),
      '"projection.0" is [3,3], must be [H,P] with P smaller than H, 3',
    ],
    ['h0 with H numbers', (tensors) => tensors.set('h0', tensors.get('c0')!), '"h0" is [4,3,3], must be [4,3,2]'],
  ])('%s is refused', async (_, change, message) => {
    const { metadata, tensors } = fileOf(names[1]);
    const [texts, all] = [new Map(metadata), new Map(tensors)];
    change(all, texts);
    expect(((await failureOf(compare({ metadata: texts, tensors: all }))) as Error).message).toContain(message);
  });
});

test.each(RESULT_NAMES)('one wrong element of %s is found, and its index is reported', async (name) => {
  const { shape } = template.tensors.get(name)!;
  const file = changed(template, (tensors) =>
    changeNumbers(tensors, name, (values) => void (values[values.length - 1] += 0.5)),
  );
  const { ok, differences, hints } = await compare(file);
  expect([ok, hints]).toEqual([false, []]);
  expect(differences.filter((one) => !one.ok).map((one) => one.name)).toEqual([name]);
  const found = differences.find((one) => one.name === name)!;
  expect(found.element).toEqual(shape.map((extent) => extent - 1));
  expect(found.largestAbsolute).toBeCloseTo(0.5, 12);
  expect(found.theirs - found.ours).toBeCloseTo(0.5, 12);
});

test('the elements of the largest absolute and the largest relative difference are both reported', async () => {
  const values = numbers(template.tensors.get('h')!);
  const largest = values.reduce((most, value, n) => (Math.abs(value) > Math.abs(values[most]) ? n : most), 0);
  const smallest = values.reduce((least, value, n) => (Math.abs(value) < Math.abs(values[least]) ? n : least), 0);
  values[largest] += 0.02;
  values[smallest] += 0.01;
  const file = changed(template, (tensors) => changeNumbers(tensors, 'h', () => values));
  const { differences } = await compare(file);
  const h = differences.find(({ name }) => name === 'h')!;
  expect([h.largestAbsolute, h.theirs - h.ours].map((value) => Number(value.toFixed(9)))).toEqual([0.02, 0.01]);
  expect(h.elementOfAbsolute).not.toEqual(h.element);
});

test('a result of zeros agrees if zeros are expected', async () => {
  const withoutOutput = changed(template, (tensors) => changeNumbers(tensors, 'outKernel', (values) => values.fill(0)));
  const results = await solve(backend, problemOf(withoutOutput, 'f'));
  const file = changed(withoutOutput, (tensors) => {
    for (const [name, values] of results) tensors.set(name, stored(values, template.tensors.get(name)!.shape));
  });
  const { ok, differences } = await compare(file, 1e-300);
  expect(ok).toBe(true);
  expect(differences.find(({ name }) => name === 'd.kernel')!.ours).toBeCloseTo(0);
});

test('NaN is a difference', async () => {
  const file = changed(template, (tensors) =>
    changeNumbers(tensors, 'h', (values) => values.map((value, n) => (n === 7 || n === 9 ? NaN : value))),
  );
  const { ok, differences } = await compare(file, 1e300);
  expect(ok).toBe(false);
  expect(differences.find(({ name }) => name === 'h')).toMatchObject({
    ok: false,
    largestRelative: Infinity,
    theirs: NaN,
    element: [0, 1, 1],
  });
});

describe('a comparison is refused', () => {
  const messageOf = (change: Change): Promise<string> => dataErrorOf(compare(changed(template, change)));

  test.each(['x', 'labels', 'kernel', 'bias', 'outKernel', 'outBias'])('without %s', async (name) => {
    expect(await messageOf((tensors) => tensors.delete(name))).toContain(`has no tensor "${name}"`);
  });

  test.each([
    ['x of 2 axes', 'x', [12, 5], 'tensor "x" is [12,5], must be [T,B,I]'],
    ['outKernel of 1 axis', 'outKernel', [42], 'tensor "outKernel" is [42], must be [H,C]'],
    ['a kernel for other inputs', 'kernel', [12, 22], 'tensor "kernel" is [12,22], must be [11,24]'],
    ['h of all T + 1 rows', 'h', [4, 3, 6], 'tensor "h" is [4,3,6], must be [3,4,6]'],
    ['h0 of another batch', 'h0', [6, 4], 'tensor "h0" is [6,4], must be [4,6]'],
  ])('with %s', async (_, name, shape, message) => {
    expect(await messageOf((tensors) => tensors.set(name, { ...tensors.get(name)!, shape }))).toBe(
      `mine.safetensors: ${message}`,
    );
  });

  test('with labels beyond the classes, or too few', async () => {
    const withLabels = (...values: number[]): Promise<string> =>
      messageOf((tensors) =>
        tensors.set('labels', { dtype: 'U8', shape: [values.length], bytes: Uint8Array.from(values) }),
      );
    expect(await withLabels(0, 1, 7, 2)).toContain('label 7 at 2');
    expect(await withLabels(0, 1)).toContain('tensor "labels" is [2], must be [4]');
  });

  test('if its sizes do not fit into memory', async () => {
    expect(await messageOf((tensors) => tensors.set('x', storedZeros(100_001, 1, 1)))).toBe(
      'mine.safetensors: T 100001, B 1, I 1, H 6, C 7 is too large to compare: 0.1 GiB (at most 100000 steps and 4 GiB): ' +
        'take fewer sequences or steps',
    );
    const wide = await messageOf((tensors) => tensors.set('outKernel', storedZeros(60_000, 1)));
    expect(wide).toContain('too large to compare: 1716');
  });

  test('with a forget bias that is not a number, or without results', async () => {
    expect(await messageOf((_, metadata) => metadata.set('forgetBias', 'one'))).toContain(
      'metadata forgetBias is "one"',
    );
    expect(await messageOf((tensors) => RESULT_NAMES.forEach((name) => tensors.delete(name)))).toContain(
      'nothing to compare',
    );
  });
});
