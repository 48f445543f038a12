/** What every candidate offers, in Node or in a page. */
import type { Arrays, Task } from './tasks.js';

export interface Program {
  /** Of the library that computes. */
  readonly version: string;
  /** What really runs, in one line. */
  readonly description: string;
  prepare(task: Task, inputs: Arrays): Promise<Prepared>;
  close?(): Promise<void>;
}

/** A task whose inputs lie where the candidate wants them. */
export interface Prepared {
  /** The outputs, by the names of OUTPUT_NAMES; called once, before any `run`. */
  result(): Promise<Arrays>;
  /** What is timed: one product, one pass, one training step. It ends when the work has been done. */
  run(): void | Promise<void>;
  dispose(): void | Promise<void>;
}

/** Gives a candidate with some number of threads and in some mode; throws LeftOutError where it is not there. */
export type Start = (options: StartOptions) => Promise<Program>;

export interface StartOptions {
  readonly threads: number;
  /** Of a library with several machines: 'wasm', 'cpu', 'webgpu', … */
  readonly mode: string;
}

export function threadsText(threads: number): string {
  return `${threads} thread${threads > 1 ? 's' : ''}`;
}

/** A candidate that is not there, or cannot do a task. The message is the reason that the reader sees. */
export class LeftOutError extends Error {
  override readonly name = 'LeftOutError';
}
