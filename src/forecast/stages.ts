/** How the networks of a plan are trained, in two stages; between them its intervals are corrected, and it is chosen what forecasts. */
import { counted } from '../core/arguments.js';
import type { Backend } from '../core/backend.js';
import { DataError } from '../core/errors.js';
import type { Examples } from '../data/examples.js';
import type { TrainingData } from '../data/train-data.js';
import { sha256Of } from '../files/sha256.js';
import type { NetworkConfig } from '../network/config.js';
import type { StateHooks } from '../trained-state.js';
import { inputCount, trainMembers } from '../trained-state.js';
import { optionsOfSet } from '../training/network-set.js';
import type { TrainOptions } from '../training/options.js';
import { networkFor } from '../training/training.js';
import type { Forecaster, ForecastState } from './forecaster.js';
import { readingFor, stepsIn, withForecaster } from './forecaster.js';
import type { Band } from './intervals.js';
import { meanAbsoluteError, scoreOf } from './intervals.js';
import type { NamedFit } from './methods/methods.js';
import { fitAsJson, fitInput, fitMethods, METHOD_NAMES } from './methods/methods.js';
import type { ForecastPlan, Member, Stage, StoredFit } from './plan.js';
import { membersOf, rulesOf, scoredSteps, STAGES, trainEnd } from './plan.js';
import { FORECAST_OPTIONS, forecastOptions } from './request.js';
import type { Series } from './series.js';
import { windowExamples, windowsBefore } from './windows.js';

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

/**
 * `forecastOptions` for a plan; if its series is short, the default batch is all windows that each network has, and the steps are as many.
 * `steps`: of each network, in place of `trainingIters`. Throws a DataError if a network has fewer windows than a given batch.
 */
export function fittedOptions(plan: ForecastPlan, given: Partial<TrainOptions>, steps?: number): TrainOptions {
  const { batchSize: most, trainingIters: iters } = FORECAST_OPTIONS;
  const options = forecastOptions(given);
  const windows = fewestWindows(plan);
  if (given.batchSize !== undefined) assertBatchFits(given.batchSize, windows);
  const batchSize = given.batchSize ?? Math.max(1, Math.min(options.batchSize, windows));
  if (steps !== undefined) return { ...options, batchSize, trainingIters: steps * batchSize + 1 };
  if (given.batchSize !== undefined || given.trainingIters !== undefined) return { ...options, batchSize };
  return { ...options, batchSize, trainingIters: Math.ceil((iters * batchSize) / most) };
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

/** What a run of a forecaster reports. */
export interface ForecastHooks extends StateHooks<ForecastPlan> {
  /** Called before a network is trained; `number` counts from 1, over both stages. */
  readonly onNetwork?: (member: Member, stage: Stage, number: number, count: number) => void;
  /** Called for each horizon, before the networks that forecast are trained. */
  readonly onChoice?: (choice: Choice) => void;
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
    const plan = await withForecaster(
      ...([backend, state] as const),
      (forecaster) => calibrated(forecaster, series, hooks),
      'calibration',
    );
    state = { plan, networks: new Map() };
  }
  return trainStage(backend, series, options, state, 'final', hooks);
}

async function trainStage(
  backend: Backend,
  series: Series,
  options: TrainOptions,
  before: ForecastState,
  stage: Stage,
  { onNetwork, onChoice: _, ...hooks }: ForecastHooks,
): Promise<ForecastState> {
  /** What the last network learned from: the next one has the same horizons, unless its seed is the first. */
  let last: { readonly ahead: readonly number[]; readonly data: TrainingData<Examples> } | undefined;
  const dataFor = ({ ahead }: Member): TrainingData<Examples> => {
    if (last?.ahead !== ahead) last = { ahead, data: dataOf(before.plan, series, ahead, stage) };
    return last.data;
  };
  return trainMembers(backend, membersOf(before.plan, stage), dataFor, options, before, {
    ...hooks,
    onNetwork: (member, number, count) =>
      onNetwork?.(member, stage, number + STAGES.indexOf(stage) * count, STAGES.length * count),
  });
}

/** What the networks of a stage learn from. */
function dataOf(plan: ForecastPlan, series: Series, ahead: readonly number[], stage: Stage): TrainingData<Examples> {
  const train = windowExamples(readingFor(plan, series, ahead), plan.T, trainEnd(plan, ahead, stage));
  return { train, validation: undefined, digest: sha256Of(train.bytes) };
}

