/** What the race says to a candidate's process, and what that answers: one JSON object each, in turn. */
import type { EncodedArrays } from './codec.js';
import type { Task } from './tasks.js';

export type Request =
  | { readonly ask: 'prepare'; readonly task: Task; readonly inputs: EncodedArrays }
  | { readonly ask: 'warmUp' | 'turn'; readonly ms: number }
  | { readonly ask: 'release' };

/** The first answer comes unasked, when the candidate has been loaded. */
export interface Answers {
  readonly hello: { readonly version: string; readonly description: string; readonly engine: string };
  readonly prepare: { readonly outputs: EncodedArrays };
  /** The fastest run. */
  readonly warmUp: { readonly ms: number };
  readonly turn: { readonly times: readonly number[] };
  /** Null where it cannot be known, as in a page. */
  readonly release: { readonly peakRssMiB: number | null };
}

/** Instead of an answer: why the candidate was left out, or how it failed. */
export interface Failure {
  readonly failure: string;
}
