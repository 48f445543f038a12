/** Which known mistakes give the numbers of an answer: one, or several at once. */
import type { Exercise, KnownMistake } from '../exercise.js';
import { withMistake } from '../exercise.js';
import type { Numbers, Result } from '../results.js';
import { isNear, numberIn } from '../results.js';

/** Computes the numbers of a text that is known to be no stranger's; undefined if it cannot be run. */
export type Compute = (source: string) => Numbers | undefined;

/** The numbers of all cases in one list, and which of them are wrong. */
interface Flat {
  readonly values: Float64Array;
  readonly isWrong: readonly boolean[];
}

/** The numbers of a text with one mistake. */
export interface Mistaken extends Flat {
  readonly mistake: KnownMistake;
}

/** They are the same for every answer. */
const computed = new Map<KnownMistake, Mistaken | undefined>();

/** Pairs that are computed for one answer at most. */
const MOST_PAIRS = 60;

/** Mistakes at once that have no number in common at most. */
const MOST_TOGETHER = 3;

export class KnownMistakes {
  private readonly found: Flat;
  private readonly right: Float64Array;
  /** Of each number. */
  private readonly scales: readonly (0 | undefined)[];

  constructor(
    private readonly exercise: Exercise,
    numbers: Numbers,
    private readonly expected: readonly (readonly Result[])[],
    private readonly compute: Compute,
  ) {
    this.right = Float64Array.from(expected.flatMap((results) => results.flatMap(({ values }) => [...values])));
    this.scales = expected.flatMap((results) =>
      results.flatMap(({ values, scale }) => Array.from(values, () => scale)),
    );
    this.found = this.flat(numbers);
  }

  /** The first one that gives every number. */
  one(): KnownMistake | undefined {
    return this.exercise.mistakes.find((mistake) => {
      const mistaken = this.mistaken(mistake);
      return mistaken && this.isFound(mistaken.values);
    });
  }

  /** Two or three that give every number together. */
  several(): readonly KnownMistake[] | undefined {
    return this.separate() ?? this.pair();
  }

  /** Each gives all numbers that it makes wrong, and no two make the same number wrong. The largest come first. */
  agreeing(): readonly Mistaken[] {
    const isTaken = new Array<boolean>(this.right.length).fill(false);
    return this.all()
      .filter(({ values, isWrong }) =>
        isWrong.every((wrong, n) => !wrong || this.isNear(n, this.found.values[n], values[n])),
      )
      .sort((one, other) => count(other.isWrong) - count(one.isWrong))
      .filter(({ isWrong }) => {
        if (isWrong.some((wrong, n) => wrong && isTaken[n])) return false;
        isWrong.forEach((wrong, n) => (isTaken[n] ||= wrong));
        return true;
      });
  }

  private separate(): readonly KnownMistake[] | undefined {
    const agreeing = this.agreeing();
    const isAll = this.found.isWrong.every((wrong, n) => !wrong || agreeing.some(({ isWrong }) => isWrong[n]));
    return isAll && agreeing.length <= MOST_TOGETHER ? agreeing.map(({ mistake }) => mistake) : undefined;
  }

  private pair(): readonly KnownMistake[] | undefined {
    const all = this.all();
    let computedPairs = 0;
    for (const [n, one] of all.entries())
      for (const other of all.slice(n + 1)) {
        const text = this.canBe(one, other) ? textWith(this.exercise, one.mistake, other.mistake) : undefined;
        if (text === undefined) continue;
        if (computedPairs++ >= MOST_PAIRS) return undefined;
        const numbers = this.compute(text);
        if (numbers && this.isFound(this.flat(numbers).values)) return [one.mistake, other.mistake];
      }
    return undefined;
  }

  /**
   * Whether a number that only one of both makes wrong is that of this one, and one that none makes wrong is right. A single number may
   * differ: where a factor is exactly 0 or 1, one mistake alone changes nothing, but hides the other.
   */
  private canBe(one: Mistaken, other: Mistaken): boolean {
    const { values, isWrong } = this.found;
    let differing = 0;
    return values.every((value, n) => {
      if (one.isWrong[n] && other.isWrong[n]) return true;
      const only = [one, other].find((mistaken) => mistaken.isWrong[n]);
      const isAsExpected = only ? this.isNear(n, value, only.values[n]) : !isWrong[n];
      return isAsExpected || ++differing === 1;
    });
  }

  private all(): readonly Mistaken[] {
    return this.exercise.mistakes.flatMap((mistake) => this.mistaken(mistake) ?? []);
  }

  /** undefined if it cannot be computed with the shapes of a case. */
  private mistaken(mistake: KnownMistake): Mistaken | undefined {
    if (!computed.has(mistake)) {
      const numbers = this.compute(withMistake(this.exercise.typescript.solution, mistake));
      computed.set(mistake, numbers && { mistake, ...this.flat(numbers) });
    }
    return computed.get(mistake);
  }

  private flat(numbers: Numbers): Flat {
    const values = Float64Array.from(
      this.expected.flatMap((results, of) =>
        results.flatMap((right, k) => Array.from(right.values, (_, n) => numberIn(numbers[of][k], n))),
      ),
    );
    return { values, isWrong: [...values].map((value, n) => !this.isNear(n, value, this.right[n])) };
  }

  private isFound(values: Float64Array): boolean {
    return values.every((value, n) => this.isNear(n, value, this.found.values[n]));
  }

  /** Number `n`. */
  private isNear(n: number, value: number, other: number): boolean {
    return isNear(value, other, this.scales[n]);
  }
}

const count = (all: readonly boolean[]): number => all.filter(Boolean).length;

/** The solution with both mistakes. undefined if they change the same text, so that one would hide the other. */
function textWith({ typescript: { solution } }: Exercise, one: KnownMistake, other: KnownMistake): string | undefined {
  const [first, second] = [one, other].sort((a, b) => solution.indexOf(a.right) - solution.indexOf(b.right));
  const end = solution.indexOf(first.right) + first.right.length;
  if (end > solution.indexOf(second.right)) return undefined;
  return withMistake(solution.slice(0, end), first) + withMistake(solution.slice(end), second);
}
