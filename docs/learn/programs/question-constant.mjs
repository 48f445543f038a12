/**
 * What becomes of a forecast that is fed back as the next input?
 *
 *     node docs/learn/programs/question-constant.mjs
 */
import { predict, Random, tensorFrom, valuesOf } from 'longhand';
import { trained, windowsOf } from './small-runs.mjs';

const [COUNT, STEPS] = [600, 12];
const AHEAD = [1, 2, 5, 10, 20, 40];

/** Each value is 0.9 times the one before, plus noise. The best forecast k steps ahead is 0.9ᵏ times the last value. */
function decaying(random) {
  let value = 0;
  return Array.from({ length: COUNT }, () => (value = 0.9 * value + random.normal(0, 0.3)));
}
const wave = () => Array.from({ length: COUNT }, (_, t) => Math.sin(t / 2));

/** Forecasts for 40 steps: each becomes an input of the next. */
async function fedBack(network, window) {
  const forecasts = [];
  for (let k = 0; k < AHEAD.at(-1); k++) {
    const inputs = [...window, ...forecasts].slice(-STEPS);
    const { outputs } = await predict(network, tensorFrom(inputs, [1, STEPS, 1]));
    forecasts.push(valuesOf(outputs)[0]);
  }
  return AHEAD.map((k) => forecasts[k - 1]);
}

const columns = [];
const noisy = decaying(new Random(2));
const best = noisy.indexOf(Math.max(...noisy)) + 1; // after the largest value
for (const [name, values, end] of [
  ['noise that decays', noisy, best],
  ['wave', wave(), COUNT],
]) {
  const network = await trained(windowsOf(values, STEPS), { epochs: 30 });
  columns.push(await fedBack(network, values.slice(end - STEPS, end)));
  const truth = (k) => (name === 'wave' ? Math.sin((end - 1 + k) / 2) : 0.9 ** k * values[end - 1]);
  columns.push(AHEAD.map(truth));
  network.dispose();
}
console.log('steps  noise that decays  wave\nahead  network    best    network  best');
AHEAD.forEach((k, row) => {
  const values = columns.map((column, n) => column[row].toFixed(2).padStart([9, 8, 11, 6][n]));
  console.log(String(k).padStart(5) + values.join(''));
});
