/** A small file for `longhand compare` with many steps: inputs and weights of zeros. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { sizeOf } from '../../src/core/tensor.js';
import type { StoredTensor } from '../../src/files/safetensors.js';
import { writeSafetensors } from '../../src/files/safetensors.js';

const [B, I, H, C] = [1, 1, 1, 2];

/** The loss of two classes that are equally likely. */
export const LOSS = Math.LN2;

export function comparisonOf(folder: string, T: number, loss: number): string {
  const zero = (...shape: number[]): StoredTensor => ({
    dtype: 'F32',
    shape,
    bytes: new Uint8Array(4 * sizeOf(shape)),
  });
  const tensors = new Map<string, StoredTensor>([
    ...Object.entries({ x: zero(T, B, I), kernel: zero(I + H, 4 * H), bias: zero(4 * H) }),
    ...Object.entries({ outKernel: zero(H, C), outBias: zero(C) }),
    ['loss', { dtype: 'F64', shape: [], bytes: new Uint8Array(Float64Array.of(loss).buffer) }],
    ['labels', { dtype: 'U8', shape: [B], bytes: new Uint8Array(B) }],
  ]);
  const file = path.join(folder, 'mine.safetensors');
  writeFileSync(file, writeSafetensors({ metadata: new Map(), tensors }));
  return file;
}
