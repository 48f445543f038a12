/**
 * Stateful or not: a long sequence is read in batches of 4 steps. Does the state continue from batch to batch, or begin with zeros?
 *
 *     node docs/learn/programs/question-stateful.mjs
 */
import { Adam, clipGradients, Network, Random, tensorFrom } from 'longhand';
import { backend } from './small-runs.mjs';

const [T, PERIOD, BATCHES] = [4, 6, 600];
/** A one after five zeros: after four zeros in a batch, only earlier batches say when the next one comes. */
const symbolAt = (t) => (t % PERIOD === 0 ? 1 : 0);

console.log('in training  in use   right');
for (const [training, answering] of [
  [true, true],
  [false, false],
  [true, false],
]) {
  const config = { inputs: 2, inputKind: 'classes', layers: [{ hidden: 8 }], outputs: 2, reads: 'every' };
  const network = new Network(backend, config, { T, B: 1 });
  network.initialise(new Random(1), 'glorot');
  const adam = new Adam(backend, network.parameters);
  const gradients = network.parameters.map(({ gradient }) => gradient);
  let right = 0;
  for (let batch = 0; batch < 2 * BATCHES; batch++) {
    const isTraining = batch < BATCHES;
    const symbols = Array.from({ length: T + 1 }, (_, t) => symbolAt(batch * T + t));
    network.setBatch({ x: tensorFrom(symbols.slice(0, T), [T, 1]), labels: symbols.slice(1) });
    network.forward();
    if (isTraining) {
      network.backward();
      await clipGradients(backend, gradients, { clipNorm: 1 });
      adam.update(0.01);
    } else right += Math.round((await network.metrics()).accuracy * T);
    if (isTraining ? training : answering) network.carryState();
    else network.resetState();
  }
  const words = (isCarried) => (isCarried ? 'carried' : 'reset');
  const share = ((100 * right) / (T * BATCHES)).toFixed(0);
  console.log(words(training).padEnd(13) + words(answering).padEnd(9) + `${share}%`);
}
