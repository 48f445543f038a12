/**
 * Equations (6) to (11), each alone, in the order of docs/derivation.md: Adam, gradient descent with momentum, the learning
 * rate, clipping, and the numeric gradient. Each is compared with known results, or with a formula of another form.
 */
import type { Tensor } from '../../src/core/tensor.js';
import { tensorFrom, valuesOf } from '../../src/core/tensor.js';
import { adam, adamRate } from '../../src/equations/adam.js';
import { clipByNorm, clipByValue } from '../../src/equations/clipping.js';
import { checkGradients } from '../../src/equations/gradcheck.js';
import type { Schedule } from '../../src/equations/schedule.js';
import { rateAt } from '../../src/equations/schedule.js';
import { sgd } from '../../src/equations/sgd.js';
import { sum } from '../helpers/numeric.js';

const vector = (...values: number[]): Tensor => tensorFrom(values, [values.length], 'f64');
const numbersOf = (tensor: Tensor): number[] => [...valuesOf(tensor)];

/** Every number agrees with the expected one to 12 digits of its own size. */
function expectSameNumbers(actual: readonly number[], expected: readonly number[]): void {
  expect(actual).toHaveLength(expected.length);
  actual.forEach((value, n) => expect(value / expected[n]).toBeCloseTo(1, 12));
}

describe('(6)', () => {
  /** Gradients of three elements over four updates: ordinary, small, and near ε. */
  const gradients = [
    [0.5, -1e-4, 1e-8],
    [-2, 3e-4, 2e-8],
    [0.25, 1e-4, -1e-8],
    [1, -2e-4, 3e-8],
  ];

  /** m and v after all updates; they start at zero. */
  function afterUpdates() {
    const [p, m, v] = [vector(0, 0, 0), vector(0, 0, 0), vector(0, 0, 0)];
    for (const g of gradients) adam(p, m, v, vector(...g), 0.01);
    return { m: numbersOf(m), v: numbersOf(v) };
  }

  /** (1-β)·Σ βᵗ⁻ˢ·term of update s, for s = 1 … t: the running mean, written as one sum. */
  const runningMean = (beta: number, term: (gradient: number) => number, element: number): number =>
    (1 - beta) * sum(4, (s) => beta ** (3 - s) * term(gradients[s][element]));

  test('m += (g - m)·(1-β₁) is (1-β₁)·Σ β₁ᵗ⁻ˢ·g of update s', () => {
    const expected = [0, 1, 2].map((n) => runningMean(0.9, (g) => g, n));
    expectSameNumbers(afterUpdates().m, expected);
  });

  test('v += (g² - v)·(1-β₂) is (1-β₂)·Σ β₂ᵗ⁻ˢ·g² of update s', () => {
    const expected = [0, 1, 2].map((n) => runningMean(0.999, (g) => g * g, n));
    expectSameNumbers(afterUpdates().v, expected);
  });

  test('p -= α·m / (√v + ε) is p -= α / (√v/m + ε/m)', () => {
    const before = [0.5, -0.2, 0.3];
    const [p, m, v] = [vector(...before), vector(-0.4, 1e-5, 2e-8), vector(0.3, 1e-9, 1e-16)];
    adam(p, m, v, vector(0.1, 1e-5, 1e-8), 0.01);
    const expected = [0, 1, 2].map((n) => before[n] - 0.01 / (Math.sqrt(v.get(n)) / m.get(n) + 1e-8 / m.get(n)));
    expectSameNumbers(numbersOf(p), expected);
  });

  test('α = lr·√(1-β₂ᵗ) / (1-β₁ᵗ), with 1-βᵗ as the sum (1-β)·(1 + β + … + βᵗ⁻¹)', () => {
    const oneMinusPower = (beta: number, t: number): number => (1 - beta) * sum(t, (k) => beta ** k);
    for (const t of [1, 2, 3, 10, 781, 5000]) {
      const expected = (0.003 * Math.sqrt(oneMinusPower(0.999, t))) / oneMinusPower(0.9, t);
      expect(adamRate(0.003, t) / expected).toBeCloseTo(1, 10);
    }
  });
});

