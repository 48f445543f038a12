/** `longhand compare`: right numbers pass, wrong ones are shown where they are, and known mistakes are named. */
import * as tf from '@tensorflow/tfjs';
import { createReferenceBackend } from '../kernels/reference/index.js';
import { asText } from '../src/cli/compare.js';
import type { CompareOptions, Comparison, Progress } from '../src/compare/compare.js';
import { compareFile } from '../src/compare/compare.js';
import { problemOf, RESULT_NAMES } from '../src/compare/problem.js';
import { solve } from '../src/compare/solve.js';
import { templateOf } from '../src/compare/template.js';
import { DataError } from '../src/errors.js';
import type { Safetensors, StoredTensor } from '../src/files/safetensors.js';
import type { PlantedMistake } from '../src/planted-mistakes.mjs';
import { PLANTED_MISTAKES } from '../src/planted-mistakes.mjs';
import { resultsWith } from './helpers/mistaken-program.js';
import { failureOf } from './helpers/spots.js';

beforeAll(async () => {
  tf.enableProdMode(); // or it advertises its native addon on the console
  await tf.setBackend('cpu');
});

const backend = createReferenceBackend({ dtype: 'f64' });
const compare = (file: Safetensors, tolerance = 1e-4): Promise<Comparison> =>
  compareFile(backend, file, tolerance, 'mine.safetensors');

type Tensors = Map<string, StoredTensor>;

function changed(
  { metadata, tensors }: Safetensors,
  change: (tensors: Tensors, metadata: Map<string, string>) => void,
) {
  const copy = { tensors: new Map(tensors), metadata: new Map(metadata) };
  change(copy.tensors, copy.metadata);
  return copy;
}

const numbers = ({ bytes }: StoredTensor): Float64Array => new Float64Array(new Uint8Array(bytes).buffer);
const stored = (values: Float64Array, shape: readonly number[]): StoredTensor => ({
  dtype: 'F64',
  shape,
  bytes: new Uint8Array(values.slice().buffer),
});

let template: Safetensors;
beforeAll(async () => (template = await templateOf(backend, 1)));

test('the template agrees with itself in every result, to the last bit', async () => {
  const { ok, differences, hints } = await compare(template, 1e-300);
  expect([ok, hints]).toEqual([true, []]);
  expect(differences.map(({ name }) => name)).toEqual([...RESULT_NAMES]);
  for (const { largestAbsolute, largestRelative } of differences)
    expect([largestAbsolute, largestRelative]).toEqual([0, 0]);
});

test('what TensorFlow.js computes in f32, by automatic differentiation, passes', async () => {
  const get = (name: string) => template.tensors.get(name)!;
  const tensor = (name: string) => tf.tensor(Float32Array.from(numbers(get(name))), [...get(name).shape]);
  const [T, B] = get('x').shape;
  const labels = [...get('labels').bytes];
  const lossOf = (kernel: tf.Tensor, bias: tf.Tensor, outKernel: tf.Tensor, outBias: tf.Tensor): tf.Scalar => {
    const x = tf.unstack(tensor('x'));
    let [c, h] = [tensor('c0') as tf.Tensor2D, tensor('h0') as tf.Tensor2D];
    for (let t = 0; t < T; t++) {
      [c, h] = tf.basicLSTMCell(tf.scalar(1), kernel as tf.Tensor2D, bias as tf.Tensor1D, x[t] as tf.Tensor2D, c, h);
    }
    const logits = tf.add(tf.matMul(h, outKernel as tf.Tensor2D), outBias);
    return tf.losses.softmaxCrossEntropy(tf.oneHot(labels, outBias.size), logits).asScalar();
  };
  const names = ['kernel', 'bias', 'outKernel', 'outBias'];
  const gradients = tf.grads(lossOf)(names.map(tensor));
  const file = changed(template, (tensors) => {
    for (const name of RESULT_NAMES) tensors.delete(name);
    names.forEach((name, n) => {
      const { shape } = get(name);
      tensors.set(`d.${name}`, {
        dtype: 'F32',
        shape,
        bytes: new Uint8Array(Float32Array.from(gradients[n].dataSync()).buffer),
      });
    });
  });
  expect(B).toBeGreaterThan(1);
  const { ok, differences } = await compare(file);
  expect([ok, differences.length]).toEqual([true, 4]);
  for (const { largestRelative } of differences) expect(largestRelative).toBeGreaterThan(0);
});

