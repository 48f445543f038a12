/**
 * Overfitting: the loss of the examples that a network learns, and of others.
 *
 *     node docs/learn/programs/question-overfitting.mjs
 */
import { evaluate } from 'longhand';
import { noisySums, trained } from './small-runs.mjs';

const others = noisySums(500, 2);
for (const count of [40, 1000]) {
  const learned = noisySums(count, 1);
  console.log(`${count} examples`);
  for (const updates of [50, 100, 200, 400, 800]) {
    const network = await trained(learned, { trainingIters: 20 * updates + 1 });
    const [own, other] = [await evaluate(network, learned), await evaluate(network, others)];
    console.log(
      `  update ${String(updates).padStart(3)}: loss ${own.loss.toFixed(2)}, of others ${other.loss.toFixed(2)}`,
    );
    network.dispose();
  }
}
