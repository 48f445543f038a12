/** The library: the mathematics and its tools. Each backend is an entry of its own: `longhand/wasm`, `/reference`, `/gpu`. */
export type { DType, FloatArray, Shape, Tensor } from './tensor.js';
export {
  copyInto,
  fill,
  flatten,
  matrixOf,
  norm,
  rowsOf,
  stepOf,
  tensorFrom,
  transposeOf,
  valuesOf,
  zeros,
} from './tensor.js';
export { DataError, BackendUnavailableError, NonFiniteError, OutOfMemoryError } from './errors.js';
export type { AccumulateOptions, Backend, MatmulOptions, Operations } from './backend.js';
export { withShapeChecks } from './shape-checks.js';
export { fillRandom, Random } from './rng.js';
export { carryState, lstmBackward, lstmCellBackward, lstmCellForward, lstmForward } from './lstm.js';
export type {
  AllocatedInferenceLstm,
  AllocatedLstm,
  AllocateOptions,
  InferenceLstm,
  InferenceTensors,
  Lstm,
  LstmOptions,
  LstmSizes,
  LstmTensors,
  State,
} from './lstm-tensors.js';
export type { Step, TrainingStep } from './lstm-steps.js';
export {
  allocateInferenceLstm,
  allocateLstm,
  bindInferenceLstm,
  bindLstm,
  lstmGradientShapes,
  lstmShapes,
  setLengths,
} from './lstm-tensors.js';
export { denseBackward, denseForward } from './dense.js';
export { columnSums } from './column-sums.js';
export { gatherRows, scatterAddRows } from './class-indices.js';
export { drawMask, multiply } from './dropout.js';
export { crossEntropyBackward, crossEntropyForward } from './cross-entropy.js';
export { squaredErrorBackward, squaredErrorForward } from './squared-error.js';
export type { SgdState } from './sgd.js';
export { Sgd, sgd } from './sgd.js';
export type { NamedTensors, Parameter } from './parameters.js';
export { assertFinite, gradientsByName, loadTensors, saveTensors, valuesByName } from './parameters.js';
export type { AdamState } from './adam.js';
export { Adam, adam, adamRate, BETA1, BETA2, EPSILON } from './adam.js';
export type { Schedule } from './schedule.js';
export { rateAt } from './schedule.js';
export type { Limits } from './clipping.js';
export { clipByNorm, clipByValue, clipGradients } from './clipping.js';
export type { BatchSizes, CompleteSizes, LayerSizes, NetworkSizes } from './network-sizes.js';
export { completeSizes, networkParameterShapes } from './network-sizes.js';
export type { Targets } from './counted-rows.js';
export type { Batch, NetworkOptions, PassOptions } from './network.js';
export type { Metrics, OutputTensors } from './network-output.js';
export { Network } from './network.js';
export type { BiasStart, OutputStart } from './initial-values.js';
export type { Activations, ModelOptions, ModelSizes, ParameterName, ParameterTensors } from './model.js';
export { Model } from './model.js';
export type { GradientCheck, GradientReport, GradientsOf, WorstElement } from './gradcheck.js';
export { checkGradients } from './gradcheck.js';
export type { ModelCheck, NetworkCheck } from './network-check.js';
export { checkModelGradients, checkNetworkGradients } from './network-check.js';
export type { IdxContents } from './data/idx.js';
export { parseIdx } from './data/idx.js';
export type { LabelledImages, Mnist, NamedBytes } from './data/mnist.js';
export { parseLabelledImages, sliceImages, splitMnist } from './data/mnist.js';
export type { Sequences } from './data/sequences.js';
export type { Text, TextOptions, TextTask, Vocabulary } from './data/text.js';
export { classesIn, textOf, textTask, vocabularyOf } from './data/text.js';
export type { BatchPosition, Shuffle } from './data/batches.js';
export { BatchOrder, fillBatch } from './data/batches.js';
export type { TrainData } from './training/train-data.js';
export type { ResumeOptions, TrainOptions } from './training/options.js';
export { stepCount, TUTORIAL } from './training/options.js';
export type { TrainingData } from './training/run-data.js';
export type { Line, Validation } from './training/run.js';
export { Training } from './training/run.js';
export type { TrainHooks } from './training/loop.js';
export { resumeTraining, train } from './training/loop.js';
export type { Evaluation } from './training/evaluate.js';
export { evaluate } from './training/evaluate.js';
export type { SampleOptions } from './training/sample.js';
export { distributionOf, sample } from './training/sample.js';
export type { BestValidation, Checkpoint, SavedModel, SavedTraining } from './training/checkpoint.js';
export { checkpointBytes, parseCheckpoint } from './training/checkpoint.js';
export type { Safetensors, StoredDType, StoredTensor } from './files/safetensors.js';
export { parseSafetensors, writeSafetensors } from './files/safetensors.js';
export type { CompareOptions, Comparison, Difference, Progress, Search } from './compare/compare.js';
export { compareFile } from './compare/compare.js';
