/** A visitor's own text: its limits, and the sizes of a run that suit it. */
import type { Settings } from '../settings.js';
import { LIMITS } from '../settings.js';

/** What the page says about a text. */
export interface TextFacts {
  /** Code points. */
  readonly length: number;
  /** The different characters. */
  readonly characters: readonly string[];
}

/** The limits of a visitor's own text, in code points. */
export const TEXT_LIMITS = { least: 200, most: 10_000_000 } as const;

/** Shorter sequences and fewer streams for a short text, so that each stream has at least four sequences. */
export function streamsFor(length: number, { T, batchSize }: Settings): Pick<Settings, 'T' | 'batchSize'> {
  const sequences = 4;
  const characters = Math.floor(0.95 * length) - 1;
  const steps = Math.max(LIMITS.T.least, Math.min(T, Math.floor(characters / sequences)));
  return { T: steps, batchSize: Math.max(1, Math.min(batchSize, Math.floor(characters / (sequences * steps)))) };
}
