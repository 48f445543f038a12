/**
 * The learning rate of each step s = 1, 2, …, S, with base learning rate lr and w steps of warm-up.
 *
 *   (8) lr(s) = lr·s/w                                    while s ≤ w, the warm-up
 *       lr(s) = lr                                        constant
 *       lr(s) = lr·(1 + cos(π·(s-1-w)/(S-w)))/2           cosine: falls from lr towards 0
 *       lr(s) = lr·decayRate^⌊(s-1-w)/decayEvery⌋         step
 */
import { assertWhole } from '../core/arguments.js';

/** The learning-rate schedules, (8). */
export const SCHEDULES = ['constant', 'cosine', 'step'] as const;

/** The learning rate, and how it changes from step to step. */
export interface Schedule {
  /** The base learning rate: the rate after the warm-up. Finite in f32. Default: 0.001. */
  readonly learningRate: number;
  /** What the rate does after the warm-up: `constant`, `cosine` (falls towards 0 until the run's end) or `step`. Default: 'constant'. */
  readonly schedule: (typeof SCHEDULES)[number];
  /** Steps over which the rate rises linearly to `learningRate`. Default: 0. */
  readonly warmUp: number;
  /** With `schedule: 'step'`: every `decayEvery` steps the rate is multiplied by `decayRate`. Default: 1000. */
  readonly decayEvery: number;
  /** With `schedule: 'step'`: the factor. Default: 0.5. */
  readonly decayRate: number;
}

/** (8) for step `step` = 1 … `steps`. Beyond `steps`, cosine is 0, and the others continue. Throws a RangeError unless `step` is a whole number ≥ 1. */
export function rateAt(
  { learningRate, schedule, warmUp, decayEvery, decayRate }: Schedule,
  step: number,
  steps: number,
): number {
  assertWhole('rateAt: step', step, 1);
  if (step <= warmUp) return (learningRate * step) / warmUp;
  const since = step - 1 - warmUp;
  switch (schedule) {
    case 'constant':
      return learningRate;
    case 'cosine':
      if (step > steps) return 0; // the end of the curve, also if the warm-up fills the run
      return (learningRate * (1 + Math.cos((Math.PI * since) / (steps - warmUp)))) / 2;
    case 'step':
      return learningRate * decayRate ** Math.floor(since / decayEvery);
  }
}
