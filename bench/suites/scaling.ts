/** The training step with one size varied at a time around the tutorial's. */
import type { ModelSizes } from '../../src/model.js';
import type { Row } from '../rows.js';
import { modelCase, TUTORIAL_SIZES } from './model.js';
import type { Suite } from './suite.js';
import { UsageError } from './suite.js';

export const AXES = ['T', 'B', 'H'] as const;
export type Axis = (typeof AXES)[number];

const AROUND_TUTORIAL: Record<Axis, readonly number[]> = {
  T: [1, 7, 28, 112, 784],
  B: [1, 8, 32, 128, 512],
  H: [16, 32, 64, 128, 256, 512, 1024],
};
const QUICK: Record<Axis, readonly number[]> = { T: [1, 3], B: [1, 4], H: [4, 16] };
const QUICK_SIZES: ModelSizes = { T: 3, B: 4, I: 6, H: 16, C: 5 };

function baseOf(isQuick: boolean): ModelSizes {
  return isQuick ? QUICK_SIZES : TUTORIAL_SIZES;
}

/** `H64` as the axis and its value. */
function valueOf(size: string): [Axis, number] {
  const match = /^([TBH])([1-9]\d*)$/.exec(size);
  if (!match) throw new UsageError(`--sizes ${size}: give T, B or H and a whole number ≥ 1, as in --sizes H64,H256,T7`);
  return [match[1] as Axis, Number(match[2])];
}

export const scaling: Suite = {
  name: 'scaling',
  title: 'The training step as T, B and H grow, one at a time',
  isFresh: true,
  cases({ isQuick, sizes }) {
    const base = baseOf(isQuick);
    const values = isQuick ? QUICK : AROUND_TUTORIAL;
    const wanted =
      sizes.length > 0 ? sizes.map(valueOf) : AXES.flatMap((axis) => values[axis].map((n) => [axis, n] as const));
    const cases = wanted.map(([axis, value]) => modelCase('step', { ...base, [axis]: value }));
    const baseName = modelCase('step', base).name;
    return cases
      .filter(({ name }, n) => cases.findIndex((other) => other.name === name) === n)
      .map((one) => ({ ...one, comparesThreads: one.name === baseName }));
  },
};

/** The rows of the case around which the others vary. */
export function rowsAtBase(rows: readonly Row[]): Row[] {
  return AXES.reduce<readonly Row[]>((left, axis) => {
    const usual = mostFrequent(rows.map((row) => row.sizes[axis]));
    return left.filter((row) => row.sizes[axis] === usual);
  }, rows).slice();
}

/** The rows along one axis: those whose other sizes are what most rows have. */
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