test.each(RESULT_NAMES)('one wrong element of %s is found, at its place', async (name) => {
  const { shape } = template.tensors.get(name)!;
  const file = changed(template, (tensors) => {
    const values = numbers(tensors.get(name)!);
    values[values.length - 1] += 0.5;
    tensors.set(name, stored(values, shape));
  });
  const { ok, differences, hints } = await compare(file);
  expect([ok, hints]).toEqual([false, []]);
  expect(differences.filter((one) => !one.ok).map((one) => one.name)).toEqual([name]);
  const found = differences.find((one) => one.name === name)!;
  expect(found.element).toEqual(shape.map((extent) => extent - 1));
  expect(found.largestAbsolute).toBeCloseTo(0.5, 12);
  expect(found.theirs - found.ours).toBeCloseTo(0.5, 12);
});

test('the places of the largest absolute and of the largest relative difference are both told', async () => {
  const { shape } = template.tensors.get('h')!;
  const file = changed(template, (tensors) => {
    const values = numbers(tensors.get('h')!);
    const largest = values.reduce((most, value, n) => (Math.abs(value) > Math.abs(values[most]) ? n : most), 0);
    const smallest = values.reduce((least, value, n) => (Math.abs(value) < Math.abs(values[least]) ? n : least), 0);
    values[largest] += 0.02;
    values[smallest] += 0.01;
    tensors.set('h', stored(values, shape));
  });
  const { differences } = await compare(file);
  const h = differences.find(({ name }) => name === 'h')!;
  expect([h.largestAbsolute, h.theirs - h.ours].map((value) => Number(value.toFixed(9)))).toEqual([0.02, 0.01]);
  expect(h.elementOfAbsolute).not.toEqual(h.element);
});

test('zeros that should be zeros agree', async () => {
  const withoutOutput = changed(template, (tensors) => {
    const { shape } = tensors.get('outKernel')!;
    tensors.set('outKernel', stored(new Float64Array(42), shape));
  });
  const results = await solve(backend, problemOf(withoutOutput, 'f'));
  const file = changed(withoutOutput, (tensors) => {
    for (const [name, values] of results) tensors.set(name, stored(values, template.tensors.get(name)!.shape));
  });
  const { ok, differences } = await compare(file, 1e-300);
  expect(ok).toBe(true);
  expect(differences.find(({ name }) => name === 'd.kernel')!.ours).toBeCloseTo(0);
});

test('NaN is a difference', async () => {
  const file = changed(template, (tensors) => {
    const values = numbers(tensors.get('h')!);
    values[7] = NaN;
    values[9] = NaN;
    tensors.set('h', stored(values, tensors.get('h')!.shape));
  });
  const { ok, differences } = await compare(file, 1e300);
  expect(ok).toBe(false);
  expect(differences.find(({ name }) => name === 'h')).toMatchObject({
    ok: false,
    largestRelative: Infinity,
    theirs: NaN,
    element: [0, 1, 1],
  });
});

