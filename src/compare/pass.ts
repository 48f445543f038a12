/** What a pass of a network computes, as results with their names in the file. */
import type { Backend } from '../core/backend.js';
import type { Tensor } from '../core/tensor.js';
import { copyInto, valuesOf, zeros } from '../core/tensor.js';
import type { State } from '../equations/lstm-tensors.js';
import { widthOf } from '../network/config.js';
import type { Problem, Results } from './problem.js';
import { parameterShapesOf } from './problem.js';

/** The results of one forward and one backward pass. */
export interface Pass {
  readonly loss: number;
  readonly logits: Tensor;
  readonly dLogits: Tensor;
  /** The states of the top layer after each step, `[T,B,H]` for each direction. */
  readonly outputs: readonly State[];
  /** The gradients of the parameters, in the order of `Network.parameters`. */
  readonly gradients: readonly Tensor[];
  readonly dx: Tensor;
  /** The gradients of each LSTM's initial state, `[B,H]`. */
  readonly dInitial: readonly State[];
}

/** Copies of all results that the file may have. */
export async function resultsFrom(backend: Backend, problem: Problem, pass: Pass): Promise<Results> {
  const { logits, dLogits, outputs, gradients, dx, dInitial } = pass;
  const states = [...outputs, ...dInitial].flatMap(({ h, c }) => [h, c]);
  for (const tensor of [logits, dLogits, dx, ...gradients, ...states]) await backend.download(tensor);
  const results = new Map<string, Float64Array>([
    ['loss', Float64Array.of(pass.loss)],
    ['logits', valuesOf(logits)],
    [
      'h',
      sideBySide(
        problem,
        outputs.map(({ h }) => h),
      ),
    ],
    [
      'c',
      sideBySide(
        problem,
        outputs.map(({ c }) => c),
      ),
    ],
  ]);
  [...parameterShapesOf(problem).keys()].forEach((name, n) => results.set(`d.${name}`, valuesOf(gradients[n])));
  results.set('d.x', valuesOf(dx));
  if (problem.stateShapes) {
    results.set('d.h0', stacked(dInitial.map(({ h }) => h)));
    results.set('d.c0', stacked(dInitial.map(({ c }) => c)));
  }
  // the squared error sees logits - targets, so their gradients are opposite
  if (problem.network.loss === 'squaredError')
    results.set(
      'd.targets',
      valuesOf(dLogits).map((value) => 0 - value),
    );
  return results;
}

/** `[T,B,H]` of each direction → `[T,B,directions·H]`. */
function sideBySide({ network, sizes: { T, B } }: Problem, directions: readonly Tensor[]): Float64Array {
  if (directions.length === 1) return valuesOf(directions[0]);
  const both = zeros([T, B, widthOf(network.layers[network.layers.length - 1])], 'f64');
  const H = directions[0].shape[2];
  directions.forEach((states, n) => copyInto(both.hi(T, B, (n + 1) * H).lo(0, 0, n * H), states));
  return valuesOf(both);
}

function stacked(states: readonly Tensor[]): Float64Array {
  const all = new Float64Array(states.length * states[0].size);
  states.forEach((state, n) => all.set(valuesOf(state), n * state.size));
  return all;
}

/** An input that `problemOf` has read. */
export function given({ tensors }: Problem, name: string): Tensor {
  const tensor = tensors.get(name);
  if (!tensor) throw new Error(`problem: no tensor ${name}`);
  return tensor;
}

/** Writes h0 and c0 into the LSTMs' initial states. A missing one is zero. */
export function writeStates(backend: Backend, { tensors }: Problem, initial: readonly State[]): void {
  for (const [key, name] of [['h', 'h0'] as const, ['c', 'c0'] as const]) {
    const all = tensors.get(name);
    if (!all) continue;
    initial.forEach((state, n) => {
      copyInto(state[key], all.dimension === 3 ? all.pick(n) : all);
      backend.upload(state[key]);
    });
  }
}

/**
 * A backend that reports the share of the pass that is done, after each of the `cells` steps of its LSTMs. A backward
 * step counts as two forward steps, because it takes about twice as long.
 */
export function withSteps(backend: Backend, cells: number, onStep: (share: number) => void): Backend {
  let done = 0;
  return Object.assign(Object.create(backend) as Backend, {
    lstmCellForward(...tensors) {
      backend.lstmCellForward(...tensors);
      onStep((done += 1) / (3 * cells));
    },
    lstmCellBackward(...tensors) {
      backend.lstmCellBackward(...tensors);
      onStep((done += 2) / (3 * cells));
    },
  } satisfies Partial<Backend>);
}
