/** What a suite is: a list of cases, each one row of a table for all candidates. */
import type { Task } from '../tasks.js';

export interface Case {
  readonly name: string;
  readonly task: Task;
  /** Run it with every number of threads, not only with one and all. */
  readonly comparesThreads?: boolean;
}

export interface Suite {
  readonly name: string;
  /** One line for the reader. */
  readonly title: string;
  /** Every case in new processes, since their peaks of memory are compared. */
  readonly usesNewProcesses: boolean;
  cases(options: SuiteOptions): Case[];
}

export interface SuiteOptions {
  readonly isQuick: boolean;
  /** What `--sizes` names, instead of the suite's own; each suite reads them its way. */
  readonly sizes: readonly string[];
}

/** A mistake on the command line. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** `128x28x512` as numbers. */
export function extentsOf(size: string, names: readonly string[]): number[] {
  const extents = size.split('x').map(Number);
  if (extents.length !== names.length || extents.some((extent) => !Number.isInteger(extent) || extent < 1)) {
    throw new UsageError(`--sizes ${size}: give whole numbers ≥ 1 as ${names.join('x')}`);
  }
  return extents;
}
