/** The tasks that can be measured, with the numbers that go in and come out. */
import type { CellName } from '../src/cells/names.js';
import { Random } from '../src/core/rng.js';
import { type Shape, sizeOf } from '../src/core/tensor.js';
import { type NetworkConfig, inputShape, lstmsOf, networkParameterShapes, widthOf } from '../src/network/config.js';
import { type ModelSizes, modelNetwork } from '../src/network/tutorial-network.js';

/** A·B, Aᵀ·B and A·Bᵀ: for a layer's forward pass, for its weights' gradient and for its input's gradient. */
export type Form = 'A·B' | 'Aᵀ·B' | 'A·Bᵀ';

export interface MatmulTask {
  readonly kind: 'matmul';
  readonly form: Form;
  readonly M: number;
  readonly K: number;
  readonly N: number;
}

/** The pointwise part of one LSTM step, equations (2)–(4) or (4′)–(2′). */
export interface CellTask {
  readonly kind: 'cellForward' | 'cellBackward';
  readonly B: number;
  readonly H: number;
}

/** `forward`: from x to the logits. `step`: one training step, that is forward, backward and Adam. */
export interface ModelTask extends ModelSizes {
  readonly kind: 'forward' | 'step';
}

/** One training step of a network that is larger than the tutorial's: forward, backward and Adam. */
export interface NetworkTask extends ModelSizes, Required<Pick<NetworkConfig, 'inputKind' | 'reads'>> {
  readonly kind: 'network';
  /** The number of layers. Each has H units, in both directions 2·H. */
  readonly layers: number;
  readonly bidirectional: boolean;
  /** Steps of each sequence, the longest first. Default: T each. */
  readonly lengths?: readonly number[];
  /** The whole gradient is scaled down to this norm before Adam, equation (10). Default: not clipped. */
  readonly clipNorm?: number;
  /** TensorFlow.js computes it with a model of its layers, as most of its users do. Default: false, with a cell for each step. */
  readonly hasTensorFlowLayers?: boolean;
}

/** One training step of a layer of any cell, and an output layer that reads its last step. */
export interface AnyCellTask extends ModelSizes {
  readonly kind: 'anyCell';
  readonly cell: CellName;
}

export type BenchmarkTask = MatmulTask | CellTask | ModelTask | NetworkTask | AnyCellTask;
export type Kind = BenchmarkTask['kind'];

/** Arrays by name, each stored row by row. */
export type Arrays = Record<string, Float32Array>;

export const FORGET_BIAS = 1;
export const LEARNING_RATE = 0.001;

/** The network of a task, as src/network/network.ts and its sizes describe it. */
export function networkOf(task: ModelTask | NetworkTask | AnyCellTask): NetworkConfig {
  if (task.kind === 'anyCell')
    return { inputs: task.I, layers: [{ hidden: task.H, cell: task.cell }], outputs: task.C, forgetBias: FORGET_BIAS };
  if (task.kind !== 'network') return modelNetwork(task, FORGET_BIAS);
  const { I, H, C, layers, bidirectional, inputKind, reads } = task;
  const everyLayer = Array.from({ length: layers }, () => ({ hidden: H, bidirectional }));
  return { inputs: I, layers: everyLayer, outputs: C, inputKind, reads, forgetBias: FORGET_BIAS };
}

/** Class indices, in x and labels, are stored as numbers too. */
export function inputShapes(task: BenchmarkTask): Record<string, Shape> {
  switch (task.kind) {
    case 'matmul': {
      const { form, M, K, N } = task;
      return { a: form === 'Aᵀ·B' ? [K, M] : [M, K], b: form === 'A·Bᵀ' ? [N, K] : [K, N] };
    }
    case 'cellForward':
    case 'cellBackward': {
      const [state, gates] = [
        [task.B, task.H],
        [task.B, 4 * task.H],
      ];
      if (task.kind === 'cellForward') return { z: gates, cPrev: state };
      return { dh: state, dc: state, gates, c: state, cPrev: state };
    }
    case 'network':
    case 'anyCell': {
      const labels = task.kind === 'network' && task.reads === 'every' ? [task.T, task.B] : [task.B];
      return { ...networkParameterShapes(networkOf(task)), x: inputShape(networkOf(task), task), labels };
    }
    default:
      return { ...networkParameterShapes(modelNetwork(task)), x: [task.T, task.B, task.I], y: [task.B, task.C] };
  }
}

/** The inputs as a program stores them. */
export function inputsAs<Stored>(
  task: BenchmarkTask,
  inputs: Arrays,
  store: (values: Float32Array, shape: Shape) => Stored,
): Record<string, Stored> {
  const shapes = Object.entries(inputShapes(task));
  return Object.fromEntries(shapes.map(([name, shape]) => [name, store(inputs[name], shape)]));
}

