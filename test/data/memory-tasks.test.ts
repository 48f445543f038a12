/** Parity: sequences of zeros and ones, labelled by whether the number of ones is odd. */
import { parity } from '../../src/data/memory-tasks.js';
import { expectNumbers } from '../helpers/numeric.js';

test('the labels say whether the number of ones is odd, up to the end of each sequence', () => {
  const [count, T] = [500, 12];
  const { x, labels, lengths = [], inputClasses, classes } = parity(count, T, [2, 9], 1);
  expect([inputClasses, classes, x.shape]).toEqual([2, 2, [count, T]]);
  const bits = Array.from({ length: count }, (_, n) => Array.from({ length: T }, (__, t) => x.get(n, t)));
  expectNumbers(
    labels as Uint8Array,
    bits.map((row) => row.filter((bit) => bit === 1).length % 2),
  );
  const found = new Set(Array.from(lengths));
  expect([...found].sort((a, b) => a - b)).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
  bits.forEach((row, n) => expect(row.slice(lengths[n])).toEqual(Array(T - lengths[n]).fill(0)));
  const odd = Array.from(labels as Uint8Array).filter((label) => label === 1).length;
  expect(odd).toBeGreaterThan(200); // about half
  expect(odd).toBeLessThan(300);
});

test('the same seed gives the same sequences, another seed others', () => {
  const of = (seed: number): number[] => [...parity(20, 5, [1, 5], seed).x.data];
  expect(of(3)).toEqual(of(3));
  expect(of(3)).not.toEqual(of(4));
});

test.each([
  [[5, 4], 5],
  [[1, 6], 5],
] as const)('refuses lengths %j with T %i', ([shortest, longest], T) => {
  expect(() => parity(1, T, [shortest, longest], 1)).toThrow(
    `parity: lengths from ${shortest} to ${longest}: must grow, and T is ${T}: must not be smaller`,
  );
});
