/** Forecasts of a series by the networks of a plan: for each horizon the mean of several networks, between two quantiles. */
import type { Backend } from '../core/backend.js';
import { DataError, NonFiniteError } from '../core/errors.js';
import { yieldToEventLoop } from '../core/event-loop.js';
import { zeros } from '../core/tensor.js';
import type { Examples } from '../data/examples.js';
import type { TrainingData } from '../data/train-data.js';
import type { CompleteConfig, NetworkConfig } from '../network/config.js';
import { Network } from '../network/network.js';
import { networkFor } from '../training/training.js';
import type { TrainHooks } from '../training/loop.js';
import { optionsOfSet, trainNetworks } from '../training/network-set.js';
import type { TrainOptions } from '../training/options.js';
import { TUTORIAL } from '../training/options.js';
import type { Checkpoint } from '../training/checkpoint.js';
import type { Band } from './intervals.js';
import { meanBand, movedOutwards, outwardShift } from './intervals.js';
import type { ForecastPlan, Member, Range, Stage } from './plan.js';
import { holidaysIn, membersOf, trainEnd } from './plan.js';
import type { Series } from './series.js';
import type { Reading } from './windows.js';
import { fillWindow, inputCount, readingOf, windowExamples } from './windows.js';

/** Options with which a forecaster's networks are trained, where they differ from the tutorial's. */
export const FORECAST_OPTIONS = {
  hidden: 32,
  batchSize: 64,
  learningRate: 0.005,
  schedule: 'cosine',
  clipNorm: 1,
  outputInit: 'glorot',
  trainingIters: 96_000,
  displayStep: 100,
  loss: 'pinball',
  quantiles: [0.05, 0.25, 0.5, 0.75, 0.95],
} as const;

/** The options of new networks: the given ones; else those of `FORECAST_OPTIONS`, and of the tutorial. */
export function forecastOptions(given: Partial<TrainOptions>): TrainOptions {
  const options = { ...TUTORIAL, ...FORECAST_OPTIONS, ...given };
  return options.loss === 'pinball' ? options : { ...options, quantiles: TUTORIAL.quantiles };
}

/** The options with which the networks of a run began; `otherwise` if none has begun. Their seeds follow one another. */
export const optionsOf = ({ plan, networks }: ForecastState, otherwise: TrainOptions): TrainOptions =>
  optionsOfSet([...membersOf(plan, 'calibration'), ...membersOf(plan)], networks, otherwise);

/** Windows that are forecast at once. */
const AT_ONCE = 64;

/** A forecaster while it is trained: its networks by name, with the states of their runs. Those that have not begun are missing. */
export interface ForecastState {
  readonly plan: ForecastPlan;
  readonly networks: ReadonlyMap<string, Checkpoint>;
}

/** What a run of a forecaster reports. */
export interface ForecastHooks extends Pick<
  TrainHooks,
  'onLine' | 'onStep' | 'onWarning' | 'checkpointEvery' | 'signal'
> {
  /** Called before a network is trained; `number` counts from 1. */
  readonly onNetwork?: (member: Member, stage: Stage, number: number, count: number) => void;
  /** Called with the state of the run every `checkpointEvery` steps, and after each network. */
  readonly onState?: (state: ForecastState) => void;
  /** Called once with the forecaster of the networks that do not know the validation part. */
  readonly onCalibrated?: (forecaster: Forecaster) => Promise<void>;
}

/**
 * Trains the plan's networks one after the other, and corrects its intervals between the two stages. `before`: an interrupted run, which
 * continues with its own options. The same bytes come out whether the run was interrupted or not.
 */
export async function trainForecaster(
  backend: Backend,
  series: Series,
  given: TrainOptions,
  before: ForecastState,
  hooks: ForecastHooks = {},
): Promise<ForecastState> {
  const options = optionsOf(before, given);
  let state = before;
  if (state.plan.shifts === null) {
    state = await trainStage(backend, series, options, state, 'calibration', hooks);
    const forecaster = new Forecaster(backend, state, 'calibration');
    try {
      const plan = await withShifts(forecaster, series, hooks.signal);
      await hooks.onCalibrated?.(forecaster);
      state = { plan, networks: new Map() };
    } finally {
      forecaster.dispose();
    }
  }
  return trainStage(backend, series, options, state, 'final', hooks);
}

async function trainStage(
  backend: Backend,
  series: Series,
  options: TrainOptions,
  { plan, networks: before }: ForecastState,
  stage: Stage,
  hooks: ForecastHooks,
): Promise<ForecastState> {
  const networks = new Map(before);
  const examplesOf = ({ ahead }: Member): TrainingData<Examples> => ({
    train: windowExamples(readingFor(plan, series, ahead), plan.T, trainEnd(plan, ahead, stage)),
    validation: undefined,
  });
  await trainNetworks(backend, membersOf(plan, stage), examplesOf, options, before, {
    ...hooks,
    onNetwork: (member, number, count) => hooks.onNetwork?.(member, stage, number, count),
    onCheckpoint: ({ name }, checkpoint) => {
      networks.set(name, checkpoint);
      hooks.onState?.({ plan, networks });
    },
  });
  return { plan, networks };
}

const readingFor = (plan: ForecastPlan, series: Series, ahead: readonly number[]): Reading =>
  readingOf(series, plan.inputs, holidaysIn(plan), ahead);

