/** The tasks that can be measured, with the numbers that go in and come out. */
import type { ModelSizes } from '../src/model.js';
import { parameterShapes } from '../src/model.js';
import { Random } from '../src/rng.js';
import type { Shape } from '../src/tensor.js';
import { sizeOf } from '../src/tensor.js';

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

export type Task = MatmulTask | CellTask | ModelTask;
export type Kind = Task['kind'];

/** Arrays by name, each stored row by row. */
export type Arrays = Record<string, Float32Array>;

export const FORGET_BIAS = 1;
export const LEARNING_RATE = 0.001;

export function inputShapes(task: Task): Record<string, Shape> {
  switch (task.kind) {
    case 'matmul': {
      const { form, M, K, N } = task;
      return { a: form === 'Aᵀ·B' ? [K, M] : [M, K], b: form === 'A·Bᵀ' ? [N, K] : [K, N] };
    }
    case 'cellForward': {
      const { B, H } = task;
      return { z: [B, 4 * H], cPrev: [B, H] };
    }
    case 'cellBackward': {
      const { B, H } = task;
      return { dh: [B, H], dc: [B, H], gates: [B, 4 * H], c: [B, H], cPrev: [B, H] };
    }
    default: {
      const { T, B, I, C } = task;
      return { ...parameterShapes(task), x: [T, B, I], y: [B, C] };
    }
  }
}

/**
 * The names of a task's outputs. For a step: the loss and the gradients at the given parameters, then the parameters
 * after one update with Adam.
 */
export const OUTPUT_NAMES: Record<Kind, readonly string[]> = {
  matmul: ['out'],
  cellForward: ['h', 'c'],
  cellBackward: ['dz', 'dcPrev'],
  forward: ['logits'],
  step: ['loss', 'dKernel', 'dBias', 'dOutKernel', 'dOutBias', 'kernel', 'bias', 'outKernel', 'outBias'],
};

/** The same numbers for every candidate, about as large as in training. No bias is zero, since that would hide a wrong gate. */
export function makeInputs(task: Task): Arrays {
  const random = new Random(1);
  const uniform = (from: number, to: number) => () => random.uniform(from, to);
  const glorot = 'I' in task ? Math.sqrt(6 / (task.I + 5 * task.H)) : 1;
  const draws: Record<string, () => number> = {
    kernel: uniform(-glorot, glorot),
    bias: uniform(-0.1, 0.1),
    outKernel: () => random.normal(0, 1),
    outBias: () => random.normal(0, 1),
    x: uniform(0, 1),
    z: uniform(-4, 4),
    gates: uniform(0.01, 0.99),
  };
  const inputs = Object.fromEntries(
    Object.entries(inputShapes(task)).map(([name, shape]) => {
      const draw = draws[name] ?? uniform(-1, 1);
      return [name, Float32Array.from({ length: sizeOf(shape) }, draw)];
    }),
  );
  if ('y' in inputs && 'C' in task) writeLabels(inputs.y, task, random);
  return inputs;
}

function writeLabels(y: Float32Array, { B, C }: ModelTask, random: Random): void {
  y.fill(0);
  for (let b = 0; b < B; b++) y[b * C + random.below(C)] = 1;
}

/** Floating-point operations of the matrix products; undefined if the task has none. */
export function flopsOf(task: Task): number | undefined {
  switch (task.kind) {
    case 'matmul':
      return 2 * task.M * task.K * task.N;
    case 'cellForward':
    case 'cellBackward':
      return undefined;
    case 'forward':
      return forwardFlops(task);
    case 'step': {
      const { T, B, H, C } = task;
      const inputGradients = 2 * T * B * 4 * H * H + 2 * B * C * H; // dz·Whᵀ at every step, dLogits·outKernelᵀ
      return 2 * forwardFlops(task) + inputGradients; // the weights' gradients need as many as the forward pass
    }
  }
}

function forwardFlops({ T, B, I, H, C }: ModelSizes): number {
  return 2 * T * B * (I + H) * 4 * H + 2 * B * H * C;
}
