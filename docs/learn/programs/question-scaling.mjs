/**
 * Must inputs and targets be scaled? The same wave, as it is and in units of its spread.
 *
 *     node docs/learn/programs/question-scaling.mjs
 */
import { predict, Random, valuesOf } from 'longhand';
import { trained, windowsOf } from './small-runs.mjs';

const [COUNT, STEPS, MEAN, SPREAD] = [300, 10, 1000, 100];
const random = new Random(1);
const values = Array.from({ length: COUNT }, (_, t) => MEAN + SPREAD * (Math.sin(t / 2) + random.normal(0, 0.1)));

for (const [name, mean, spread] of [
  ['as they are', 0, 1],
  ['minus the mean', MEAN, 1],
  ['divided by the spread too', MEAN, SPREAD],
]) {
  const data = windowsOf(
    values.map((value) => (value - mean) / spread),
    STEPS,
  );
  const network = await trained(data, { epochs: 40 }, { onWarning: () => undefined }); // it warns of the scale
  const { outputs } = await predict(network, data.x);
  const errors = [...valuesOf(outputs)].map((one, n) => (one - data.targets.get(n, 0)) * spread);
  const error = Math.sqrt(errors.reduce((sum, one) => sum + one * one, 0) / errors.length);
  console.log(`${name}: error ${error.toFixed(0)}`);
  network.dispose();
}
