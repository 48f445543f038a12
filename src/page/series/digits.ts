/** How numbers of a series are written: large ones that differ by little have more digits. */

/** f64 has no more. */
const MOST_DIGITS = 17;

/** Writes numbers such as these with `digits` digits; with more if fewer could not tell the numbers apart. */
export function shownFor(values: readonly (number | null)[], digits: number): (value: number) => string {
  let [least, most] = [Infinity, -Infinity];
  for (const value of values) {
    if (value === null || Number.isNaN(value)) continue;
    [least, most] = [Math.min(least, value), Math.max(most, value)];
  }
  const common = Math.log10(Math.max(Math.abs(least), Math.abs(most)) / (most - least));
  const needed = digits + (Number.isFinite(common) ? Math.max(0, Math.floor(common)) : 0);
  return (value) => String(Number(value.toPrecision(Math.min(needed, MOST_DIGITS))));
}
