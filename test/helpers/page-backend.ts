/** The script of a page that runs a GPU backend for a test in Node; see remote-backend.ts. */
import ndarray from 'ndarray';
import type { Mode } from '../../kernels/gpu/index.js';
import { createGpuBackend } from '../../kernels/gpu/index.js';
import type { Backend } from '../../src/core/backend.js';
import type { FloatArray, Tensor } from '../../src/core/tensor.js';
import { copyInto, tensorFrom, valuesOf } from '../../src/core/tensor.js';

/** A view of tensor number `tensor`. */
export interface RemoteView {
  readonly tensor: number;
  readonly shape: readonly number[];
  readonly stride: readonly number[];
  readonly offset: number;
}

/** One call of a backend's method. `values`: what `upload` copies into the view. `tensor`: the number of the tensor that `allocate` returns. */
export interface Call {
  readonly method: keyof Backend;
  readonly operands: readonly unknown[];
  readonly tensor?: number;
  readonly values?: readonly number[];
}

let backend: Backend;
const tensors = new Map<number, Tensor>();

function operandOf(operand: unknown): unknown {
  if (typeof operand !== 'object' || operand === null || Array.isArray(operand)) return operand;
  if (!('tensor' in operand)) {
    return Object.fromEntries(Object.entries(operand).map(([name, value]) => [name, operandOf(value)]));
  }
  const { tensor, shape, stride, offset } = operand as RemoteView;
  return ndarray<FloatArray>(tensors.get(tensor)!.data, [...shape], [...stride], offset);
}

async function openBackend(mode: Mode): Promise<string> {
  backend = await createGpuBackend({ mode });
  return backend.description;
}

/** Makes the calls in one go. If the last one is `download`, resolves to the values of its view. */
async function perform(calls: readonly Call[]): Promise<number[] | undefined> {
  let last: unknown;
  let view: Tensor | undefined;
  for (const { method, operands, tensor, values } of calls) {
    const given = operands.map(operandOf);
    view = given[0] as Tensor | undefined;
    if (values) copyInto(view!, tensorFrom(values, view!.shape));
    last = (backend[method] as (...operands: unknown[]) => unknown)(...given);
    if (tensor !== undefined) tensors.set(tensor, last as Tensor);
  }
  await last;
  return calls[calls.length - 1].method === 'download' ? [...valuesOf(view!)] : undefined;
}

Object.assign(globalThis, { openBackend, perform });
