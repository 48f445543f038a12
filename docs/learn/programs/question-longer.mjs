/**
 * Why did longer training make it worse? The same few examples with two learning rates.
 *
 *     node docs/learn/programs/question-longer.mjs
 */
import { evaluate } from 'longhand';
import { noisySums, trained } from './small-runs.mjs';

const [few, others] = [noisySums(100, 1), noisySums(500, 2)];
for (const learningRate of [0.01, 0.3]) {
  console.log(`learning rate ${learningRate}`);
  for (const updates of [25, 100, 400]) {
    const network = await trained(few, { learningRate, trainingIters: 20 * updates + 1 });
    const [own, other] = [await evaluate(network, few), await evaluate(network, others)];
    console.log(`  update ${updates}: loss ${own.loss.toFixed(2)}, of others ${other.loss.toFixed(2)}`);
    network.dispose();
  }
}
const options = { trainingIters: 20 * 400 + 1, validateEvery: 5, patience: 5 };
const stopped = await trained(few, options, { validation: others });
const { loss } = await evaluate(stopped, others);
console.log(`with --patience 5: loss of others ${loss.toFixed(2)}`);
stopped.dispose();
