/** What needs no fit: the last value, each season before, the mean of the last four seasons, and the mean of the seasons before. */
import { counted } from '../../core/arguments.js';
import type { FittedMethod, Method } from './method.js';

/** The most seasons that a mean reads. */
const SEASONS = 4;
/** No file has a season of more steps, or more seasons. */
const MOST_STEPS = 2 ** 31;

/** The mean of the latest `count` numbers at or before step `t` in the phase of step `target`; NaN if there is none. */
export function meanInPhase(y: Float64Array, target: number, t: number, period: number, count: number): number {
  let [sum, found] = [0, 0];
  for (let at = latestInPhase(target, t, period); at >= 0 && found < count; at -= period) {
    if (Number.isNaN(y[at] ?? NaN)) continue;
    sum += y[at];
    found++;
  }
  return found > 0 ? sum / found : NaN;
}

/** The latest step ≤ t that is a number of whole periods before `target`. */
export const latestInPhase = (target: number, t: number, period: number): number =>
  target - period * Math.ceil((target - t) / period);

/** The latest number at step `t` or before it; NaN if there is none. */
export const lastValue = (y: Float64Array, t: number): number => meanInPhase(y, t, t, 1, 1);

/** The mean over `periods` of the means of their latest `count` numbers in phase. Without one of these, the last value stands for it. */
function naive(periods: readonly number[], count: number): FittedMethod {
  return {
    name: nameOf(periods, count),
    numbers: { periods, count },
    forecasts: ({ series: { filled } }, ahead, steps) =>
      steps.map((d) => {
        const mean = periods.reduce((sum, period) => sum + meanInPhase(filled, d, d - ahead, period, count), 0);
        return Number.isNaN(mean) ? lastValue(filled, d - ahead) : mean / periods.length;
      }),
    readsFrom: (t) => t - count * Math.max(...periods) + 1,
  };
}

function nameOf(periods: readonly number[], count: number): string {
  if (periods.length > 1) return `the mean of the seasons before (${periods.join(', ')} steps)`;
  if (periods[0] === 1) return 'the last value';
  const steps = counted(periods[0], 'step');
  return count === 1 ? `the season before (${steps})` : `the mean of four seasons (${steps})`;
}

const naiveMethod = (variants: (seasons: readonly number[]) => FittedMethod[]): Method => ({
  fit({ reading }) {
    const found = variants(reading.plan.seasons);
    return found.length > 0 ? found : 'the series has no season';
  },
  restored: (stored) => {
    const periods = stored.field('periods').list((one) => one.whole(1, MOST_STEPS));
    if (periods.length === 0) throw stored.field('periods').fault('a list of seasons');
    return naive(periods, stored.field('count').whole(1, SEASONS));
  },
});

/** The last value. */
export const last = naiveMethod(() => [naive([1], 1)]);

/** For each season the one before, and the mean of the last four; and the mean of the seasons before. */
export const season = naiveMethod((seasons) => [
  ...seasons.flatMap((period) => [naive([period], 1), naive([period], SEASONS)]),
  ...(seasons.length > 1 ? [naive(seasons, 1)] : []),
]);
