/** The data are not what they should be. The message tells where, what was found and what was expected. */
export class DataError extends Error {
  override readonly name = 'DataError';
}
