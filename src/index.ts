/** The library: the mathematics and its tools. Each backend is an entry of its own: `longhand/wasm`, `/reference`, `/gpu`. */

export type { DType, FloatArray, NestedNumbers, Shape, Tensor } from './core/tensor.js';
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
} from './core/tensor.js';
export { DataError, BackendUnavailableError, NonFiniteError, OutOfMemoryError } from './core/errors.js';
export type { AccumulateOptions, Backend, ChoiceStore, Cost, MatmulOptions, Operations } from './core/backend.js';
export { withShapeChecks } from './core/shape-checks.js';
export { fillRandom, Random } from './core/rng.js';
export type { BoundCell, Cell, CellParts, CellSizes, CellWidths, HeldState, Shapes, Tensors } from './cells/cell.js';
export type { CellName } from './cells/names.js';
export type { StepCell } from './cells/step-cell.js';
export { stepCell } from './cells/step-cell.js';
export type { CellOperation, CellOperations } from './core/cell-operations.js';
export { productBackward } from './equations/rnn.js';
export type { Recurrence, RecurrenceTensors, StepRows } from './equations/recurrence.js';
export {
  carryState,
  lstmBackward,
  lstmCellBackward,
  lstmCellForward,
  lstmForward,
  lstmStepBackward,
  lstmStepForward,
} from './equations/lstm.js';
export { inputBackward, inputForward } from './equations/lstm-input.js';
export { keepState, keepStateBackward } from './equations/ended-sequences.js';
export { projectBackward, projectForward } from './equations/projection.js';
export type {
  AllocatedLstm,
  AllocateOptions,
  Lstm,
  LstmOptions,
  LstmSizes,
  LstmTensors,
  State,
} from './equations/lstm-tensors.js';
export type { EndedRows, ProjectedRows, Projection, RunningRows, Step } from './equations/lstm-step-views.js';
export {
  allocateLstm,
  bindLstm,
  lstmGradientShapes,
  lstmShapes,
  projectionShapes,
  setLengths,
} from './equations/lstm-tensors.js';
export { columnSums, denseBackward, denseForward } from './equations/dense.js';
export { embeddingForward, embeddingBackward } from './equations/embedding.js';
export { drawMask, multiply } from './equations/dropout.js';
export type { LabelRows } from './equations/cross-entropy.js';
export { crossEntropyBackward, crossEntropyForward, labelRows } from './equations/cross-entropy.js';
export {
  absoluteErrorBackward,
  absoluteErrorForward,
  huberBackward,
  huberForward,
  pinballBackward,
  pinballForward,
  squaredErrorBackward,
  squaredErrorForward,
} from './equations/error-losses.js';
export { sgd } from './equations/sgd.js';
export type { NamedTensors, Parameter } from './network/parameters.js';
export { assertFinite, gradientsByName, loadTensors, saveTensors, valuesByName } from './network/parameters.js';
export type { AdamState, SgdState } from './training/optimisers.js';
export { adam, adamRate, BETA1, BETA2, EPSILON } from './equations/adam.js';
export { Adam, Optimiser, Sgd } from './training/optimisers.js';
export type { Schedule } from './equations/schedule.js';
export { rateAt } from './equations/schedule.js';
export type { Limits } from './equations/clipping.js';
export { clipByNorm, clipByValue, clipGradients } from './equations/clipping.js';
export type { BatchSizes, CompleteConfig, LayerSizes, NetworkConfig } from './network/config.js';
export { completeConfig, networkParameterShapes } from './network/config.js';
export type { Batch, BatchInputs, LabelledBatch, Layout, TargetBatch, Targets } from './network/given-batch.js';
export type { NetworkOptions } from './network/network.js';
export type { Metrics, OutputTensors } from './network/output.js';
export type { NetworkStates, PassOptions } from './door/network.js';
export { Network } from './door/network.js';
export type { BiasInit, OutputInit } from './network/initial-values.js';
export type { ModelSizes } from './network/tutorial-network.js';
export type { Activations, ModelOptions, ParameterName, ParameterTensors } from './door/model.js';
export { Model } from './door/model.js';
export type { GradientCheck, GradientsOf, GradientValues } from './equations/gradcheck-problem.js';
export type { GradientReport, WorstElement } from './equations/gradcheck-report.js';
export type { GradientReporting } from './equations/gradcheck.js';
export { checkGradients } from './equations/gradcheck.js';
export type { ModelCheck, NetworkCheck } from './network/network-check.js';
export { checkModelGradients, checkNetworkGradients } from './network/network-check.js';
export type { IdxContents } from './data/mnist.js';
export { parseIdx } from './data/mnist.js';
export type { LabelledImages, Mnist, NamedBytes } from './data/mnist.js';
export { parseLabelledImages, sliceImages, splitMnist } from './data/mnist.js';
export type {
  GivenSequences as Sequences,
  LabelledSequences,
  Labels,
  SequenceInputs,
  TargetSequences,
} from './data/sequences.js';
export type { Text, TextOptions, TextTask, Vocabulary } from './data/text.js';
export { classesIn, textOf, textTask, vocabularyOf } from './data/text.js';
export type { BatchPosition, Shuffle } from './data/batches.js';
export { BatchOrder, fillBatch } from './data/batches.js';
export type { GivenData as TrainData, TrainingData } from './data/train-data.js';
export type { GivenOptions, ResumeOptions, TrainOptions } from './training/options.js';
export { stepCount, TUTORIAL } from './training/options.js';
export type { Line, Validation } from './training/training.js';
export { Training } from './door/training.js';
export type { LoopHooks } from './training/loop.js';
export type { TrainHooks } from './door/train.js';
export { resumeTraining, train } from './door/train.js';
export type { Evaluation } from './training/evaluate.js';
export { evaluate } from './door/predict.js';
export type { Prediction } from './training/predict.js';
export type { PredictOptions } from './door/predict.js';
export { predict } from './door/predict.js';
export type { SampleOptions } from './training/sample.js';
export { distributionOf } from './training/sample.js';
export { sample } from './door/predict.js';
export type { BestValidation, Checkpoint, ReadOptions, SavedModel, SavedTraining } from './training/checkpoint.js';
export { checkpointBytes, parseCheckpoint } from './training/checkpoint.js';
export type { JsonObject, JsonValue } from './files/json.js';
export type { Safetensors, StoredDType, StoredTensor } from './files/safetensors.js';
export { parseSafetensors, writeSafetensors } from './files/safetensors.js';
export type { CompareOptions, Comparison, Difference, Progress, Search } from './compare/compare.js';
export { compareFile } from './compare/compare.js';
