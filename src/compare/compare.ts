/**
 * Compares the results of another program's LSTM, GRU or RNN, from a file, with this program's, computed in f64 from the same inputs. If
 * they differ, it makes known mistakes on purpose, and names those that give the same results as the file. Of each tensor that differs
 * it says what is true of all numbers.
 *
 * docs/files.md describes the file.
 */
import { causesOf } from '../causes/causes.js';
import { listed } from '../core/arguments.js';
import type { Backend } from '../core/backend.js';
import { indexOf } from '../core/tensor.js';
import type { Safetensors } from '../files/safetensors.js';
import type { BatchSizes, NetworkConfig } from '../network/config.js';
import { mistakesFor } from './known-mistakes.js';
import { type Clock, assertQuick, LONGEST_SEARCH_SECONDS, problemOf, resultsOf } from './read-problem.js';
import { type Problem, type Results, COMPARED_CELLS, shapesOf, withoutPadding } from './problem.js';
import { solve } from './solve.js';

/** How one tensor of a file differs from this project's result. */
export interface Difference {
  /** The tensor's name in the file. */
  readonly name: string;
  /** The tensor's shape. */
  readonly shape: readonly number[];
  /** The largest |theirs - ours|. */
  readonly largestAbsolute: number;
  /** The indices of the element with the largest absolute difference. */
  readonly elementOfAbsolute: readonly number[];
  /** The largest of |theirs - ours| / max(|theirs|, |ours|, a tenth of the tensor's largest element). */
  readonly largestRelative: number;
  /** The indices of the element with the largest relative difference. */
  readonly element: readonly number[];
  /** The file's number there. */
  readonly theirs: number;
  /** This project's number there. */
  readonly ours: number;
  /** largestRelative ≤ tolerance. */
  readonly ok: boolean;
  /** Why the tensor differs: a sentence that is true of every number. undefined if it is right, or no sentence is true. */
  readonly cause: string | undefined;
}

/** What `compareFile` finds. */
export interface Comparison {
  /** The cell of the file's network. */
  readonly cell: keyof typeof COMPARED_CELLS;
  /** One entry for each result in the file. */
  readonly differences: readonly Difference[];
  /** All differences are within the tolerance. */
  readonly ok: boolean;
  /** The known mistakes that explain all differences, in words. Empty if no mistake does, or nothing differs. */
  readonly hints: readonly string[];
  /** How far the search for mistakes came. */
  readonly search: Search;
}

/** How many known mistakes were tried. */
export interface Search {
  /** Mistakes tried; fewer than `of` if the time ran out. */
  readonly tried: number;
  /** Mistakes that apply to this file; 0 if there is no difference to explain. */
  readonly of: number;
}

/** The denominator of a relative error is at least this share of the tensor's largest element. */
const RELATIVE_FLOOR = 0.1;

/** Options of `compareFile`: limits and callbacks. */
export interface CompareOptions {
  /** Refuse a pass of more than 30 s, and end the search for mistakes after 30 s. Default: true. */
  readonly limited?: boolean;
  /** Called with the sizes before the first pass; throws if the memory is too small. Default: nothing is called. */
  readonly assertRoom?: (network: NetworkConfig, sizes: BatchSizes) => void;
  /** Called after each step of a pass. Default: nothing is called. */
  readonly onProgress?: (progress: Progress) => void;
  /** Returns milliseconds since any fixed moment. Default: `performance.now`. */
  readonly clock?: Clock;
}

/** The progress of a comparison. */
export interface Progress {
  /** The phase: the pass that is compared with the file, or the search for mistakes. */
  readonly what: 'pass' | 'mistakes';
  /** The share of the phase that is done, 0 … 1. */
  readonly share: number;
}

/**
 * Compares a file's results with those of `backend`, whose dtype should be f64. Rejects with a DataError if a tensor is
 * missing or wrong, or if the comparison would take too much memory or time.
 */
export async function compareFile(
  backend: Backend,
  file: Safetensors,
  tolerance: number,
  name: string,
  { limited = true, assertRoom, onProgress = () => {}, clock = () => performance.now() }: CompareOptions = {},
): Promise<Comparison> {
  const problem = problemOf(file, name);
  assertRoom?.(problem.network, problem.sizes);
  const theirs = resultsOf(file, problem, name);
  if (limited) await assertQuick(problem, (piece) => solve(backend, piece), clock, name);
  const startedAt = clock();
  const ours = await solve(backend, problem, (share) => onProgress({ what: 'pass', share }));
  const passMs = clock() - startedAt;
  const { cell } = problem;
  const differences = withCauses([...comparedOf(theirs, ours, problem, tolerance)], tolerance);
  const ok = differences.every((difference) => difference.ok);
  if (ok) return { cell, differences, ok, hints: [], search: { tried: 0, of: 0 } };

  const endsAt = limited ? clock() + 1000 * LONGEST_SEARCH_SECONDS : Infinity;
  const mayRun = (): boolean => clock() + passMs <= endsAt;
  return {
    cell,
    differences,
    ok,
    ...(await searchMistakes(backend, problem, theirs, ours, tolerance, mayRun, onProgress)),
  };
}

