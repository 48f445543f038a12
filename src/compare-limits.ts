/** What a comparison may cost: memory by its sizes, time by a measured piece of it, so that it holds on every computer. */
import type { Problem } from './compare.js';
import { DataError } from './data-error.js';
import { numbersOfModel } from './model-memory.js';

export const LONGEST_PASS_SECONDS = 30;
export const LONGEST_SEARCH_SECONDS = 30;

/** Of f64 tensors. `assertRoom` in src/cli/memory.ts knows what this computer has; these limits hold in a browser too. */
const MOST_BYTES = 4 * 2 ** 30;
/** Each step has views of its own, which take about 2,500 bytes of V8's heap: 250 MB for this many steps. */
const MOST_STEPS = 100_000;
/**
 * The memory of a comparison in models: the present pass, earlier passes until their models are collected, and the copies of
 * inputs and results. 3.9 was measured for H 3000, less for other sizes.
 */
export const MODELS_AT_ONCE = 4;

/** Throws a DataError if a comparison would need too much memory, before anything is allocated. */
export function assertFits(sizes: Problem['sizes'], name: string): void {
  const bytes = 8 * MODELS_AT_ONCE * numbersOfModel(sizes);
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
