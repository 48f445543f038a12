/** Forecasts of a series by the networks of a plan: for each horizon the mean of several networks, between two quantiles. */
import type { Backend } from '../core/backend.js';
import { NonFiniteError } from '../core/errors.js';
import { yieldToEventLoop } from '../core/event-loop.js';
import { zeros } from '../core/tensor.js';
import type { CompleteConfig } from '../network/config.js';
import { Network } from '../network/network.js';
import type { SavedModel } from '../training/checkpoint.js';
import { networkFor, Training } from '../training/training.js';
import type { TrainHooks } from '../training/loop.js';
import { makeAllSteps } from '../training/loop.js';
import type { TrainOptions } from '../training/options.js';
import type { Checkpoint } from '../training/checkpoint.js';
import type { Holidays } from './holidays.js';
import type { Band } from './intervals.js';
import { meanBand, movedOutwards, outwardShift } from './intervals.js';
import type { ForecastPlan, Range } from './plan.js';
import { holidaysIn, membersOf, trainEnd } from './plan.js';
import type { Series } from './series.js';
import type { Reading } from './windows.js';
import { fillWindow, readingOf, windowExamples } from './windows.js';

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
} as const;

/** Windows that are forecast at once. */
const AT_ONCE = 64;

/** A forecaster's networks by name, with the states of their runs; those that have not begun are missing. */
export type Members = ReadonlyMap<string, Checkpoint>;

/** What a run of a forecaster reports. */
export interface ForecastHooks extends Pick<TrainHooks, 'onLine' | 'onStep' | 'checkpointEvery' | 'signal'> {
  /** Called before a network is trained; `number` counts from 1. */
  readonly onNetwork?: (name: string, number: number, count: number) => void;
  readonly onMembers?: (members: Members) => void;
}

/** The reading of each group of horizons. */
const readingFor = (
  plan: ForecastPlan,
  series: Series,
  holidays: Holidays | undefined,
  ahead: readonly number[],
): Reading => readingOf(series, plan.inputs, holidays, ahead);

/**
 * Trains the plan's networks one after the other. `before`: those of an interrupted run. The same numbers come out whether it was
 * interrupted or not.
 */
export async function trainMembers(
  backend: Backend,
  series: Series,
  plan: ForecastPlan,
  options: TrainOptions,
  hooks: ForecastHooks = {},
  before: Members = new Map(),
): Promise<Members> {
  const holidays = holidaysIn(plan);
  const members = new Map(before);
  const names = membersOf(plan);
  for (const [n, { name, ahead, seed }] of names.entries()) {
    const saved = members.get(name);
    const reading = readingFor(plan, series, holidays, ahead);
    const examples = { train: windowExamples(reading, plan.T, trainEnd(plan, ahead)), validation: undefined };
    hooks.onNetwork?.(name, n + 1, names.length);
    const training = saved?.training
      ? Training.resumeChecked(
          backend,
          examples,
          { model: saved.model, training: saved.training },
          saved.training.options,
        )
      : Training.startChecked(backend, examples, { ...options, seed: options.seed + seed - 1 });
    if (training.isOver && saved) {
      training.dispose();
      continue;
    }
    const network = await makeAllSteps(training, {
      ...hooks,
      onCheckpoint: (checkpoint) => {
        members.set(name, checkpoint);
        hooks.onMembers?.(members);
      },
    });
    network.dispose();
  }
  return members;
}

/** The config of a plan's networks, for a look at their size. */
export function configFor(plan: ForecastPlan, series: Series, options: TrainOptions) {
  const [{ ahead }] = membersOf(plan);
  return networkFor(
    windowExamples(readingFor(plan, series, holidaysIn(plan), ahead), plan.T, trainEnd(plan, ahead)),
    options,
  );
}

/** Forecasts with the networks of a plan. The caller disposes of it. */
export class Forecaster {
  private readonly networks: ReadonlyMap<string, Network>;
  private readonly holidays: Holidays | undefined;

  /** Throws an Error if a network of the plan is missing. */
  constructor(
    private readonly backend: Backend,
    readonly plan: ForecastPlan,
    models: ReadonlyMap<string, SavedModel>,
  ) {
    this.holidays = holidaysIn(plan);
    const networks = new Map<string, Network>();
    this.networks = networks;
    for (const { name } of membersOf(plan)) {
      const model = models.get(name);
      if (!model) throw new Error(`forecast: network ${name} is missing`);
      const network = new Network(backend, model.network, { T: 2 * plan.T, B: AT_ONCE });
      networks.set(name, network);
      network.load(model.parameters);
    }
  }

  /** Frees the networks. */
  dispose(): void {
    for (const network of this.networks.values()) network.dispose();
  }

  /** For each of `steps`, the forecast made `ahead` steps before it; `ahead` is one of the plan's. */
  async bands(series: Series, ahead: number, steps: readonly number[], signal?: AbortSignal): Promise<Band[]> {
    const { plan } = this;
    const members = membersOf(plan).filter((member) => member.ahead.includes(ahead));
    const all: Band[][] = [];
    for (const { name, ahead: group } of members) {
      const reading = readingFor(plan, series, this.holidays, group);
      all.push(await this.bandsOf(name, reading, group.indexOf(ahead), steps, signal));
    }
    const shift = plan.shifts?.[plan.ahead.indexOf(ahead)] ?? 0;
    return steps.map((_, n) => movedOutwards(meanBand(all.map((bands) => bands[n])), shift));
  }

  /** One network's forecasts. */
  async bandsOf(
    name: string,
    reading: Reading,
    g: number,
    steps: readonly number[],
    signal?: AbortSignal,
  ): Promise<Band[]> {
    const network = this.networks.get(name);
    if (!network) throw new Error(`forecast: there is no network ${name}`);
    const { T, B } = network.sizes;
    const { x, logits } = network.activations;
    const { ahead, plan } = reading;
    const { level, scale } = plan.y;
    const [low, middle, high] = placesOf(network.config, g);
    const empty = zeros([T, B, ahead.length], 'f64');
    const bands: Band[] = [];
    for (let start = 0; start < steps.length; start += B) {
      await yieldToEventLoop();
      signal?.throwIfAborted();
      const part = steps.slice(start, start + B);
      for (const [b, d] of part.entries()) fillWindow(x, b, reading, d - ahead[g] - T + 1);
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
    return readingFor(this.plan, series, this.holidays, ahead);
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