describe('a mistake is named', () => {
  /** A file with the results of another problem: those that a mistaken program would give for this one. */
  async function mistaken(
    change: (tensors: Tensors, metadata: Map<string, string>) => void,
    back: (tensors: Tensors) => void = () => {},
  ): Promise<Safetensors> {
    const results = await solved(changed(template, change));
    return changed(template, (tensors) => {
      for (const name of RESULT_NAMES) tensors.set(name, results.get(name)!);
      back(tensors);
    });
  }

  /** The results of a file's problem, taken from what a comparison says is right, element by element. */
  async function solved(file: Safetensors): Promise<Tensors> {
    const results = await solve(backend, problemOf(file, 'f'));
    return new Map([...results].map(([name, values]) => [name, stored(values, template.tensors.get(name)!.shape)]));
  }

  const H = 6;
  const I = 5;
  const B = 4;

  /** Column blocks of `[…,4H]` in another order: block n from `sources[n]`. */
  const blocks =
    (name: string, sources: readonly number[]) =>
    (tensors: Tensors): void => {
      const { shape } = tensors.get(name)!;
      const values = numbers(tensors.get(name)!);
      const moved = values.map((_, n) => {
        const [row, column] = [Math.floor(n / (4 * H)), n % (4 * H)];
        return values[row * 4 * H + sources[Math.floor(column / H)] * H + (column % H)];
      });
      tensors.set(name, stored(moved, shape));
    };

  test.each([
    ['i, f, j, o', [0, 2, 1, 3]],
    ['i, o, f, j', [0, 3, 2, 1]],
    ['f, i, o, j', [1, 3, 0, 2]],
  ])('gates in the order %s', async (order, toOurs) => {
    const back = [0, 1, 2, 3].map((n) => toOurs.indexOf(n));
    const file = await mistaken(
      (tensors) => ['kernel', 'bias'].forEach((name) => blocks(name, toOurs)(tensors)),
      (tensors) => ['d.kernel', 'd.bias'].forEach((name) => blocks(name, back)(tensors)),
    );
    expect((await compare(file)).hints).toEqual([`the gates are in the order ${order}; here they are i, j, f, o`]);
  });

  /** A file with the results of this program with a mistake of src/planted-mistakes.mjs in it. */
  async function planted(mistake: PlantedMistake): Promise<Safetensors> {
    const results = await resultsWith(mistake, problemOf(template, 'f'));
    return changed(template, (tensors) => {
      for (const [name, values] of results) tensors.set(name, stored(values, template.tensors.get(name)!.shape));
    });
  }

  const HINTS: Readonly<Record<string, string>> = {
    'no-forget-bias': 'the forget bias, 1, is missing',
    'forget-bias-twice': 'the forget bias, 1, is added twice',
    'sum-over-batch':
      'the gradients are those of the sum of the losses over the batch; here they are those of the mean',
  };

  // those that change a result of one forward and one backward pass, with one-hot labels
  test.each(
    PLANTED_MISTAKES.filter(({ file }) => ['lstm.ts', 'dense.ts', 'cross-entropy.ts'].includes(file))
      .filter(({ id, test: other }) => other === 'gradients' || id in HINTS)
      .map((mistake) => [mistake.equation, mistake.words, mistake] as const),
  )('planted in (%s): %s', async (_, __, mistake) => {
    const { ok, hints } = await compare(await planted(mistake));
    expect({ ok, hints }).toEqual({ ok: false, hints: mistake.id in HINTS ? [HINTS[mistake.id]] : [] });
  });

  test('the rows of h above those of x', async () => {
    const rows = (name: string, first: number) => (tensors: Tensors) => {
      const { shape } = tensors.get(name)!;
      const values = numbers(tensors.get(name)!);
      tensors.set(
        name,
        stored(Float64Array.of(...values.subarray(first * 4 * H), ...values.subarray(0, first * 4 * H)), shape),
      );
    };
    const file = await mistaken(rows('kernel', H), rows('d.kernel', I));
    expect((await compare(file)).hints).toEqual(["the kernel's rows of h stand above those of x; here x comes first"]);
  });

  test('a sum over the batch', async () => {
    const times = (...names: string[]) =>
      changed(template, (tensors) => {
        for (const name of names) {
          const { shape } = tensors.get(name)!;
          tensors.set(
            name,
            stored(
              numbers(tensors.get(name)!).map((value) => value * B),
              shape,
            ),
          );
        }
      });
    const gradients = RESULT_NAMES.filter((name) => name.startsWith('d.'));
    expect((await compare(times('loss', ...gradients))).hints).toEqual([
      'the loss is the sum over the batch; here it is the mean',
    ]);
    const withoutLoss = changed(times(...gradients), (tensors) => tensors.delete('loss'));
    expect((await compare(withoutLoss)).hints).toHaveLength(1);
    expect((await compare(times(...gradients))).hints).toEqual([
      'the gradients are those of the sum of the losses over the batch; here they are those of the mean',
    ]);
  });

  test('a transposed kernel that its shape does not betray', async () => {
    const { writeProblem } = await import('./helpers/square-problem.js');
    const { right, transposed } = await writeProblem(backend);
    expect((await compare(right)).ok).toBe(true);
    expect((await compare(transposed)).hints).toEqual(['the kernel is transposed']);
  });

  test('a transposed kernel that its shape betrays', async () => {
    const file = changed(template, (tensors) => {
      tensors.set('kernel', { ...tensors.get('kernel')!, shape: [4 * H, I + H] });
    });
    expect(await failureOf(compare(file))).toEqual(
      new DataError('mine.safetensors: kernel is [24,11]: transposed; it must be [I+H,4H] = [11,24]'),
    );
  });
});

