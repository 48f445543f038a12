/**
 * Compares all candidates in one case. Each computes the case once, and its result is compared with the f64 reference.
 * Those that are right take turns, so that a slow minute of the computer slows all of them. Only one computes at a time.
 */
import type { Candidate } from '../candidates.js';
import { messageOf } from '../program.js';
import type { Case } from '../suites.js';
import { type BenchmarkTask, flopsOf, makeInputs } from '../tasks.js';
import type { Engine } from './engine.js';
import { type Expected, expectedOf, verify } from './expected.js';
import { type EncodedArrays, type Started, decode, encode } from './protocol.js';
import { type Finding, statisticsOf } from './rows.js';

export interface Pace {
  readonly warmUpMs: number;
  readonly rounds: number;
  readonly turnMs: number;
  /** A candidate that has computed for this long, and has three times, gets no further turn. */
  readonly enoughMs: number;
  /** A candidate whose first run takes longer is timed once; one whose speed in smaller cases predicts more is skipped. */
  readonly longestMs: number;
  /** If a case has a limit: it begins with the first candidate, and candidates that have a time get no turn after it. */
  readonly limit?: { begin(): void; isOver(): boolean };
}

export const FULL: Pace = { warmUpMs: 300, rounds: 5, turnMs: 200, enoughMs: 3000, longestMs: 5000 };
/** For two revisions: more turns, none of which is left out, because they are compared in pairs. */
export const PAIRED: Pace = { ...FULL, rounds: 15, enoughMs: Infinity };
export const QUICK: Pace = { warmUpMs: 10, rounds: 1, turnMs: 10, enoughMs: 100, longestMs: 1000 };

/** The candidates' processes: kept from case to case, or new ones for each case. */
export class ProcessPool {
  private readonly running = new Map<Candidate, Started>();
  /** Candidates that failed to start; they are not tried again. */
  private readonly absent = new Map<Candidate, { reason: string }>();

  /** If true, each case starts new processes, so that a process's memory is that of one case. */
  usesNewProcesses = false;

  constructor(private readonly engine: Pick<Engine, 'start'>) {}

  /** The candidate's process, or the reason why there is none. */
  async start(candidate: Candidate): Promise<Started | { reason: string }> {
    const known = this.running.get(candidate) ?? this.absent.get(candidate);
    if (known) return known;
    try {
      const started = await this.engine.start(candidate);
      this.running.set(candidate, started);
      return started;
    } catch (error) {
      const absent = { reason: messageOf(error) };
      this.absent.set(candidate, absent);
      return absent;
    }
  }

  /** The case is over for this candidate. */
  finish(candidate: Candidate, hasFailed: boolean): void {
    if (!this.usesNewProcesses && !hasFailed) return;
    this.running.get(candidate)?.process.close();
    this.running.delete(candidate);
  }

  /** Ends the processes, except those of which `isNeeded` is true. Default: all. */
  close(isNeeded: (candidate: Candidate) => boolean = () => false): void {
    for (const candidate of [...this.running.keys()]) if (!isNeeded(candidate)) this.finish(candidate, true);
  }
}

export class Comparison {
  /** The best speed of each candidate at each kind of task, in FLOP/ms. */
  private readonly speeds = new Map<string, number>();

  constructor(
    private readonly pool: Pick<ProcessPool, 'start' | 'finish'>,
    private readonly pace: Pace,
  ) {}

  /** A finding for every candidate that can do this kind of task, in the candidates' order. */
  async run({ task }: Case, candidates: readonly Candidate[]): Promise<Finding[]> {
    const able = candidates.filter(({ kinds }) => kinds.includes(task.kind));
    const quickEnough = able.filter((candidate) => this.predictedMs(candidate, task) <= this.pace.longestMs);
    const started = await Promise.all(quickEnough.map((candidate) => this.pool.start(candidate)));

    const findings = new Map<Candidate, Finding>();
    const measurements: Measurement[] = [];
    quickEnough.forEach((candidate, n) => {
      const start = started[n];
      if ('reason' in start) findings.set(candidate, { candidate, reason: start.reason });
      else measurements.push(new Measurement(candidate, start));
    });

    await this.measureAll(task, measurements);
    for (const { candidate, finding } of measurements) findings.set(candidate, finding);
    return able.map((candidate) => findings.get(candidate) ?? { candidate, reason: this.tooSlow(candidate, task) });
  }

