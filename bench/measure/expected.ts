/**
 * The right results, from Longhand's reference in f64, and how far from them f32 may be.
 *
 * The reference is tested elsewhere: against PyTorch, against TensorFlow.js and against numeric slopes.
 */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { Adam } from '../../src/adam.js';
import { denseForward } from '../../src/dense.js';
import { lstmForward } from '../../src/lstm.js';
import { Model } from '../../src/model.js';
import type { Parameter } from '../../src/parameters.js';
import type { FloatArray, Tensor } from '../../src/tensor.js';
import { copyInto, stepOf, tensorFrom, transposeOf, valuesOf } from '../../src/tensor.js';
import type { Arrays, CellTask, MatmulTask, ModelTask, Task } from '../tasks.js';
import { FORGET_BIAS, inputShapes, LEARNING_RATE } from '../tasks.js';

export interface Expected {
  readonly values: ArrayLike<number>;
  /** How far an element may be from its value; Infinity where it is not looked at. */
  readonly bound: (n: number) => number;
}

/** Half the distance between neighbouring f32 numbers, relative to them. */
const ROUNDING = 2 ** -24;

const backend = createReferenceBackend({ dtype: 'f64' });

export function expectedOf(task: Task, inputs: Arrays): Record<string, Expected> {
  const shapes = inputShapes(task);
  const input = (name: string): Tensor => tensorFrom(Float64Array.from(inputs[name]), shapes[name]);
  switch (task.kind) {
    case 'matmul':
      return { out: productOf(task, input('a'), input('b')) };
    case 'cellForward':
      return cellForward(task, input('z'), input('cPrev'));
    case 'cellBackward':
      return cellBackward(task, input);
    default:
      return modelOutputs(task, input);
  }
}

/**
 * Each of K products and K sums is rounded by ROUNDING of itself, in whatever order the sum is made, and none of them
 * is larger than the sum of all sizes.
 */
function productOf({ form, M, K, N }: MatmulTask, storedA: Tensor, storedB: Tensor): Expected {
  const a = form === 'Aᵀ·B' ? transposeOf(storedA) : storedA;
  const b = form === 'A·Bᵀ' ? transposeOf(storedB) : storedB;
  const [out, sizes] = [backend.allocate([M, N]), backend.allocate([M, N])];
  backend.matmul(out, a, b);
  for (const { data } of [a, b]) for (let n = 0; n < data.length; n++) data[n] = Math.abs(data[n]);
  backend.matmul(sizes, a, b);
  return { values: out.data, bound: (n) => (K + 1) * ROUNDING * sizes.data[n] };
}

/**
 * An element is made of a handful of operations, each rounded; σ and tanh are approximated, by the libraries compared
 * here to within 16 units in the last place, which is 32 roundings. All terms are at most as large as 4, the largest z.
 */
const CELL_BOUND = 64 * 4 * ROUNDING;

function cellForward({ B, H }: CellTask, z: Tensor, cPrev: Tensor): Record<string, Expected> {
  const [h, c, gates] = [backend.allocate([B, H]), backend.allocate([B, H]), backend.allocate([B, 4 * H])];
  backend.lstmCellForward(h, c, gates, z, cPrev, FORGET_BIAS);
  return { h: within(CELL_BOUND, h), c: within(CELL_BOUND, c) };
}

function cellBackward({ B, H }: CellTask, input: (name: string) => Tensor): Record<string, Expected> {
  const [dz, dcPrev] = [backend.allocate([B, 4 * H]), backend.allocate([B, H])];
  backend.lstmCellBackward(dz, input('dc'), dcPrev, input('dh'), input('gates'), input('c'), input('cPrev'));
  return { dz: within(CELL_BOUND, dz), dcPrev: within(CELL_BOUND, dcPrev) };
}

function within(bound: number, { data }: Tensor): Expected {
  return { values: data, bound: () => bound };
}

/**
 * An element is a sum, over steps, sequences and units, of terms about as large as its tensor's largest element. Each
 * is rounded, and approximated, a few dozen times on its way through the cells; of so many roundings of either sign the
 * square root of their number remains. A wrong gate, a forgotten bias or step are a thousand times that.
 */
function modelTolerance({ T, B, I, H }: ModelTask): number {
  return 16 * ROUNDING * Math.sqrt(T * Math.max(B, I + H));
}

function modelOutputs(task: ModelTask, input: (name: string) => Tensor): Record<string, Expected> {
  const model = new Model(backend, task, { forgetBias: FORGET_BIAS });
  for (const { name, value } of model.parameters) copyInto(value, input(name));
  copyInto(model.activations.x, input('x'));
  copyInto(model.activations.y, input('y'));
  const tolerance = modelTolerance(task);
  const { logits, h, losses } = model.activations;
  if (task.kind === 'forward') {
    lstmForward(backend, model.lstm);
    denseForward(backend, logits, stepOf(h, task.T), model.outKernel.value, model.outBias.value);
    return { logits: relativeTo(tolerance, logits) };
  }
  model.forward();
  model.backward();
  new Adam(backend, model.parameters).update(LEARNING_RATE);
  const loss = valuesOf(losses).reduce((sum, one) => sum + one) / task.B;
  return {
    loss: { values: [loss], bound: () => tolerance * loss },
    dKernel: relativeTo(tolerance, model.kernel.gradient),
    dBias: relativeTo(tolerance, model.bias.gradient),
    dOutKernel: relativeTo(tolerance, model.outKernel.gradient),
    dOutBias: relativeTo(tolerance, model.outBias.gradient),
    ...Object.fromEntries(model.parameters.map((parameter) => [parameter.name, updated(parameter)])),
  };
}

/** Within `tolerance` of the largest element. */
function relativeTo(tolerance: number, { data }: Tensor): Expected {
  const bound = tolerance * largestOf(data);
  return { values: data, bound: () => bound };
}

function largestOf(data: FloatArray): number {
  let largest = 0;
  for (const value of data) largest = Math.max(largest, Math.abs(value));
  return largest;
}

/**
 * Adam's first step is the learning rate with the gradient's sign, whatever its size, where |g| is far above ε; where
 * it is not, libraries differ (see src/adam.ts) and rounding may turn the sign, so those elements are not looked at.
 */
function updated({ value: { data }, gradient: { data: gradient } }: Parameter): Expected {
  const clear = Math.max(1e-4, 0.01 * largestOf(gradient));
  // 1% of the step for the differences in ε, and one rounding of the parameter itself.
  return {
    values: data,
    bound: (n) => (Math.abs(gradient[n]) > clear ? 0.01 * LEARNING_RATE + ROUNDING * Math.abs(data[n]) : Infinity),
  };
}
