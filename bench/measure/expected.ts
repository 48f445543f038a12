/**
 * The expected results, computed by Longhand's reference in f64, how far an f32 result may differ, and whether it does.
 *
 * Other tests compare the reference with PyTorch, TensorFlow.js and numeric gradients.
 */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import type { FloatArray } from '../../src/core/tensor.js';
import { outputsOn } from '../programs/longhand.js';
import type { AnyCellTask, Arrays, MatmulTask, ModelTask, NetworkTask, BenchmarkTask } from '../tasks.js';
import { gradientName, LEARNING_RATE, outputNames } from '../tasks.js';

export interface Expected {
  readonly values: ArrayLike<number>;
  /** How far element n may differ; Infinity if it is not compared. */
  readonly bound: Bound;
}

type Bound = (n: number) => number;

/** The largest relative error of one f32 rounding. */
const ROUNDING = 2 ** -24;

const backend = createReferenceBackend({ dtype: 'f64' });

export async function expectedOf(task: BenchmarkTask, inputs: Arrays): Promise<Record<string, Expected>> {
  const outputs = await outputsOn(backend, task, inputs);
  const boundOf = await boundsOf(task, inputs, outputs);
  return Object.fromEntries(outputNames(task).map((name) => [name, { values: outputs[name], bound: boundOf(name) }]));
}

/** The bound of each output, by its name. */
async function boundsOf(
  task: BenchmarkTask,
  inputs: Arrays,
  outputs: Record<string, FloatArray>,
): Promise<(name: string) => Bound> {
  switch (task.kind) {
    case 'matmul': {
      const bound = await productBound(task, inputs);
      return () => bound;
    }
    case 'cellForward':
    case 'cellBackward':
      return () => () => CELL_BOUND;
    default: {
      const tolerance = modelTolerance(task);
      return (name) => {
        const gradient = outputs[gradientName(name)] as FloatArray | undefined; // a parameter has one
        if (gradient) return updateBound(outputs[name], gradient);
        const bound = tolerance * largestOf(outputs[name]);
        return () => bound;
      };
    }
  }
}

/**
 * Each of K products and K sums is rounded by at most ROUNDING of itself, in any order of summation. None of them is
 * larger than the sum of all absolute values.
 */
async function productBound(task: MatmulTask, { a, b }: Arrays): Promise<Bound> {
  const { out } = await outputsOn(backend, task, { a: a.map(Math.abs), b: b.map(Math.abs) });
  return (n) => (task.K + 1) * ROUNDING * out[n];
}

/**
 * An element results from a few operations, each rounded. The libraries compared here approximate σ and tanh within 16
 * units in the last place, which is 32 roundings. No term is larger than 4, the largest z.
 */
const CELL_BOUND = 64 * 4 * ROUNDING;

/**
 * An element is a sum, over steps, sequences and units, of terms about as large as its tensor's largest element. Each
 * term is rounded a few dozen times in the cells. n roundings of random sign add up to about √n. A wrong gate, or a missing
 * bias or step, causes an error a thousand times larger.
 */
function modelTolerance({ T, B, I, H }: ModelTask | NetworkTask | AnyCellTask): number {
  return 16 * ROUNDING * Math.sqrt(T * Math.max(B, I + H));
}

/**
 * If |g| is far above ε, Adam's first step is the learning rate with the gradient's sign. For smaller |g| libraries
 * differ (see src/equations/adam.ts) and rounding can change the sign, so those elements are not compared.
 */
function updateBound(values: FloatArray, gradient: FloatArray): Bound {
  const clear = Math.max(1e-4, 0.01 * largestOf(gradient));
  // 1% of the step for differences in ε, and one rounding of the parameter.
  return (n) => (Math.abs(gradient[n]) > clear ? 0.01 * LEARNING_RATE + ROUNDING * Math.abs(values[n]) : Infinity);
}

function largestOf(values: FloatArray): number {
  let largest = 0;
  for (const value of values) largest = Math.max(largest, Math.abs(value));
  return largest;
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
    if (output?.length !== values.length)
      return wrong(Infinity, `${name} has ${output?.length ?? 0} elements, not ${values.length}`);
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
