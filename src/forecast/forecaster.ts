/** Forecasts of a series by the networks of a plan: for each horizon the mean of several networks, between two quantiles. */
import { counted } from '../core/arguments.js';
import type { Backend } from '../core/backend.js';
import { DataError, NonFiniteError } from '../core/errors.js';
import type { Range } from '../core/numbers.js';
import { assertNotFreed } from '../core/tensor.js';
import type { Examples } from '../data/examples.js';
import type { CompleteConfig, NetworkConfig } from '../network/config.js';
import { networkFor } from '../training/training.js';
import { optionsOfSet } from '../training/network-set.js';
import type { TrainOptions } from '../training/options.js';
import type { StateHooks, TrainedState } from '../trained-state.js';
import { fillWindow, inputCount, LoadedNetworks, trainMembers } from '../trained-state.js';
import type { Band } from './intervals.js';
import { meanBand, movedOutwards, recentShifts, scoreOf } from './intervals.js';
import type { ForecastPlan, Member, Stage } from './plan.js';
import { holidaysIn, membersOf, scoredSteps, STAGES, trainEnd } from './plan.js';
import type { Series } from './series.js';
import { FORECAST_OPTIONS, forecastOptions } from './request.js';
import type { Reading } from './windows.js';
import { readingOf, remembered, windowExamples, windowsBefore } from './windows.js';

/**
 * Windows that the network with the fewest learns from. The final networks can have fewer than those of the calibration: a series that is just
 * long enough for it does without its first windows.
 */
export function fewestWindows(plan: ForecastPlan, stages: readonly Stage[] = STAGES): number {
  const counts = stages.flatMap((stage) =>
    membersOf(plan, stage).map(
      ({ ahead }) => windowsBefore(plan.inputs, ahead, plan.T, trainEnd(plan, ahead, stage)).count,
    ),
  );
  return Math.min(...counts);
}

/** `forecastOptions` for a plan; if its series is short, the default batch is all windows that each network has, and the steps are as many. */
export function fittedOptions(plan: ForecastPlan, given: Partial<TrainOptions>): TrainOptions {
  const options = forecastOptions(given);
  if (given.batchSize !== undefined) return options;
  const batchSize = Math.max(1, Math.min(options.batchSize, fewestWindows(plan)));
  const trainingIters = Math.ceil((FORECAST_OPTIONS.trainingIters * batchSize) / FORECAST_OPTIONS.batchSize);
  return { ...options, batchSize, ...(given.trainingIters === undefined && { trainingIters }) };
}

/** Throws a DataError if a network has fewer windows than a batch. */
export function assertBatchFits(batchSize: number, windows: number): void {
  if (batchSize <= windows) return;
  throw new DataError(
    `batch size ${batchSize}: a network has only ${counted(windows, 'window')} to learn from: choose at most as many`,
  );
}

/** The options with which the networks of a run began; `otherwise` if none has begun. Their seeds follow one another. */
export const optionsOf = ({ plan, networks }: ForecastState, otherwise: TrainOptions): TrainOptions =>
  optionsOfSet([...membersOf(plan, 'calibration'), ...membersOf(plan)], networks, otherwise);

/** An interval reads the scores of half as many steps as the validation part has, but at least this many if it has them. */
const LEAST_SCORES = 100;
const mostScores = (validation: number): number =>
  Math.max(Math.ceil(validation / 2), Math.min(LEAST_SCORES, validation));

/** A forecaster while it is trained. */
export type ForecastState = TrainedState<ForecastPlan>;

/** What a run of a forecaster reports. */
export interface ForecastHooks extends StateHooks<ForecastPlan> {
  /** Called before a network is trained; `number` counts from 1, over both stages. */
  readonly onNetwork?: (member: Member, stage: Stage, number: number, count: number) => void;
  /** Called once with the forecaster of the networks that do not know the validation part. */
  readonly onCalibrated?: (forecaster: Forecaster) => Promise<void>;
}

/**
 * Trains the plan's networks one after the other, and corrects its intervals between the two stages. `before`: an interrupted run, which
 * continues with its own options. The same bytes come out whether the run was interrupted or not.
 */
