/**
 * Somebody else's LSTM against this one: the same inputs, recomputed in f64, and every number that they give compared.
 * Where they differ, known mistakes are made on purpose, and one that gives their numbers is named.
 *
 * What a file holds: docs/files.md.
 */
import type { Backend } from './backend.js';
import type { Clock } from './compare-limits.js';
import { assertFits, assertQuick, LONGEST_SEARCH_SECONDS } from './compare-limits.js';
import { DataError } from './data-error.js';
import type { ModelSizes } from './model.js';
import { Model } from './model.js';
import { decimalFrom } from './numbers.js';
import { fillRandom, Random } from './rng.js';
import type { Safetensors, StoredTensor } from './safetensors.js';
import { quote } from './safetensors.js';
import { floatsNamed, integersNamed, storedTensor } from './stored-tensors.js';
import type { Tensor } from './tensor.js';
import { copyInto, fill, formatShape, indexOf, rowsOf, stepOf, valuesOf, zeros } from './tensor.js';
import { MISTAKES } from './mistakes.js';

/** What both start from. */
export interface Problem {
  readonly sizes: ModelSizes;
  readonly forgetBias: number;
  readonly labels: readonly number[];
  readonly x: Tensor;
  readonly kernel: Tensor;
  readonly bias: Tensor;
  readonly outKernel: Tensor;
  readonly outBias: Tensor;
  readonly h0: Tensor | undefined;
  readonly c0: Tensor | undefined;
}

/** Any of what a forward and a backward pass give, by the names in a file, each in row order. */
export type Results = ReadonlyMap<ResultName, Float64Array>;

export const RESULT_NAMES = [
  ...(['loss', 'logits', 'h', 'c'] as const),
  ...(['d.kernel', 'd.bias', 'd.outKernel', 'd.outBias', 'd.x', 'd.h0', 'd.c0'] as const),
] as const;
/** A result's name in a file. */
export type ResultName = (typeof RESULT_NAMES)[number];

/** How one tensor of a file differs from this project's. */
export interface Difference {
  /** The tensor's name in the file. */
  readonly name: ResultName;
  /** The tensor's shape. */
  readonly shape: readonly number[];
  /** The largest |theirs - ours|. */
  readonly largestAbsolute: number;
  /** The indices of the element with the largest absolute difference. */
  readonly elementOfAbsolute: readonly number[];
  /** |theirs - ours| divided by the larger of the two, or by a tenth of the tensor's largest element if that is larger. */
  readonly largestRelative: number;
  /** The indices of the element with the largest relative difference. */
  readonly element: readonly number[];
  /** The file's number there. */
  readonly theirs: number;
  /** This project's number there. */
  readonly ours: number;
  /** largestRelative ≤ tolerance. */
  readonly ok: boolean;
}

/** What `compareFile` finds. */
export interface Comparison {
  /** One entry for each result in the file. */
  readonly differences: readonly Difference[];
  /** All differences are within the tolerance. */
  readonly ok: boolean;
  /** The known mistakes that would explain all differences, in words. Empty if none does, or if there is none to explain. */
  readonly hints: readonly string[];
  /** How far the search for mistakes came. */
  readonly search: Search;
}

/** How many known mistakes were tried. */
export interface Search {
  /** Mistakes tried; fewer than `of` if the time was up. */
  readonly tried: number;
  /** Mistakes that apply to this file; 0 if there is no difference to explain. */
  readonly of: number;
}

/** Elements smaller than this share of their tensor's largest are compared on the scale of that share. */
const RELATIVE_FLOOR = 0.1;

/** How long a comparison may take, and who is informed. */
export interface CompareOptions {
  /** Refuse a pass of more than 30 s, and end the search for mistakes before it takes more than 30 s. Default: true. */
  readonly limited?: boolean;
  /** Called with the sizes before the first pass; throws if there is no room for them. Default: nothing is called. */
  readonly assertRoom?: (sizes: ModelSizes) => void;
  /** Called after each step of a pass. Default: nothing is called. */
  readonly onProgress?: (progress: Progress) => void;
  /** Milliseconds, counted from any moment. Default: `performance.now`. */
  readonly clock?: Clock;
}

