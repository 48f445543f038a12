/** The errors of this project's own. */

/** The data are not what they should be. The message tells where, what was found and what was expected. */
export class DataError extends Error {
  override readonly name = 'DataError';
}

/** More memory was asked for than there is. The message names the bytes. */
export class OutOfMemoryError extends RangeError {
  override readonly name = 'OutOfMemoryError';
}

/** A machine, or a mode of it, that is not there. The message says what to install or to choose instead. */
export class BackendUnavailableError extends Error {
  override readonly name = 'BackendUnavailableError';
}

/** A loss or parameter became NaN or infinite: training has diverged. */
export class NonFiniteError extends Error {
  override readonly name = 'NonFiniteError';

  constructor(what: string, value: number, step: number) {
    super(`${what} is ${value} at step ${step}: training has diverged; try a smaller learning rate`);
  }
}
