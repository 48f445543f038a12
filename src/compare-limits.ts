/** What a comparison may cost: memory by its sizes, time by a measured piece of it, so that it holds on every computer. */
import type { Problem } from './compare.js';
import { DataError } from './data-error.js';
import { numbersOfActivations, numbersOfParameters } from './model-memory.js';

export const LONGEST_PASS_SECONDS = 30;
export const LONGEST_SEARCH_SECONDS = 30;

/** Of f64 tensors. `assertRoom` in src/cli/memory.ts knows what this computer has; these limits hold in a browser too. */
const MOST_BYTES = 4 * 2 ** 30;
/** Each step has views of its own, which take about 2,500 bytes of V8's heap: 250 MB for this many steps. */
const MOST_STEPS = 100_000;
/**
 * What a comparison holds at once: the present pass's model, those of earlier passes until they are collected, and copies of
 * inputs and results. The peak was measured as 3.9 models if nearly all numbers are parameters (H 3000), which each measured
 * piece has too, and as 1.8 models if nearly all are activations.
 */
export const numbersOfComparison = (sizes: Problem['sizes']): number =>
  4 * numbersOfParameters(sizes) + 2 * numbersOfActivations(sizes);

/** Throws a DataError if a comparison would need too much memory, before anything is allocated. */
export function assertFits(sizes: Problem['sizes'], name: string): void {
  const bytes = 8 * numbersOfComparison(sizes);
  if (sizes.T > MOST_STEPS || bytes > MOST_BYTES) {
    throw new DataError(
      `${name}: ${formatSizes(sizes)} is too large to compare: ${(bytes / 2 ** 30).toFixed(1)} GiB ` +
        `(at most ${MOST_STEPS} steps and ${MOST_BYTES / 2 ** 30} GiB): take fewer sequences or steps`,
    );
  }
}

const formatSizes = ({ T, B, I, H, C }: Problem['sizes']): string => `T ${T} B ${B} I ${I} H ${H} C ${C}`;

/** Milliseconds, counted from any moment. */
export type Clock = () => number;

/** Throws a DataError with the estimate if one pass of `solve` would take too long. */
export async function assertQuick(
  problem: Problem,
  solve: (piece: Problem) => Promise<unknown>,
  clock: Clock,
  name: string,
): Promise<void> {
  const seconds = (await estimatedMs(problem, solve, clock)) / 1000;
  if (seconds <= LONGEST_PASS_SECONDS) return;
  throw new DataError(
    `${name}: ${formatSizes(problem.sizes)}: one pass would take about ${formatSeconds(seconds)}, more than ` +
      `${LONGEST_PASS_SECONDS} s: take fewer sequences or steps, or pass --no-limit`,
  );
}

const formatSeconds = (seconds: number): string =>
  seconds < 600 ? `${seconds.toFixed(0)} s` : `${(seconds / 60).toFixed(0)} minutes`;

/** A piece is measured that takes at least this long, twice: shorter ones say little, and code is slow when it first runs. */
const ENOUGH_MS = 200;
const FIRST_STEPS = 8;
/** Products x·Wx and h·Wh of one step of a piece: a tenth of a second or less, if it has more than one sequence. */
const PRODUCTS_OF_A_STEP = 1e8;

/** From the first steps of some sequences. The parameters are copied for each piece, so it errs towards too long. */
async function estimatedMs(
  problem: Problem,
  solve: (piece: Problem) => Promise<unknown>,
  clock: Clock,
): Promise<number> {
  const { T, B, I, H } = problem.sizes;
  const sequences = Math.max(1, Math.min(B, Math.floor(PRODUCTS_OF_A_STEP / ((I + H) * 4 * H))));
  for (let steps = Math.min(T, FIRST_STEPS); ; steps = Math.min(T, 2 * steps)) {
    const piece = pieceOf(problem, steps, sequences);
    const isEnough = (ms: number): boolean => ms >= ENOUGH_MS || steps === T;
    const first = await msOf(() => solve(piece), clock);
    if (!isEnough(first)) continue;
    const ms = Math.min(first, await msOf(() => solve(piece), clock));
    if (isEnough(ms)) return (ms * T * B) / (steps * sequences);
  }
}

async function msOf(work: () => Promise<unknown>, clock: Clock): Promise<number> {
  const startedAt = clock();
  await work();
  return clock() - startedAt;
}

function pieceOf(problem: Problem, T: number, B: number): Problem {
  const { sizes, labels, x, h0, c0 } = problem;
  return {
    ...problem,
    ...{ sizes: { ...sizes, T, B }, labels: labels.slice(0, B), x: x.hi(T, B) },
    ...{ h0: h0?.hi(B), c0: c0?.hi(B) },
  };
}
