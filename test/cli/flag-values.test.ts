/** The parsers of flags' values. */
import { f32Number } from '../../src/cli/flag-values.js';

describe('a number in f32 with a range', () => {
  const included = f32Number(-1, 5, false);
  const above = f32Number(0, 5, true);

  test.each(['-1', '0', '2.5', '5'])('%s is within -1 … 5', (text) => {
    expect(included(text)).toBe(Number(text));
  });

  test.each(['-1.5', '5.000001', '1e30'])('%s is outside', (text) => {
    expect(() => included(text)).toThrow('It must be a number from -1 to 5.');
  });

  test('the least value is refused if the number must be above it', () => {
    expect(above('0.001')).toBe(0.001);
    expect(() => above('0')).toThrow('It must be greater than 0.');
    expect(() => above('-2')).toThrow('It must be greater than 0.');
    expect(() => above('6')).toThrow('It must be a number from 0 to 5.');
  });

  test('numbers that f32 makes infinite or 0, and texts that are no numbers', () => {
    expect(() => included('1e39')).toThrow('It is beyond the range of f32');
    expect(() => above('1e-50')).toThrow('It is too small: f32 rounds it to 0.');
    expect(() => included('5px')).toThrow('It must be a finite number');
  });
});
