/** What a call fails with, as a value to compare. A call that succeeds fails the test. */
import { DataError } from '../../src/core/errors.js';

/** What `work` rejects with. */
export const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => Promise.reject(new Error('it was expected to fail')),
    (error: unknown) => error,
  );

/** The message of the DataError that `work` rejects with. */
export async function dataErrorOf(work: Promise<unknown>): Promise<string> {
  const failure = await failureOf(work);
  expect(failure).toBeInstanceOf(DataError);
  return (failure as DataError).message;
}

/** The error that `work` throws, which must be of class `Kind`. */
export function errorOf(Kind: new (message: string) => Error, work: () => unknown): Error {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(Kind);
    return error as Error;
  }
  throw new Error('it was expected to fail');
}

/** `work` throws a DataError whose message has this text, or this pattern. */
export function expectDataError(work: () => unknown, message: string | RegExp): void {
  expect(errorOf(DataError, work).message).toMatch(message);
}
