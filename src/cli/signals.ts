/** Ctrl-C and termination as an AbortSignal, so that work stops between two steps and gives back what it holds. */

const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

/** Work was stopped from outside; `exitCode` is the shell's usual one. */
export class Interrupted extends Error {
  readonly exitCode: number;

  constructor(signal: keyof typeof EXIT_CODES) {
    super(`stopped by ${signal}`);
    this.exitCode = EXIT_CODES[signal];
  }
}

/** Runs `work`, aborting its signal at the first SIGINT or SIGTERM; a second one ends the process at once. */
export async function untilInterrupted<Result>(work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const controller = new AbortController();
  const stop = (signal: NodeJS.Signals): void => {
    unlisten();
    controller.abort(new Interrupted(signal as keyof typeof EXIT_CODES));
  };
  const unlisten = (): void => {
    process.off('SIGINT', stop).off('SIGTERM', stop);
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  try {
    return await work(controller.signal);
  } finally {
    unlisten();
  }
}
