/** Reads a file: the problem that both programs solve, and the other program's results. */
import { DataError } from '../errors.js';
import type { Safetensors } from '../files/safetensors.js';
import { quote } from '../files/safetensors.js';
import { floatsNamed, integersNamed } from '../files/stored-tensors.js';
import type { ModelSizes } from '../model.js';
import { decimalFrom } from '../numbers.js';
import type { Shape, Tensor } from '../tensor.js';
import { formatShape, valuesOf } from '../tensor.js';
import { assertFits } from './memory-limit.js';

/** The inputs of both programs. */
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

/** Results of a forward and a backward pass, each in row order, by their names in a file. Some may be missing. */
export type Results = ReadonlyMap<ResultName, Float64Array>;

/** The shape of each result. */
export function shapesOf({ T, B, I, H, C }: ModelSizes) {
  return {
    loss: [],
    logits: [B, C],
    h: [T, B, H],
    c: [T, B, H],
    'd.kernel': [I + H, 4 * H],
    'd.bias': [4 * H],
    'd.outKernel': [H, C],
    'd.outBias': [C],
    'd.x': [T, B, I],
    'd.h0': [B, H],
    'd.c0': [B, H],
  } satisfies Record<string, Shape>;
}

/** A result's name in a file. */
export type ResultName = keyof ReturnType<typeof shapesOf>;

/** The problem in a file. Throws a DataError if a tensor is missing or has another shape, or the problem is too large. */
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
    sizes,
    forgetBias: forgetBiasOf(file, name),
    labels: labelsOf(file, B, C, name),
    x,
    kernel: kernelOf(file, I, H, name),
    bias: floatsNamed(file, 'bias', [4 * H], name),
    outKernel,
    outBias: floatsNamed(file, 'outBias', [C], name),
    h0: optional('h0', B, H),
    c0: optional('c0', B, H),
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

/** The other program's results. NaN is allowed and counts as a difference. */
export function resultsOf(file: Safetensors, { sizes }: Problem, name: string): Results {
  const shapes = shapesOf(sizes);
  const names = Object.keys(shapes) as ResultName[];
  const given = names.filter((key) => file.tensors.has(key));
  if (given.length === 0) throw new DataError(`${name}: nothing to compare: it has none of ${names.join(', ')}`);
  return new Map(
    given.map((key) => {
      // a single number may come as [] or as [1]
      const isSingle = key === 'loss' && formatShape(file.tensors.get(key)?.shape ?? []) === '[1]';
      const shape = isSingle ? [1] : shapes[key];
      return [key, valuesOf(floatsNamed(file, key, shape, name, { allowNonFinite: true }))];
    }),
  );
}
