/** The library: the mathematics and its tools. The machines are entries of their own: `longhand/wasm`, `/reference` and `/gpu`. */
export { adam, adamRate, BETA1, BETA2, EPSILON } from './adam.js';
export type { AccumulateOptions, Backend, MatmulOptions, Operations } from './backend.js';
export { BackendUnavailableError, withShapeChecks } from './backend.js';
export { crossEntropyBackward, crossEntropyForward } from './cross-entropy.js';
export { columnSums, denseBackward, denseForward } from './dense.js';
export type { BestValidation, Checkpoint, SavedModel, SavedTraining } from './checkpoint.js';
export { checkpointBytes, parseCheckpoint } from './checkpoint.js';
export type { Limits } from './clipping.js';
export { clipByNorm, clipByValue } from './clipping.js';
export type { CompareOptions, Comparison, Difference } from './compare.js';
export { compareFile } from './compare.js';
export { DataError } from './data-error.js';
export type { Evaluation } from './evaluate.js';
export { evaluate } from './evaluate.js';
export type { GradientCheck, GradientReport, ModelCheck, WorstElement } from './gradcheck.js';
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
export type { BatchPosition, IdxContents, LabelledImages, Mnist, NamedBytes, Shuffle } from './mnist.js';
export { BatchOrder, fillBatch, parseIdx, parseLabelledImages, sliceImages, splitMnist } from './mnist.js';
export type { Activations, Metrics, ModelOptions, ModelSizes, ParameterName, ParameterTensors } from './model.js';
export { Model, NonFiniteError, PARAMETER_NAMES } from './model.js';
export { fillRandom, Random } from './rng.js';
export type { Safetensors, StoredDType, StoredTensor } from './safetensors.js';
export { parseSafetensors, writeSafetensors } from './safetensors.js';
export type { Schedule } from './schedule.js';
export { rateAt } from './schedule.js';
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
export type { TrainHooks } from './train.js';
export { resumeTraining, train } from './train.js';
export type { TrainOptions } from './train-options.js';
export { stepCount, TUTORIAL } from './train-options.js';
export type { Line, TrainingData, Validation } from './training.js';
export { Training } from './training.js';
