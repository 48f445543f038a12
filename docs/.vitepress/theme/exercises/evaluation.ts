/** What the workers share that run answers: the channel to the page, and whether this worker can run an answer. */

/**
 * Gets the job of this worker, and reports to the page on a channel of its own, which comes with the job. What an answer itself sends, with
 * `postMessage` or on a channel with a name, is not heard. No answer can reach this channel: it is bound before the first one is read.
 */
export function workOn(work: (job: never, report: (message: object) => void) => Promise<void>): void {
  globalThis.onmessage = ({ data, ports: [port] }: MessageEvent<unknown>): void => {
    globalThis.onmessage = null;
    const report = port.postMessage.bind(port) as (message: object) => void;
    const refusal = whyNoEvaluation();
    if (refusal !== undefined) report({ kind: 'failed', message: refusal });
    else
      work(data as never, report).catch((error: unknown) =>
        report({ kind: 'failed', message: `The check failed: ${String(error)}` }),
      );
  };
}

/** A host can forbid `new Function` in the worker's Content-Security-Policy. undefined if it does not. */
function whyNoEvaluation(): string | undefined {
  try {
    makeFunction();
    return undefined;
  } catch (error) {
    return `This host forbids that a worker evaluates text, so your code cannot run here. The host’s Content-Security-Policy needs 'unsafe-eval' for the worker’s file. The browser says: ${String(error)}`;
  }
}

// eslint-disable-next-line @typescript-eslint/no-implied-eval -- it asks whether the host allows this
const makeFunction = (): unknown => new Function('');
