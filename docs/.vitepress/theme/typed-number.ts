/** A number that a reader types. */

export interface Range {
  readonly min: number;
  readonly max: number;
}

const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;
/** A number as the fields show it. */
export const shown = (value: number): string => String(value).replace('-', '−');

/** The number that a reader has typed, or a word about why it is none in this range. */
export function typedNumber(text: string, { min, max }: Range): number | string {
  const trimmed = text.trim().replace(/^−/, '-');
  if (trimmed === '') return 'Type a number.';
  if (/^[-+]?\d*,\d+$/.test(trimmed)) return 'Write a decimal point, not a comma.';
  if (!NUMBER.test(trimmed)) return 'This is not a number.';
  const value = Number(trimmed);
  return value >= min && value <= max ? value : `Type a number from ${shown(min)} to ${shown(max)}.`;
}
