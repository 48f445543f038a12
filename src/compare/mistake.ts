/** A mistake that is made on purpose, and what changes of inputs and results have in common. */
import type { Backend } from '../core/backend.js';
import type { Tensor } from '../core/tensor.js';
import type { Problem, Results } from './problem.js';
import { given, solve } from './solve.js';

/** A mistake that changes a result of the file's problem. */
export interface Mistake {
  /** What is wrong, to follow “an LSTM in which”. */
  readonly words: string;
  /** A pass with the mistake. Missing if `changeBack` makes it from the right results. */
  readonly pass?: (backend: Backend, onStep: (share: number) => void) => Promise<Results>;
  /** The results in the mistaken program's layout. Missing if they are in it. */
  readonly changeBack?: (results: Results) => Results;
}

/** A pass over a problem for which this program computes the mistaken program's numbers. */
export const passOf =
  (change: () => Problem): Required<Mistake>['pass'] =>
  (backend, onStep) =>
    solve(backend, change(), onStep);

/** The problem with some inputs changed. */
export function withTensors(
  problem: Problem,
  names: readonly string[],
  change: (tensor: Tensor, name: string) => Tensor,
): Problem {
  const changed = names.map((name) => [name, change(given(problem, name), name)] as const);
  return { ...problem, tensors: new Map([...problem.tensors, ...changed]) };
}

/** The results with some of them changed. */
export function withResults(
  results: Results,
  isChanged: (name: string) => boolean,
  change: (values: Float64Array, name: string) => Float64Array,
): Results {
  return new Map([...results].map(([name, values]) => [name, isChanged(name) ? change(values, name) : values]));
}

/** Whether a result is a gradient. */
export const isGradient = (name: string): boolean => name.startsWith('d.');
