/** (9) and (10), clipping: compared with PyTorch, for random and for non-finite gradients, and in training. */
import * as fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { createReferenceBackend } from '../../kernels/reference/index.js';
import type { Tensor } from '../../src/core/tensor.js';
import { rowsOf, stepOf, tensorFrom, valuesOf, zeros } from '../../src/core/tensor.js';
import { adam, adamRate, BETA2 } from '../../src/equations/adam.js';
import { clipByNorm, clipByValue, clipGradients } from '../../src/equations/clipping.js';
import type { Network } from '../../src/door/network.js';
import { train } from '../../src/door/train.js';
import { failureOf } from '../helpers/failures.js';
import { IMAGES, OPTIONS } from '../helpers/small-data.js';

const { clipping } = JSON.parse(readFileSync(new URL('../fixtures/parts.json', import.meta.url), 'utf8')) as {
  clipping: {
    clipValue: number | null;
    clipNorm: number | null;
    norm: number;
    gradients: number[][];
    clipped: number[][];
  }[];
};

const tensorsOf = (all: readonly (readonly number[])[]): Tensor[] =>
  all.map((values) => tensorFrom(Float64Array.from(values), [values.length]));

test.each(clipping)(
  'clipping by value $clipValue and by norm $clipNorm gives PyTorch’s gradients',
  async ({ gradients, clipped, clipValue, clipNorm }) => {
    const backend = createReferenceBackend({ dtype: 'f64' });
    const tensors = tensorsOf(gradients);
    await clipGradients(backend, tensors, { clipValue, clipNorm });
    // PyTorch divides by ‖g‖ + 1e-6, not by ‖g‖.
    tensors.forEach((tensor, n) =>
      valuesOf(tensor).forEach((value, m) =>
        expect(Math.abs(value - clipped[n][m])).toBeLessThan(1e-6 * Math.abs(value)),
      ),
    );
  },
);

test.each(clipping)('clipByNorm returns the norm before clipping, $norm', ({ gradients, clipValue, norm }) => {
  const tensors = tensorsOf(gradients);
  if (clipValue !== null) clipByValue(tensors, clipValue);
  expect(clipByNorm(tensors, Infinity)).toBeCloseTo(norm, 12);
});

const lengthOf = (tensors: readonly Tensor[]): number =>
  Math.hypot(...tensors.flatMap((tensor) => [...valuesOf(tensor)]));

test('clipByNorm scales the gradient to the limit and keeps its direction; a smaller gradient stays', () => {
  const values = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 9 });
  fc.assert(
    fc.property(
      fc.array(values, { minLength: 1, maxLength: 4 }),
      fc.double({ min: 1e-3, max: 1e6, noNaN: true }),
      (all, limit) => {
        const [tensors, before] = [tensorsOf(all), tensorsOf(all)];
        const length = clipByNorm(tensors, limit);
        if (length <= limit) {
          expect(tensors.map(valuesOf)).toEqual(before.map(valuesOf));
          return;
        }
        expect(lengthOf(tensors)).toBeLessThanOrEqual(limit * (1 + 1e-12));
        expect(lengthOf(tensors)).toBeGreaterThanOrEqual(limit * (1 - 1e-12));
        tensors.forEach((tensor, n) =>
          valuesOf(tensor).forEach((value, m) => expect(value).toBeCloseTo((all[n][m] * limit) / length, 6)),
        );
      },
    ),
  );
});

test.each<[string, unknown, unknown, Error]>([
  ['no limits', [], undefined, new TypeError('clipGradients: undefined: must be an object')],
  ['a limit of 0', [], { clipNorm: 0 }, new RangeError('clipGradients: clipNorm is 0: must be a number > 0')],
  ['a negative limit', [], { clipValue: -1 }, new RangeError('clipGradients: clipValue is -1: must be a number > 0')],
  ['NaN', [], { clipNorm: NaN }, new RangeError('clipGradients: clipNorm is NaN: must be a number > 0')],
  ['a text', [], { clipNorm: '5' }, new TypeError('clipGradients: clipNorm is "5": must be a number')],
  [
    'an unknown name',
    [],
    { clipnorm: 5 },
    new TypeError('clipGradients: clipnorm: unknown option; did you mean clipNorm?'),
  ],
  [
    'one tensor',
    zeros([2]),
    { clipNorm: 5 },
    new TypeError('clipGradients: gradients is an Object: must be a list of tensors'),
  ],
])('clipGradients refuses %s', async (_, gradients, limits, refusal) => {
  const clip = clipGradients as (...given: unknown[]) => Promise<void>;
  expect(await failureOf(clip(createReferenceBackend(), gradients, limits))).toEqual(refusal);
});

