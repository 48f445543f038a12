/** A run of the reader's kernel, from the side that asks: compile, check, then time in turns. In Node and in pages. */
import { flopsOfProduct } from '../measure/peak.js';
import { type Statistics, spreadOf, statisticsOf } from '../measure/rows.js';
import { messageOf } from '../program.js';
import { type Size, figuresOf, productOf } from '../steps/product-steps.js';
import type { Language } from './languages.js';
import type { Rival } from './rival.js';
import { type Answers, type Ask, type Compared, type Refused, OWN } from './session.js';
import { ODD_SIZES } from './verdict.js';

/** The process or worker that has the device. It answers one question at a time. */
export interface Asked {
  /** Rejects with a RunError if there is no answer within the time, or the other side has ended. */
  ask(ask: Ask, limitMs: number): Promise<Answers[keyof Answers] | Refused>;
}

/** Why a run has no figures: a sentence for the reader. `line`: of the kernel's text, from 1. */
export class RunError extends Error {
  override readonly name = 'RunError';

  constructor(
    message: string,
    readonly line?: number,
  ) {
    super(message);
  }
}

export interface Job {
  readonly language: Language;
  readonly source: string;
  readonly size: Size;
  readonly compared?: readonly Compared[];
  readonly rivals?: readonly Rival[];
  readonly isQuick?: boolean;
}

/** What a run reports, in order. */
export type News =
  | { readonly kind: 'executor'; readonly executor: string }
  | { readonly kind: 'right'; readonly sizes: readonly Size[] }
  | { readonly kind: 'absent'; readonly name: string; readonly reason: string }
  /** The times so far; `of`: how many turns there will be. */
  | { readonly kind: 'times'; readonly rows: readonly Row[]; readonly turn: number; readonly of: number };

export interface Row {
  readonly name: string;
  readonly times: Statistics;
}

/** Of each check: a launch takes milliseconds, but a driver on the processor may compile for seconds at the first one. */
const CHECK_LIMIT_MS = 10_000;
/** What is timed was checked before, so it ends; but other kernels are compiled, too, and a compiler may be loaded from the network. */
const TIME_LIMIT_MS = 60_000;
const TURNS = 11;

/** Throws a RunError if the kernel has no figures. Returns the last rows: the reader's kernel first. */
export async function runKernel(asked: Asked, job: Job, report: (news: News) => void): Promise<readonly Row[]> {
  const { language, source, size, compared = [], isQuick = false } = job;
  const ask = async <A extends Ask>(question: A, limitMs: number): Promise<Answers[A['ask']]> => {
    const answer = await asked.ask(question, limitMs);
    if ('refusal' in answer) throw new RunError(answer.refusal, answer.line);
    return answer as Answers[A['ask']];
  };
  const { executor, longhand } = await ask({ ask: 'compile', language, source }, TIME_LIMIT_MS);
  const rivals = (job.rivals ?? []).filter(({ name }) => name !== longhand); // this one is always there
  report({ kind: 'executor', executor });
  const sizes = [...ODD_SIZES, size];
  for (const one of sizes) {
    await ask({ ask: 'expect', size: one }, TIME_LIMIT_MS);
    const { mistake } = await ask({ ask: 'check', size: one }, CHECK_LIMIT_MS);
    if (mistake !== undefined) throw new RunError(`wrong at ${productOf(one)}: ${mistake}`);
  }
  report({ kind: 'right', sizes });
  let present: readonly Rival[] = [];
  const drop = (rival: Rival, reason: string): void => {
    present = present.filter((one) => one !== rival);
    report({ kind: 'absent', name: rival.name, reason });
  };
  for (const rival of rivals) {
    const reason = await rival.prepare(size);
    if (reason === undefined) present = [...present, rival];
    else drop(rival, reason);
  }
  const { names } = await ask({ ask: 'prepare', size, compared, isWaited: rivals.length > 0, isQuick }, TIME_LIMIT_MS);
  const times = new Map([...names, ...present.map(({ name }) => name)].map((name): [string, number[]] => [name, []]));
  const turns = isQuick ? 2 : TURNS;
  let rows: readonly Row[] = [];
  for (let turn = 1; turn <= turns; turn++) {
    const own = await ask({ ask: 'turn' }, TIME_LIMIT_MS);
    names.forEach((name, n) => times.get(name)?.push(own.times[n]));
    for (const rival of present) {
      try {
        times.get(rival.name)?.push(await rival.turn());
      } catch (error) {
        times.delete(rival.name);
        drop(rival, messageOf(error));
      }
    }
    rows = [...times].map(([name, all]) => ({ name, times: statisticsOf(all) }));
    report({ kind: 'times', rows, turn, of: turns });
  }
  return rows;
}

/** A product counts 2·M·N·K FLOP. */
export const gflopsOf = ([M, K, N]: Size, { times }: Row): number => flopsOfProduct({ M, K, N }) / times.median / 1e6;

/** The cells of a table: name, ms, GFLOPS, the speed compared with Longhand's product, samples and spread. */
export function figuresFor(size: Size, rows: readonly Row[]): string[][] {
  const longhand = longhandIn(rows)?.times.median;
  return rows.map(({ name, times }) => {
    const spread = `${(100 * spreadOf(times)).toFixed(0)}%`;
    return [name, ...figuresOf(size, times.median, longhand), String(times.count), spread];
  });
}

/** Longhand's product in the language's backend. Others of Longhand's can follow it, as rivals. */
export const longhandIn = (rows: readonly Row[]): Row | undefined =>
  rows.find(({ name }) => name.startsWith('longhand-'));

/** How many times as fast the reader's kernel is as another row's. */
export function ratioTo(rows: readonly Row[], other: Row | undefined): number | undefined {
  const own = rows.find(({ name }) => name === OWN);
  return own && other ? other.times.median / own.times.median : undefined;
}

/** The last sentence of a run. */
export function verdictOf(rows: readonly Row[]): string {
  const longhand = longhandIn(rows)?.times;
  const ratio = ratioTo(rows, longhandIn(rows));
  if (ratio === undefined) return '';
  const own = rows.find((row) => row.name === OWN)?.times;
  // Where the middle halves of the times overlap, which is quicker is not certain.
  const overlaps = own && longhand && own.lower <= longhand.upper && longhand.lower <= own.upper;
  const times = `${ratio.toFixed(2)} times as fast as Longhand’s product`;
  return `Your kernel is ${times}${overlaps ? '; the middle halves of both times overlap, so this may be chance' : ''}.`;
}

/** Why the other side was ended. */
export function tooLong(ask: Ask, limitMs: number): string {
  const within = `within ${limitMs / 1000} seconds, so it was ended`;
  if (ask.ask === 'expect')
    return `The product ${productOf(ask.size)} was not computed in f64 ${within}: time a smaller one.`;
  if (ask.ask !== 'check') return `The device did not answer "${ask.ask}" ${within}.`;
  const why = 'Is there an endless loop, or in WGSL a barrier that some threads do not reach?';
  return `The kernel did not end at ${productOf(ask.size)} ${within}. ${why}`;
}
