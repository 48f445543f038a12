/**
 * Networks compared with torch.nn.LSTM: outputs, states, losses and every gradient, with each feature and with all of them.
 * test/fixtures/network.py computed the expected numbers in f64, and describes them.
 */
import { readFileSync } from 'node:fs';
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { Random } from '../../src/core/rng.js';
import { copyInto, tensorFrom, valuesOf } from '../../src/core/tensor.js';
import { networkParameterShapes } from '../../src/network/config.js';
import { Network } from '../../src/door/network.js';
import type { Problem, PyTorchResults } from '../helpers/network-problem.mjs';
import { errorsOf, expectedOf, networkOf, randomProblem, resultsOf, summaryOf } from '../helpers/network-problem.mjs';

interface Fixture {
  readonly cases: readonly { readonly name: string; readonly problem: Problem; readonly results: PyTorchResults }[];
  readonly sgd: {
    readonly learningRate: number;
    readonly momentum: number;
    readonly losses: readonly number[];
    readonly changes: Readonly<Record<string, readonly number[]>>;
  };
}

const fixture = JSON.parse(readFileSync(new URL('../fixtures/network.json', import.meta.url), 'utf8')) as Fixture;
const library = { Network, createReferenceBackend, copyInto, tensorFrom, valuesOf };

/** Both sides round in f64: sums of a few hundred terms as large as the tensor's largest element. */
const TOLERANCE = 1e-14;

const tooLarge = (errors: { name: string; error: number }[]) => errors.filter(({ error }) => !(error <= TOLERANCE));

test.each(fixture.cases)('$name', async ({ problem, results }) => {
  const actual = await resultsOf(library, problem, networkOf(library, problem));
  expect(tooLarge(errorsOf(actual, expectedOf(problem, results)))).toEqual([]);
});

/** What `npm run test:random -- --cases 50 --summary` printed: PyTorch's results, two numbers for each tensor. */
const summaries = JSON.parse(
  readFileSync(new URL('../fixtures/random-networks.json', import.meta.url), 'utf8'),
) as Record<string, Record<string, readonly number[]>>;

test.each(Object.entries(summaries))('a random network of seed %s', async (seed, summary) => {
  const problem = randomProblem({ Random, networkParameterShapes }, Number(seed));
  const actual = summaryOf(await resultsOf(library, problem, networkOf(library, problem)));
  expect(errorsOf(actual, summary).filter(({ error }) => !(error <= 10 * TOLERANCE))).toEqual([]); // of sums
});

test('four updates of gradient descent with momentum', async () => {
  const { learningRate, momentum, losses, changes } = fixture.sgd;
  const network = networkOf(library, fixture.cases.at(-1)!.problem);
  const { backend, parameters } = network;
  const velocities = parameters.map(({ value }) => backend.allocate(value.shape));
  const before = parameters.map(({ value }) => valuesOf(value));
  const found: number[] = [];
  for (const _ of losses) {
    network.forward({ dropout: true });
    found.push((await network.metrics()).loss);
    network.backward();
    parameters.forEach(({ value, gradient }, n) => backend.sgd(value, velocities[n], gradient, learningRate, momentum));
  }
  const moved = parameters.map(({ name, value }, n) => [
    name,
    valuesOf(value).map((number, k) => number - before[n][k]),
  ]);
  const actual = { losses: found, ...(Object.fromEntries(moved) as Record<string, Float64Array>) };
  expect(tooLarge(errorsOf(actual, { losses, ...changes }))).toEqual([]);
});
