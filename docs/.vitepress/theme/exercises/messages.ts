/** What the page and the worker of one run send each other. */
import type { Verdict } from '../../../../src/exercises/exercise.js';

/** What a worker does: it checks one text, and then trains with it. */
export interface Job {
  /** The exercise's name. */
  readonly name: string;
  readonly source: string;
  /** The absolute address of the images. */
  readonly images: string;
}

/** The loss of one training step. */
export interface StepLoss {
  /** With the project's own functions. */
  readonly right: number;
  /** With the reader's function. */
  readonly answer: number;
}

export type Report =
  /** The worker's program is loaded: the time limit begins. */
  | { readonly kind: 'ready' }
  /** The run has ended early. The message is for the reader. */
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'verdict'; readonly verdict: Verdict }
  | { readonly kind: 'loss'; readonly loss: StepLoss; /** How many steps there will be. */ readonly steps: number }
  | { readonly kind: 'no-training'; readonly message: string }
  | { readonly kind: 'end' };