/** How far a comparison has come. */
export interface Progress {
  /** The pass that is compared with the file, or the search for mistakes. */
  readonly what: 'pass' | 'mistakes';
  /** The share of it that is done, 0 … 1. */
  readonly share: number;
}

/**
 * Compares a file's results with those of `backend`, whose dtype should be f64. Rejects with a DataError if the file does
 * not hold what it must, or if it would take too much memory or time.
 */
export async function compareFile(
  backend: Backend,
  file: Safetensors,
  tolerance: number,
  name: string,
  { limited = true, assertRoom, onProgress = () => {}, clock = () => performance.now() }: CompareOptions = {},
): Promise<Comparison> {
  const problem = problemOf(file, name);
  assertRoom?.(problem.sizes);
  const theirs = resultsOf(file, problem, name);
  if (limited) await assertQuick(problem, (piece) => solve(backend, piece), clock, name);
  const startedAt = clock();
  const ours = await solve(backend, problem, (share) => onProgress({ what: 'pass', share }));
  const passMs = clock() - startedAt;
  const differences = differencesOf(theirs, ours, problem, tolerance);
  const ok = differences.every((difference) => difference.ok);
  if (ok) return { differences, ok, hints: [], search: { tried: 0, of: 0 } };

  const endsAt = limited ? clock() + 1000 * LONGEST_SEARCH_SECONDS : Infinity;
  const mayRun = (): boolean => clock() + passMs <= endsAt;
  return { differences, ok, ...(await searchMistakes(backend, problem, theirs, ours, tolerance, mayRun, onProgress)) };
}

/** Tries one mistake after the other, as long as `mayRun` allows another pass. */
async function searchMistakes(
  backend: Backend,
  problem: Problem,
  theirs: Results,
  ours: Results,
  tolerance: number,
  mayRun: () => boolean,
  onProgress: (progress: Progress) => void,
): Promise<Pick<Comparison, 'hints' | 'search'>> {
  const mistakes = MISTAKES.filter(({ applies }) => applies(problem, theirs));
  const hints: string[] = [];
  for (const [tried, mistake] of mistakes.entries()) {
    const changed = mistake.change(problem);
    const needsPass = changed !== problem;
    if (needsPass && !mayRun()) return { hints, search: { tried, of: mistakes.length } };
    const onStep = (share: number): void => onProgress({ what: 'mistakes', share: (tried + share) / mistakes.length });
    const results = mistake.changeBack(needsPass ? await solve(backend, changed, onStep) : ours, problem);
    if (differencesOf(theirs, results, problem, tolerance).every(({ ok }) => ok)) hints.push(mistake.words(problem));
  }
  return { hints, search: { tried: mistakes.length, of: mistakes.length } };
}

/** The problem in a file. Throws a DataError where a tensor is missing, or of another shape, or all is too large. */
export function problemOf(file: Safetensors, name: string): Problem {
  const x = floatsNamed(file, 'x', ['T', 'B', 'I'], name);
  const outKernel = floatsNamed(file, 'outKernel', ['H', 'C'], name);
  const [T, B, I] = x.shape;
  const [H, C] = outKernel.shape;
  const sizes = { T, B, I, H, C };
  assertFits(sizes, name);
  const optional = (key: string, ...shape: number[]): Tensor | undefined =>
    file.tensors.has(key) ? floatsNamed(file, key, shape, name) : undefined;
  return {
    ...{ sizes, forgetBias: forgetBiasOf(file, name), labels: labelsOf(file, B, C, name) },
    ...{ x, kernel: kernelOf(file, I, H, name), bias: floatsNamed(file, 'bias', [4 * H], name) },
    ...{ outKernel, outBias: floatsNamed(file, 'outBias', [C], name) },
    ...{ h0: optional('h0', B, H), c0: optional('c0', B, H) },
  };
}

function kernelOf(file: Safetensors, I: number, H: number, name: string): Tensor {
  const shape = file.tensors.get('kernel')?.shape ?? [];
  if (I + H !== 4 * H && formatShape(shape) === formatShape([4 * H, I + H])) {
    throw new DataError(
      `${name}: kernel is ${formatShape(shape)}: transposed; it must be [I+H,4H] = ${formatShape([I + H, 4 * H])}`,
    );
  }
  return floatsNamed(file, 'kernel', [I + H, 4 * H], name);
}

