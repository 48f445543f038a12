/** `longhand compare` names known mistakes, and finds every mistake of src/mistakes/planted-mistakes.mjs that changes a result. */
import { build } from 'esbuild';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { type Comparison, compareFile } from '../../src/compare/compare.js';
import type { Problem, Results } from '../../src/compare/problem.js';
import { problemOf } from '../../src/compare/read-problem.js';
import { solve } from '../../src/compare/solve.js';
import { templateOf } from '../../src/compare/template.js';
import type { Backend } from '../../src/core/backend.js';
import { DataError } from '../../src/core/errors.js';
import { fillRandom, Random } from '../../src/core/rng.js';
import { type Tensor, transposeOf, zeros } from '../../src/core/tensor.js';
import { type PlantedMistake, PLANTED_MISTAKES } from '../../src/mistakes/planted-mistakes.mjs';
import type { Safetensors, StoredTensor } from '../../src/files/safetensors.js';
import { storedTensor } from '../../src/files/stored-tensors.js';
import { type Tensors, changed } from '../helpers/changed-files.js';
import { changeNumbers, RESULT_NAMES, stored } from '../helpers/compare-files.js';
import { failureOf } from '../helpers/failures.js';
import { WEBGPU_MISTAKES } from '../../src/mistakes/webgpu-mistakes.mjs';

const backend = createReferenceBackend({ dtype: 'f64' });
const compare = (file: Safetensors): Promise<Comparison> => compareFile(backend, file, 1e-4, 'mine.safetensors');

let template: Safetensors;
beforeAll(async () => (template = await templateOf(backend, 1)));

/**
 * The same inputs with right results, and with the results of a program that uses the transposed kernel. The kernel is
 * square, so its shape does not reveal that it is transposed.
 */
async function squareProblem(): Promise<{ right: Safetensors; transposed: Safetensors }> {
  const [T, B, I, H, C] = [3, 2, 6, 2, 3]; // I + H = 4H
  const random = new Random(4);
  const normal = (...shape: number[]): Tensor => {
    const tensor = zeros(shape, 'f64');
    fillRandom(tensor, () => random.normal(0, 0.7));
    return tensor;
  };
  const kernel = normal(I + H, 4 * H);
  const inputs = new Map<string, StoredTensor>([
    ['x', storedTensor(normal(T, B, I))],
    ['bias', storedTensor(normal(4 * H))],
    ['outKernel', storedTensor(normal(H, C))],
    ['outBias', storedTensor(normal(C))],
    ['labels', { dtype: 'U8', shape: [B], bytes: Uint8Array.of(2, 0) }],
  ]);
  const fileWith = (theirs: Tensor, results: ReadonlyMap<string, StoredTensor> = new Map()): Safetensors => ({
    metadata: new Map(),
    tensors: new Map([...inputs, ['kernel', storedTensor(theirs)], ...results]),
  });
  const resultsOf = async (taken: Tensor): Promise<Map<string, StoredTensor>> => {
    const results = await solve(backend, problemOf(fileWith(taken), 'f'));
    const shapes = { loss: [], h: [T, B, H], logits: [B, C] };
    return new Map(Object.entries(shapes).map(([name, shape]) => [name, stored(results.get(name)!, shape)]));
  };
  return {
    right: fileWith(kernel, await resultsOf(kernel)),
    transposed: fileWith(kernel, await resultsOf(transposeOf(kernel))),
  };
}

