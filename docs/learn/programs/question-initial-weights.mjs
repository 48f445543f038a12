/**
 * Initial weights: those of Glorot and Bengio times some factors. The network learns which of two symbols came first.
 *
 *     node docs/learn/programs/question-initial-weights.mjs
 */
import { Adam, Network, Random, stepOf, tensorFrom } from 'longhand';
import { whichCameFirst } from './random-rnn.mjs';
import { backend } from './small-runs.mjs';

const [T, H] = [8, 8];
const { x, labels } = whichCameFirst(T);
const B = labels.length;
const inputs = tensorFrom(
  x.flatMap((rows) => rows.flatMap((row) => [...row])),
  [T, B, 3],
);

console.log('factor  loss after 0, 50, 100  units');
for (const factor of [0, 0.01, 1, 10]) {
  const config = { inputs: 3, layers: [{ hidden: H }], outputs: 2 };
  const network = new Network(backend, config, { T, B });
  network.initialise(new Random(1), 'glorot');
  for (const { value } of network.parameters) {
    for (let n = 0; n < value.data.length; n++) value.data[n] *= factor;
    backend.upload(value);
  }
  const adam = new Adam(backend, network.parameters);
  network.setBatch({ x: inputs, labels });
  const losses = [];
  for (let update = 0; update <= 100; update++) {
    network.forward();
    if (update % 50 === 0) losses.push((await network.metrics()).loss.toFixed(3));
    network.backward();
    adam.update(0.01);
  }
  const h = stepOf(network.layers[0][0].h, T);
  const units = new Set(Array.from({ length: H }, (_, n) => Math.abs(h.get(0, n)).toFixed(4)));
  console.log(`${String(factor).padEnd(7)} ${losses.join('  ')}    ${units.size} of ${H}`);
}
