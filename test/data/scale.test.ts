/** The scale of numbers of any size, and the bytes by which a later table is recognised. */
import { DataError } from '../../src/core/errors.js';
import { bytesOfNumbers, bytesOfValues, decimalsOf, scaled, scaleOf, unitOf } from '../../src/data/scale.js';
import { naturalPeriods } from '../../src/data/calendar.js';
import { seasonsIn } from '../../src/forecast/seasons.js';

const WEEKLY = Float64Array.from({ length: 70 }, (_, n) => (n % 7) ** 2 + Math.sin(n * n));

test.each([1, 2 ** -1000, 2 ** -200, 2 ** 90])('numbers times %p have the same scale and seasons', (size) => {
  const { level, scale } = scaleOf(WEEKLY);
  const found = WEEKLY.map((value) => value * size);
  expect(scaleOf(found)).toEqual({ level: level * size, scale: scale * size });
  const days = { start: 0, unit: 'ms', step: 86_400_000 } as const;
  expect(naturalPeriods(days).week).toBe(7);
  expect(seasonsIn(days, found)).toEqual([7]);
});

test('the unit changes no digit: it is a power of two', () => {
  expect([[3, -5], [NaN, 1e-300], [0, NaN], []].map((values) => unitOf(Float64Array.from(values)))).toEqual([
    4,
    2 ** -997,
    1,
    1,
  ]);
  expect(scaleOf(Float64Array.of(7, 7, NaN))).toEqual({ level: 7, scale: 1 });
});

test('rising numbers far from 0 have their mean and deviation, in any order', () => {
  const [level, count, distance] = [2 ** 40, 2 ** 16, 2 ** -14]; // rounded: f64 holds numbers 2⁻¹² apart there
  const rising = Float64Array.from({ length: count }, (_, n) => level + (n - (count - 1) / 2) * distance);
  const deviation = Math.sqrt((count ** 2 - 1) / 12) * distance;
  for (const values of [rising, rising.slice().reverse()]) {
    const found = scaleOf(values);
    expect(Math.abs(found.level - level) / deviation).toBeLessThan(1e-3);
    expect(found.scale / deviation).toBeCloseTo(1, 5);
  }
});

test('a number has as many decimals as f32 computes', () => {
  const decimals = [1200, 1, 5, 0.3, 1e12, 1e-12, 1e-93, 1e-94].map((scale) => decimalsOf({ level: 0, scale }));
  expect(decimals).toEqual([4, 7, 7, 8, 0, 19, 100, null]);
});

test('a number that f32 cannot hold after scaling is refused, and a missing one is 0', () => {
  const small = { level: 1, scale: 1e-3 };
  expect([NaN, 1, 3].map((value) => scaled(small, value))).toEqual([0, 0, 2000]);
  expect(scaled(small, 1.7e35)).toBeCloseTo(1.7e38, -30);
  for (const value of [1.8e35, -1.8e35, Infinity]) {
    expect(() => scaled(small, value)).toThrow(DataError);
    expect(() => scaled(small, value)).toThrow(`a number of the table is ${value}, which is `);
  }
});

test('the bytes of numbers: -0 is 0, and every NaN is the same: a CSV file can have them where another form of the table has not', () => {
  const otherNaN = new Float64Array(new Uint8Array([1, 0, 0, 0, 0, 0, 0xf8, 0xff]).buffer)[0];
  expect(bytesOfNumbers(Float64Array.of(-0, otherNaN, 1))).toEqual(bytesOfNumbers(Float64Array.of(0, NaN, 1)));
  expect(bytesOfNumbers(Float64Array.of(0))).not.toEqual(bytesOfNumbers(Float64Array.of(Number.MIN_VALUE)));
});

test('the bytes of values: those of a long column are all read, and keep their borders and kinds', () => {
  const textOf = (values: readonly (number | string)[]): string =>
    [...bytesOfValues(values)].map((bytes) => new TextDecoder().decode(bytes)).join('');
  expect(textOf(['a,b', 1, '1', NaN, -0])).toBe('["a,b",1,"1",null,0]');
  const long = Array.from({ length: 25_000 }, (_, n) => n);
  expect(textOf(long).match(/\d+/g)).toEqual(long.map(String));
});
