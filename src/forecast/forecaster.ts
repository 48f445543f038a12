/**
 * Forecasts of a series by what a plan chose for each horizon: the mean of several networks, or a simple method. Both stand between two ends,
 * which the latest errors correct.
 */
import { counted } from '../core/arguments.js';
import type { Backend } from '../core/backend.js';
import { DataError, NonFiniteError } from '../core/errors.js';
import type { Range } from '../core/numbers.js';
import { leadingCount } from '../core/lists.js';
import { stepsIn } from '../core/numbers.js';
import { assertNotFreed, copyInto } from '../core/tensor.js';
import type { CompleteConfig } from '../network/config.js';
import type { InputColumn, TrainedState } from '../trained-state.js';
import { fillWindow, inputCount, LoadedNetworks } from '../trained-state.js';
import type { Correction } from './corrected-methods.js';
import { correctedReading, correctionsOf, recentLevel } from './corrected-methods.js';
import type { Band } from './intervals.js';
import { comparedScores, meanBand, movedOutwards, READ_BEFORE, recentShifts, scoreOf } from './intervals.js';
import type { ForecastPlan, Member, Stage } from './plan.js';
import { holidaysIn, membersOf, rulesOf, scoredSteps } from './plan.js';
import type { Series } from './series.js';
import type { Reading } from './windows.js';
import { meaningOf, readingOf, remembered } from './windows.js';

/** An interval reads the scores of half as many steps as the validation part has, but at least this many if it has them. */
const LEAST_SCORES = 100;
const mostScores = (validation: number): number =>
  Math.max(Math.ceil(validation / 2), Math.min(LEAST_SCORES, validation));

/** A forecaster while it is trained. */
export type ForecastState = TrainedState<ForecastPlan>;

/** What methods read for some horizons; networks that correct these read more. */
export const readingFor = (plan: ForecastPlan, series: Series, ahead: readonly number[]): Reading =>
  readingOf(series, plan.inputs, holidaysIn(plan), ahead);

/** The inputs of the networks for some horizons, in windows within a range of steps. */
export function networkReading(
  plan: ForecastPlan,
  series: Series,
  ahead: readonly number[],
  range: Range,
  corrections = correctionsOf(plan),
): Reading {
  const reading = readingFor(plan, series, ahead);
  if (!corrections) return reading;
  const corrected = correctedReading(
    reading,
    ahead.map((one) => corrections[plan.ahead.indexOf(one)]),
    range,
  );
  const { columns } = corrected;
  const code = (plan.inputs.code ?? []).map((value, n): InputColumn => ({ name: `series: ${n + 1}`, at: () => value }));
  return { ...corrected, columns: { ...columns, past: [...columns.past, ...code] } };
}

/** Calls `use` with the forecaster of a state, and frees it. */
export async function withForecaster<Result>(
  backend: Backend,
  state: ForecastState,
  use: (forecaster: Forecaster) => Promise<Result>,
  stage: Stage = 'final',
): Promise<Result> {
  const forecaster = new Forecaster(backend, state, stage);
  try {
    return await use(forecaster);
  } finally {
    forecaster.dispose();
  }
}

/** The forecasts of some steps. */
export interface Forecasts {
  readonly bands: readonly Band[];
  /** Those of each network, `[network][step]`, whose intervals are not corrected; none if a simple method forecasts. */
  readonly networks: readonly (readonly Band[])[];
  /** How many scores correct the interval of each step. */
  readonly scores: readonly number[];
}

/** Forecasts with the networks and the methods of a plan. The caller disposes of it. */
export class Forecaster {
  readonly plan: ForecastPlan;
  readonly members: readonly Member[];
  /** What the forecasts of each horizon are made of; undefined in version 1. */
  readonly corrections: readonly Correction[] | undefined;
  private readonly networks: LoadedNetworks;
  /** The scores that are known of a series, by horizon and step. */
  private readonly scoresOf = new WeakMap<Series, Map<number, Map<number, number>>>();

  /** Throws an Error if a network of the stage is missing. `lent`: the networks, if another forecaster has them and frees them. */
  constructor(
    private readonly backend: Backend,
    private readonly state: ForecastState,
    private readonly stage: Stage = 'final',
    private readonly lent?: LoadedNetworks,
  ) {
    const { plan, networks } = state;
    this.plan = plan;
    this.members = membersOf(plan, stage);
    this.corrections = correctionsOf(plan);
    const saved = this.members.map(({ name, ahead }) => {
      const network = networks.get(name);
      if (!network) throw new Error(`forecast: network ${name} is missing`);
      assertForecasts(name, network.model.network, ahead);
      return [name, network] as const;
    });
    this.networks = lent ?? new LoadedNetworks(backend, 2 * plan.T, saved);
  }

  /** The same networks for one series of the plan's table. They are freed with this forecaster. */
  forSeries(plan: ForecastPlan): Forecaster {
    return new Forecaster(this.backend, { ...this.state, plan }, this.stage, this.networks);
  }