describe('(11)', () => {
  const gradients = [
    [0.5, -3],
    [-2, 1],
    [0.25, 4],
    [1, -0.5],
  ];
  const RATES = [0.1, 0.1, 0.05, 0.05]; // a schedule may change the rate
  const before = [0.5, -0.2];

  /** p and v after each update; v starts at zero. */
  function updates(momentum: number) {
    const [p, v] = [vector(...before), vector(0, 0)];
    return gradients.map((g, t) => {
      sgd(p, v, vector(...g), RATES[t], momentum);
      return { p: numbersOf(p), v: numbersOf(v) };
    });
  }

  /** Σ momentumᵗ⁻ˢ·g of update s, for s = 1 … t: the velocity, written as one sum. */
  const velocity = (momentum: number, t: number, element: number): number =>
    sum(t + 1, (s) => momentum ** (t - s) * gradients[s][element]);

  test.each([0.9, 0.37, 0])('v = momentum·v + g is Σ momentumᵗ⁻ˢ·g of update s, with momentum %d', (momentum) => {
    updates(momentum).forEach(({ v }, t) => {
      const expected = [0, 1].map((n) => velocity(momentum, t, n));
      expectSameNumbers(v, expected);
    });
  });
  test.each([0.9, 0.37, 0])('p -= lr·v: p is its start minus Σ lr·v of every update, with momentum %d', (momentum) => {
    updates(momentum).forEach(({ p }, t) => {
      const expected = before.map((start, n) => start - sum(t + 1, (s) => RATES[s] * velocity(momentum, s, n)));
      expectSameNumbers(p, expected);
    });
  });
});

describe('(8)', () => {
  const base = { learningRate: 0.1, schedule: 'constant', warmUp: 4, decayEvery: 3, decayRate: 0.5 } as const;
  const STEPS = 12;
  /** The rates of all steps: 1 … STEPS. */
  const ratesOf = (change: Partial<Schedule>): number[] =>
    Array.from({ length: STEPS }, (_, n) => rateAt({ ...base, ...change }, n + 1, STEPS));

  test.each(['constant', 'cosine', 'step'] as const)('warm-up: lr(s) = lr·s/w, before %s', (schedule) => {
    expectSameNumbers(ratesOf({ schedule }).slice(0, 4), [0.025, 0.05, 0.075, 0.1]);
  });
  test.each(['constant', 'cosine', 'step'] as const)(
    'warm-up: %s with a longer one than the run rises to its end',
    (schedule) => {
      const expected = Array.from({ length: STEPS }, (_, n) => 0.001 * (n + 1));
      expectSameNumbers(ratesOf({ schedule, warmUp: 100 }), expected);
    },
  );
  test('constant: lr(s) = lr after the warm-up', () => {
    expect(ratesOf({ warmUp: 0 })).toEqual(new Array(STEPS).fill(0.1));
    expect(ratesOf({}).slice(4)).toEqual(new Array(8).fill(0.1));
  });
  test('cosine: lr(s) = lr·(1 + cos(π·(s-1-w)/(S-w)))/2 is lr·cos² of half the angle', () => {
    const expected = Array.from({ length: 8 }, (_, n) => 0.1 * Math.cos((Math.PI * n) / 16) ** 2);
    expectSameNumbers(ratesOf({ schedule: 'cosine' }).slice(4), expected);
  });
  test('cosine: zero from the step after the last one', () => {
    for (const step of [13, 14, 20, 1000]) expect(rateAt({ ...base, schedule: 'cosine' }, step, STEPS)).toBe(0);
  });
  test('step: lr(s) = lr·decayRate^⌊(s-1-w)/decayEvery⌋', () => {
    expectSameNumbers(ratesOf({ schedule: 'step' }).slice(4), [0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.025, 0.025]);
  });
});