function forgetBiasOf({ metadata }: Safetensors, name: string): number {
  const text = metadata.get('forgetBias') ?? '1';
  const value = decimalFrom(text);
  if (Number.isNaN(value)) {
    throw new DataError(`${name}: metadata forgetBias is ${quote(text)}, must be a number`);
  }
  return value;
}

function labelsOf(file: Safetensors, B: number, C: number, name: string): number[] {
  const labels = [...integersNamed(file, 'labels', [B], name)];
  const wrong = labels.findIndex((label) => !(label >= 0 && label < C));
  if (wrong >= 0) throw new DataError(`${name}: label ${labels[wrong]} at ${wrong}: outKernel has classes 0…${C - 1}`);
  return labels;
}

function shapesOf({ T, B, I, H, C }: Problem['sizes']): Record<ResultName, readonly number[]> {
  return {
    ...{ loss: [], logits: [B, C], h: [T, B, H], c: [T, B, H] },
    ...{ 'd.kernel': [I + H, 4 * H], 'd.bias': [4 * H], 'd.outKernel': [H, C], 'd.outBias': [C] },
    ...{ 'd.x': [T, B, I], 'd.h0': [B, H], 'd.c0': [B, H] },
  };
}

/** Theirs. NaN is taken: it is then what differs. */
function resultsOf(file: Safetensors, { sizes }: Problem, name: string): Results {
  const shapes = shapesOf(sizes);
  const given = RESULT_NAMES.filter((key) => file.tensors.has(key));
  if (given.length === 0) {
    throw new DataError(`${name}: nothing to compare: it has none of ${RESULT_NAMES.join(', ')}`);
  }
  return new Map(
    given.map((key) => {
      // a single number may come as [] or as [1]
      const isSingle = key === 'loss' && formatShape(file.tensors.get(key)?.shape ?? []) === '[1]';
      const shape = isSingle ? [1] : shapes[key];
      return [key, valuesOf(floatsNamed(file, key, shape, name, { allowNonFinite: true }))];
    }),
  );
}

/** One forward and one backward pass. `onStep` is called after each step of the LSTM, with the share that is done. */
export async function solve(
  backend: Backend,
  problem: Problem,
  onStep: (share: number) => void = () => {},
): Promise<Results> {
  const { sizes, forgetBias, labels } = problem;
  const model = new Model(withSteps(backend, sizes.T, onStep), sizes, { forgetBias, inputGradient: true });
  const { x, y, h, c, logits, dh, dc } = model.activations;
  try {
    for (const name of ['kernel', 'bias', 'outKernel', 'outBias'] as const) {
      copyInto(model.parameters[name], problem[name]);
    }
    copyInto(x, problem.x);
    if (problem.h0) copyInto(stepOf(h, 0), problem.h0);
    if (problem.c0) copyInto(stepOf(c, 0), problem.c0);
    fill(y, 0);
    labels.forEach((label, b) => y.set(b, label, 1));
    for (const tensor of [...Object.values(model.parameters), x, y, h, c]) backend.upload(tensor);

    model.forward();
    const { loss } = await model.metrics();
    model.backward();
    const { kernel, bias, outKernel, outBias } = model.gradients;
    for (const tensor of [h, c, logits, kernel, bias, outKernel, outBias, model.dx, dh, dc]) {
      await backend.download(tensor);
    }
    const afterFirst = (states: Tensor): Tensor => rowsOf(states, 1, sizes.T + 1);
    const tensors: Record<Exclude<ResultName, 'loss'>, Tensor> = {
      ...{ logits, h: afterFirst(h), c: afterFirst(c) },
      ...{ 'd.kernel': kernel, 'd.bias': bias, 'd.outKernel': outKernel, 'd.outBias': outBias },
      ...{ 'd.x': model.dx, 'd.h0': stepOf(dh, 0), 'd.c0': stepOf(dc, 0) },
    };
    return new Map<ResultName, Float64Array>([
      ['loss', Float64Array.of(loss)],
      ...Object.entries(tensors).map(([key, tensor]) => [key as ResultName, valuesOf(tensor)] as const),
    ]);
  } finally {
    model.dispose();
  }
}

