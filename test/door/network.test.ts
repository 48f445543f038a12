/** The guard of a network: what the calls that work with it alone leave behind, and what they leave as it was. */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { DataError } from '../../src/core/errors.js';
import { zeros } from '../../src/core/tensor.js';
import { classesIn, vocabularyOf } from '../../src/data/text.js';
import { evaluate, predict } from '../../src/door/predict.js';
import { Network } from '../../src/door/network.js';
import { Training } from '../../src/door/training.js';

const [T, B, I, C] = [3, 2, 4, 5];
const backend = createReferenceBackend();
const SEQUENCES = { x: zeros([B, T, I]), labels: [0, 1], classes: C };
const OPTIONS = { hidden: 3, batchSize: B };

/** A network that has read a batch. */
function passedNetwork(): Network {
  const network = new Network(backend, { inputs: I, layers: [{ hidden: 3 }], outputs: C }, { T, B });
  network.setBatch({ x: zeros([T, B, I]), labels: [0, 1] });
  network.forward();
  return network;
}

const changedBy = (what: string): string =>
  `network: backward: ${what} has changed what the forward pass read: call forward first`;

test.each([
  ['evaluate', (network: Network) => evaluate(network, SEQUENCES)],
  ['predict', (network: Network) => predict(network, zeros([1, T, I]))],
])('after %s the network holds another batch: it has results, but no backward pass', async (what, call) => {
  const network = passedNetwork();
  await call(network);
  await expect(network.predictions()).resolves.toHaveLength(B);
  expect(() => network.backward()).toThrow(changedBy(what));
  network.forward();
  network.backward();
});

test('data that are refused leave the network with its pass', async () => {
  const network = passedNetwork();
  await expect(evaluate(network, { ...SEQUENCES, labels: [0] })).rejects.toThrow(DataError);
  await expect(predict(network, zeros([1, T, I + 1]))).rejects.toThrow(DataError);
  network.backward();
  await expect(network.metrics()).resolves.toMatchObject({ count: B });
});

test('a call that is stopped leaves no results: the batch is half another one', async () => {
  const network = passedNetwork();
  await expect(predict(network, zeros([1, T, I]), { signal: AbortSignal.abort() })).rejects.toThrow();
  await expect(network.metrics()).rejects.toThrow('metrics: no forward pass has read this batch');
  expect(() => network.backward()).toThrow('backward: no forward pass has read this batch');
});

test('a text is evaluated by a reader of its own if B is not 1: the network keeps its pass', async () => {
  const letters = 'abcabcabcabcabcabcabcabc';
  const vocabulary = vocabularyOf(letters);
  const text = { characters: classesIn(letters, vocabulary), vocabulary, T };
  const training = Training.start(
    backend,
    { train: text, validation: undefined },
    { ...OPTIONS, trainingIters: 3 * B },
  );
  await training.makeStep();
  await evaluate(training.network, text);
  await expect(training.line()).resolves.toMatchObject({ step: 1 });
  training.dispose();
});

test('after a step the batch can be reported, not differentiated: the weights are others', async () => {
  const training = Training.start(
    backend,
    { train: SEQUENCES, validation: SEQUENCES },
    { ...OPTIONS, validateEvery: 1 },
  );
  const { network } = training;
  await expect(training.line()).rejects.toThrow('call makeStep first');
  await training.makeStep();
  expect(() => network.backward()).toThrow(changedBy('train: makeStep'));
  await training.checkpoint(); // leaves everything as it is
  expect(() => network.backward()).toThrow(changedBy('train: makeStep'));
  await training.line();
  network.backward();
  await training.validate();
  await expect(training.line()).rejects.toThrow('call makeStep first');
  expect(() => network.backward()).toThrow(changedBy('train: validate'));
  training.dispose();
});

test('a run without validation data refuses to validate, and can still report its step', async () => {
  const training = Training.start(backend, { train: SEQUENCES, validation: undefined }, OPTIONS);
  await training.makeStep();
  await expect(training.validate()).rejects.toThrow('validateEvery needs hooks.validation');
  await expect(training.line()).resolves.toMatchObject({ step: 1 });
  training.dispose();
});
