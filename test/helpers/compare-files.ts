/** Files for `longhand compare`, made by changes of other files. */
import type { ResultName } from '../../src/compare/problem.js';
import { shapesOf } from '../../src/compare/problem.js';
import type { Safetensors, StoredTensor } from '../../src/files/safetensors.js';

export const RESULT_NAMES = Object.keys(shapesOf({ T: 1, B: 1, I: 1, H: 1, C: 1 })) as ResultName[];

export type Tensors = Map<string, StoredTensor>;

/** A copy of a file, changed. */
export function changed(
  { metadata, tensors }: Safetensors,
  change: (tensors: Tensors, metadata: Map<string, string>) => void,
) {
  const copy = { tensors: new Map(tensors), metadata: new Map(metadata) };
  change(copy.tensors, copy.metadata);
  return copy;
}

/** The numbers of a tensor in F64. */
export const numbers = ({ bytes }: StoredTensor): Float64Array => new Float64Array(new Uint8Array(bytes).buffer);
/** A tensor in F64. */
export const stored = (values: Float64Array, shape: readonly number[]): StoredTensor => ({
  dtype: 'F64',
  shape,
  bytes: new Uint8Array(values.slice().buffer),
});
