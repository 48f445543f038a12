/** How dropout masks are drawn: two elements from each draw of the generator. Its equations: equations-network.test.ts. */
import { Random } from '../../src/core/rng.js';
import { rowsOf, transposeOf, valuesOf, zeros } from '../../src/core/tensor.js';
import { drawMask } from '../../src/equations/dropout.js';

test('the two elements of a draw are dropped independently, and so are those of neighbouring draws', () => {
  const mask = zeros([400_000]);
  const p = 0.3;
  drawMask(mask, p, new Random(3));
  const dropped = [...valuesOf(mask)].map((value) => value === 0);
  for (const [first, second] of [
    [0, 1],
    [1, 2],
    [0, 2],
  ]) {
    let both = 0;
    for (let n = 0; n < dropped.length; n += 4) if (dropped[n + first] && dropped[n + second]) both++;
    expect(Math.abs(both / (dropped.length / 4) - p * p)).toBeLessThan(0.0037); // four standard deviations
  }
});

test('rows of an odd number of elements are drawn, and no others', () => {
  const whole = zeros([5, 3]);
  drawMask(rowsOf(whole, 1, 2), 0.5, new Random(2));
  const values = [...valuesOf(whole)];
  expect(values.filter((_, n) => n < 3 || n >= 6)).toEqual(Array(12).fill(0));
  expect(values.slice(3, 6).every((value) => value === 0 || value === 2)).toBe(true);
});

test('the same seed gives the same mask; a view with gaps is refused', () => {
  const [first, second] = [zeros([7, 9]), zeros([7, 9])];
  for (const mask of [first, second]) drawMask(mask, 0.4, new Random(5));
  expect(valuesOf(second)).toEqual(valuesOf(first));
  expect(() => drawMask(transposeOf(first), 0.4, new Random(5))).toThrow('flatten: [9,7] with strides [1,9] has gaps');
});

test.each([0, 2 ** -16, 0.1, 0.25, 1 / 3, 0.5, 0.7, 0.99])(
  'of the 65,536 values of 16 random bits, the smallest ones drop an element, and their share is p = %d to within 2⁻¹⁷',
  (p) => {
    const VALUES = 2 ** 16;
    let next = 0;
    const bits = (): number => (next << 16) | next++; // both halves of a draw are 0, then 1, …
    const mask = zeros([2 * VALUES], 'f64');
    drawMask(mask, p, { bits } as unknown as Random);
    expect(next).toBe(VALUES);
    const values = valuesOf(mask);
    for (const half of [0, 1]) {
      const ofHalf = values.filter((_, n) => n % 2 === half);
      const dropped = ofHalf.filter((value) => value === 0).length;
      expect(Math.abs(dropped - p * VALUES)).toBeLessThanOrEqual(0.5);
      expect(ofHalf.findIndex((value, n) => !Object.is(value, n < dropped ? 0 : 1 / (1 - p)))).toBe(-1);
    }
  },
);
