/** The rows of the scaling suite along one axis. */
import type { Row } from '../measure/rows.js';
import type { Axis } from '../suites/scaling.js';
import { AXES } from '../suites/scaling.js';

/** The rows at the sizes around which the suite varies. */
export function rowsAtBase(rows: readonly Row[]): Row[] {
  return AXES.reduce<readonly Row[]>((left, axis) => {
    const usual = mostFrequent(rows.map((row) => row.sizes[axis]));
    return left.filter((row) => row.sizes[axis] === usual);
  }, rows).slice();
}

/** The rows along one axis: in their other sizes they agree with most rows. */
export function rowsAlong(axis: Axis, rows: readonly Row[]): Row[] {
  const others = AXES.filter((other) => other !== axis);
  const usual = Object.fromEntries(others.map((other) => [other, mostFrequent(rows.map((row) => row.sizes[other]))]));
  return rows
    .filter((row) => others.every((other) => row.sizes[other] === usual[other]))
    .sort((a, b) => a.sizes[axis] - b.sizes[axis]);
}

function mostFrequent(values: readonly number[]): number {
  const count = (value: number): number => values.filter((other) => other === value).length;
  return values.reduce((most, value) => (count(value) > count(most) ? value : most), values[0]);
}
