/**
 * What a derivative along a random direction sees of a mistake in one element, or in all: docs/learn/check-it.md.
 *
 *     node docs/learn/programs/directions.mjs
 */
import { fileURLToPath } from 'node:url';
import { flatten, Random, valuesOf } from 'longhand';
import { lossOf, numericDerivatives, randomModel } from './numeric.mjs';

const SIZES = { T: 5, B: 3, I: 28, H: 64, C: 10 };

/** The kernel's gradient by the backward pass, and three unit directions u, each with the numeric derivative along it. */
export async function measured() {
  const model = randomModel('f64', { sizes: SIZES });
  model.forward();
  model.backward();
  const kernel = flatten(model.kernel.value);
  const gradient = valuesOf(model.kernel.gradient);
  const before = valuesOf(kernel);
  const random = new Random(2);
  const directions = [];
  for (let n = 0; n < 3; n++) {
    const u = Float64Array.from(before, () => random.normal(0, 1));
    const length = Math.hypot(...u);
    const lossAt = (s) => (before.forEach((value, k) => kernel.set(k, value + (s * u[k]) / length)), lossOf(model));
    const { five } = await numericDerivatives(lossAt, 1e-3);
    directions.push({ u: u.map((value) => value / length), numeric: five });
  }
  return { gradient, directions };
}

/** The largest error of ⟨gradient, u⟩ over the directions. It is divided by ‖gradient‖/√elements, the size of one element. */
export function directionError(gradient, directions) {
  const size = Math.hypot(...gradient) / Math.sqrt(gradient.length);
  return Math.max(
    ...directions.map(({ u, numeric }) => Math.abs(gradient.reduce((sum, g, k) => sum + g * u[k], -numeric)) / size),
  );
}

/** Each mistake changes a copy of the gradient. Elements are in the order of their size. */
export const MISTAKES = {
  none: () => {},
  'the largest element is 1% too large': (gradient, order) => (gradient[order.at(-1)] *= 1.01),
  'the median element has the wrong sign': (gradient, order) => (gradient[order[order.length / 2]] *= -1),
  'the smallest element has the wrong sign': (gradient, order) => (gradient[order[0]] *= -1),
  'all elements are 0.01% too large': (gradient) => gradient.forEach((value, k) => (gradient[k] = value * 1.0001)),
};

async function main() {
  const { gradient, directions } = await measured();
  const { length } = gradient;
  console.log(`${length} elements: ${4 * length} losses for all, ${4 * directions.length} for 3 directions`);
  const order = [...gradient.keys()].sort((a, b) => Math.abs(gradient[a]) - Math.abs(gradient[b]));
  for (const [words, plant] of Object.entries(MISTAKES)) {
    const wrong = gradient.slice();
    plant(wrong, order);
    console.log(`${words}: ${directionError(wrong, directions).toExponential(0)}`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
