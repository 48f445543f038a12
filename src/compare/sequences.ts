/** The sequences of a batch: in another order, because the network wants the longest first, and without their padding. */
import type { Tensor } from '../core/tensor.js';
import { copyInto, tensorFrom, valuesOf, zeros } from '../core/tensor.js';
import type { Problem, Results } from './problem.js';
import { batchAxisOf, hasPadding, isBeyondEnd, shapesOf } from './problem.js';

/** Solves a problem with its sequences sorted, the longest first, and puts every result back into the problem's order. */
export async function inSortedOrder(
  problem: Problem,
  solveSorted: (sorted: Problem) => Promise<Results>,
): Promise<Results> {
  const { lengths } = problem;
  const order = [...lengths.keys()].sort((a, b) => lengths[b] - lengths[a]); // equal lengths keep their order
  if (order.every((b, n) => b === n)) return solveSorted(problem);
  const back = Array<number>(order.length);
  order.forEach((b, n) => (back[b] = n));
  const results = await solveSorted(withSequences(problem, order));
  const shapes = shapesOf(problem);
  return new Map(
    [...results].map(([name, values]) => [
      name,
      valuesOf(picked(name, tensorFrom(values, shapes.get(name) ?? []), back)),
    ]),
  );
}

/** The problem with only these sequences of its batch, in this order. */
export function withSequences(problem: Problem, order: readonly number[]): Problem {
  const { tensors, labels, lengths, sizes } = problem;
  const B = sizes.B;
  return {
    ...problem,
    sizes: { ...sizes, B: order.length },
    tensors: new Map([...tensors].map(([name, tensor]) => [name, picked(name, tensor, order)])),
    labels: labels && Array.from({ length: labels.length / B }, (_, t) => order.map((b) => labels[t * B + b])).flat(),
    lengths: order.map((b) => lengths[b]),
  };
}

/** A copy with sequence `order[n]` at n. A tensor without sequences is not copied. */
function picked(name: string, tensor: Tensor, order: readonly number[]): Tensor {
  const axis = batchAxisOf(name, tensor);
  if (axis === undefined) return tensor;
  const shape = tensor.shape.map((extent, n) => (n === axis ? order.length : extent));
  const copy = zeros(shape, 'f64');
  const sequence = (of: Tensor, b: number): Tensor => (axis === 0 ? of.pick(b) : of.pick(null, b));
  order.forEach((b, n) => copyInto(sequence(copy, n), sequence(tensor, b)));
  return copy;
}

/** h, c and logits of every step, with zeros beyond the ends: these numbers are not compared. */
export function withoutPadding(name: string, values: Float64Array, problem: Problem): Float64Array {
  const isOfSteps = name === 'h' || name === 'c' || (name === 'logits' && problem.network.reads === 'every');
  if (!isOfSteps || !hasPadding(problem)) return values;
  const { T, B } = problem.sizes;
  const width = values.length / (T * B);
  const cleared = values.slice();
  for (let row = 0; row < T * B; row++) {
    if (isBeyondEnd(problem, Math.floor(row / B), row % B)) cleared.fill(0, row * width, (row + 1) * width);
  }
  return cleared;
}
