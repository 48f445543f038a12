/** The error classes of this project. */

/** Data are invalid. The message says where, what was found and what was expected. */
export class DataError extends Error {
  override readonly name = 'DataError';
}

/** There is not enough memory. The message names the bytes. */
export class OutOfMemoryError extends RangeError {
  override readonly name = 'OutOfMemoryError';
}

/** A backend, or one of its modes, is not available. The message says what to install or to choose instead. */
export class BackendUnavailableError extends Error {
  override readonly name = 'BackendUnavailableError';
}

/** The backend opens, but computes a small product wrong. The benchmark tells this apart from a backend that is missing. */
export class WrongProductError extends BackendUnavailableError {}

/** A loss, a parameter or a result became NaN or infinite: training has diverged, or a saved network's weights are too large. */
export class NonFiniteError extends Error {
  override readonly name = 'NonFiniteError';

  /** `step`: updates made so far. Default: none, the network is not being trained. */
  constructor(what: string, value: number, step?: number) {
    super(
      step === undefined
        ? `${what} is ${value}: a number in the network has overflowed: its weights are too large`
        : `${what} is ${value} at step ${step}: training has diverged; try a smaller learning rate`,
    );
  }
}

/* How a text, such as an error's, names a command of the command line. */

/** What stands before the command. A script asks no registry; README says how a project that has installed Longhand gets it. */
let beginning = 'npm run -s longhand --';

/** `train --resume run.safetensors`, as one types it where the text is printed. */
export const typed = (words: string): string => `${beginning} ${words}`;

/** For a process that was started in another way. */
export function startedAs(words: string): void {
  beginning = words;
}