  /** Frees the networks. */
  dispose(): void {
    if (!this.lent) this.networks.dispose();
  }

  /** For each of `steps`, which rise, the forecast made `ahead` steps before it; `ahead` is one of the plan's. */
  async bands(series: Series, ahead: number, steps: readonly number[], signal?: AbortSignal): Promise<readonly Band[]> {
    return (await this.forecasts(series, ahead, steps, signal)).bands;
  }

  /**
   * The same, with what each network says; each is asked once. The interval of a step moves outwards by the latest scores that are known `ahead`
   * steps before. These are scores of the test part and later, and before them those of the validation part. Methods alone say nothing of an interval's
   * width, so there a score is a multiple of the recent size of scores.
   */
  async forecasts(series: Series, ahead: number, steps: readonly number[], signal?: AbortSignal): Promise<Forecasts> {
    const { scores, parts, coverage, ahead: horizons } = this.plan;
    const before = scores?.[horizons.indexOf(ahead)] ?? [];
    const { from, to } = scoredSteps(parts);
    const isAlone = this.membersFor(ahead).length === 0;
    const most = isAlone ? before.length : mostScores(before.length);
    const read = isAlone ? most + READ_BEFORE + ahead : most;
    const later = most > 0 ? scoredLater(series, ahead, steps, to, read) : [];
    const known = this.knownScores(series, ahead);
    const asked = [...new Set([...later.filter((d) => !known.has(d)), ...steps])].sort((a, b) => a - b);
    const networks = await this.networkBands(series, ahead, asked, signal);
    const whole = networks.length > 0 ? networks : [this.methodBands(series, ahead, asked)];
    const raw = asked.map((_, n) => movedOutwards(meanBand(whole.map((bands) => bands[n])), 0)); // quantiles may cross
    const unitAt = this.scoreUnits(series, ahead);
    for (const [n, d] of asked.entries()) known.set(d, scoreOf(raw[n], series.y[d]) / unitAt(d));
    const scored = new Float64Array(Math.max(to, ...later.slice(-1).map((d) => d + 1)) - from).fill(NaN);
    scored.set(before.map((score) => score ?? NaN));
    for (const d of later) scored[d - from] = known.get(d) ?? NaN;
    // a step that the networks have learned from has the interval of the first test step: its own error is too small
    const ends = steps.map((d) => Math.max(d, to) - ahead + 1 - from);
    const { compared, sizeAt } = isAlone
      ? comparedScores(scored, ahead, before)
      : { compared: scored, sizeAt: () => 1 };
    const shifts = recentShifts(compared, ends, most, coverage);
    const places = steps.map((d) => leadingCount(asked, (one) => one < d));
    return {
      bands: places.map((at, n) => {
        const outwards = shifts[n].shift * sizeAt(ends[n]) * unitAt(steps[n]);
        return finite(this.possible(movedOutwards(raw[at], outwards)));
      }),
      networks: networks.map((bands) => places.map((at) => bands[at])),
      scores: shifts.map(({ count }) => count),
    };
  }

  private knownScores(series: Series, ahead: number): Map<number, number> {
    const all = this.scoresOf.get(series) ?? new Map<number, Map<number, number>>();
    this.scoresOf.set(series, all);
    const found = all.get(ahead) ?? new Map<number, number>();
    all.set(ahead, found);
    return found;
  }

  /** The band without what cannot be, numbers below 0. */
  private possible(band: Band): Band {
    if (!rulesOf(this.plan).isNonNegative) return band;
    const { forecast, low, high } = band;
    return { forecast: Math.max(0, forecast), low: Math.max(0, low), high: Math.max(0, high) };
  }

  /** What the scores of forecasts of step d are multiples of. */
  scoreUnits(series: Series, ahead: number): (d: number) => number {
    if (!this.correctionOf(ahead)?.isRelative) return () => 1;
    const levelAt = recentLevel(this.readingOf(series, [ahead]));
    return (d) => levelAt(d - ahead);
  }

  /** The forecasts of the methods alone: bands without width. */
  methodBands(series: Series, ahead: number, steps: readonly number[]): Band[] {
    const correction = this.correctionOf(ahead);
    if (!correction || steps.length === 0) return [];
    const { level, scale } = this.plan.inputs.y;
    const range = { from: steps[0], to: steps[steps.length - 1] + 1 - ahead };
    const { corrected } = correctedReading(this.readingOf(series, [ahead]), [correction], range);
    return steps.map((d) => {
      const forecast = level + scale * corrected.centre(d, 0);
      return finite(this.possible({ forecast, low: forecast, high: forecast }));
    });
  }

  private correctionOf(ahead: number): Correction | undefined {
    return this.corrections?.[this.plan.ahead.indexOf(ahead)];
  }

  /** The networks whose outputs count for a horizon. */
  private membersFor(ahead: number): Member[] {
    const isUsed = this.correctionOf(ahead)?.share !== 0;
    return this.members.filter((one) => isUsed && one.ahead.includes(ahead));
  }