describe('is refused', () => {
  const messageOf = async (change: (tensors: Tensors, metadata: Map<string, string>) => void): Promise<string> => {
    const failure = await failureOf(compare(changed(template, change)));
    expect(failure).toBeInstanceOf(DataError);
    return (failure as DataError).message;
  };

  test.each(['x', 'labels', 'kernel', 'bias', 'outKernel', 'outBias'])('without %s', async (name) => {
    expect(await messageOf((tensors) => tensors.delete(name))).toContain(`has no tensor "${name}"`);
  });

  test.each([
    ['x of 2 axes', 'x', [12, 5], 'tensor "x" is [12,5], must be [T,B,I]'],
    ['outKernel of 1 axis', 'outKernel', [42], 'tensor "outKernel" is [42], must be [H,C]'],
    ['a kernel for other inputs', 'kernel', [12, 22], 'tensor "kernel" is [12,22], must be [11,24]'],
    ['h of all T + 1 rows', 'h', [4, 3, 6], 'tensor "h" is [4,3,6], must be [3,4,6]'],
    ['h0 of another batch', 'h0', [6, 4], 'tensor "h0" is [6,4], must be [4,6]'],
  ])('%s', async (_, name, shape, message) => {
    expect(await messageOf((tensors) => tensors.set(name, { ...tensors.get(name)!, shape }))).toBe(
      `mine.safetensors: ${message}`,
    );
  });

  test('labels beyond the classes, or too few', async () => {
    const labels = (...values: number[]): StoredTensor => ({
      dtype: 'U8',
      shape: [values.length],
      bytes: Uint8Array.from(values),
    });
    expect(await messageOf((tensors) => tensors.set('labels', labels(0, 1, 7, 2)))).toContain('label 7 at 2');
    expect(await messageOf((tensors) => tensors.set('labels', labels(0, 1)))).toContain(
      'tensor "labels" is [2], must be [4]',
    );
  });

  test('what does not fit into memory, by its sizes', async () => {
    const x = (...shape: [number, number, number]): StoredTensor => ({
      dtype: 'F32',
      shape,
      bytes: new Uint8Array(4 * shape[0] * shape[1] * shape[2]),
    });
    expect(await messageOf((tensors) => tensors.set('x', x(100_001, 1, 1)))).toBe(
      'mine.safetensors: T 100001 B 1 I 1 H 6 C 7 is too large to compare: 0.1 GiB (at most 100000 steps and 4 GiB): ' +
        'take fewer sequences or steps',
    );
    const wide: StoredTensor = { dtype: 'F32', shape: [60_000, 1], bytes: new Uint8Array(240_000) };
    expect(await messageOf((tensors) => tensors.set('outKernel', wide))).toContain('too large to compare: 1716');
  });

  test('a forget bias that is no number, and a file without results', async () => {
    expect(await messageOf((_, metadata) => metadata.set('forgetBias', 'one'))).toContain(
      'metadata forgetBias is "one"',
    );
    expect(await messageOf((tensors) => RESULT_NAMES.forEach((name) => tensors.delete(name)))).toContain(
      'nothing to compare',
    );
  });
});