/**
 * The names of a task's outputs. For a training step: the loss and the gradients `d.…` at the given parameters, then the
 * parameters after one update with Adam.
 */
export function outputNames(task: BenchmarkTask): readonly string[] {
  switch (task.kind) {
    case 'matmul':
      return ['out'];
    case 'cellForward':
      return ['h', 'c'];
    case 'cellBackward':
      return ['dz', 'dcPrev'];
    case 'forward':
      return ['logits'];
    default: {
      const parameters = Object.keys(networkParameterShapes(networkOf(task)));
      return ['loss', ...parameters.map(gradientName), ...parameters];
    }
  }
}

/** The name of a gradient among the outputs. */
export const gradientName = (parameter: string): string => `d.${parameter}`;

/** The same numbers for every candidate, about as large as in training. No bias is zero, since that would hide a wrong gate. */
export function makeInputs(task: BenchmarkTask): Arrays {
  const random = new Random(1);
  const uniform = (from: number, to: number) => () => random.uniform(from, to);
  const hasClasses = task.kind === 'network' && task.inputKind === 'classes';
  const draws: Record<string, () => number> = {
    bias: uniform(-0.1, 0.1),
    recurrentBias: uniform(-0.1, 0.1),
    outKernel: () => random.normal(0, 1),
    outBias: () => random.normal(0, 1),
    x: hasClasses ? () => random.below(task.I) : uniform(0, 1),
    labels: () => random.below('C' in task ? task.C : 1),
    z: uniform(-4, 4),
    gates: uniform(0.01, 0.99),
  };
  const drawOf = (name: string, shape: Shape): (() => number) => {
    const [kind] = name.split('.'); // kernel.0.reverse → kernel
    if (kind !== 'kernel') return draws[kind] ?? uniform(-1, 1);
    const glorot = Math.sqrt(6 / (shape[0] + shape[1]));
    return uniform(-glorot, glorot);
  };
  const inputs: Arrays = {};
  for (const [name, shape] of Object.entries(inputShapes(task)))
    inputs[name] = Float32Array.from({ length: sizeOf(shape) }, drawOf(name, shape));
  if (task.kind === 'forward' || task.kind === 'step') writeLabels(inputs.y, task, random);
  return inputs;
}

function writeLabels(y: Float32Array, { B, C }: ModelTask, random: Random): void {
  y.fill(0);
  for (let b = 0; b < B; b++) y[b * C + random.below(C)] = 1;
}

/** The class `[B]` of each one-hot row of y `[B,C]`. */
export const classesOf = (y: ArrayLike<number>, { B, C }: ModelTask): number[] =>
  Array.from({ length: B }, (_, b) => Array.from({ length: C }, (_, k) => y[b * C + k]).indexOf(1));

/** Floating-point operations of the matrix products; undefined if the task has none, or the cells of different cases have different ones. */
export function flopsOf(task: BenchmarkTask): number | undefined {
  switch (task.kind) {
    case 'matmul':
      return 2 * task.M * task.K * task.N;
    case 'cellForward':
    case 'cellBackward':
    case 'anyCell':
      return undefined;
    case 'forward':
      return forwardFlops(task);
    default:
      return 2 * forwardFlops(task) + inputGradientFlops(task); // the weights' gradients need as many as the forward pass
  }
}

/** x·Wx and h·Wh of every LSTM, and the output layer. A class index needs no product: x·Wx is a row of Wx. */
function forwardFlops(task: ModelTask | NetworkTask): number {
  const { steps, lstms, output } = sizesOf(task);
  return lstms.reduce((sum, { inputs, H }) => sum + 2 * steps * (inputs + H) * 4 * H, output);
}

/** dz·Whᵀ of every LSTM, dz·Wxᵀ above the first layer, and dLogits·outKernelᵀ. */
function inputGradientFlops(task: ModelTask | NetworkTask): number {
  const { steps, lstms, output } = sizesOf(task);
  return lstms.reduce((sum, { layer, inputs, H }) => sum + 2 * steps * 4 * H * ((layer > 0 ? inputs : 0) + H), output);
}

/** `steps`: those of all sequences together. `output`: operations of the output layer in one direction. */
function sizesOf(task: ModelTask | NetworkTask) {
  const network = networkOf(task);
  const { layers, inputKind, reads, outputs } = network;
  const lengths = task.kind === 'network' ? task.lengths : undefined;
  const steps = lengths?.reduce((sum, length) => sum + length) ?? task.T * task.B;
  const lstms = lstmsOf(network).map(({ layer, I, H }) => {
    return { layer, H, inputs: layer === 0 && inputKind === 'classes' ? 0 : I };
  });
  const rows = reads === 'every' ? steps : task.B;
  return { steps, lstms, output: 2 * rows * widthOf(layers[layers.length - 1]) * outputs };
}
