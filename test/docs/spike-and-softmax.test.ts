/** The figures of docs/learn/loss-and-update.md that the reader moves: their numbers by other formulas, and what they draw. */
import { topOf } from '../../docs/.vitepress/theme/spike-live.js';
import { spikeDiagram } from '../../docs/learn/pictures/diagrams.mjs';
import { engineOf } from '../../docs/learn/programs/one-softmax.mjs';
import { afterSpike, algorithm1, clipped, effectOn, SPIKE } from '../../docs/learn/programs/one-spike.mjs';
import { adamUpdates } from '../../docs/learn/programs/updates.mjs';
import { tensorFrom } from '../../src/core/tensor.js';
import { clipByNorm } from '../../src/equations/clipping.js';

const after = (spike: number, beta1: number, beta2: number): ReturnType<typeof afterSpike> =>
  afterSpike(spike, (gradients) => algorithm1(gradients, beta1, beta2));

test('with the engine’s β, Algorithm 1 makes the engine’s updates after a spike', () => {
  const [own, engine] = [after(SPIKE, 0.9, 0.999), afterSpike(SPIKE, adamUpdates)];
  expect(own).toHaveLength(5001);
  for (const k of [0, 1, 14, 100, 1000, 5000])
    for (const name of ['m', 'root', 'update'] as const) expect(own[k][name]).toBeCloseTo(engine[k][name], 7);
});

test.each([
  [100, 0.9, 0.999],
  [1000, 0.5, 0.99],
  [10_000, 0, 0.9],
  [3, 0.99, 0.995],
])('a spike of %d with β₁ = %d and β₂ = %d: m, √v and the update by their sums', (spike, beta1, beta2) => {
  const states = after(spike, beta1, beta2);
  for (const k of [0, 1, 10, 300, 1000]) {
    const m = 1 + (1 - beta1) * (spike - 1) * beta1 ** k;
    const root = Math.sqrt(1 + (1 - beta2) * (spike ** 2 - 1) * beta2 ** k);
    const shown = states[k];
    for (const [value, expected] of [
      [shown.m, m],
      [shown.root, root],
      [shown.update, m / root],
    ])
      expect(Math.abs(value / expected - 1)).toBeLessThan(1e-4); // v before the spike is 1 to 5 digits
  }
});

test('what a spike does to the updates, and that clipping prevents it', () => {
  const effect = effectOn(afterSpike(SPIKE, adamUpdates), 1000);
  expect([effect.tooLarge, effect.largest.toFixed(3), effect.sum.toFixed(1)]).toEqual([14, '3.287', '408.5']);
  expect(effect.smallest).toBe(afterSpike(SPIKE, adamUpdates)[effect.smallestAt].update);
  const byTheEngine = (gradient: number): number => {
    const tensor = tensorFrom([gradient], [1], 'f64');
    clipByNorm([tensor], 1);
    return tensor.get(0);
  };
  const gradients = [100, -100, 0.5];
  expect(gradients.map((gradient) => clipped(gradient, 1))).toEqual(gradients.map(byTheEngine));
  const none = effectOn(after(clipped(1e4, 1), 0.9, 0.999), 1000);
  expect([none.tooLarge, none.largest.toFixed(4), none.smallest.toFixed(4)]).toEqual([0, '1.0000', '1.0000']);
  // the chapter's answers: the largest update hardly changes with the spike, the tail becomes deeper, and a smaller β₂ makes it shorter
  const larger = effectOn(after(1000, 0.9, 0.999), 1000);
  expect([larger.largest.toFixed(2), effect.largest.toFixed(2)]).toEqual(['3.19', '3.29']);
  expect([larger.smallest.toFixed(2), effect.smallest.toFixed(2)]).toEqual(['0.03', '0.31']);
  expect(Math.abs(after(100, 0.9, 0.99)[1000].update - 1)).toBeLessThan(0.01);
  expect(after(100, 0.5, 0.999)[1000].update).toBeLessThan(0.5);
});

test('a diagram’s top is above all values, and its curve lies where the numbers are', () => {
  for (const most of [1, 1.01, 1.9, 3.3, 10.9, 99, 1000.9]) {
    const top = topOf([1, most]);
    expect([most, top > most, top < 3 * most]).toEqual([most, true, true]);
  }
  const values = Array.from({ length: 1101 }, (_, k) => (k === 0 ? 3 : 1));
  const svg = spikeDiagram({ x: 40, y: 10, width: 240, height: 100 }, 4, 'title', [{ of: 'third', dash: '', values }]);
  const drawn = (svg.flat(Infinity as 1) as string[]).join('\n');
  expect(drawn).toContain('d="M40.0 85.0L59.8 85.0L60.0 35.0L60.2 85.0');
  expect(drawn).toMatch(/L280\.0 85\.0"/);
});

test('softmax: a number added to all logits changes nothing, and the dLogits add up to 0', () => {
  for (const logits of [
    [2, 1, 0],
    [-10, 10, 3.3],
    [0.1, 0.2, -0.3],
  ])
    for (const label of [0, 1, 2]) {
      const own = engineOf(logits, label);
      const powers = logits.map((logit) => Math.exp(logit - logits[label]));
      const sum = powers.reduce((total, power) => total + power);
      own.p.forEach((p, k) => expect(p).toBeCloseTo(powers[k] / sum, 12));
      expect(own.loss).toBeCloseTo(Math.log(sum), 12);
      expect(own.dLogits.reduce((total, value) => total + value)).toBeCloseTo(0, 12);
      for (const added of [-100, 50, 100]) {
        const moved = engineOf(
          logits.map((logit) => logit + added),
          label,
        );
        expect(moved.loss).toBeCloseTo(own.loss, 12);
        moved.dLogits.forEach((value, k) => expect(value).toBeCloseTo(own.dLogits[k], 12));
      }
    }
});
