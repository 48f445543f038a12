/**
 * A worker that runs the reader's code, on both sides: the page ends it if it reports nothing for too long, because no message can stop
 * an endless loop; the worker reports, and keeps what the code prints.
 */

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

/** In characters. An answer runs many times. */
const MOST = 10_000;

/**
 * From now on the worker's `console` keeps its lines. The returned function returns them; after it nothing is printed, because a
 * training step calls the answer thousands of times.
 */
export function keepPrinted(): () => string {
  let text = '';
  let isKept = true;
  for (const method of ['log', 'info', 'debug', 'warn', 'error'] as const)
    console[method] = (...values: unknown[]): void => {
      if (isKept && text.length <= MOST) text += `${values.map(shown).join(' ')}\n`;
    };
  return () => {
    isKept = false;
    return text.length > MOST ? `${text.slice(0, MOST)}\n… and more` : text.trimEnd();
  };
}

/** Numbers in lists as a reader writes them; a tensor as its shape and its numbers. */
function shown(value: unknown): string {
  try {
    if (typeof value === 'string') return value;
    if (isTensor(value))
      return `[${value.shape.join(', ')}] ${shown(value.data.subarray(value.offset, value.offset + value.size))}`;
    if (ArrayBuffer.isView(value)) return `[${Array.from(value as Float64Array).join(', ')}]`;
    return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
  } catch {
    return 'a value that cannot be shown';
  }
}

interface Memory {
  readonly shape: readonly number[];
  readonly data: Float64Array;
  readonly offset: number;
  readonly size: number;
}

const isTensor = (value: unknown): value is Memory =>
  typeof value === 'object' && value !== null && 'stride' in value && 'data' in value && 'shape' in value;
