/** A suite is a list of cases. Every candidate is measured in each case. */
import type { Task } from '../tasks.js';

export interface Case {
  readonly name: string;
  readonly task: Task;
  /** Whether every number of threads is measured, not only one and all cores. */
  readonly comparesThreads?: boolean;
}

export interface Suite {
  readonly name: string;
  /** The report's heading. */
  readonly title: string;
  /** The report's text below the heading: what is compared. Default: none. */
  readonly about?: string;
  /** Each case starts new processes, so that the memory they use can be compared. */
  readonly usesNewProcesses: boolean;
  cases(options: SuiteOptions): Case[];
}

export interface SuiteOptions {
  readonly isQuick: boolean;
  /** From `--sizes`, in place of the suite's own sizes. Each suite has a form of its own. */
  readonly sizes: readonly string[];
}

/** A mistake on the command line; the message says what to write instead. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** `128x28x512` as numbers. */
export function extentsOf(size: string, names: readonly string[]): number[] {
  const extents = size.split('x').map(Number);
  if (extents.length !== names.length || extents.some((extent) => !Number.isInteger(extent) || extent < 1)) {
    throw new UsageError(`--sizes ${size}: write whole numbers ≥ 1 as ${names.join('x')}`);
  }
  return extents;
}
