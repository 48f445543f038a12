/** Work that a signal stops between two steps, so that it can save its state and release its resources. */
import { currentRun } from './current-run.js';

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