  private async measureAll(task: BenchmarkTask, measurements: readonly Measurement[]): Promise<void> {
    const inputs = makeInputs(task);
    const expected = await expectedOf(task, inputs);
    const encoded = encode(inputs);
    const failed = new Set<Measurement>();
    const each = async (work: (measurement: Measurement) => Promise<void>): Promise<void> => {
      for (const measurement of measurements.filter((one) => !failed.has(one))) {
        try {
          await work(measurement);
        } catch (error) {
          failed.add(measurement);
          measurement.finding = { ...measurement.finding, reason: messageOf(error) };
        }
      }
    };

    this.pace.limit?.begin();
    await each((measurement) => measurement.check(task, encoded, expected));
    await each((measurement) => measurement.warmUp(this.pace));
    for (let round = 0; round < this.pace.rounds; round++) await each((measurement) => measurement.turn(this.pace));
    await each((measurement) => measurement.finish());

    for (const measurement of measurements) {
      this.remember(measurement, task);
      this.pool.finish(measurement.candidate, failed.has(measurement));
    }
  }

  private remember({ candidate, finding: { times } }: Measurement, task: BenchmarkTask): void {
    const flops = flopsOf(task);
    if (!times || flops === undefined) return;
    const key = speedKey(candidate, task);
    this.speeds.set(key, Math.max(this.speeds.get(key) ?? 0, flops / times.median));
  }

  /** 0 if nothing is known. */
  private predictedMs(candidate: Candidate, task: BenchmarkTask): number {
    const speed = this.speeds.get(speedKey(candidate, task));
    return speed === undefined ? 0 : (flopsOf(task) ?? 0) / speed;
  }

  private tooSlow(candidate: Candidate, task: BenchmarkTask): string {
    const seconds = this.predictedMs(candidate, task) / 1000;
    return `too slow: by its speed in smaller cases one run would take about ${seconds.toPrecision(2)} s`;
  }
}

function speedKey({ name, threads }: Candidate, { kind }: BenchmarkTask): string {
  return `${name} ${threads} ${kind}`;
}

/** One candidate in one case. Only a right result is timed. */
class Measurement {
  finding: Finding;
  private readonly times: number[] = [];
  private readonly turns: number[] = [];
  private isSlow = false;
  private readonly process: Started['process'];

  constructor(
    readonly candidate: Candidate,
    { process, hello }: Started,
  ) {
    this.process = process;
    this.finding = { candidate, ...hello };
  }

  async check(task: BenchmarkTask, inputs: EncodedArrays, expected: Record<string, Expected>): Promise<void> {
    const { outputs } = await this.process.ask({ ask: 'prepare', task, inputs });
    const { isRight, error, message } = verify(decode(outputs), expected);
    this.finding = { ...this.finding, isRight, error, ...(isRight ? {} : { reason: `wrong: ${message}` }) };
  }

  async warmUp({ warmUpMs, longestMs, limit }: Pace): Promise<void> {
    if (!this.finding.isRight) return;
    let { ms } = await this.process.ask({ ask: 'warmUp', ms: warmUpMs });
    // A short warm-up can end with the first run, in which the engine still compiles.
    if (ms > longestMs && limit?.isOver() === false)
      ms = Math.min(ms, (await this.process.ask({ ask: 'warmUp', ms: warmUpMs })).ms);
    this.isSlow = ms > longestMs;
    if (this.isSlow) this.times.push(ms);
  }

  async turn({ turnMs, enoughMs, limit }: Pace): Promise<void> {
    if (!this.finding.isRight || this.isSlow || (this.times.length > 0 && limit?.isOver())) return;
    const spent = this.times.reduce((sum, time) => sum + time, 0);
    if (spent > enoughMs && this.times.length >= 3) return;
    const { times } = await this.process.ask({ ask: 'turn', ms: turnMs });
    for (const time of times) this.times.push(time);
    this.turns.push(statisticsOf(times).median);
  }

  async finish(): Promise<void> {
    const { memoryMiB } = await this.process.ask({ ask: 'release' });
    const times = this.times.length > 0 ? { times: statisticsOf(this.times) } : {};
    const turns = this.turns.length > 0 ? { turns: this.turns } : {};
    this.finding = { ...this.finding, memoryMiB, ...times, ...turns };
  }
}
