// @ts-check
/** Numbers as the pictures write them: with a minus sign, not a hyphen. */

/** @param {string} text */
const withMinus = (text) => text.replace('-', '−');

/** With four digits; a small number with its power of ten. @param {number} value */
export function number(value) {
  const isSmall = value !== 0 && Math.abs(value) < 5e-4;
  if (!isSmall) return withMinus(value.toFixed(4));
  const [factor, power] = value.toExponential(1).split('e-');
  return withMinus(`${factor}·10⁻${[...power].map((digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)]).join('')}`);
}

/** A number that was given: with the digits that it has, at most four. @param {number} value */
export const given = (value) => withMinus(String(Number(value.toFixed(4))));

/** With two digits; a large number with one. @param {number} value */
export const short = (value) => withMinus(value.toFixed(Math.abs(value) < 9.995 ? 2 : 1));

/** A factor or a term behind a sign. @param {string} text */
export const next = (text) => (text.startsWith('−') ? `(${text})` : text);

/** A part of 1: 58.2%, or 8.3·10⁻⁵. @param {number} part */
export const partOf = (part) => (part < 5e-4 ? number(part) : `${Number((100 * part).toPrecision(3))}%`);
