/** A worker that runs the reader's code. It is ended if it reports nothing for too long: no message can stop an endless loop. */

const TIME_LIMIT_S = 10;

export interface Failed {
  readonly kind: 'failed';
  /** For the reader. */
  readonly message: string;
}

interface Limits<Report> {
  /** What lasts too long, for the message. Default: 'Your code'. */
  readonly what?: string;
  /** Whether the time limit applies from this report to the next one. Default: it does. */
  readonly isTimed?: (report: Report) => boolean;
}

/**
 * Starts a run, which is over with a report of the kind 'end' or 'failed'. `hear` gets the reports, and none after a call of the
 * returned function, which ends the run.
 */
export function startLimited<Report extends { readonly kind: string }>(
  worker: Worker,
  job: unknown,
  hear: (report: Report | Failed) => void,
  { what = 'Your code', isTimed = () => true }: Limits<Report> = {},
): () => void {
  let [isReady, isOver] = [false, false];
  const { port1: channel, port2: port } = new MessageChannel(); // see workOn: an answer can send messages itself
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = (): void => {
    isOver = true;
    clearTimeout(timer);
    channel.close();
    worker.terminate();
  };
  const fail = (message: string): void => {
    if (isOver) return;
    stop();
    hear({ kind: 'failed', message });
  };
  const tooLong = (): void => fail(`${what} did not end within ${TIME_LIMIT_S} seconds. Is there an endless loop?`);
  channel.onmessage = ({ data }: MessageEvent<Report>): void => {
    if (isOver) return;
    isReady = true;
    clearTimeout(timer);
    if (isTimed(data)) timer = setTimeout(tooLong, TIME_LIMIT_S * 1000);
    if (data.kind === 'end' || data.kind === 'failed') stop();
    hear(data);
  };
  worker.onerror = (event): void => {
    event.preventDefault(); // it is shown on the page
    fail(isReady ? faultOf(event.message) : NOT_LOADED);
  };
  worker.postMessage(job, [port]);
  return stop;
}

/** A browser can end a worker whose memory is full: then its event says so. */
const faultOf = (message: string): string =>
  /memory/i.test(message)
    ? 'Your code used all the memory that the browser gives it.'
    : `Your code fails outside of the check: ${message}`;

const NOT_LOADED = 'The program that runs your code could not be loaded. Try again, or reload the page.';
