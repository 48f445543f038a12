/** The tensors that one object allocates and frees. */
import { type Backend, type TensorsOf, allocateAll } from '../core/backend.js';
import type { Shape, Tensor } from '../core/tensor.js';

/** Allocates tensors, and frees them together. */
export class OwnedTensors {
  private readonly tensors: Tensor[] = [];

  constructor(private readonly backend: Backend) {}

  /** A tensor for each shape. If one does not fit, throws an OutOfMemoryError and frees all tensors of the owner. */
  readonly allocate = <Shapes extends Readonly<Record<string, Shape>>>(shapes: Shapes): TensorsOf<Shapes> => {
    try {
      return this.allocateMore(shapes);
    } catch (error) {
      this.free();
      throw error;
    }
  };

  /** As `allocate`, but if one does not fit, the owner keeps those that it has. */
  readonly allocateMore = <Shapes extends Readonly<Record<string, Shape>>>(shapes: Shapes): TensorsOf<Shapes> => {
    const tensors = allocateAll(this.backend, shapes);
    this.tensors.push(...Object.values<Tensor>(tensors));
    return tensors;
  };

  /** Frees all of them. */
  free(): void {
    for (const tensor of this.tensors) this.backend.free(tensor);
    this.tensors.length = 0;
  }
}
