/** The library: the mathematics and its tools. The machines are entries of their own: `longhand/wasm`, `/reference` and `/gpu`. */
export { adam, adamRate, BETA1, BETA2, EPSILON } from './adam.js';
export type { Backend, MatmulOptions, Operations } from './backend.js';
export { BackendUnavailableError, withShapeChecks } from './backend.js';
export { crossEntropyBackward, crossEntropyForward } from './cross-entropy.js';
export { columnSums, denseBackward, denseForward } from './dense.js';
export type { GradientCheck, GradientReport } from './gradcheck.js';
export { checkGradients, checkModelGradients } from './gradcheck.js';
export type { Lstm, LstmSizes, LstmTensors } from './lstm.js';
export {
  allocateLstm,
  bindLstm,
  carryState,
  lstmBackward,
  lstmCellBackward,
  lstmCellForward,
  lstmForward,
  lstmShapes,
} from './lstm.js';
export type { LabelledImages, Mnist, Shuffle } from './mnist.js';
export { BatchOrder, DataError, fillBatch, parseIdx, parseLabelledImages, sliceImages, splitMnist } from './mnist.js';
export type { ModelOptions, ModelSizes, ParameterName } from './model.js';
export { Model, NonFiniteError, PARAMETER_NAMES } from './model.js';
export { fillRandom, Random } from './rng.js';
export type { DType, FloatArray, Shape, Tensor } from './tensor.js';
export {
  copyInto,
  fill,
  flatten,
  norm,
  OutOfMemoryError,
  rowsOf,
  stepOf,
  tensorFrom,
  transposeOf,
  valuesOf,
  zeros,
} from './tensor.js';
export type { Evaluation, Line, TrainCallbacks, TrainOptions } from './train.js';
export { evaluate, stepCount, train, TUTORIAL } from './train.js';