export async function trainStages(
  backend: Backend,
  series: Series,
  given: TrainOptions,
  before: ForecastState,
  hooks: ForecastHooks = {},
): Promise<ForecastState> {
  const options = optionsOf(before, given);
  // the networks of the second stage must not fail after those of the first have been trained
  assertBatchFits(options.batchSize, fewestWindows(before.plan, before.plan.scores === null ? STAGES : ['final']));
  let state = before;
  if (state.plan.scores === null) {
    state = await trainStage(backend, series, options, state, 'calibration', hooks);
    const forecaster = new Forecaster(backend, state, 'calibration');
    try {
      const plan = await withScores(forecaster, series, hooks.signal);
      await hooks.onCalibrated?.(forecaster);
      state = { plan, networks: new Map() };
    } finally {
      forecaster.dispose();
    }
  }
  return trainStage(backend, series, options, state, 'final', hooks);
}

const trainStage = (
  backend: Backend,
  series: Series,
  options: TrainOptions,
  before: ForecastState,
  stage: Stage,
  { onNetwork, ...hooks }: ForecastHooks,
): Promise<ForecastState> =>
  trainMembers(
    backend,
    membersOf(before.plan, stage),
    ({ ahead }) => ({ train: examplesFor(before.plan, series, ahead, stage), validation: undefined }),
    options,
    before,
    {
      ...hooks,
      onNetwork: (member, number, count) =>
        onNetwork?.(member, stage, number + STAGES.indexOf(stage) * count, STAGES.length * count),
    },
  );

const readingFor = (plan: ForecastPlan, series: Series, ahead: readonly number[]): Reading =>
  readingOf(series, plan.inputs, holidaysIn(plan), ahead);

/** What a network of a stage learns from. */
const examplesFor = (plan: ForecastPlan, series: Series, ahead: readonly number[], stage: Stage): Examples =>
  windowExamples(readingFor(plan, series, ahead), plan.T, trainEnd(plan, ahead, stage));

/** The config of a plan's networks, for a look at their size. */
export function configFor(plan: ForecastPlan, series: Series, options: TrainOptions): NetworkConfig {
  const [{ ahead }] = membersOf(plan);
  return networkFor(examplesFor(plan, series, ahead, 'final'), options);
}

/** Forecasts with the networks of a plan. The caller disposes of it. */
export class Forecaster {
  readonly plan: ForecastPlan;
  readonly members: readonly Member[];
  private readonly networks: LoadedNetworks;

  /** Throws an Error if a network of the stage is missing. */
  constructor(
    private readonly backend: Backend,
    { plan, networks }: ForecastState,
    stage: Stage = 'final',
  ) {
    this.plan = plan;
    this.members = membersOf(plan, stage);
    const saved = this.members.map(({ name, ahead }) => {
      const network = networks.get(name);
      if (!network) throw new Error(`forecast: network ${name} is missing`);
      assertForecasts(name, network.model.network, ahead);
      return [name, network] as const;
    });
    this.networks = new LoadedNetworks(backend, 2 * plan.T, saved);
  }

  /** Frees the networks. */
  dispose(): void {
    this.networks.dispose();
  }

  /** For each of `steps`, which rise, the forecast made `ahead` steps before it; `ahead` is one of the plan's. */
  async bands(series: Series, ahead: number, steps: readonly number[], signal?: AbortSignal): Promise<Band[]> {
    const raw = await this.rawBands(series, ahead, steps, signal);
    const shifts = await this.shifts(series, ahead, steps, signal);
    return raw.map((band, n) => finite(movedOutwards(band, shifts[n])));
  }

  /** The mean of the networks' bands, without correction. */
  private async rawBands(
    series: Series,
    ahead: number,
    steps: readonly number[],
    signal?: AbortSignal,
  ): Promise<Band[]> {
    const all: Band[][] = [];
    for (const member of this.members.filter((one) => one.ahead.includes(ahead))) {
      all.push(await this.bandsOf(member, series, ahead, steps, signal));
    }
    return steps.map((_, n) => movedOutwards(meanBand(all.map((bands) => bands[n])), 0)); // quantiles may cross
  }

