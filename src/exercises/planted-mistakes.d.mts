/** The types of planted-mistakes.mjs. */
export interface PlantedMistake {
  readonly id: string;
  /** The mistake in a few words. */
  readonly words: string;
  /** The number of the equation that it breaks, as in docs/derivation.md, or `output layer`, `directions`, `layers`. */
  readonly equation: string;
  /** The file in src/. */
  readonly file: string;
  /** The text there; it occurs exactly once. */
  readonly right: string;
  /** The text that replaces it. */
  readonly wrong: string;
  /** The tests in test/equations/equations-*.test.ts that fail, and no others: the beginnings of their names. */
  readonly fails: readonly string[];
  /** Another test file that must fail, if there is one: `equations/gradients` is test/equations/gradients.test.ts. */
  readonly test?: string;
  /** Whether the page offers it. */
  readonly onPage?: true;
}

/** In the order of the equations' numbers. */
export const PLANTED_MISTAKES: readonly PlantedMistake[];
