/** The shape checks at the door of every operation, the same for every backend. */
import type { Backend } from './backend.js';
import type { FloatArray, Tensor } from './tensor.js';
import { assertShape, formatShape } from './tensor.js';

/** The first byte of a view, in its array's buffer. */
function firstByte({ data, offset }: Tensor): number {
  return data.byteOffset + offset * data.BYTES_PER_ELEMENT;
}

/** The first byte behind all that a view reaches. */
function endByte({ data, shape, stride, offset }: Tensor): number {
  let last = offset;
  for (let axis = 0; axis < shape.length; axis++) last += (shape[axis] - 1) * stride[axis];
  return data.byteOffset + (last + 1) * data.BYTES_PER_ELEMENT;
}

function assertApart(operation: string, outName: string, out: Tensor, inputName: string, input: Tensor): void {
  if (out.data.buffer !== input.data.buffer) return;
  if (firstByte(out) < endByte(input) && firstByte(input) < endByte(out)) {
    throw new RangeError(
      `${operation}: ${outName} ${formatShape(out.shape)} and ${inputName} ${formatShape(input.shape)} ` +
        `share memory: give ${outName} a tensor of its own`,
    );
  }
}

/** What a JavaScript program may pass; `MatmulOptions` allows only one of the two. */
interface AnyMatmulOptions {
  readonly accumulate?: boolean;
  readonly bias?: Tensor | undefined;
}

function checkMatmul(out: Tensor, a: Tensor, b: Tensor, { accumulate, bias }: AnyMatmulOptions): void {
  const what = () => `matmul: a ${formatShape(a.shape)} · b ${formatShape(b.shape)}`;
  if (accumulate && bias) {
    throw new RangeError(`${what()}: accumulate and bias ${formatShape(bias.shape)}: pass one of them, not both`);
  }
  if (a.shape.length !== 2 || b.shape.length !== 2) throw new RangeError(`${what()}: both must have 2 axes`);
  const [M, K] = a.shape;
  const [inner, N] = b.shape;
  if (K !== inner) throw new RangeError(`${what()}: inner ${K} ≠ ${inner}`);
  assertShape(what, 'out', out, [M, N]);
  if (bias) assertShape(what, 'bias', bias, [N]);
  assertApart('matmul', 'out', out, 'a', a);
  assertApart('matmul', 'out', out, 'b', b);
  if (bias) assertApart('matmul', 'out', out, 'bias', bias);
}

function assertMatrix(operation: string, name: string, tensor: Tensor): void {
  if (tensor.dimension !== 2) {
    throw new RangeError(`${operation}: ${name} ${formatShape(tensor.shape)} must have 2 axes`);
  }
}

/** Puts the shape checks at the door of every operation, and of `free`, the same for every backend. */
export function withShapeChecks<B extends Backend>(backend: B): B {
  const held = new WeakSet<FloatArray>();
  const unchecked = {
    allocate: backend.allocate.bind(backend),
    free: backend.free.bind(backend),
    matmul: backend.matmul.bind(backend),
    columnSums: backend.columnSums.bind(backend),
    lstmCellForward: backend.lstmCellForward.bind(backend),
    lstmCellBackward: backend.lstmCellBackward.bind(backend),
    crossEntropyForward: backend.crossEntropyForward.bind(backend),
    crossEntropyBackward: backend.crossEntropyBackward.bind(backend),
    adam: backend.adam.bind(backend),
    copy: backend.copy.bind(backend),
  };

  return Object.assign(backend, {
    allocate(shape) {
      const tensor = unchecked.allocate(shape);
      held.add(tensor.data);
      return tensor;
    },

    free(tensor) {
      if (!held.delete(tensor.data)) {
        const what = `free: ${formatShape(tensor.shape)}`;
        throw new RangeError(`${what} was not allocated by this backend, or has been freed before`);
      }
      unchecked.free(tensor);
    },

    matmul(out, a, b, options = {}) {
      checkMatmul(out, a, b, options);
      unchecked.matmul(out, a, b, options);
    },

    columnSums(out, a, options = {}) {
      assertMatrix('columnSums', 'a', a);
      assertShape('columnSums', 'out', out, [a.shape[1]]);
      assertApart('columnSums', 'out', out, 'a', a);
      unchecked.columnSums(out, a, options);
    },

    lstmCellForward(h, c, gates, z, cPrev, forgetBias) {
      assertMatrix('lstmCellForward', 'h', h);
      const [B, H] = h.shape;
      assertShape('lstmCellForward', 'c', c, [B, H]);
      assertShape('lstmCellForward', 'gates', gates, [B, 4 * H]);
      assertShape('lstmCellForward', 'z', z, [B, 4 * H]);
      assertShape('lstmCellForward', 'cPrev', cPrev, [B, H]);
      unchecked.lstmCellForward(h, c, gates, z, cPrev, forgetBias);
    },

    lstmCellBackward(dz, dc, dcPrev, dh, gates, c, cPrev) {
      assertMatrix('lstmCellBackward', 'dh', dh);
      const [B, H] = dh.shape;
      assertShape('lstmCellBackward', 'dz', dz, [B, 4 * H]);
      assertShape('lstmCellBackward', 'dc', dc, [B, H]);
      assertShape('lstmCellBackward', 'dcPrev', dcPrev, [B, H]);
      assertShape('lstmCellBackward', 'gates', gates, [B, 4 * H]);
      assertShape('lstmCellBackward', 'c', c, [B, H]);
      assertShape('lstmCellBackward', 'cPrev', cPrev, [B, H]);
      unchecked.lstmCellBackward(dz, dc, dcPrev, dh, gates, c, cPrev);
    },

    crossEntropyForward(losses, correct, probabilities, logits, y) {
      assertMatrix('crossEntropyForward', 'logits', logits);
      const [B, C] = logits.shape;
      assertShape('crossEntropyForward', 'losses', losses, [B]);
      assertShape('crossEntropyForward', 'correct', correct, [B]);
      assertShape('crossEntropyForward', 'probabilities', probabilities, [B, C]);
      assertShape('crossEntropyForward', 'y', y, [B, C]);
      unchecked.crossEntropyForward(losses, correct, probabilities, logits, y);
    },

    crossEntropyBackward(dLogits, probabilities, y) {
      assertMatrix('crossEntropyBackward', 'dLogits', dLogits);
      assertShape('crossEntropyBackward', 'probabilities', probabilities, dLogits.shape);
      assertShape('crossEntropyBackward', 'y', y, dLogits.shape);
      unchecked.crossEntropyBackward(dLogits, probabilities, y);
    },

    adam(p, m, v, g, rate) {
      assertShape('adam', 'm', m, p.shape);
      assertShape('adam', 'v', v, p.shape);
      assertShape('adam', 'g', g, p.shape);
      unchecked.adam(p, m, v, g, rate);
    },

    copy(out, a) {
      assertShape('copy', 'a', a, out.shape);
      assertApart('copy', 'out', out, 'a', a);
      unchecked.copy(out, a);
    },
  } satisfies Partial<Backend>);
}
