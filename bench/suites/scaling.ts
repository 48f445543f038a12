/** The training step at the tutorial's sizes, with T, B or H varied. */
import type { ModelSizes } from '../../src/network/model.js';
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

/** `H64` → `['H', 64]` */
function valueOf(size: string): [Axis, number] {
  const match = /^([TBH])([1-9]\d*)$/.exec(size);
  if (!match)
    throw new UsageError(`--sizes ${size}: write T, B or H and a whole number ≥ 1, as in --sizes H64,H256,T7`);
  return [match[1] as Axis, Number(match[2])];
}

export const scaling: Suite = {
  name: 'scaling',
  title: 'The training step as T, B and H grow, one at a time',
  usesNewProcesses: true,
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
