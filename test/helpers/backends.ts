/** Backends that show what a real one hides: a memory of its own, and which tensors are allocated and not yet freed. */
import ndarray from 'ndarray';
import { createReferenceBackend } from '../../kernels/reference/index.js';
import type { Backend, Operations } from '../../src/core/backend.js';
import { OutOfMemoryError } from '../../src/core/errors.js';
import { type DType, type FloatArray, type Tensor, copyInto, fill } from '../../src/core/tensor.js';

/** How many operands each operation writes: these are its first ones. One of clipping is a list of tensors. */
export const OUTPUTS: Record<keyof Operations, number> = {
  matmul: 1,
  columnSums: 1,
  lstmCellForward: 3,
  lstmCellBackward: 3,
  crossEntropyForward: 2,
  crossEntropyBackward: 1,
  errorForward: 1,
  errorBackward: 1,
  clipByValue: 1,
  clipByNorm: 1,
  adam: 3,
  sgd: 2,
  embeddingForward: 1,
  embeddingBackward: 1,
  multiply: 1,
  add: 1,
  fill: 1,
  copy: 1,
};

/**
 * A backend with a memory of its own, as on a GPU, in either precision. It is the reference backend on copies of the host's
 * tensors; only `upload` and `download` copy values between the two. A tensor that an operation has written is NaN on the
 * host until it is downloaded.
 */
export function createDeviceBackend({ dtype }: { dtype: DType }): Backend {
  const reference = createReferenceBackend({ dtype });
  const deviceData = new Map<FloatArray, FloatArray>();

  const onDevice = ({ data, shape, stride, offset }: Tensor): Tensor => {
    const copy = deviceData.get(data);
    if (!copy) throw new Error('not a tensor of this backend, or freed');
    return ndarray<FloatArray>(copy, [...shape], [...stride], offset);
  };

  const ofReference = reference as unknown as Record<string, (...operands: unknown[]) => void>;
  const operations = Object.entries(OUTPUTS).map(([name, outputs]) => {
    const operation = (...operands: unknown[]): void => {
      ofReference[name](...operands.map((operand) => withViews(operand, onDevice)));
      for (const output of operands.slice(0, outputs).flat()) fill(output as Tensor, NaN);
    };
    return [name, operation];
  });

  return {
    ...reference,
    ...(Object.fromEntries(operations) as unknown as Operations),
    name: 'device',
    description: `device: the reference, ${dtype}, behind an upload and a download`,

    allocate(shape) {
      const tensor = reference.allocate(shape);
      deviceData.set(tensor.data, tensor.data.slice());
      return tensor;
    },
    free(tensor) {
      reference.free(tensor);
      deviceData.delete(tensor.data);
    },
    upload: (tensor) => copyInto(onDevice(tensor), tensor),
    async download(tensor) {
      copyInto(tensor, onDevice(tensor));
    },
  };
}

/** An operand with its view replaced by what `replace` returns; options and lists may hold views, too. */
export function withViews(operand: unknown, replace: (view: never) => unknown): unknown {
  if (Array.isArray(operand)) return operand.map((one: unknown) => withViews(one, replace));
  if (typeof operand !== 'object' || operand === null) return operand;
  if ('stride' in operand) return replace(operand as never);
  return Object.fromEntries(Object.entries(operand).map(([name, value]) => [name, withViews(value, replace)]));
}

interface Counting {
  readonly dtype?: DType;
  /** Whether the memory has room for a tensor beside the tensors held; default: always. */
  readonly fits?: (tensor: Tensor, held: ReadonlySet<Tensor>) => boolean;
}

/** A reference backend, and the tensors that it holds. It refuses tensors that do not fit, and a second `free`. */
export function countingBackend({ dtype = 'f32', fits = () => true }: Counting = {}) {
  const reference = createReferenceBackend({ dtype });
  const held = new Set<Tensor>();
  const backend: Backend = {
    ...reference,
    allocate(shape) {
      const tensor = reference.allocate(shape);
      if (!fits(tensor, held)) throw new OutOfMemoryError('full');
      held.add(tensor);
      return tensor;
    },
    free(tensor) {
      if (!held.delete(tensor)) throw new Error('freed a tensor that is not held');
      reference.free(tensor);
    },
  };
  return { backend, held };
}

/** What `untouchable` throws. */
export const HAS_BEGUN = new Error('the run has begun');

/** A backend that throws if a run allocates a tensor on it. */
export const untouchable: Backend = {
  ...createReferenceBackend(),
  allocate: () => {
    throw HAS_BEGUN;
  },
};