describe('the time that it takes is bounded', () => {
  /** Each look at it finds it `ms` later. */
  const clockOf = (ms: number): (() => number) => {
    let now = 0;
    return () => (now += ms);
  };

  /** 24 steps of 4 sequences, and only the loss to compare. */
  const long = (): Safetensors =>
    changed(template, (tensors) => {
      for (const name of RESULT_NAMES) if (name !== 'loss') tensors.delete(name);
      tensors.set('x', stored(new Float64Array(24 * 4 * 5), [24, 4, 5]));
    });

  /** A backend that counts the steps forward. */
  function counting() {
    const counts = { steps: 0 };
    const counted = createReferenceBackend({ dtype: 'f64' });
    const lstmCellForward = counted.lstmCellForward.bind(counted);
    Object.assign(counted, {
      lstmCellForward(...tensors: Parameters<typeof lstmCellForward>) {
        counts.steps++;
        lstmCellForward(...tensors);
      },
    });
    return { counts, counted };
  }

  const run = (file: Safetensors, options: CompareOptions, on = backend): Promise<Comparison> =>
    compareFile(on, file, 1e-4, 'mine.safetensors', options);

  test('a pass of more than 30 s is refused, with the estimate, after a piece of it', async () => {
    const { counts, counted } = counting();
    // 8 of 24 steps take 12 s
    expect(await failureOf(run(long(), { clock: clockOf(12_000) }, counted))).toEqual(
      new DataError(
        'mine.safetensors: T 24 B 4 I 5 H 6 C 7: one pass would take about 36 s, more than 30 s: take fewer sequences or ' +
          'steps, or pass --no-limit',
      ),
    );
    expect(counts.steps).toBe(8 + 8);
    expect(String(await failureOf(run(long(), { clock: clockOf(3_600_000) })))).toContain('about 180 minutes');
  });

  test('one of 30 s is not, nor a longer one without the limit', async () => {
    expect((await run(long(), { clock: clockOf(10_000) })).differences).toHaveLength(1);
    const { counts, counted } = counting();
    const { search } = await run(long(), { clock: clockOf(3_600_000), limited: false }, counted);
    // nothing is measured; one pass, and one for each mistake but the two sums over the batch
    expect(search).toEqual({ tried: 28, of: 28 });
    expect(counts.steps).toBe(24 * 27);
  });

  test('a piece that is too quick to say anything is doubled', async () => {
    const { counts, counted } = counting();
    const right = changed(template, (tensors) => RESULT_NAMES.slice(1).forEach((name) => tensors.delete(name)));
    await run(right, { clock: clockOf(1) }, counted);
    expect(counts.steps).toBe(3 + 3 + 3);
    counts.steps = 0;
    await run(long(), { clock: clockOf(199) }, counted);
    expect(counts.steps - 24 * 27).toBe(8 + 16 + 24 + 24);
  });

  test('one slow start, or a computer that was busy for a moment, does not refuse', async () => {
    const { counts, counted } = counting();
    // a step takes 2 ms, but the first 40 s
    const clock = (): number => 2 * counts.steps + (counts.steps > 0 ? 40_000 : 0);
    expect((await run(long(), { clock }, counted)).differences).toHaveLength(1);
  });

  test('a piece of large steps has only some of the sequences', async () => {
    const zero = (...shape: number[]): StoredTensor =>
      stored(new Float64Array(shape.reduce((product, extent) => product * extent, 1)), shape);
    const tensors = new Map<string, StoredTensor>([
      ...([
        ['x', zero(1, 150, 5)],
        ['kernel', zero(505, 2000)],
        ['bias', zero(2000)],
      ] as const),
      ...([
        ['outKernel', zero(500, 2)],
        ['outBias', zero(2)],
        ['loss', zero()],
      ] as const),
      ['labels', { dtype: 'U8', shape: [150], bytes: new Uint8Array(150) }],
    ]);
    // 505 · 2000 products a sequence: 99 sequences need 40 s, 150 need 61
    expect(String(await failureOf(run({ metadata: new Map(), tensors }, { clock: clockOf(40_000) })))).toContain(
      'one pass would take about 61 s',
    );
  });

  test('the search for mistakes ends when its time is up, and says so', async () => {
    // a pass takes 10 s, and so does each look at the clock: two passes are begun within 30 s
    const comparison = await run(long(), { clock: clockOf(10_000) });
    expect(comparison.search).toEqual({ tried: 4, of: 28 });
    expect(asText(comparison, 1e-4)).toMatch(
      /\nThe search for mistakes tried 4 of 28 in its limit of 30 s\. --no-limit tries all\.$/,
    );
    const whole = await run(long(), {});
    expect(whole.search).toEqual({ tried: 28, of: 28 });
    expect(asText(whole, 1e-4)).toMatch(/\nNone of the usual mistakes alone gives your numbers\.$/);
  });

  test('a mistake that needs no pass is found in any case', async () => {
    const file = changed(template, (tensors) => {
      for (const name of RESULT_NAMES) if (name !== 'loss') tensors.delete(name);
      tensors.set('loss', stored(Float64Array.of(4 * numbers(tensors.get('loss')!)[0]), []));
    });
    const comparison = await run(file, { clock: clockOf(29_000) });
    expect(comparison.hints).toEqual(['the loss is the sum over the batch; here it is the mean']);
    expect(comparison.search).toEqual({ tried: 2, of: 28 });
  });

  test('it reports its progress: the pass from 0 to 1, then the mistakes', async () => {
    const all: Progress[] = [];
    await run(long(), { onProgress: (progress) => all.push(progress) });
    for (const what of ['pass', 'mistakes'] as const) {
      const shares = all.filter((one) => one.what === what).map(({ share }) => share);
      expect(shares).toEqual([...shares].sort((a, b) => a - b));
      expect(shares[0]).toBeGreaterThan(0);
      expect(shares.at(-1)).toBeCloseTo(1, 12);
    }
    expect(all.findIndex(({ what }) => what === 'mistakes')).toBe(2 * 24);
  });
});
