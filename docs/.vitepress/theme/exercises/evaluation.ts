/** Whether this worker can run an answer. */

/** A host can forbid `new Function` in the worker's Content-Security-Policy. undefined if it does not. */
export function whyNoEvaluation(): string | undefined {
  try {
    makeFunction();
    return undefined;
  } catch (error) {
    return `This host forbids that a worker evaluates text, so your code cannot run here. The host’s Content-Security-Policy needs 'unsafe-eval' for the worker’s file. The browser says: ${String(error)}`;
  }
}

// eslint-disable-next-line @typescript-eslint/no-implied-eval -- it asks whether the host allows this
const makeFunction = (): unknown => new Function('');
