/** A number that a reader types. */

export interface Range {
  readonly min: number;
  readonly max: number;
}

const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;
/** A number as the fields show it. */
export const shown = (value: number): string => String(value).replace('-', '−');

/** The number of a text, perhaps Infinity, or a word about why it is none. */
export function numberOf(text: string): number | string {
  const plain = text.trim().replace(/^[−–]/, '-');
  if (plain === '') return 'Type a number.';
  if (/^[-+]?\d*,\d+$/.test(plain)) return 'Write a decimal point, not a comma.';
  return NUMBER.test(plain) ? Number(plain) : 'This is not a number.';
}

/** The number that a reader has typed, or a word about why it is none in this range. */
export function typedNumber(text: string, { min, max }: Range): number | string {
  const value = numberOf(text);
  if (typeof value === 'string' || (value >= min && value <= max)) return value;
  return `Type a number from ${shown(min)} to ${shown(max)}.`;
}
