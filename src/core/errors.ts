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

/** A loss or parameter became NaN or infinite: training has diverged. */
export class NonFiniteError extends Error {
  override readonly name = 'NonFiniteError';

  constructor(what: string, value: number, step: number) {
    super(`${what} is ${value} at step ${step}: training has diverged; try a smaller learning rate`);
  }
}