describe('a known mistake is named:', () => {
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

  /** The right results of a file's problem. */
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
    (tensors: Tensors): void =>
      changeNumbers(tensors, name, (values) =>
        values.map((_, n) => {
          const [row, column] = [Math.floor(n / (4 * H)), n % (4 * H)];
          return values[row * 4 * H + sources[Math.floor(column / H)] * H + (column % H)];
        }),
      );

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

  test('the rows of h above those of x', async () => {
    const rows = (name: string, first: number) => (tensors: Tensors) =>
      changeNumbers(tensors, name, (values) =>
        Float64Array.of(...values.subarray(first * 4 * H), ...values.subarray(0, first * 4 * H)),
      );
    const file = await mistaken(rows('kernel', H), rows('d.kernel', I));
    expect((await compare(file)).hints).toEqual(["the kernel's rows of h stand above those of x; here x comes first"]);
  });

  test('a sum over the batch', async () => {
    const times = (...names: string[]) =>
      changed(template, (tensors) => {
        for (const name of names) changeNumbers(tensors, name, (values) => values.map((value) => value * B));
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

  test('a transposed kernel whose shape also fits', async () => {
    const { right, transposed } = await squareProblem();
    expect((await compare(right)).ok).toBe(true);
    expect((await compare(transposed)).hints).toEqual(['the kernel is transposed']);
  });

  test('a transposed kernel whose shape does not fit', async () => {
    const file = changed(template, (tensors) => {
      tensors.set('kernel', { ...tensors.get('kernel')!, shape: [4 * H, I + H] });
    });
    expect(await failureOf(compare(file))).toEqual(
      new DataError('mine.safetensors: kernel is [24,11]: transposed; it must be [I+H,4H] = [11,24]'),
    );
  });
});

/** This project with a mistake in it, as an example of a wrong program. */
const project = fileURLToPath(new URL('../..', import.meta.url));

const ENTRY = `
  export { createReferenceBackend } from './kernels/reference/index.ts';
  export { solve } from './src/compare/solve.ts';`;

interface Program {
  readonly createReferenceBackend: (options: { dtype: 'f64' }) => Backend;
  readonly solve: (backend: Backend, problem: Problem) => Promise<Results>;
}

/** The results of a problem as the program with this mistake computes them, in f64. */
async function resultsWith({ id, file, right, wrong }: PlantedMistake, problem: Problem): Promise<Results> {
  const target = path.join(project, 'src', file);
  const parts = readFileSync(target, 'utf8').split(right);
  if (parts.length !== 2) throw new Error(`${id}: src/${file} has “${right}” ${parts.length - 1} times, not once`);
  const { outputFiles } = await build({
    stdin: { contents: ENTRY, resolveDir: project, loader: 'ts' },
    absWorkingDir: project,
    bundle: true,
    write: false,
    format: 'cjs',
    platform: 'node',
    logLevel: 'error',
    plugins: [
      {
        name: 'plant',
        setup: (bundle) =>
          bundle.onLoad({ filter: new RegExp(`${path.basename(file)}$`) }, ({ path: loaded }) =>
            loaded === target ? { contents: parts.join(wrong), loader: 'ts' } : undefined,
          ),
      },
    ],
  });

  const module = { exports: {} as Program };
  // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call -- a bundle made above
  new Function('module', 'exports', outputFiles[0].text)(module, module.exports);
  const { createReferenceBackend, solve } = module.exports;
  return solve(createReferenceBackend({ dtype: 'f64' }), problem);
}

/** A file with the results of this program with a mistake of src/mistakes/planted-mistakes.mjs in it. */
async function planted(mistake: PlantedMistake): Promise<Safetensors> {
  const cell = ['gru', 'rnn'].find((name) => mistake.file.endsWith(`/${name}.ts`)) as 'gru' | 'rnn' | undefined;
  const right = cell ? await templateOf(backend, 1, { cell, reads: 'every' }) : template;
  const results = await resultsWith(mistake, problemOf(right, 'f'));
  return changed(right, (tensors) => {
    for (const [name, values] of results) tensors.set(name, stored(values, right.tensors.get(name)!.shape));
  });
}

const HINTS: Readonly<Record<string, string>> = {
  'no-forget-bias': 'the forget bias, 1, is missing',
  'forget-bias-twice': 'the forget bias, 1, is added twice',
  'sum-over-batch': 'the gradients are those of the sum of the losses over the batch; here they are those of the mean',
};

// the mistakes that change a result of one forward and one backward pass with one-hot labels
test.each(
  PLANTED_MISTAKES.filter(
    ({ id, file, test: other }) =>
      ['equations/gru.ts', 'equations/rnn.ts'].includes(file) ||
      (['lstm.ts', 'dense.ts', 'cross-entropy.ts'].includes(path.basename(file)) &&
        (other === 'equations/gradients' || id in HINTS)),
  ).map((mistake) => [mistake.equation, mistake.words, mistake] as const),
)('a mistake planted in (%s) makes a difference, and is named if it is a known one: %s', async (_, __, mistake) => {
  const { ok, hints } = await compare(await planted(mistake));
  expect({ ok, hints }).toEqual({ ok: false, hints: mistake.id in HINTS ? [HINTS[mistake.id]] : [] });
});

test('each mistake that `npm run test:mutations` plants has its place: its right text occurs once in its file', () => {
  const ofEquations = PLANTED_MISTAKES.map((mistake) => ({ ...mistake, file: `src/${mistake.file}` }));
  const places = [...ofEquations, ...WEBGPU_MISTAKES].map(({ id, file, right }) => {
    const text = readFileSync(fileURLToPath(new URL(`../../${file}`, import.meta.url)), 'utf8');
    return `${id}: ${text.split(right).length - 1} times in ${file}`;
  });
  expect(places.filter((place) => !place.includes(': 1 times'))).toEqual([]);
});
