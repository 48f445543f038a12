/** The limits of a comparison: memory and time. */
import { counted } from '../core/arguments.js';
import { DataError } from '../core/errors.js';
import type { BatchSizes, NetworkConfig } from '../network/config.js';
import { formatNetwork, lstmsOf } from '../network/config.js';
import { elementCountOfActivations, elementCountOfParameters } from '../network/memory.js';
import type { Problem } from './problem.js';
import { lstmsIn, withSequences } from './problem.js';

/** For f64 tensors. This limit holds in a browser too; src/cli/memory.ts also checks this computer's memory. */
const MOST_BYTES = 4 * 2 ** 30;

/** The views of a step of an LSTM take up to 6,000 bytes of V8's heap: 600 MB for this many steps. */
const MOST_STEPS = 100_000;

/**
 * How many numbers a comparison holds at once: the present pass's network, networks that are not collected yet, and copies
 * of inputs and results. The measured peak is 15 to 17 tensors a parameter (H 1200 and 2000), and 1.8 times the activations
 * if nearly all numbers are activations; 2.3 times with two bidirectional layers and lengths.
 */
export const elementCountOfComparison = (network: NetworkConfig, sizes: BatchSizes): number =>
  16 * elementCountOfParameters(network) + 2 * elementCountOfActivations(network, sizes);

/** Throws a DataError if a comparison would need too much memory, before anything is allocated. */
export function assertFits(network: NetworkConfig, sizes: BatchSizes, name: string): void {
  const bytes = 8 * elementCountOfComparison(network, sizes);
  const mostSteps = Math.floor(MOST_STEPS / lstmsOf(network).length);
  if (sizes.T > mostSteps || bytes > MOST_BYTES) {
    throw new DataError(
      `${name}: ${formatNetwork(network, sizes)} is too large to compare: ${(bytes / 2 ** 30).toFixed(1)} GiB ` +
        `(at most ${counted(mostSteps, 'step')} and ${MOST_BYTES / 2 ** 30} GiB): take fewer sequences or steps`,
    );
  }
}

/** A piece of the comparison is measured, so the estimate fits every computer. */
export const LONGEST_PASS_SECONDS = 30;
export const LONGEST_SEARCH_SECONDS = 30;

/** Returns milliseconds since any fixed moment. @inline */
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
    `${name}: ${formatNetwork(problem.network, problem.sizes)}: one pass would take about ${formatSeconds(seconds)}, more than ` +
      `${LONGEST_PASS_SECONDS} s: take fewer sequences or steps, or pass --no-limit`,
  );
}

const formatSeconds = (seconds: number): string =>
  seconds < 600 ? `${seconds.toFixed(0)} s` : `${(seconds / 60).toFixed(0)} minutes`;

/** The measured piece takes at least this long: shorter times are imprecise. It runs twice: code is slow at first. */
const ENOUGH_MS = 200;
const FIRST_STEPS = 8;
/** The most multiplications in x·Wx and h·Wh of a piece's step (a tenth of a second), unless one sequence has more. */
const PRODUCTS_OF_A_STEP = 1e8;

/**
 * Measures the first steps of some sequences, the longest ones. Each piece copies the parameters, so the estimate is a
 * little long.
 */
async function estimatedMs(
  problem: Problem,
  solve: (piece: Problem) => Promise<unknown>,
  clock: Clock,
): Promise<number> {
  const { lengths, sizes } = problem;
  const products = sumOf(lstmsIn(problem).map(({ I, H }) => (I + H) * 4 * H));
  const count = Math.max(1, Math.min(sizes.B, Math.floor(PRODUCTS_OF_A_STEP / products)));
  const longest = [...lengths.keys()].sort((a, b) => lengths[b] - lengths[a]).slice(0, count);
  const T = lengths[longest[0]];
  for (let steps = Math.min(T, FIRST_STEPS); ; steps = Math.min(T, 2 * steps)) {
    const piece = withSequences(firstSteps(problem, steps), longest);
    const isEnough = (ms: number): boolean => ms >= ENOUGH_MS || steps === T;
    const first = await msOf(() => solve(piece), clock);
    if (!isEnough(first)) continue;
    const ms = Math.min(first, await msOf(() => solve(piece), clock));
    if (isEnough(ms)) return (ms * sumOf(lengths)) / sumOf(piece.lengths);
  }
}

const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, number) => sum + number, 0);

async function msOf(work: () => Promise<unknown>, clock: Clock): Promise<number> {
  const startedAt = clock();
  await work();
  return clock() - startedAt;
}

/** The first T steps. Every label counts, so that something does. */
function firstSteps(problem: Problem, T: number): Problem {
  const { network, sizes, tensors, labels, lengths } = problem;
  const rows = network.reads === 'every' ? T * sizes.B : sizes.B;
  const isInSteps = (name: string): boolean => name === 'x' || (name === 'targets' && network.reads === 'every');
  return {
    ...problem,
    sizes: { ...sizes, T },
    tensors: new Map([...tensors].map(([name, tensor]) => [name, isInSteps(name) ? tensor.hi(T) : tensor])),
    labels: labels?.slice(0, rows).map((label) => Math.max(0, label)),
    lengths: lengths.map((length) => Math.min(length, T)),
  };
}
