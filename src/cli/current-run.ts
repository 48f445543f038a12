/** The run of the command line that calls: what surrounds it, and its state. Several runs in one process do not meet. */
import { ValueOfCall } from '../files/disk.js';

/** A stream such as `process.stdout`. */
export type Output = NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };

/** What a run prints to, and what interrupts it. */
export interface Surroundings {
  readonly stdout: Output;
  readonly stderr: Output;
  /** Emits SIGHUP, SIGINT and SIGTERM, as `process` does. */
  readonly signals: Pick<NodeJS.EventEmitter, 'on' | 'off'>;
  /** The folder in which relative paths begin. Default: the process's. */
  readonly cwd?: string;
  /** Called with the exit code once a signal has stopped the work; the run ends when its output has been read. */
  readonly onInterrupted?: (exitCode: number) => void;
}

interface CurrentRun extends Surroundings {
  /** If no error ends the run. */
  exitCode: number;
  /** Aborted when standard output cannot be written. Its reason is a ReaderGone, or a DataError if results were lost. */
  readonly outputLost: AbortController;
  /** Resolves when everything printed so far has been written to standard output, or the write has failed. */
  outputWritten: Promise<void>;
}

const runs = new ValueOfCall<CurrentRun>();

/** Calls `work` as a new run. */
export function asRun<Result>(surroundings: Surroundings, work: () => Promise<Result>): Promise<Result> {
  const state = { exitCode: 0, outputLost: new AbortController(), outputWritten: Promise.resolve() };
  return runs.during({ ...surroundings, ...state }, work);
}

export function currentRun(): CurrentRun {
  const run = runs.get();
  if (!run) throw new Error('called outside of a run of the command line');
  return run;
}
