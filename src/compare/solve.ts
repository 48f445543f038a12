/** This project's results for a problem. */
import type { Backend } from '../core/backend.js';
import { type Tensor, copyInto, valuesOf, zeros } from '../core/tensor.js';
import type { BoundCell, Tensors } from '../cells/cell.js';
import { completeConfig } from '../network/config.js';
import { batchFrom } from '../network/given-batch.js';
import { Network } from '../network/network.js';
import { initialGradients } from '../network/states.js';
import { type Problem, type Results, inSortedOrder, parameterShapesOf, statesOf } from './problem.js';

/** Computes both passes of a network that has its batch. Resolves with the loss. */
export type Passes = (network: Network, problem: Problem) => Promise<number>;

const rightPasses: Passes = async (network) => {
  network.forward();
  const { loss } = await network.metrics();
  network.backward();
  return loss;
};

/** One forward and one backward pass. `onStep` is called after each step of a cell, with the share that is done. */
export const solve = (
  backend: Backend,
  problem: Problem,
  onStep: (share: number) => void = () => {},
  passes = rightPasses,
): Promise<Results> => inSortedOrder(problem, (sorted) => solveSorted(backend, sorted, onStep, passes));

async function solveSorted(
  backend: Backend,
  problem: Problem,
  onStep: (share: number) => void,
  passes: Passes,
): Promise<Results> {
  const { network: sizes, suffixes, lengths } = problem;
  const reporting = withSteps(backend, suffixes.length * lengths[0], onStep);
  const network = new Network(reporting, completeConfig(sizes), problem.sizes, { inputGradient: true });
  try {
    const names = [...parameterShapesOf(problem).keys()];
    network.load(Object.fromEntries(network.parameters.map(({ name }, n) => [name, given(problem, names[n])])));
    writeStates(backend, problem, network.layers.flat());
    const { x, targets } = batchFrom({ x: given(problem, 'x'), ...answersOf(problem), lengths }, network);
    network.setBatch(x, targets);
    return await resultsFrom(backend, problem, network, await passes(network, problem));
  } finally {
    network.dispose();
  }
}

/** What the loss compares the logits with. */
export const answersOf = (problem: Problem) =>
  problem.labels ? { labels: problem.labels } : { targets: given(problem, 'targets') };

/** Copies of all results that the file may have. */
async function resultsFrom(backend: Backend, problem: Problem, network: Network, loss: number): Promise<Results> {
  const { logits, dLogits } = network.activations;
  const { dx, layers } = network;
  const outputs = layers[layers.length - 1].map((cell) => cell.outputs);
  const dInitial = layers.flat().map(initialGradients);
  const gradients = network.parameters.map(({ gradient }) => gradient);
  const states = [...outputs, ...dInitial].flatMap((all) => Object.values(all));
  for (const tensor of [logits, dLogits, dx, ...gradients, ...states]) await backend.download(tensor);
  const results = new Map<string, Float64Array>([
    ['loss', Float64Array.of(loss)],
    ['logits', valuesOf(logits)],
  ]);
  for (const name of statesOf(problem)) results.set(name, sideBySide(problem, outputs, name));
  [...parameterShapesOf(problem).keys()].forEach((name, n) => results.set(`d.${name}`, valuesOf(gradients[n])));
  results.set('d.x', valuesOf(dx));
  if (problem.stateShapes)
    for (const name of statesOf(problem)) results.set(`d.${name}0`, stacked(dInitial.map((states) => states[name])));
  // the squared error sees logits - targets, so their gradients are opposite
  const dTargets = valuesOf(dLogits).map((value) => 0 - value);
  if (problem.network.loss === 'squaredError') results.set('d.targets', dTargets);
  return results;
}

/** `[T,B,N]` of each direction → `[T,B,directions·N]`. */
function sideBySide({ sizes: { T, B } }: Problem, outputs: readonly Tensors[], key: string): Float64Array {
  if (outputs.length === 1) return valuesOf(outputs[0][key]);
  const H = outputs[0][key].shape[2];
  const both = zeros([T, B, outputs.length * H], 'f64');
  outputs.forEach((states, n) => copyInto(both.hi(T, B, (n + 1) * H).lo(0, 0, n * H), states[key]));
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

/** Writes h0, and c0 of LSTMs, into the cells' initial states. A missing one is zero. */
function writeStates(backend: Backend, problem: Problem, cells: readonly BoundCell[]): void {
  for (const key of statesOf(problem)) {
    const all = problem.tensors.get(`${key}0`);
    if (!all) continue;
    cells.forEach(({ initial }, n) => {
      copyInto(initial[key], all.dimension === 3 ? all.pick(n) : all);
      backend.upload(initial[key]);
    });
  }
}

/** The operations that a cell runs once in each step, and how many forward steps take as long. */
const STEPS = {
  ...{ lstmCellForward: 1, gruCellForward: 1, tanhForward: 1 },
  ...{ lstmCellBackward: 2, gruCellBackward: 2, tanhBackward: 2 },
} as const;

/** A backend that reports the share of the pass that is done, after each of the `cells` steps of its cells. */
function withSteps(backend: Backend, cells: number, onStep: (share: number) => void): Backend {
  let done = 0;
  const names = (Object.keys(STEPS) as (keyof typeof STEPS)[]).filter((name) => backend[name] !== undefined);
  const reporting = names.map((name) => {
    const operation = (...operands: unknown[]): void => {
      (backend[name] as (...operands: unknown[]) => void)(...operands);
      onStep((done += STEPS[name]) / (3 * cells));
    };
    return [name, operation] as const;
  });
  return Object.assign(Object.create(backend) as Backend, Object.fromEntries(reporting) as Partial<Backend>);
}