/** The config of a plan's networks, for a look at their size. */
export function configFor(plan: ForecastPlan, series: Series, options: TrainOptions): NetworkConfig {
  const [{ ahead }] = membersOf(plan);
  return networkFor(windowExamples(readingFor(plan, series, ahead), plan.T, trainEnd(plan, ahead, 'final')), options);
}

/** Forecasts with the networks of a plan. The caller disposes of it. */
export class Forecaster {
  readonly plan: ForecastPlan;
  readonly members: readonly Member[];
  private readonly networks = new Map<string, Network>();

  /** Throws an Error if a network of the stage is missing. */
  constructor(
    private readonly backend: Backend,
    { plan, networks }: ForecastState,
    stage: Stage = 'final',
  ) {
    this.plan = plan;
    this.members = membersOf(plan, stage);
    try {
      for (const { name, ahead } of this.members) {
        const saved = networks.get(name);
        if (!saved) throw new Error(`forecast: network ${name} is missing`);
        const { outputs, quantiles } = saved.model.network;
        const needed = ahead.length * Math.max(quantiles.length, 1);
        if (outputs !== needed)
          throw new DataError(`forecast: network ${name} has ${outputs} outputs, but its horizons need ${needed}`);
        const network = new Network(backend, saved.model.network, { T: 2 * plan.T, B: AT_ONCE });
        this.networks.set(name, network);
        network.load(saved.model.parameters);
      }
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  /** Frees the networks. */
  dispose(): void {
    for (const network of this.networks.values()) network.dispose();
  }

  /** For each of `steps`, the forecast made `ahead` steps before it; `ahead` is one of the plan's. */
  async bands(series: Series, ahead: number, steps: readonly number[], signal?: AbortSignal): Promise<Band[]> {
    const { plan } = this;
    const all: Band[][] = [];
    for (const member of this.members.filter((one) => one.ahead.includes(ahead))) {
      all.push(await this.bandsOf(member, series, ahead, steps, signal));
    }
    const shift = plan.shifts?.[plan.ahead.indexOf(ahead)] ?? 0;
    return steps.map((_, n) => movedOutwards(meanBand(all.map((bands) => bands[n])), shift));
  }

  /** One network's forecasts, without correction. */
  async bandsOf(
    { name, ahead: group }: Member,
    series: Series,
    ahead: number,
    steps: readonly number[],
    signal?: AbortSignal,
  ): Promise<Band[]> {
    const reading = this.readingOf(series, group);
    const g = group.indexOf(ahead);
    const network = this.networks.get(name);
    if (!network) throw new Error(`forecast: there is no network ${name}`);
    const { T, B } = network.sizes;
    const inputs = inputCount(reading);
    if (inputs !== network.config.inputs)
      throw new DataError(
        `forecast: network ${name} reads ${network.config.inputs} numbers, but its plan has ${inputs}`,
      );
    const { x, logits } = network.activations;
    const { level, scale } = reading.plan.y;
    const [low, middle, high] = placesOf(network.config, g);
    const empty = zeros([T, B, group.length], 'f64');
    const bands: Band[] = [];
    for (let start = 0; start < steps.length; start += B) {
      await yieldToEventLoop();
      signal?.throwIfAborted();
      const part = steps.slice(start, start + B);
      for (const [b, d] of part.entries()) fillWindow(x, b, reading, d - ahead - T + 1);
      this.backend.upload(x);
      network.setTargets({ targets: empty });
      network.forward();
      await this.backend.download(logits);
      for (const b of part.keys()) {
        const value = (k: number): number => level + scale * logits.get(T - 1, b, k);
        const band = { forecast: value(middle), low: value(low), high: value(high) };
        if (!Number.isFinite(band.forecast + band.low + band.high))
          throw new NonFiniteError(`forecast of ${name}`, band.forecast);
        bands.push(band);
      }
    }
    return bands;
  }

  /** The inputs of one network. */
  readingOf(series: Series, ahead: readonly number[]): Reading {
    return readingFor(this.plan, series, ahead);
  }
}

/** The outputs of target g: its lowest quantile, the one nearest to the median, and the highest; one output is all three. */
function placesOf({ quantiles }: CompleteConfig, g: number): [low: number, middle: number, high: number] {
  const Q = Math.max(quantiles.length, 1);
  const distances = quantiles.map((q) => Math.abs(q - 0.5));
  const middle = Math.max(0, distances.indexOf(Math.min(...distances)));
  return [g * Q, g * Q + middle, g * Q + Q - 1];
}

/** The whole numbers of a range. */
export const stepsIn = ({ from, to }: Range): number[] => Array.from({ length: to - from }, (_, n) => from + n);

/** The plan with the shifts that the validation part asks for. */
export async function withShifts(forecaster: Forecaster, series: Series, signal?: AbortSignal): Promise<ForecastPlan> {
  const { plan } = forecaster;
  const steps = stepsIn(plan.parts.validation);
  const y = steps.map((d) => series.y[d]);
  const shifts: number[] = [];
  for (const ahead of plan.ahead) {
    shifts.push(outwardShift(await forecaster.bands(series, ahead, steps, signal), y, plan.coverage));
  }
  return { ...plan, shifts };
}
