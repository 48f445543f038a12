/**
 * Why does the loss not decrease? The same task with four learning rates, with random labels, and with the gradient's sign turned.
 *
 *     node docs/learn/programs/question-loss-stays.mjs
 */
import { Adam, Network, Random, tensorFrom } from 'longhand';
import { whichCameFirst } from './random-rnn.mjs';
import { backend } from './small-runs.mjs';

const T = 8;
const { x, labels } = whichCameFirst(T);
const B = labels.length;
const inputs = tensorFrom(
  x.flatMap((rows) => rows.flatMap((row) => [...row])),
  [T, B, 3],
);

/** The loss after 0, 50 and 100 updates. */
async function losses(learningRate, given = labels) {
  const network = new Network(backend, { inputs: 3, layers: [{ hidden: 8 }], outputs: 2 }, { T, B });
  network.initialise(new Random(1), 'glorot');
  const adam = new Adam(backend, network.parameters);
  network.setBatch({ x: inputs, labels: given });
  const found = [];
  for (let update = 0; update <= 100; update++) {
    network.forward();
    if (update % 50 === 0) found.push((await network.metrics()).loss.toFixed(3));
    network.backward();
    adam.update(learningRate);
  }
  return found.join('  ');
}

console.log('learning rate   loss after 0, 50, 100');
for (const rate of [1e-5, 1e-3, 1e-2, 1]) console.log(`${String(rate).padEnd(16)}${await losses(rate)}`);
const random = new Random(1);
const randomLabels = labels.map(() => random.below(2));
console.log(`random labels   ${await losses(0.01, randomLabels)}`);
console.log(`wrong sign      ${await losses(-0.01)}`);