test('a view is clipped, and nothing outside it', () => {
  const whole = zeros([4, 2]);
  whole.data.fill(3);
  clipByValue([rowsOf(whole, 1, 3)], 1);
  expect([...whole.data]).toEqual([3, 3, 1, 1, 1, 1, 3, 3]);
  clipByNorm([stepOf(whole, 0)], 0);
  expect([...whole.data]).toEqual([0, 0, 1, 1, 1, 1, 3, 3]);
});

test('in training every update uses clipped gradients, and limits that are never reached change nothing', async () => {
  const backend = createReferenceBackend();
  const plain = await train(backend, IMAGES, OPTIONS);
  const norms: number[] = [];
  const largest: number[] = [];
  const adam: typeof backend.adam = (p, m, v, g, rate) => {
    norms.push(lengthOf([g]));
    largest.push(Math.max(...valuesOf(g).map(Math.abs)));
    backend.adam(p, m, v, g, rate);
  };
  const clipped = await train({ ...backend, adam }, IMAGES, { ...OPTIONS, clipNorm: 0.05 });
  const ofSteps = Array.from({ length: norms.length / 4 }, (_, n) => Math.hypot(...norms.slice(4 * n, 4 * n + 4)));
  expect(ofSteps).toHaveLength(12);
  for (const norm of ofSteps) expect(norm).toBeCloseTo(0.05, 6);
  largest.length = 0;
  await train({ ...backend, adam }, IMAGES, { ...OPTIONS, clipValue: 0.001 });
  expect(largest).toHaveLength(12 * 4);
  for (const value of largest) expect(value).toBe(Math.fround(0.001));
  const free = await train(backend, IMAGES, { ...OPTIONS, clipNorm: 1e9, clipValue: 1e9 });
  const weights = ({ parameters }: Network): Float64Array[] => parameters.map(({ value }) => valuesOf(value));
  expect(weights(free)).toEqual(weights(plain));
  expect(weights(clipped)).not.toEqual(weights(plain));
});

test('with Adam a single large gradient makes an update of about 3.2 lr, and stays in m and v for many steps', () => {
  const [p, m, v, g] = Array.from({ length: 4 }, () => zeros([1], 'f64'));
  const BEFORE = 10_000; // updates, after which α is lr; the usual gradients are ±1, the large one is 10⁴
  const changes: number[] = [];
  const roots: number[] = [];
  for (let t = 1; t <= BEFORE + 3000; t++) {
    const before = p.get(0);
    g.set(0, t === BEFORE ? 1e4 : t % 2 === 0 ? 1 : -1);
    adam(p, m, v, g, adamRate(1, t));
    if (t < BEFORE) continue;
    changes.push(before - p.get(0));
    roots.push(Math.sqrt(v.get(0)));
  }
  expect(Math.max(...changes.map(Math.abs))).toBeCloseTo(3.2, 1); // in units of lr
  expect(changes[0]).toBeCloseTo(3.2, 1);
  expect(changes.slice(0, 100).reduce((sum, change) => sum + change, 0)).toBeCloseTo(31.8, 0);

  const halfLife = (2 * Math.log(2)) / -Math.log(BETA2);
  expect(Math.round(halfLife)).toBe(1386);
  expect(roots[1386] / roots[0]).toBeCloseTo(0.5, 3);
  expect(roots[3000]).toBeGreaterThan(50); // it was 1 before, so a usual update is still 1/50 of its former size

  const derivation = readFileSync(new URL('../../docs/derivation.md', import.meta.url), 'utf8').replace(/\s+/g, ' ');
  for (const figure of ['≈ 3.2 times lr', 'about 32·lr in sum', 'halves in 693 updates, and in √v in 1386']) {
    expect(derivation).toContain(figure);
  }
});
