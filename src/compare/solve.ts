/** This project's results for a problem. */
import type { Backend } from '../core/backend.js';
import { stepOf } from '../core/tensor.js';
import type { Lstm } from '../equations/lstm-tensors.js';
import { Network } from '../network/network.js';
import { given, resultsFrom, withSteps, writeStates } from './pass.js';
import type { Problem, Results } from './problem.js';
import { parameterShapesOf } from './problem.js';
import { inSortedOrder } from './sequences.js';

/** One forward and one backward pass. `onStep` is called after each step of an LSTM, with the share that is done. */
export const solve = (
  backend: Backend,
  problem: Problem,
  onStep: (share: number) => void = () => {},
): Promise<Results> => inSortedOrder(problem, (sorted) => solveSorted(backend, sorted, onStep));

async function solveSorted(backend: Backend, problem: Problem, onStep: (share: number) => void): Promise<Results> {
  const { network: sizes, suffixes, labels, lengths } = problem;
  const reporting = withSteps(backend, suffixes.length * lengths[0], onStep);
  const network = new Network(reporting, sizes, problem.sizes, { inputGradient: true });
  try {
    const names = [...parameterShapesOf(problem).keys()];
    network.load(Object.fromEntries(network.parameters.map(({ name }, n) => [name, given(problem, names[n])])));
    const lstms = network.layers.flat();
    writeStates(
      backend,
      problem,
      lstms.map(({ initial }) => initial),
    );
    const answers = labels ? { labels } : { targets: given(problem, 'targets') };
    network.setBatch({ x: given(problem, 'x'), ...answers, lengths });

    network.forward();
    const { loss } = await network.metrics();
    network.backward();
    return await resultsFrom(backend, problem, {
      loss,
      ...network.activations,
      outputs: network.layers[network.layers.length - 1].map(({ outputs }) => outputs),
      gradients: network.parameters.map(({ gradient }) => gradient),
      dx: network.dx,
      dInitial: lstms.map(initialGradients),
    });
  } finally {
    network.dispose();
  }
}

const initialGradients = ({ dh, dc, reverse, sizes: { T } }: Lstm) => {
  const row = reverse ? T : 0;
  return { h: stepOf(dh, row), c: stepOf(dc, row) };
};
