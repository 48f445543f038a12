/** The bytes by which a later table is recognised. */
import { bytesOfNumbers, bytesOfValues } from '../../src/files/sha256.js';

test('-0 is 0, and every NaN is the same: a CSV file can have them where another form of the table has not', () => {
  const otherNaN = new Float64Array(new Uint8Array([1, 0, 0, 0, 0, 0, 0xf8, 0xff]).buffer)[0];
  expect(bytesOfNumbers(Float64Array.of(-0, otherNaN, 1))).toEqual(bytesOfNumbers(Float64Array.of(0, NaN, 1)));
  expect(bytesOfNumbers(Float64Array.of(0))).not.toEqual(bytesOfNumbers(Float64Array.of(Number.MIN_VALUE)));
});

test('values of a long column are all read, and keep their borders and kinds', () => {
  const textOf = (values: readonly (number | string)[]): string =>
    [...bytesOfValues(values)].map((bytes) => new TextDecoder().decode(bytes)).join('');
  expect(textOf(['a,b', 1, '1', NaN, -0])).toBe('["a,b",1,"1",null,0]');
  const long = Array.from({ length: 25_000 }, (_, n) => n);
  expect(textOf(long).match(/\d+/g)).toEqual(long.map(String));
});
