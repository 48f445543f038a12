/**
 * Does a forecast repeat the last value? Two series: a random walk, and a wave with noise.
 *
 *     node docs/learn/programs/question-last-value.mjs
 */
import { predict, Random, valuesOf } from 'longhand';
import { errorOf, trained, windowsOf } from './small-runs.mjs';

const [COUNT, STEPS] = [400, 10];
const random = new Random(1);

/** Each value is the one before plus noise: nothing else can be known about it. */
function randomWalk() {
  let value = 0;
  return Array.from({ length: COUNT }, () => (value += random.normal(0, 0.1)));
}
const wave = () => Array.from({ length: COUNT }, (_, t) => Math.sin(t / 2) + random.normal(0, 0.1));

/** √ of the mean of the squares. */
const sizeOf = (values) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);

for (const [name, values] of Object.entries({ 'random walk': randomWalk(), wave: wave() })) {
  const [train, test] = [windowsOf(values.slice(0, 300), STEPS), windowsOf(values.slice(300 - STEPS), STEPS)];
  const network = await trained(train, { epochs: 40 });
  const { outputs } = await predict(network, test.x);
  const forecasts = [...valuesOf(outputs)];
  const last = forecasts.map((_, n) => test.x.get(n, STEPS - 1, 0));
  const error = sizeOf(last.map((value, n) => test.targets.get(n, 0) - value));
  console.log(name);
  console.log(`  error of the forecast       ${(await errorOf(network, test)).toFixed(3)}`);
  console.log(`  error of the last value     ${error.toFixed(3)}`);
  console.log(`  from forecast to last value ${sizeOf(forecasts.map((one, n) => one - last[n])).toFixed(3)}`);
  network.dispose();
}
