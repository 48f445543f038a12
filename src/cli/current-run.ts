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

/** As in a shell: 128 + the signal's number. */
const EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
const SIGNALS = Object.keys(EXIT_CODES) as (keyof typeof EXIT_CODES)[];

/** Work was stopped by a signal. */
export class Interrupted extends Error {
  readonly exitCode: number;

  constructor(signal: keyof typeof EXIT_CODES) {
    super(`stopped by ${signal}`);
    this.exitCode = EXIT_CODES[signal];
  }
}

/**
 * Runs `work`, and aborts its AbortSignal at the first SIGINT, SIGTERM or SIGHUP, or when standard output can no longer be
 * written. A second signal ends the process at once.
 */
export async function untilInterrupted<Result>(work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const { signals, outputLost } = currentRun();
  const lost = outputLost.signal;
  const controller = new AbortController();
  const stop = (signal: NodeJS.Signals): void => end(new Interrupted(signal as keyof typeof EXIT_CODES));
  const lose = (): void => end(lost.reason);
  const end = (reason: unknown): void => {
    unlisten();
    controller.abort(reason);
  };
  const unlisten = (): void => {
    SIGNALS.forEach((signal) => signals.off(signal, stop));
    lost.removeEventListener('abort', lose);
  };
  SIGNALS.forEach((signal) => signals.on(signal, stop));
  lost.addEventListener('abort', lose);
  if (lost.aborted) lose();
  try {
    return await work(controller.signal);
  } finally {
    unlisten();
  }
}
