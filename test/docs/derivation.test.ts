/** The numbers that docs/derivation.md has beside (6), (7) and (8) are those of the engine's functions. */
import { adam, adamRate, BETA1, BETA2, EPSILON } from '../../src/equations/adam.js';
import { rateAt } from '../../src/equations/schedule.js';
import { tensorFrom } from '../../src/core/tensor.js';
import { read } from '../helpers/chapter.js';

const prose = read('../derivation.md').replace(/\s+/g, ' ');

/** The updates of `adam` with these gradients, and with rate 1 in place of α if it is not corrected. */
function updatesOf(gradients: readonly number[], corrected: boolean): number[] {
  const [p, m, v, g] = Array.from({ length: 4 }, () => tensorFrom(new Float64Array(1), [1]));
  return gradients.map((gradient, n) => {
    const before = p.get(0);
    g.set(0, gradient);
    adam(p, m, v, g, corrected ? adamRate(1, n + 1) : 1);
    return before - p.get(0);
  });
}

/** Algorithm 1 of Kingma and Ba, with an ε of its own for each update. */
function algorithm1(gradients: readonly number[], epsilonOf: (t: number) => number): number[] {
  let [m, v] = [0, 0];
  return gradients.map((g, n) => {
    const t = n + 1;
    m += (g - m) * (1 - BETA1);
    v += (g * g - v) * (1 - BETA2);
    return m / (1 - BETA1 ** t) / (Math.sqrt(v / (1 - BETA2 ** t)) + epsilonOf(t));
  });
}

test('(6): without α the updates are 3.2·lr at first and at most 6.6·lr, at the twelfth', () => {
  const updates = updatesOf(new Array(40).fill(1), false);
  const largest = updates.indexOf(Math.max(...updates));
  expect(largest + 1).toBe(12);
  expect(prose).toContain(
    `${updates[0].toFixed(1)}·lr at first, and at most ${updates[largest].toFixed(1)}·lr, at the twelfth`,
  );
});

test('(6): the form of the engine is Algorithm 1 with ε/√(1-β₂ᵗ), for tiny gradients too', () => {
  const factor = (t: number): number => 1 / Math.sqrt(1 - BETA2 ** t);
  const gradients = Array.from({ length: 30 }, (_, n) => 1e-8 * Math.sin(n + 1));
  const expected = algorithm1(gradients, (t) => EPSILON * factor(t));
  updatesOf(gradients, true).forEach((update, n) => expect(update / expected[n]).toBeCloseTo(1, 10));
  expect(prose).toContain(
    `ε/√(1-β₂) ≈ ${factor(1).toFixed(0)}·ε at the first update, ${factor(10).toFixed(0)}·ε at the tenth and ${factor(1000).toFixed(1)}·ε at the thousandth`,
  );
  const [there] = algorithm1([EPSILON], () => EPSILON);
  const [here] = updatesOf([EPSILON], true);
  expect(prose).toContain(`which is ${(there / here).toFixed(0)} at |g| = ε`);
});

test('(8): the rates of the example', () => {
  const base = { learningRate: 0.1, warmUp: 4, decayEvery: 3, decayRate: 0.5 };
  const ratesOf = (schedule: 'constant' | 'cosine' | 'step'): number[] =>
    Array.from({ length: 12 }, (_, n) => rateAt({ ...base, schedule }, n + 1, 12));
  expect(prose).toContain('For lr = 0.1, w = 4 and S = 12, the warm-up has the rates 0.025, 0.05, 0.075 and 0.1.');
  ratesOf('cosine').forEach((rate, n) =>
    expect(rate).toBeCloseTo(n < 4 ? 0.025 * (n + 1) : 0.1 * Math.cos((Math.PI * (n - 4)) / 16) ** 2, 15),
  );
  expect(prose).toContain('cosine has 0.1·cos²(π·n/16) for n = 0 to 7');
  expect(ratesOf('step').slice(4)).toEqual([0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.025, 0.025]);
  expect(prose).toContain('`step` has 0.1 three times, 0.05 three times and 0.025 twice');
  expect(rateAt({ ...base, schedule: 'cosine' }, 13, 12)).toBe(0); // “would reach 0 at step S+1”
});

test('(7): the five-point rule is (4·D(δ) - D(2δ))/3, with the error -δ⁴·L⁽⁵⁾/30', () => {
  const L = (p: number): number => p ** 5; // its fifth derivative is 120
  const D = (delta: number): number => (L(delta) - L(-delta)) / (2 * delta);
  const delta = 0.1;
  const combined = (4 * D(delta) - D(2 * delta)) / 3;
  const five = (8 * (L(delta) - L(-delta)) - (L(2 * delta) - L(-2 * delta))) / (12 * delta);
  expect(combined).toBeCloseTo(five, 15);
  expect(combined / (-(delta ** 4) * (120 / 30))).toBeCloseTo(1, 10); // L′(0) is 0, so all of it is the error
});