/** Tries one mistake after another, as long as `mayRun` allows another pass. */
async function searchMistakes(
  backend: Backend,
  problem: Problem,
  theirs: Results,
  ours: Results,
  tolerance: number,
  mayRun: () => boolean,
  onProgress: (progress: Progress) => void,
): Promise<Pick<Comparison, 'hints' | 'search'>> {
  const mistakes = mistakesFor(problem, theirs);
  const hints: string[] = [];
  for (const [tried, { words, pass, changeBack = (results: Results) => results }] of mistakes.entries()) {
    if (pass && !mayRun()) return { hints, search: { tried, of: mistakes.length } };
    const onStep = (share: number): void => onProgress({ what: 'mistakes', share: (tried + share) / mistakes.length });
    const results = changeBack(pass ? await pass(backend, onStep) : ours);
    if (agree(theirs, results, problem, tolerance)) hints.push(words);
  }
  return { hints, search: { tried: mistakes.length, of: mistakes.length } };
}

/** Whether all results agree. It ends at the first that does not. */
function agree(theirs: Results, ours: Results, problem: Problem, tolerance: number): boolean {
  for (const { difference } of comparedOf(theirs, ours, problem, tolerance)) if (!difference.ok) return false;
  return true;
}

/** A tensor's difference, and all its numbers. */
interface Compared {
  readonly difference: Omit<Difference, 'cause'>;
  readonly theirs: Float64Array;
  readonly ours: Float64Array;
}

function* comparedOf(theirs: Results, ours: Results, problem: Problem, tolerance: number): Generator<Compared> {
  const shapes = shapesOf(problem);
  for (const [name, values] of theirs) {
    const shape = shapes.get(name) ?? [];
    const [left, right] = [values, ours.get(name) ?? values].map((one) => withoutPadding(name, one, problem));
    const { atAbsolute, at, ...numbers } = largestDifference(left, right);
    const [elementOfAbsolute, element] = [atAbsolute, at].map((flat) => indexOf(flat, shape));
    const ok = numbers.largestRelative <= tolerance;
    yield { difference: { name, shape, ...numbers, elementOfAbsolute, element, ok }, theirs: left, ours: right };
  }
}

/** What is true of every number of a tensor that differs. */
function withCauses(all: readonly Compared[], tolerance: number): Difference[] {
  const tensors = all.map(({ difference: { name, shape, ok }, theirs, ours }) => {
    const floor = floorOf(ours);
    const within = (expected: number): number => tolerance * Math.max(Math.abs(expected), floor);
    return { name, shape, isRight: ok, found: [...theirs], expected: [...ours], tolerance: within };
  });
  const causes = all.every(({ difference }) => difference.ok)
    ? new Map<string, string>()
    : causesOf(tensors, { namesOf: listed });
  return all.map(({ difference }) => ({ ...difference, cause: causes.get(difference.name) }));
}

const floorOf = (ours: Float64Array): number =>
  RELATIVE_FLOOR * ours.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

function largestDifference(theirs: Float64Array, ours: Float64Array) {
  const floor = floorOf(ours);
  let [largestAbsolute, atAbsolute] = [0, 0];
  let [largestRelative, at] = [0, 0];
  for (let n = 0; n < ours.length; n++) {
    const absolute = largestIfNaN(Math.abs(theirs[n] - ours[n]));
    const scale = Math.max(Math.abs(theirs[n]), Math.abs(ours[n]), floor);
    const relative = absolute === 0 ? 0 : largestIfNaN(absolute / scale);
    if (absolute > largestAbsolute) [largestAbsolute, atAbsolute] = [absolute, n];
    if (relative > largestRelative) [largestRelative, at] = [relative, n];
  }
  return { largestAbsolute, atAbsolute, largestRelative, at, theirs: theirs[at], ours: ours[at] };
}

/** NaN counts as infinite: it never passes. */
const largestIfNaN = (value: number): number => (Number.isNaN(value) ? Infinity : value);
