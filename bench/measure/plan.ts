/**
 * What /measure compares, and in which order: first what answers most. And the crossover: the sizes of the step from which on the GPU is
 * quicker than all cores. A step of half or twice the size is measured next, until the other one is quicker.
 */
import { type Axis, TUTORIAL } from '../suites.js';
import type { MeasuredCase, MeasuredTask } from './result.js';

export interface Planned {
  readonly task: MeasuredTask;
  /** Its part of the time. Programs are loaded in the first case, and compile most for the step. */
  readonly weight: number;
}

const product = (M: number, K: number, N: number, weight = 1, form: 'A·B' | 'Aᵀ·B' | 'A·Bᵀ' = 'A·B'): Planned => ({
  task: { kind: 'matmul', form, M, K, N },
  weight,
});

export const STEP: MeasuredTask = { ...TUTORIAL, kind: 'step' };

export const PLAN: readonly Planned[] = [
  product(256, 256, 256, 4),
  product(64, 64, 64),
  product(128, 128, 128),
  product(512, 512, 512, 1.5),
  product(128, 128, 512), // h·Wh
  product(128, 512, 128, 1, 'A·Bᵀ'), // dz·Whᵀ
  product(128, 3584, 512, 1.5, 'Aᵀ·B'), // hᵀ·dz of all steps
  { task: STEP, weight: 9 },
  product(1024, 1024, 1024, 3),
];

/** The weight of one case of the crossover. */
export const CROSSOVER_WEIGHT = 2;

/** The candidates of the crossover, each with the most threads that were measured. */
export const [CORES, GPU] = ['longhand-wasm', 'longhand-webgpu'];

export const CROSSOVER_AXES = ['H', 'B'] as const satisfies readonly Axis[];
type CrossoverAxis = (typeof CROSSOVER_AXES)[number];

interface Point {
  readonly size: number;
  /** The time of all cores divided by the GPU's: above 1 the GPU is quicker. */
  readonly lead: number;
}

/** The steps along an axis that both have times for, from the smallest on. */
function pointsAlong(axis: CrossoverAxis, cases: readonly MeasuredCase[]): Point[] {
  const points = cases.flatMap(({ task, rows }) => {
    if (task.kind !== 'step') return [];
    if (CROSSOVER_AXES.some((other) => other !== axis && task[other] !== TUTORIAL[other])) return [];
    const cores = rows
      .filter((row) => row.candidate === CORES)
      .sort((a, b) => b.threads - a.threads)
      .at(0)?.ms;
    const gpu = rows.find((row) => row.candidate === GPU)?.ms;
    return cores && gpu ? [{ size: task[axis], lead: cores / gpu }] : [];
  });
  return points.sort((a, b) => a.size - b.size);
}

const [SMALLEST, LARGEST] = [8, 1024];

/** The next step to measure along an axis; undefined if the crossover lies between two measured sizes, or there is nothing to compare. */
export function nextStep(axis: CrossoverAxis, cases: readonly MeasuredCase[]): MeasuredTask | undefined {
  const points = pointsAlong(axis, cases);
  if (points.length === 0) return undefined;
  const [first, last] = [points[0], points[points.length - 1]];
  if (first.lead > 1 === last.lead > 1 || first.size === last.size) {
    const size = first.lead > 1 ? first.size / 2 : last.size * 2;
    return size < SMALLEST || size > LARGEST ? undefined : { ...STEP, [axis]: size };
  }
  return undefined;
}

/** In one sentence; undefined if the GPU or the cores have no times. */
export function crossoverSentence(cases: readonly MeasuredCase[]): string | undefined {
  const parts = CROSSOVER_AXES.flatMap((axis) => {
    const points = pointsAlong(axis, cases);
    return points.length === 0 ? [] : [partOf(axis, points)];
  });
  return parts.length === 0 ? undefined : `The GPU and all cores at the tutorial’s step: ${parts.join('; ')}.`;
}

function partOf(axis: CrossoverAxis, points: readonly Point[]): string {
  const next = points.findIndex(({ lead }, n) => n > 0 && lead > 1 && points[n - 1].lead <= 1);
  const fixed = CROSSOVER_AXES.filter((other) => other !== axis).map((other) => `${other} ${TUTORIAL[other]}`);
  const where = `with ${fixed.join(', ')}`;
  if (next > 0) {
    const size = crossing(points[next - 1], points[next]);
    return `${where} the GPU is quicker from ${axis} ≈ ${size.toFixed(0)} on`;
  }
  const [first, last] = [points[0], points[points.length - 1]];
  if (first.lead > 1) return `${where} the GPU is quicker at every size measured, from ${axis} ${first.size} on`;
  return `${where} no crossover was found up to ${axis} ${last.size}, where the GPU takes ${ratio(1 / last.lead)} times as long`;
}

/** Interpolated on logarithmic scales. */
function crossing(below: Point, above: Point): number {
  const [from, to] = [Math.log(below.lead), Math.log(above.lead)];
  return below.size * (above.size / below.size) ** (from / (from - to));
}

export const ratio = (value: number): string => (value < 10 ? value.toPrecision(2) : value.toFixed(0));
