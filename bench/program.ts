/** The interface of every program, in Node and in a page. */
import { BackendUnavailableError, WrongProductError } from '../src/core/errors.js';
import type { Arrays, BenchmarkTask } from './tasks.js';

export interface Program {
  /** The version of the library that computes. */
  readonly version: string;
  /** One line: what really runs. */
  readonly description: string;
  prepare(task: BenchmarkTask, inputs: Arrays): Promise<Prepared>;
  close?(): Promise<void>;
}

/** A task whose inputs the program has loaded. */
export interface Prepared {
  /** The outputs, named as by `outputNames`. Called once, before any `run`. */
  result(): Promise<Arrays>;
  /** What is timed: one product, one pass or one training step. It ends when the work is done. */
  run(): void | Promise<void>;
  dispose(): void | Promise<void>;
}

/** Loads a program. Throws a LeftOutError if it cannot run here. */
export type Start = (options: StartOptions) => Promise<Program>;

export interface StartOptions {
  readonly threads: number;
  /** For a library with several backends: 'wasm', 'cpu', 'webgpu', … */
  readonly mode: string;
}

export function threadsText(threads: number): string {
  return `${threads} thread${threads > 1 ? 's' : ''}`;
}

/** The candidate cannot run here, or cannot do a task. Reports show the message as the reason. */
export class LeftOutError extends Error {
  override readonly name = 'LeftOutError';
}

/** What `starting` gives. If a backend is unavailable here, the candidate is left out; if it computes a product wrong, it is wrong. */
export async function orLeftOut<T>(starting: Promise<T>): Promise<T> {
  try {
    return await starting;
  } catch (error) {
    if (error instanceof WrongProductError) throw new LeftOutError(`wrong: ${error.message}`);
    throw error instanceof BackendUnavailableError ? new LeftOutError(error.message) : error;
  }
}

/** What a candidate's process says in place of an answer. A LeftOutError says by itself why the candidate is left out. */
export function failureOf(error: unknown): { readonly failure: string } {
  return { failure: error instanceof LeftOutError ? error.message : `failed: ${messageOf(error)}` };
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