  /** What each network says of `steps`, which rise. */
  async networkBands(series: Series, ahead: number, steps: readonly number[], signal?: AbortSignal): Promise<Band[][]> {
    const correction = this.correctionOf(ahead);
    const members = this.membersFor(ahead);
    if (steps.length === 0 || members.length === 0) return members.map(() => []);
    const [{ ahead: group }] = members;
    const T = 2 * this.plan.T;
    const first = (d: number): number => d - ahead - T + 1;
    const range = { from: first(steps[0]), to: first(steps[steps.length - 1]) + T };
    const all = networkReading(this.plan, series, group, range, this.corrections);
    const inputs = inputCount(all);
    const names = members.map(({ name }) => name);
    for (const name of names) {
      const { config } = this.networks.named('forecast', name);
      if (inputs === config.inputs) continue;
      throw new DataError(
        `forecast: network ${name} reads ${counted(config.inputs, 'number')}, but its plan has ${inputs}`,
      );
    }
    const reading = remembered(all, range);
    const g = group.indexOf(ahead);
    return this.networks.outputsOf(
      ...(['forecast', names, steps.length] as const),
      ({ backend, activations: { x } }, { from, to }, loaded) => {
        assertNotFreed('forecast', x); // while it was awaited
        if (loaded.activations.x !== x) copyInto(x, loaded.activations.x);
        else for (let n = from; n < to; n++) fillWindow(x, n - from, reading, first(steps[n]));
        backend.upload(x);
      },
      ({ activations }) => activations.logits,
      (values, b, n, { config }) => {
        const [low, middle, high] = placesOf(config, g).map((k) => values.get(T - 1, b, k));
        const band = bandOf(reading, [low, middle, high], correction?.share ?? 1, steps[n], g);
        if (Number.isNaN(band.low + band.forecast + band.high)) throw new NonFiniteError('forecast of a network', NaN);
        return finite({ ...band, forecast: this.possible(band).forecast });
      },
      signal,
    );
  }

  /** What is read of a series for some horizons, without what only networks read. */
  readonly readingOf = (series: Series, ahead: readonly number[]): Reading => readingFor(this.plan, series, ahead);
}

/**
 * What the outputs of a network mean: `share` of the middle one counts for the forecast of horizon g for step d; the others keep their distances
 * from it.
 */
function bandOf(reading: Reading, [low, middle, high]: readonly number[], share: number, d: number, g: number): Band {
  const { level, scale } = reading.plan.y;
  const numberOf = (output: number): number => level + scale * meaningOf(reading, output, d, g);
  const counted = share * middle;
  return {
    forecast: numberOf(counted),
    low: numberOf(low - middle + counted),
    high: numberOf(high - middle + counted),
  };
}

/** The steps from `to` on whose scores can move the intervals of `steps`: the latest `most` before the first of them can read any, and later ones. */
function scoredLater(
  series: Series,
  ahead: number,
  steps: readonly number[],
  to: number,
  most: number,
): readonly number[] {
  const isKnown = (d: number): boolean => !Number.isNaN(series.y[d]);
  const [first = to, last = to] = [steps.at(0), steps.at(-1)].map((d = to) => Math.min(d - ahead + 1, series.end));
  let from = first;
  for (let count = 0; from > to && count < most; from--) count += Number(isKnown(from - 1));
  return stepsIn({ from: Math.max(from, to), to: last }).filter(isKnown);
}

/** The band; NaN where a method has no forecast. Throws a NonFiniteError if its ends are too large for a number, as the scale or the scores of a file can make them. */
function finite(band: Band): Band {
  const wrong = [band.forecast, band.low, band.high].find((value) => Math.abs(value) === Infinity);
  if (wrong !== undefined) throw new NonFiniteError('forecast: a forecast, or an end of its interval', wrong);
  return band;
}

/** Throws a DataError unless a network of a file can forecast these horizons. */
function assertForecasts(name: string, config: CompleteConfig, ahead: readonly number[]): void {
  const { outputs, quantiles, reads, inputKind, loss, layers } = config;
  const needed = ahead.length * Math.max(quantiles.length, 1);
  if (outputs !== needed)
    throw new DataError(`forecast: network ${name} has ${counted(outputs, 'output')}, but its horizons need ${needed}`);
  if (
    reads === 'every' &&
    inputKind === 'numbers' &&
    loss !== 'crossEntropy' &&
    !layers.some((one) => one.bidirectional)
  )
    return;
  throw new DataError(`forecast: network ${name} does not forecast a number at every step from the numbers before it`);
}

/** The outputs of target g: its lowest quantile, the one nearest to the median, and the highest; one output is all three. */
function placesOf({ quantiles }: CompleteConfig, g: number): [low: number, middle: number, high: number] {
  const Q = Math.max(quantiles.length, 1);
  const distances = quantiles.map((q) => Math.abs(q - 0.5));
  const middle = Math.max(0, distances.indexOf(Math.min(...distances)));
  return [g * Q, g * Q + middle, g * Q + Q - 1];
}
