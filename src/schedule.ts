/**
 * The learning rate of each step. s is the step, 1, 2, 3, …; S how many there will be; w those of the warm-up.
 *
 *   (8) lr(s) = lr·s/w                                    while s ≤ w, the warm-up
 *       lr(s) = lr                                        constant
 *       lr(s) = lr·(1 + cos(π·(s-1-w)/(S-w)))/2           cosine: from lr down towards 0
 *       lr(s) = lr·decayRate^⌊(s-1-w)/decayEvery⌋         step
 */
export const SCHEDULES = ['constant', 'cosine', 'step'] as const;

export interface Schedule {
  readonly learningRate: number;
  readonly schedule: (typeof SCHEDULES)[number];
  /** Steps in which the rate rises to `learningRate`. */
  readonly warmUp: number;
  /** With `step`: after so many steps the rate is multiplied by `decayRate`, again and again. */
  readonly decayEvery: number;
  readonly decayRate: number;
}

/** (8) for step `step` = 1 … `steps`. */
export function rateAt(
  { learningRate, schedule, warmUp, decayEvery, decayRate }: Schedule,
  step: number,
  steps: number,
): number {
  if (step <= warmUp) return (learningRate * step) / warmUp;
  const since = step - 1 - warmUp;
  switch (schedule) {
    case 'constant':
      return learningRate;
    case 'cosine':
      // behind its end, where a run has been made longer, it stays at 0
      return (learningRate * (1 + Math.cos(Math.PI * Math.min(1, since / (steps - warmUp))))) / 2;
    case 'step':
      return learningRate * decayRate ** Math.floor(since / decayEvery);
  }
}
