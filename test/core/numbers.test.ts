/** Numbers from texts: which spellings are numbers, and the range of f32. */
import { decimalFrom, F32_RANGE, isWithinF32, wholeFrom } from '../../src/core/numbers.js';

test.each([
  ['0', 0],
  ['-0', -0],
  ['0.000', 0],
  ['0e5', 0],
  ['12', 12],
  ['-0.5', -0.5],
  ['.5', 0.5],
  ['5.', 5],
  ['1e-3', 1e-3],
  ['1E+3', 1000],
  ['5e-324', 5e-324],
  ['007', 7],
])('%s is a decimal number', (text, value) => expect(decimalFrom(text)).toBe(value));

test.each([
  '',
  ' ',
  '1 ',
  ' 1',
  '\t1',
  '1\n',
  '+1',
  '--1',
  '0x10',
  '0b1',
  '0o7',
  '1_000',
  '1,5',
  '1e',
  'e5',
  '.',
  '-',
  '1.2.3',
  'NaN',
  'Infinity',
  '-Infinity',
  'one',
  '１',
  '1n',
  '1e400',
  '-1e400',
  '1e-400',
  '-0.1e-400',
])('%j is not a decimal number', (text) => expect(decimalFrom(text)).toBeNaN());

test('whole numbers consist of digits, and are within their limits', () => {
  expect(['1', '8', '0', '9', '-1', '1.0', '1e0', '0x1', '+1', ' 1', ''].map((text) => wholeFrom(text, 1, 8))).toEqual([
    ...[1, 8],
    ...new Array<number>(9).fill(NaN),
  ]);
});

test('a number is within f32 unless rounding makes it infinite', () => {
  const largest = (2 - 2 ** -23) * 2 ** 127;
  expect(F32_RANGE).toBe(`±${largest.toPrecision(8)}`);
  const half = 2 ** 103; // half a unit in the last place of the largest number
  expect([largest, -largest, largest + half / 2, 0].map(isWithinF32)).toEqual([true, true, true, true]);
  expect([largest + half, -largest - half, 1e300, Infinity, NaN].map(isWithinF32)).toEqual(new Array(5).fill(false));
});
