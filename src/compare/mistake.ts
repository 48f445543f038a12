/** A mistake that is made on purpose, and what changes of inputs and results have in common. */
import type { Backend } from '../core/backend.js';
import type { Shape, Tensor } from '../core/tensor.js';
import { tensorFrom, valuesOf } from '../core/tensor.js';
import type { Problem, Results } from './problem.js';
import { parameterShapesOf, shapesOf } from './problem.js';
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

/** Where another program has the numbers of one of our tensors. */
export interface Place {
  /** Its tensor. Default: the one with the same name. */
  readonly from?: string;
  /** The place in its tensor of number n of ours. Default: n. */
  readonly at?: ((n: number) => number) | undefined;
}

/** The places of a parameter, of h0, c0, h or c. A gradient has those of its input. */
export type Layout = (name: string, shape: Shape) => Place;

/** `at` of a tensor that differs in one axis alone: index k of ours is index `indexOf(k)` of theirs. */
export function alongAxis(shape: Shape, axis: number, indexOf: (k: number) => number): (n: number) => number {
  const stride = shape.slice(axis + 1).reduce((product, extent) => product * extent, 1);
  return (n) => {
    const k = Math.floor(n / stride) % shape[axis];
    return n + (indexOf(k) - k) * stride;
  };
}

/** The other program has gates, rows, layers, directions or states in another order. `hasPass`: it changes an input. Default: true. */
export function otherLayout(problem: Problem, words: string, layout: Layout, hasPass = true): Mistake {
  const toOurs = (tensor: Tensor, name: string): Tensor => {
    const { from = name, at } = layout(name, tensor.shape);
    const theirs = problem.tensors.get(from) ?? tensor;
    if (!at) return theirs;
    const values = valuesOf(theirs);
    return tensorFrom(
      values.map((_, n) => values[at(n)]),
      tensor.shape,
    );
  };
  const changed = (): Problem => {
    const names = [...parameterShapesOf(problem).keys(), 'h0', 'c0'];
    const given = names.filter((name) => problem.tensors.has(name));
    return withTensors(problem, given, toOurs);
  };
  const changeBack = (results: Results): Results => {
    const shapes = shapesOf(problem);
    const back = new Map(results);
    for (const [name, ours] of results) {
      const prefix = isGradient(name) ? 'd.' : '';
      const own = name.slice(prefix.length);
      const { from = own, at = (n: number) => n } = layout(own, shapes.get(name) ?? []);
      const theirs = new Float64Array(ours.length);
      ours.forEach((value, n) => (theirs[at(n)] = value));
      back.set(prefix + from, theirs);
    }
    return back;
  };
  return { words, ...(hasPass && { pass: passOf(changed) }), changeBack };
}
