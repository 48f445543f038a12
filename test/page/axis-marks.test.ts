/** Where the page's charts have marks. */
import { powersOfTen, powerText, WHOLE_DISTANCES } from '../../src/page/axis-marks.js';

test('the marks of counts are whole numbers, and those of a logarithmic axis are powers of ten', () => {
  expect(WHOLE_DISTANCES.slice(0, 7)).toEqual([1, 2, 5, 10, 20, 50, 100]);
  expect(WHOLE_DISTANCES.every(Number.isInteger)).toBe(true);
  expect(powersOfTen(0.002, 300).map(powerText)).toEqual(['10⁻²', '10⁻¹', '10⁰', '10¹', '10²']);
  expect(powersOfTen(1e-15, 10).map(powerText)).toEqual(['10⁻¹⁵', '10⁻¹¹', '10⁻⁷', '10⁻³', '10¹']);
  expect(powersOfTen(2, 3)).toEqual([]);
});