  /**
   * How far the interval of each of `steps` moves outwards. The shift is that of the latest scores that are known `ahead` steps before: those
   * of the test part and later, and before them those of the validation part.
   */
  private async shifts(
    series: Series,
    ahead: number,
    steps: readonly number[],
    signal?: AbortSignal,
  ): Promise<number[]> {
    const { scores, parts, coverage, ahead: horizons } = this.plan;
    const before = scores?.[horizons.indexOf(ahead)];
    if (!before || steps.length === 0) return steps.map(() => 0);
    const { from, to } = scoredSteps(parts);
    const most = mostScores(before.length);
    const last = Math.min(steps[steps.length - 1] - ahead + 1, series.end);
    const isKnown = (d: number): boolean => !Number.isNaN(series.y[d]);
    let first = Math.min(steps[0] - ahead + 1, series.end);
    for (let count = 0; first > to && count < most; first--) count += Number(isKnown(first - 1));
    const later = stepsIn({ from: Math.max(first, to), to: last }).filter(isKnown);
    const bands = await this.rawBands(series, ahead, later, signal);
    const known = new Float64Array(Math.max(to, last) - from).fill(NaN);
    known.set(before.map((score) => score ?? NaN));
    for (const [n, d] of later.entries()) known[d - from] = scoreOf(bands[n], series.y[d]);
    // a step that the networks have learned from has the interval of the first test step: its own error is too small
    const ends = steps.map((d) => Math.max(d, to) - ahead + 1 - from);
    return recentShifts(known, ends, most, coverage);
  }

  /** How many scores correct the interval of the forecast of step d. */
  scoreCount(series: Series, ahead: number, d: number): number {
    const { scores, parts, ahead: horizons } = this.plan;
    const before = scores?.[horizons.indexOf(ahead)] ?? [];
    const { from, to } = scoredSteps(parts);
    const isKnown = (t: number): boolean => (t < to ? before[t - from] !== null : !Number.isNaN(series.y[t]));
    let count = 0;
    for (
      let t = Math.min(Math.max(d, to) - ahead, Math.max(to, series.end) - 1);
      t >= from && count < mostScores(before.length);
      t--
    )
      count += Number(isKnown(t));
    return count;
  }

  /** One network's forecasts, without correction. */
  async bandsOf(
    { name, ahead: group }: Member,
    series: Series,
    ahead: number,
    steps: readonly number[],
    signal?: AbortSignal,
  ): Promise<Band[]> {
    if (steps.length === 0) return [];
    const network = this.networks.named('forecast', name);
    const { T } = network.sizes;
    const all = this.readingOf(series, group);
    const inputs = inputCount(all);
    if (inputs !== network.config.inputs)
      throw new DataError(
        `forecast: network ${name} reads ${counted(network.config.inputs, 'number')}, but its plan has ${inputs}`,
      );
    const first = (d: number): number => d - ahead - T + 1;
    const reading = remembered(all, { from: first(steps[0]), to: first(steps[steps.length - 1]) + T });
    const { x, logits } = network.activations;
    const { level, scale } = reading.plan.y;
    const [low, middle, high] = placesOf(network.config, group.indexOf(ahead));
    const load = ({ from, to }: Range): void => {
      assertNotFreed('forecast', x); // while it was awaited
      for (let n = from; n < to; n++) fillWindow(x, n - from, reading, first(steps[n]));
      this.backend.upload(x);
    };
    return this.networks.outputsOf(
      network,
      steps.length,
      load,
      logits,
      (values, b, n) => {
        const mean = reading.columns.meanAt(steps[n] - ahead);
        const value = (k: number): number => level + scale * (values.get(T - 1, b, k) + mean);
        const band = { forecast: value(middle), low: value(low), high: value(high) };
        if (!Number.isFinite(band.forecast + band.low + band.high))
          throw new NonFiniteError(`forecast of ${name}`, band.forecast);
        return band;
      },
      signal,
    );
  }

  /** The inputs of one network. */
  readingOf(series: Series, ahead: readonly number[]): Reading {
    return readingFor(this.plan, series, ahead);
  }
}

/** The band. Throws a NonFiniteError if its ends are too large for a number, as the scale or the scores of a file can make them. */
function finite(band: Band): Band {
  const wrong = [band.forecast, band.low, band.high].find((value) => !Number.isFinite(value));
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

/** The whole numbers of a range; none if it ends before it begins. */
export const stepsIn = ({ from, to }: Range): number[] =>
  Array.from({ length: Math.max(0, to - from) }, (_, n) => from + n);

/** The plan with the scores of the validation part. */
async function withScores(forecaster: Forecaster, series: Series, signal?: AbortSignal): Promise<ForecastPlan> {
  const { plan } = forecaster;
  const steps = stepsIn(scoredSteps(plan.parts));
  const scores: (number | null)[][] = [];
  for (const ahead of plan.ahead) {
    const bands = await forecaster.bands(series, ahead, steps, signal);
    const found = bands.map((band, n) => scoreOf(band, series.y[steps[n]]));
    scores.push(found.map((score) => (Number.isNaN(score) ? null : score)));
  }
  return { ...plan, scores };
}
