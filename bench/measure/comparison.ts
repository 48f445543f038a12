/**
 * One case, all candidates: each computes the case once and is compared with the f64 reference; those that were right
 * then take turns, so that a slow minute of the machine hits all of them. One computes at a time.
 */
import type { Entrant } from '../candidates.js';
import type { Expected } from './expected.js';
import { expectedOf } from './expected.js';
import type { Hello } from './spawned-process.js';
import type { Answers, EncodedArrays, Request } from './protocol.js';
import { decode, encode } from './protocol.js';
import type { Finding } from './rows.js';
import { statisticsOf } from './statistics.js';
import type { Case } from '../suites/suite.js';
import type { Task } from '../tasks.js';
import { flopsOf, makeInputs } from '../tasks.js';
import { verify } from './verify.js';

export interface Pace {
  readonly warmUpMs: number;
  readonly rounds: number;
  readonly turnMs: number;
  /** A candidate that has spent this long, and has three times, takes no further turn. */
  readonly enoughMs: number;
  /** A candidate that needs longer for one run is timed once; one that would, by its speed in smaller cases, not at all. */
  readonly longestMs: number;
}

export const FULL: Pace = { warmUpMs: 300, rounds: 5, turnMs: 200, enoughMs: 3000, longestMs: 5000 };
export const QUICK: Pace = { warmUpMs: 10, rounds: 2, turnMs: 10, enoughMs: 100, longestMs: 1000 };

/** A candidate's process, or its page. */
export interface Contestant {
  ask<Ask extends Request['ask']>(request: Request & { ask: Ask }): Promise<Answers[Ask]>;
}

/** Where candidates' processes come from. */
export interface Stable {
  /** The process, loaded, or the reason why there is none. */
  start(entrant: Entrant): Promise<{ process: Contestant; hello: Hello } | { reason: string }>;
  /** The case is over: the process may go, or be kept for the next. */
  finish(entrant: Entrant, hasFailed: boolean): void;
}

class Racer {
  readonly times: number[] = [];
  finding: Finding;
  private isSlow = false;

  constructor(
    readonly entrant: Entrant,
    private readonly process: Contestant,
    hello: Hello,
  ) {
    this.finding = { entrant, ...hello };
  }

  async prove(task: Task, inputs: EncodedArrays, expected: Record<string, Expected>): Promise<void> {
    const { outputs } = await this.process.ask({ ask: 'prepare', task, inputs });
    const { isRight, error, message } = verify(decode(outputs), expected);
    this.finding = { ...this.finding, isRight, error, ...(isRight ? {} : { reason: `wrong: ${message}` }) };
  }

  async warmUp({ warmUpMs, longestMs }: Pace): Promise<void> {
    const { ms } = await this.process.ask({ ask: 'warmUp', ms: warmUpMs });
    this.isSlow = ms > longestMs;
    if (this.isSlow) this.times.push(ms);
  }

  async turn({ turnMs, enoughMs }: Pace): Promise<void> {
    if (this.isSlow) return;
    const spent = this.times.reduce((sum, time) => sum + time, 0);
    if (spent > enoughMs && this.times.length >= 3) return;
    const { times } = await this.process.ask({ ask: 'turn', ms: turnMs });
    for (const time of times) this.times.push(time);
  }

  async finish(): Promise<void> {
    const { peakRssMiB } = await this.process.ask({ ask: 'release' });
    const times = this.times.length > 0 ? { times: statisticsOf(this.times) } : {};
    this.finding = { ...this.finding, peakRssMiB, ...times };
  }
}

export class Race {
  /** The best speed of each entrant at each kind of task, in FLOP a ms. */
  private readonly speeds = new Map<string, number>();

  constructor(
    private readonly stable: Stable,
    private readonly pace: Pace,
  ) {}

  /** What was found of every entrant that knows this kind of task, in their order. */
  async run({ task }: Case, entrants: readonly Entrant[]): Promise<Finding[]> {
    const able = entrants.filter(({ kinds }) => kinds.includes(task.kind));
    const quickEnough = able.filter((entrant) => this.expectedMs(entrant, task) <= this.pace.longestMs);
    const started = await Promise.all(quickEnough.map((entrant) => this.stable.start(entrant)));

    const findings = new Map<Entrant, Finding>();
    const racers: Racer[] = [];
    quickEnough.forEach((entrant, n) => {
      const start = started[n];
      if ('reason' in start) findings.set(entrant, { entrant, reason: start.reason });
      else racers.push(new Racer(entrant, start.process, start.hello));
    });

    await this.raceThrough(task, racers);
    for (const { entrant, finding } of racers) findings.set(entrant, finding);
    return able.map((entrant) => findings.get(entrant) ?? { entrant, reason: this.tooSlow(entrant, task) });
  }

  private async raceThrough(task: Task, racers: readonly Racer[]): Promise<void> {
    const inputs = makeInputs(task);
    const expected = expectedOf(task, inputs);
    const encoded = encode(inputs);
    const failed = new Set<Racer>();
    const each = async (work: (racer: Racer) => Promise<void>): Promise<void> => {
      for (const racer of racers.filter((one) => !failed.has(one))) {
        try {
          await work(racer);
        } catch (error) {
          failed.add(racer);
          const reason = error instanceof Error ? error.message : String(error);
          racer.finding = { ...racer.finding, reason };
        }
      }
    };
    const ifRight =
      (work: (racer: Racer) => Promise<void>) =>
      async (racer: Racer): Promise<void> => {
        if (racer.finding.isRight) await work(racer);
      };

    await each((racer) => racer.prove(task, encoded, expected));
    await each(ifRight((racer) => racer.warmUp(this.pace)));
    for (let round = 0; round < this.pace.rounds; round++) await each(ifRight((racer) => racer.turn(this.pace)));
    await each((racer) => racer.finish());

    for (const racer of racers) {
      this.remember(racer, task);
      this.stable.finish(racer.entrant, failed.has(racer));
    }
  }

  private remember({ entrant, finding: { times } }: Racer, task: Task): void {
    const flops = flopsOf(task);
    if (!times || flops === undefined) return;
    const key = speedKey(entrant, task);
    this.speeds.set(key, Math.max(this.speeds.get(key) ?? 0, flops / times.median));
  }

  /** 0 where nothing is known. */
  private expectedMs(entrant: Entrant, task: Task): number {
    const speed = this.speeds.get(speedKey(entrant, task));
    return speed === undefined ? 0 : (flopsOf(task) ?? 0) / speed;
  }

  private tooSlow(entrant: Entrant, task: Task): string {
    const seconds = this.expectedMs(entrant, task) / 1000;
    return `too slow: by its speed in smaller cases one run would take about ${seconds.toPrecision(2)} s`;
  }
}

function speedKey({ name, threads }: Entrant, { kind }: Task): string {
  return `${name} ${threads} ${kind}`;
}
