/** Backends that show which tensors are allocated and not yet freed, or that none is allocated. */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import type { Backend } from '../../src/core/backend.js';
import { OutOfMemoryError } from '../../src/core/errors.js';
import type { DType, Tensor } from '../../src/core/tensor.js';

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
