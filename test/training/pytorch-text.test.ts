/** A whole run on a text in f64, against PyTorch's (test/fixtures/text.py): carried states, epochs, clipping, Adam. */
import { readFileSync } from 'node:fs';
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { valuesOf } from '../../src/core/tensor.js';
import { classesIn, vocabularyOf } from '../../src/data/text.js';
import { fromPyTorchLayout, modulesFor } from '../../src/export/pytorch-layout.js';
import { lstmsOf } from '../../src/network/config.js';
import { TUTORIAL } from '../../src/training/options.js';
import { Training } from '../../src/training/run.js';

type Numbers = readonly (number | Numbers)[];

const fixture = JSON.parse(readFileSync(new URL('../fixtures/text.json', import.meta.url), 'utf8')) as {
  text: string;
  hidden: number[];
  T: number;
  B: number;
  updates: number;
  learningRate: number;
  clipNorm: number;
  initial: Record<string, Numbers>;
  losses: number[];
  trained: Record<string, Numbers>;
  states: Numbers[][];
};

const largestDifference = (found: ArrayLike<number>, expected: ArrayLike<number>): number => {
  expect(found).toHaveLength(expected.length);
  return Array.from(found, (value, n) => Math.abs(value - expected[n])).reduce((most, one) => Math.max(most, one), 0);
};

test('50 updates of a character model agree with PyTorch’s at 1e-9: losses, parameters, and the states at the end', async () => {
  const { text, T, B, hidden, learningRate, clipNorm, updates } = fixture;
  const vocabulary = vocabularyOf(text);
  const data = { train: { characters: classesIn(text, vocabulary), vocabulary, T }, validation: undefined };
  const options = { ...TUTORIAL, hidden, batchSize: B, learningRate, clipNorm, forgetBias: 0 };
  const start = await Training.start(createReferenceBackend({ dtype: 'f64' }), data, options).checkpoint();
  const { network } = start.model;
  const fromPyTorch = (tensors: Record<string, Numbers>) =>
    fromPyTorchLayout(network, modulesFor(network), (key) => Float64Array.from(tensors[key].flat(2) as number[]));
  const model = { ...start.model, parameters: fromPyTorch(fixture.initial) };
  const run = Training.resume(createReferenceBackend({ dtype: 'f64' }), data, { ...start, model });

  const losses: number[] = [];
  for (let n = 0; n < updates; n++) {
    await run.makeStep();
    losses.push((await run.network.metrics()).loss); // of the forward pass before the update
  }
  expect(largestDifference(losses, fixture.losses)).toBeLessThan(1e-12);
  const { model: trained, training } = await run.checkpoint();
  for (const [name, expected] of Object.entries(fromPyTorch(fixture.trained))) {
    expect(largestDifference(valuesOf(trained.parameters[name]), valuesOf(expected))).toBeLessThan(1e-9);
  }
  lstmsOf(network).forEach(({ suffix }, n) => {
    fixture.states[n].forEach((expected, k) => {
      const found = valuesOf(training!.states[`${'hc'[k]}0${suffix}`]);
      expect(largestDifference(found, expected.flat(2) as number[])).toBeLessThan(1e-12);
    });
  });
  expect(fixture.losses[updates - 1]).toBeLessThan(fixture.losses[0]);
});