describe('(9)', () => {
  const clipped = (limit: number, ...values: number[]): number[] => {
    const gradients = [vector(...values), vector(...values.map((value) => -value))];
    clipByValue(gradients, limit);
    const [found, negative] = gradients.map(numbersOf);
    expect(negative).toEqual(found.map((value) => -value)); // the same on both sides of zero, in every tensor
    return found;
  };

  test('g = min(max(g, -limit), limit)', () => {
    expect(clipped(0.5, 3, -0.2, 0.5, 0.500001, -7)).toEqual([0.5, -0.2, 0.5, 0.5, -0.5]);
  });
  test('limits: ∞ changes nothing, and an infinite gradient becomes ± limit', () => {
    expect(clipped(Infinity, 3, 1e300, -Infinity)).toEqual([3, 1e300, -Infinity]);
    expect(clipped(2, Infinity, -Infinity)).toEqual([2, -2]);
  });
});

describe('(10)', () => {
  /** ‖g‖ = 13 over three tensors: 3² + 4² + 12² = 13². */
  function clipped(limit: number) {
    const gradients = [vector(3), vector(-4, 0), vector(12)];
    const norm = clipByNorm(gradients, limit);
    return { norm, values: gradients.map(numbersOf) };
  }

  test('g = g·limit/‖g‖ if ‖g‖ > limit, with the norm of all gradients together', () => {
    const { norm, values } = clipped(6.5);
    expect(norm).toBe(13);
    expect(values).toEqual([[1.5], [-2, 0], [6]]);
  });
  test.each([13.001, 100, Infinity])('g stays if ‖g‖ = 13 is below the limit %d', (limit) => {
    expect(clipped(limit)).toEqual({ norm: 13, values: [[3], [-4, 0], [12]] });
  });
  test('a gradient of zeros stays', () => {
    const gradients = [vector(0, 0)];
    expect([clipByNorm(gradients, 1), numbersOf(gradients[0])]).toEqual([0, [0, 0]]);
  });
});

describe('(7)', () => {
  /** ∂f/∂p at p, as the gradient check computes it. */
  async function numericDerivative(f: (p: number) => number, p: number): Promise<number> {
    const w = Float64Array.of(p);
    const [report] = await checkGradients({ inputs: { w }, loss: () => f(w[0]), gradients: () => ({ w: [0] }) });
    return report.worst.numeric;
  }

  test.each<[string, (p: number) => number, number, number]>([
    ['sin p', Math.sin, 0.7, Math.cos(0.7)],
    ['eᵖ', Math.exp, -0.3, Math.exp(-0.3)],
    ['tanh p', Math.tanh, 0.4, 1 - Math.tanh(0.4) ** 2],
    ['log p', Math.log, 2, 0.5],
    ['p⁴ - 2p³', (p) => p ** 4 - 2 * p ** 3, 0.5, -1],
  ])('∂L/∂p of L = %s is the known derivative', async (_, f, p, derivative) => {
    expect(Math.abs((await numericDerivative(f, p)) - derivative)).toBeLessThan(2e-12);
  });

  test('the error is δ⁴·L⁽⁵⁾/30: 4e-12 for L = p⁵ at 0, where δ = 1e-3', async () => {
    expect((await numericDerivative((p) => p ** 5, 0)) / -4e-12).toBeCloseTo(1, 6);
  });

  test('a right gradient passes, along random directions too; one with two elements exchanged does not', async () => {
    const w = Float64Array.of(0.3, -0.2);
    const check = { inputs: { w }, loss: () => Math.sin(w[0]) + 2 * w[1], directions: 5 };
    const [right] = await checkGradients({ ...check, gradients: () => ({ w: [Math.cos(0.3), 2] }) });
    expect(right.largestRelative).toBeLessThan(1e-10);
    const [wrong] = await checkGradients({ ...check, gradients: () => ({ w: [2, Math.cos(0.3)] }) });
    expect(wrong.largestRelative).toBeGreaterThan(0.1);
  });
});