/** The config of a plan's networks, for a look at their size; undefined if it has none. */
export function configFor(plan: ForecastPlan, series: Series, options: TrainOptions): NetworkConfig | undefined {
  const ahead = membersOf(plan).at(0)?.ahead;
  if (!ahead) return undefined;
  const inputs = inputCount(readingFor(plan, series, ahead));
  return networkFor(
    { inputs, inputKind: 'numbers', reads: 'every', T: plan.T, classes: 0, targets: ahead.length },
    options,
  );
}

/** What forecasts a horizon: on the validation part, which neither the networks of the calibration nor the methods knew, it was the best. */
export interface Choice {
  readonly ahead: number;
  /** Its name in `METHODS`; null for the networks. */
  readonly method: string | null;
  /** What it is, for people. */
  readonly name: string;
  /** Its mean absolute error there, and that of the networks; null without any. */
  readonly error: number;
  readonly ofNetworks: number | null;
}

/** Something that can forecast, and its forecasts of the validation part. */
interface Candidate {
  readonly fit: NamedFit | null;
  readonly bands: readonly Band[];
}

/** The plan with what forecasts each horizon, and with its scores on the validation part. */
async function calibrated(
  forecaster: Forecaster,
  series: Series,
  { onChoice, signal }: ForecastHooks,
): Promise<ForecastPlan> {
  const { plan } = forecaster;
  const { method } = rulesOf(plan);
  const steps = stepsIn(scoredSteps(plan.parts));
  const truth = steps.map((d) => series.y[d]);
  const choices: { scores: (number | null)[]; chosen: StoredFit | null }[] = [];
  for (const ahead of plan.ahead) {
    const candidates: Candidate[] =
      forecaster.members.length > 0 ? [{ fit: null, bands: await forecaster.bands(series, ahead, steps, signal) }] : [];
    if (method !== 'network') candidates.push(...methodsFor(forecaster, series, ahead, steps));
    const errorOf = ({ bands }: Candidate): number =>
      meanAbsoluteError(
        bands.map(({ forecast }) => forecast),
        truth,
      );
    // the networks come first, so that they win a draw
    const best = candidates.reduce((a, b) => (errorOf(b) < errorOf(a) ? b : a));
    onChoice?.({
      ...{ ahead, method: best.fit?.method ?? null, name: best.fit?.fitted.name ?? 'the LSTM', error: errorOf(best) },
      ofNetworks: candidates[0].fit ? null : errorOf(candidates[0]),
    });
    const scores = best.bands.map((band, n) => scoreOf(band, truth[n]));
    choices.push({
      scores: scores.map((score) => (Number.isNaN(score) ? null : score)),
      chosen: best.fit && fitAsJson(refitted(plan, series, ahead, best.fit)),
    });
  }
  const scores = choices.map((one) => one.scores);
  if (!plan.rules) return { ...plan, scores };
  return { ...plan, scores, rules: { ...plan.rules, chosen: choices.map(({ chosen }) => chosen) } };
}

/** The methods that may forecast, with what they say of the validation part. Throws a DataError if the method that was asked for is left out. */
function methodsFor(forecaster: Forecaster, series: Series, ahead: number, steps: readonly number[]): Candidate[] {
  const { plan } = forecaster;
  const { method } = rulesOf(plan);
  const reading = forecaster.readingOf(series, [ahead]);
  const names = METHOD_NAMES.filter((name) => method === 'auto' || name === method);
  const { fits, leftOut } = fitMethods(fitInput(plan, reading, 'calibration'), names);
  const found = fits
    .map((fit) => ({ fit, bands: forecaster.methodBands(fit.fitted, reading, steps) }))
    .filter(({ bands }) => !bands.some(({ forecast }) => Number.isNaN(forecast)));
  if (method === 'auto' || found.length > 0) return found;
  const why = leftOut.map(({ reason }) => reason).join() || 'too few numbers come before the validation part';
  throw new DataError(`method ${method}: cannot forecast ${ahead} ahead: ${why}: choose another one, or auto`);
}

/** The same variant of a method, which now also knows the validation part. */
function refitted(plan: ForecastPlan, series: Series, ahead: number, { method, fitted }: NamedFit): NamedFit {
  const { fits } = fitMethods(fitInput(plan, readingFor(plan, series, [ahead]), 'final'), [method]);
  const found = fits.find((one) => one.fitted.name === fitted.name) ?? fits.at(0);
  if (!found) throw new Error(`forecast: ${method} was fitted to fewer numbers, but not to more`);
  return found;
}
