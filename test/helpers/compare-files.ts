/** Tensors of whole numbers and of F64, and files of random inputs, for `longhand compare`. */
import { Random } from '../../src/core/rng.js';
import type { Safetensors, StoredTensor } from '../../src/files/safetensors.js';
import { storedFloats } from '../../src/files/stored-tensors.js';
import type { Tensors } from './changed-files.js';

/** The results of one layer and direction with cross-entropy, in the order of a report. */
export const RESULT_NAMES: readonly string[] = [
  ...['loss', 'logits', 'h', 'c'],
  ...['kernel', 'bias', 'outKernel', 'outBias', 'x', 'h0', 'c0'].map((name) => `d.${name}`),
];

/** The numbers of a tensor in F64. */
export const numbers = ({ bytes }: StoredTensor): Float64Array => new Float64Array(new Uint8Array(bytes).buffer);
/** A tensor in F64. */
export const stored = (values: Float64Array, shape: readonly number[]): StoredTensor =>
  storedFloats(values.slice(), shape);
/** A tensor of zeros in F64. */
export const storedZeros = (...shape: number[]): StoredTensor =>
  stored(new Float64Array(shape.reduce((size, extent) => size * extent, 1)), shape);

/** Changes the numbers of a tensor in F64: in place, or into those that `change` returns. */
export function changeNumbers(
  tensors: Tensors,
  name: string,
  change: (values: Float64Array) => Float64Array | undefined,
): void {
  const values = numbers(tensors.get(name)!);
  tensors.set(name, stored(change(values) ?? values, tensors.get(name)!.shape));
}

/** What a file of random inputs has. */
export interface InputOptions {
  /** H of each layer. Default: [2, 2]. */
  readonly hidden?: readonly number[];
  /** Default: true. */
  readonly bidirectional?: boolean;
  /** Default: T each. */
  readonly lengths?: readonly number[];
  readonly metadata?: Readonly<Record<string, string>>;
  /** Whole numbers, row by row. Default: with cross-entropy, random classes. */
  readonly labels?: readonly number[];
  /** Whether the file has h0 and c0. Default: true. */
  readonly states?: boolean;
}

/** I = 2·H, so that the kernels of both layers have one shape if both are bidirectional. */
const SIZES = { T: 3, B: 3, I: 4, C: 4 } as const;

/** The inputs of a comparison, without results. Its layers have numbers. */
export function randomInputs(seed: number, options: InputOptions = {}): Safetensors {
  const { hidden = [2, 2], bidirectional = true, lengths, metadata = {}, labels, states = true } = options;
  const { T, B, I, C } = SIZES;
  const random = new Random(seed);
  const normal = (...shape: number[]): StoredTensor =>
    stored(
      Float64Array.from({ length: shape.reduce((size, extent) => size * extent, 1) }, () => random.normal(0, 0.7)),
      shape,
    );
  const directions = bidirectional ? ['', '.reverse'] : [''];
  const tensors: Tensors = new Map([['x', normal(T, B, I)]]);
  hidden.forEach((H, n) => {
    const inputs = n === 0 ? I : hidden[n - 1] * directions.length;
    for (const direction of directions) {
      tensors.set(`kernel.${n}${direction}`, normal(inputs + H, 4 * H));
      tensors.set(`bias.${n}${direction}`, normal(4 * H));
    }
  });
  const [H] = hidden.slice(-1);
  tensors.set('outKernel', normal(directions.length * H, C)).set('outBias', normal(C));
  if (states) {
    for (const name of ['h0', 'c0']) tensors.set(name, normal(hidden.length * directions.length, B, H));
  }
  const rows = metadata.reads === 'every' ? [T, B] : [B];
  if (metadata.loss === 'squaredError') tensors.set('targets', normal(...rows, C));
  else {
    const count = rows.reduce((product, extent) => product * extent, 1);
    tensors.set('labels', whole(labels ?? Array.from({ length: count }, () => random.below(C)), rows));
  }
  if (lengths) tensors.set('lengths', whole(lengths, [B]));
  return { metadata: new Map(Object.entries(metadata)), tensors };
}

/** A tensor in I32. */
export const whole = (values: readonly number[], shape: readonly number[]): StoredTensor => ({
  dtype: 'I32',
  shape,
  bytes: new Uint8Array(Int32Array.from(values).buffer),
});
