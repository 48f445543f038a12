/**
 * The reference backend: the functions of src/ themselves, on plain typed arrays, in f32 or f64. The other backends
 * compute the same formulas.
 */
import { assertKnownNames, describe } from '../../src/core/arguments.js';
import type { Backend } from '../../src/core/backend.js';
import { withShapeChecks } from '../../src/core/shape-checks.js';
import { type DType, type Tensor, addInto, allocated, DTYPES, copyInto, fill } from '../../src/core/tensor.js';
import { adam } from '../../src/equations/adam.js';
import { clipByNorm, clipByValue } from '../../src/equations/clipping.js';
import { crossEntropyBackward, crossEntropyForward, labelRows } from '../../src/equations/cross-entropy.js';
import { columnSums } from '../../src/equations/dense.js';
import { multiply } from '../../src/equations/dropout.js';
import { embeddingForward, embeddingBackward } from '../../src/equations/embedding.js';
import * as errorLosses from '../../src/equations/error-losses.js';
import { gruCellBackward, gruCellForward } from '../../src/equations/gru.js';
import { lstmCellBackward, lstmCellForward } from '../../src/equations/lstm.js';
import { tanhBackward, tanhForward } from '../../src/equations/rnn.js';
import { minGruBackward, minGruForward } from '../../src/equations/mingru.js';
import { minLstmBackward, minLstmForward } from '../../src/equations/minlstm.js';
import { peepholeCellBackward, peepholeCellForward } from '../../src/equations/peephole.js';
import { slstmCellBackward, slstmCellForward } from '../../src/equations/slstm.js';
import { sgd } from '../../src/equations/sgd.js';
import { matmul } from './matmul.js';

/** Options of `createReferenceBackend`. */
export interface ReferenceOptions {
  /** The precision of its tensors; gradient checks need f64. Default: 'f32'. */
  readonly dtype?: DType;
}

/**
 * Creates a reference backend. It holds no resources, so it needs no `await`. Throws a
 * RangeError for a dtype that is neither f32 nor f64, and a TypeError for an option that does not exist.
 */
export function createReferenceBackend(options: ReferenceOptions = {}): Backend {
  assertKnownNames('reference', options, ['dtype']);
  const { dtype = 'f32' } = options;
  if (!DTYPES.includes(dtype))
    throw new RangeError(`reference: dtype ${describe(dtype)}: must be ${DTYPES.join(' or ')}`);
  return withShapeChecks<Backend>({
    name: 'reference',
    dtype,
    description: `reference: plain TypeScript, ${dtype}, 1 thread`,
    isOnHost: true,

    matmul,
    columnSums,
    lstmCellForward,
    lstmCellBackward,
    tanhForward,
    tanhBackward,
    gruCellForward,
    gruCellBackward,
    peepholeCellForward,
    peepholeCellBackward,
    minGruForward,
    minGruBackward,
    minLstmForward,
    minLstmBackward,
    slstmCellForward,
    slstmCellBackward,
    crossEntropyForward(losses, probabilities, logits, labels) {
      crossEntropyForward(losses, probabilities, logits, labelRows(labels));
    },
    crossEntropyBackward(dLogits, probabilities, labels, count) {
      crossEntropyBackward(dLogits, probabilities, labelRows(labels), count);
    },
    errorForward(losses, outputs, targets, mask, cost) {
      const operands = [losses, outputs, targets, mask] as const;
      if (cost.kind === 'squared') errorLosses.squaredErrorForward(...operands);
      else if (cost.kind === 'absolute') errorLosses.absoluteErrorForward(...operands);
      else if (cost.kind === 'huber') errorLosses.huberForward(...operands, cost.delta);
      else errorLosses.pinballForward(...operands, cost.quantiles);
    },
    errorBackward(dOutputs, outputs, targets, mask, count, cost) {
      const operands = [dOutputs, outputs, targets, mask] as const;
      if (cost.kind === 'squared') errorLosses.squaredErrorBackward(...operands, count);
      else if (cost.kind === 'absolute') errorLosses.absoluteErrorBackward(...operands, count);
      else if (cost.kind === 'huber') errorLosses.huberBackward(...operands, cost.delta, count);
      else errorLosses.pinballBackward(...operands, cost.quantiles, count);
    },
    clipByValue,
    clipByNorm,
    adam,
    sgd,
    embeddingForward,
    embeddingBackward,
    multiply,
    add: addInto,
    fill,
    copy: copyInto,

    allocate: (shape): Tensor => allocated(shape, dtype),
    free() {},
    upload() {},
    async download() {},
    async keepPace() {},
    async dispose() {},
  });
}