/** A step backward takes about as long as two forward. */
function withSteps(backend: Backend, T: number, onStep: (share: number) => void): Backend {
  let done = 0;
  return Object.assign(Object.create(backend) as Backend, {
    lstmCellForward(...tensors) {
      backend.lstmCellForward(...tensors);
      onStep((done += 1) / (3 * T));
    },
    lstmCellBackward(...tensors) {
      backend.lstmCellBackward(...tensors);
      onStep((done += 2) / (3 * T));
    },
  } satisfies Partial<Backend>);
}

function differencesOf(theirs: Results, ours: Results, { sizes }: Problem, tolerance: number): Difference[] {
  const shapes = shapesOf(sizes);
  return [...theirs].map(([name, values]) => {
    const { atAbsolute, at, ...numbers } = largestDifference(values, ours.get(name) ?? values);
    const [elementOfAbsolute, element] = [atAbsolute, at].map((flat) => indexOf(flat, shapes[name]));
    const ok = numbers.largestRelative <= tolerance;
    return { name, shape: shapes[name], ...numbers, elementOfAbsolute, element, ok };
  });
}

function largestDifference(theirs: Float64Array, ours: Float64Array) {
  const floor = RELATIVE_FLOOR * ours.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  let [largestAbsolute, atAbsolute] = [0, 0];
  let [largestRelative, at] = [0, 0];
  for (let n = 0; n < ours.length; n++) {
    const absolute = largestIfNaN(Math.abs(theirs[n] - ours[n]));
    const scale = Math.max(Math.abs(theirs[n]), Math.abs(ours[n]), floor);
    const relative = absolute === 0 ? 0 : largestIfNaN(absolute / scale);
    if (absolute > largestAbsolute) [largestAbsolute, atAbsolute] = [absolute, n];
    if (relative > largestRelative) [largestRelative, at] = [relative, n];
  }
  return { largestAbsolute, atAbsolute, largestRelative, at, theirs: theirs[at], ours: ours[at] };
}

/** NaN is no agreement at all. */
const largestIfNaN = (value: number): number => (Number.isNaN(value) ? Infinity : value);

/** An example to start from: a small problem at random, and its results. */
export async function templateOf(backend: Backend, seed: number): Promise<Safetensors> {
  const random = new Random(seed);
  const sizes = { T: 3, B: 4, I: 5, H: 6, C: 7 };
  const { T, B, I, H, C } = sizes;
  const normal = (...shape: number[]): Tensor => {
    const tensor = zeros(shape, 'f64');
    fillRandom(tensor, () => random.normal(0, 0.7));
    return tensor;
  };
  const problem = {
    ...{ sizes, forgetBias: 1, x: normal(T, B, I), kernel: normal(I + H, 4 * H), bias: normal(4 * H) },
    ...{ outKernel: normal(H, C), outBias: normal(C), h0: normal(B, H), c0: normal(B, H) },
    labels: Array.from({ length: B }, () => random.below(C)),
  };
  const shapes = shapesOf(sizes);
  const results = [...(await solve(backend, problem))].map(
    ([key, values]) => [key, storedValues(values, shapes[key])] as const,
  );
  const { x, kernel, bias, outKernel, outBias, h0, c0 } = problem;
  const inputs = Object.entries({ x, kernel, bias, outKernel, outBias, h0, c0 }).map(
    ([key, tensor]) => [key, storedTensor(tensor)] as const,
  );
  return {
    metadata: new Map([['forgetBias', String(problem.forgetBias)]]),
    tensors: new Map<string, StoredTensor>([
      ...inputs,
      ['labels', { dtype: 'U8', shape: [B], bytes: Uint8Array.from(problem.labels) }],
      ...results,
    ]),
  };
}

function storedValues(values: Float64Array, shape: readonly number[]): StoredTensor {
  return { dtype: 'F64', shape, bytes: new Uint8Array(values.buffer, values.byteOffset, values.byteLength) };
}
