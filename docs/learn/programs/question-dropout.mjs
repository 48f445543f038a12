/**
 * Dropout: a network of two layers that learns few examples, without it and with two rates.
 *
 *     node docs/learn/programs/question-dropout.mjs
 */
import { evaluate } from 'longhand';
import { noisySums, trained } from './small-runs.mjs';

const [few, others] = [noisySums(40, 1), noisySums(500, 2)];
for (const dropout of [0, 0.3, 0.6]) {
  const network = await trained(few, { hidden: [16, 16], dropout, trainingIters: 20 * 200 + 1 });
  const [own, other] = [await evaluate(network, few), await evaluate(network, others)];
  console.log(`dropout ${dropout}: loss ${own.loss.toFixed(2)}, of others ${other.loss.toFixed(2)}`);
  network.dispose();
}
