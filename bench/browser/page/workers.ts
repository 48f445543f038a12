/** The candidates' Web Workers: one request at a time, each of which ends within the time of its case. A worker that hangs is ended. */
import type { Candidate } from '../../candidates.js';
import type { Clock } from '../../measure/clock.js';
import type { Answers, CandidateProcess, Failure, Request, Started } from '../../measure/protocol.js';
import { LeftOutError, messageOf } from '../../program.js';
import type { LimitAnswers, LimitRequest } from './limits.js';
import type { Message } from './worker.js';

/** The most that a timer can wait. */
const LONGEST_MS = 2 ** 31 - 1;

export class WorkerProcess implements CandidateProcess {
  private readonly worker = new Worker(new URL('worker.js', location.href), { type: 'module' });
  /** Whether it can be asked again: its program neither failed nor hung. */
  isSound = true;
  /** Why it was ended. */
  hung?: string;

  constructor(private readonly clock: () => Clock) {}

  ask<Ask extends Request['ask']>(request: Request & { ask: Ask }): Promise<Answers[Ask]> {
    const clock = this.clock();
    const isFirst = request.ask === 'prepare';
    if (isFirst && clock.leftToPrepareMs === 0)
      return Promise.reject(new LeftOutError('left out: no time was left for it'));
    return this.send(request, isFirst ? clock.mostToPrepareMs : clock.mostForOneMs) as Promise<Answers[Ask]>;
  }

  limit<Name extends LimitRequest['limit']>(request: LimitRequest & { limit: Name }): Promise<LimitAnswers[Name]> {
    return this.send(request, this.clock().mostForOneMs) as Promise<LimitAnswers[Name]>;
  }

  /** Loads the program, in as long as it takes. */
  hello({ program, mode, threads }: Candidate): Promise<Answers['hello']> {
    return this.send({ program, options: { mode, threads } }, LONGEST_MS) as Promise<Answers['hello']>;
  }

  close(): void {
    this.worker.terminate();
  }

  private async send(message: Message, most: number): Promise<unknown> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const answer = new Promise<unknown>((resolve, reject) => {
      timer = setTimeout(() => {
        this.close();
        this.hung = `stopped: no answer within ${(most / 1000).toPrecision(2)} s`;
        reject(new LeftOutError(this.hung));
      }, most);
      this.worker.onmessage = ({ data }) => resolve(data);
      this.worker.onerror = (event) => reject(new Error(event.message || 'its Web Worker does not start'));
    });
    this.isSound = false;
    this.worker.postMessage(message);
    try {
      const received = await answer;
      const failure = isFailure(received) ? received.failure : undefined;
      this.isSound = !failure?.startsWith('failed');
      if (failure !== undefined) throw new LeftOutError(failure);
      return received;
    } finally {
      clearTimeout(timer);
    }
  }
}

const isFailure = (answer: unknown): answer is Failure =>
  typeof answer === 'object' && answer !== null && 'failure' in answer;

interface Loading {
  readonly process: WorkerProcess;
  readonly hello: Promise<Answers['hello']>;
}

/** A case waits this long for a program that was too late for an earlier one. */
const AGAIN_MS = 300;

/** The workers of all candidates, kept from case to case. A candidate that failed gets a new one in the next case. */
export class PageWorkers {
  private readonly workers = new Map<Candidate, Loading>();
  /** Those that did not start, or hung: they are not tried again before `forgive`. */
  private readonly stopped = new Map<Candidate, string>();

  /** `startMs`: how long the first case waits for a program, which loads beside all others. */
  constructor(
    private readonly clock: () => Clock,
    private readonly startMs: number,
  ) {}

  async start(candidate: Candidate): Promise<Started | { reason: string }> {
    const reason = this.stopped.get(candidate);
    if (reason !== undefined) return { reason };
    const known = this.workers.get(candidate);
    const { process, hello } = known ?? this.load(candidate);
    try {
      const loaded = await before(known ? AGAIN_MS : this.startMs, hello);
      return loaded ? { process, hello: loaded } : { reason: 'left out: its program was still loading' };
    } catch (error) {
      this.end(candidate, messageOf(error));
      return { reason: messageOf(error) };
    }
  }

  finish(candidate: Candidate, hasFailed: boolean): void {
    const process = this.workers.get(candidate)?.process;
    if (process && hasFailed && !process.isSound) this.end(candidate, process.hung);
  }

  /** Tasks of another kind begin: what hung in the last kind is tried again. */
  forgive(): void {
    this.stopped.clear();
  }

  close(): void {
    for (const candidate of [...this.workers.keys()]) this.end(candidate);
  }

  private load(candidate: Candidate): Loading {
    const process = new WorkerProcess(this.clock);
    const hello = process.hello(candidate);
    hello.catch(() => undefined); // a later case reports it
    this.workers.set(candidate, { process, hello });
    return { process, hello };
  }

  private end(candidate: Candidate, reason?: string): void {
    if (reason !== undefined) this.stopped.set(candidate, reason);
    this.workers.get(candidate)?.process.close();
    this.workers.delete(candidate);
  }
}

/** What it resolves to, or undefined if that takes longer. */
async function before<Value>(ms: number, value: Promise<Value>): Promise<Value | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((resolve) => (timer = setTimeout(resolve, ms, undefined)));
  try {
    return await Promise.race([value, late]);
  } finally {
    clearTimeout(timer);
  }
}
