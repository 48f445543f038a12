/**
 * The expected results, computed by Longhand's reference in f64, and how far an f32 result may differ.
 *
 * Other tests compare the reference with PyTorch, TensorFlow.js and numeric gradients.
 */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import type { FloatArray, Tensor } from '../../src/core/tensor.js';
import { copyInto, stepOf, tensorFrom, transposeOf, valuesOf } from '../../src/core/tensor.js';
import { denseForward } from '../../src/equations/dense.js';
import { lstmForward } from '../../src/equations/lstm.js';
import { Model } from '../../src/network/model.js';
import { Network } from '../../src/network/network.js';
import type { Parameter } from '../../src/network/parameters.js';
import { Adam } from '../../src/training/optimisers.js';
import type { Arrays, CellTask, MatmulTask, ModelTask, NetworkTask, Task } from '../tasks.js';
import { FORGET_BIAS, gradientName, inputShapes, LEARNING_RATE, networkOf } from '../tasks.js';

export interface Expected {
  readonly values: ArrayLike<number>;
  /** How far element n may differ; Infinity if it is not compared. */
  readonly bound: (n: number) => number;
}

/** The largest relative error of one f32 rounding. */
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
    case 'network':
      return networkOutputs(task, input);
    default:
      return modelOutputs(task, input);
  }
}

/**
 * Each of K products and K sums is rounded by at most ROUNDING of itself, in any order of summation. None of them is
 * larger than the sum of all absolute values.
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
 * An element results from a few operations, each rounded. The libraries compared here approximate σ and tanh within 16
 * units in the last place, which is 32 roundings. No term is larger than 4, the largest z.
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
 * term is rounded a few dozen times in the cells. n roundings of random sign add up to about √n. A wrong gate, or a missing
 * bias or step, causes an error a thousand times larger.
 */
function modelTolerance({ T, B, I, H }: ModelTask | NetworkTask): number {
  return 16 * ROUNDING * Math.sqrt(T * Math.max(B, I + H));
}

function modelOutputs(task: ModelTask, input: (name: string) => Tensor): Record<string, Expected> {
  const model = new Model(backend, task, { forgetBias: FORGET_BIAS });
  for (const { name, value } of model.parameters) copyInto(value, input(name));
  copyInto(model.activations.x, input('x'));
  copyInto(model.activations.y, input('y'));
  const tolerance = modelTolerance(task);
  const { logits, h } = model.activations;
  if (task.kind === 'forward') {
    lstmForward(backend, model.lstm);
    denseForward(backend, logits, [stepOf(h, task.T)], model.outKernel.value, model.outBias.value);
    return { logits: relativeTo(tolerance, logits) };
  }
  return trainingOutputs(model, tolerance);
}

function networkOutputs(task: NetworkTask, input: (name: string) => Tensor): Record<string, Expected> {
  const network = new Network(backend, networkOf(task), task);
  for (const { name, value } of network.parameters) copyInto(value, input(name));
  const { lengths = Array<number>(task.B).fill(task.T) } = task;
  network.setBatch({ x: input('x'), labels: valuesOf(input('labels')), lengths });
  return trainingOutputs(network, modelTolerance(task));
}

function trainingOutputs(network: Network, tolerance: number): Record<string, Expected> {
  network.forward();
  network.backward();
  new Adam(backend, network.parameters).update(LEARNING_RATE);
  const losses = valuesOf(network.activations.losses).filter((_, row) => network.countsRow(row));
  const loss = losses.reduce((sum, one) => sum + one) / losses.length;
  const { parameters } = network;
  return {
    loss: { values: [loss], bound: () => tolerance * loss },
    ...Object.fromEntries(
      parameters.map(({ name, gradient }) => [gradientName(name), relativeTo(tolerance, gradient)]),
    ),
    ...Object.fromEntries(parameters.map((parameter) => [parameter.name, updated(parameter)])),
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
 * If |g| is far above ε, Adam's first step is the learning rate with the gradient's sign. For smaller |g| libraries
 * differ (see src/equations/adam.ts) and rounding can change the sign, so those elements are not compared.
 */
function updated({ value: { data }, gradient: { data: gradient } }: Parameter): Expected {
  const clear = Math.max(1e-4, 0.01 * largestOf(gradient));
  // 1% of the step for differences in ε, and one rounding of the parameter.
  return {
    values: data,
    bound: (n) => (Math.abs(gradient[n]) > clear ? 0.01 * LEARNING_RATE + ROUNDING * Math.abs(data[n]) : Infinity),
  };
}

// The comparison with a candidate's outputs.

interface Verdict {
  readonly isRight: boolean;
  /** The largest error divided by its bound: at most 1 if the outputs are right. */
  readonly error: number;
  /** One line: the worst element, if the outputs are wrong. */
  readonly message: string;
}

export function verify(outputs: Arrays, expected: Record<string, Expected>): Verdict {
  let worst: Verdict = { isRight: true, error: 0, message: '' };
  for (const [name, { values, bound }] of Object.entries(expected)) {
    const output = outputs[name] as Float32Array | undefined;
    if (output?.length !== values.length) {
      return wrong(Infinity, `${name} has ${output?.length ?? 0} elements, not ${values.length}`);
    }
    for (let n = 0; n < values.length; n++) {
      const limit = bound(n);
      if (limit === Infinity && Number.isFinite(output[n])) continue;
      const difference = Math.abs(output[n] - values[n]);
      const error = difference === 0 ? 0 : difference / limit;
      if (error <= worst.error) continue; // false for NaN
      const message = `${name}[${n}] is ${output[n]}, should be ${values[n]} ± ${limit.toExponential(1)}`;
      if (Number.isNaN(error)) return wrong(Infinity, message);
      worst = error <= 1 ? { isRight: true, error, message: '' } : wrong(error, message);
    }
  }
  return worst;
}

function wrong(error: number, message: string): Verdict {
  return { isRight: false, error, message };
}
