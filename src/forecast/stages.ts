/** How the networks of a plan are trained, in two stages; between them its intervals are corrected, and it is chosen what forecasts. */
import { counted } from '../core/arguments.js';
import type { Backend } from '../core/backend.js';
import { DataError } from '../core/errors.js';
import { yieldToEventLoop } from '../core/event-loop.js';
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
import { stepsIn } from '../core/numbers.js';
import { networkReading, readingFor, withForecaster } from './forecaster.js';
import type { Correction } from './corrected-methods.js';
import { chosenMethods, knownSteps, refitted, shareOf, storedCorrection } from './corrected-methods.js';
import { meanAbsoluteError, meanBand, scoreOf } from './intervals.js';
import type { ForecastPlan, Member, Stage } from './plan.js';
import { isVersion1, joined, membersOf, plansIn, rulesOf, scoredSteps, STAGES, trainEnd } from './plan.js';
import { FORECAST_OPTIONS, forecastOptions } from './request.js';
import type { Series } from './series.js';
import { seriesIn } from './several.js';
import { remembered, windowExamples, windowsBefore } from './windows.js';

/**
 * Windows that the network with the fewest learns from. The final networks can have fewer than those of the calibration: a series that is just
 * long enough for it does without its first windows.
 */
export function fewestWindows(plan: ForecastPlan, stages: readonly Stage[] = STAGES): number {
  const counts = stages.flatMap((stage) =>
    membersOf(plan, stage).map(({ ahead }) => {
      const end = trainEnd(plan, ahead, stage);
      return plansIn(plan).reduce((sum, one) => sum + windowsBefore(one.inputs, ahead, one.T, end, one.first).count, 0);
    }),
  );
  return Math.min(...counts);
}

/** More passes over few windows, in batches of the default size, teach a network their noise. */
const MOST_EPOCHS = 100;

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
  const wanted = Math.min(iters, MOST_EPOCHS * windows);
  return { ...options, batchSize, trainingIters: Math.ceil((wanted * batchSize) / most) };
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
  const table = seriesIn(series);
  let state = before;
  if (state.plan.scores === null) {
    const begun: ForecastPlan[] = [];
    for (const [n, plan] of plansIn(state.plan).entries()) {
      await yieldToEventLoop(hooks.signal); // the methods of many series take minutes
      begun.push(withMethods(plan, table[n]));
    }
    state = await trainStage(backend, series, options, { ...state, plan: joined(begun) }, 'calibration', hooks);
    const plans: ForecastPlan[] = [];
    await withForecaster(
      backend,
      state,
      async (all) => {
        for (const [n, plan] of plansIn(all.plan).entries()) {
          await yieldToEventLoop(hooks.signal);
          const shared = await withShares(all.forSeries(plan), table[n], hooks);
          plans.push(withLaterFits(await withScores(all.forSeries(shared), table[n], hooks.signal)));
        }
      },
      'calibration',
    );
    state = { plan: joined(plans), networks: new Map() };
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
    onNetwork: (member, number, count) => {
      const first = membersOf(before.plan, 'calibration').length;
      if (stage === 'calibration') onNetwork?.(member, stage, number, first + membersOf(before.plan).length);
      else onNetwork?.(member, stage, first + number, first + count); // fewer, if some horizons use none
    },
  });
}

/** What the networks of a stage learn from. */
function dataOf(plan: ForecastPlan, series: Series, ahead: readonly number[], stage: Stage): TrainingData<Examples> {
  const end = trainEnd(plan, ahead, stage);
  const all = seriesIn(series);
  const [first, ...others] = plansIn(plan).map((one, n) => networkReading(one, all[n], ahead, { from: 0, to: end }));
  const train = windowExamples(first, plan.T, end, others);
  return { train, validation: undefined, digest: sha256Of(train.bytes) };
}

/** The config of a plan's networks, for a look at their size; undefined if it has none. */
export function configFor(plan: ForecastPlan, series: Series, options: TrainOptions): NetworkConfig | undefined {
  const ahead = membersOf(plan).at(0)?.ahead;
  if (!ahead) return undefined;
  const ofCorrection = isVersion1(plan) ? 0 : ahead.length; // a column for each horizon
  const inputs = inputCount(readingFor(plan, series, ahead)) + ofCorrection + (plan.inputs.code?.length ?? 0);
  return networkFor(
    { inputs, inputKind: 'numbers', reads: 'every', T: plan.T, classes: 0, targets: ahead.length },
    options,
  );
}

/** What the forecasts of a horizon are made of, and how good they are on the validation part. */
export interface Choice {
  /** The series' name, in a table of several. */
  readonly series?: string;
  readonly ahead: number;
  /** The methods whose mean the networks correct. */
  readonly methods: readonly string[];
  /** The share of the networks' corrections; 0 if the forecasts use none. */
  readonly share: number;
  /** The mean absolute error of the methods, and that with the share; null without networks. */
  readonly error: number;
  readonly withNetworks: number | null;
}

/** The plan with the methods that its networks correct, fitted for both stages. */
function withMethods(plan: ForecastPlan, series: Series): ForecastPlan {
  if (isVersion1(plan) || rulesOf(plan).corrections) return plan;
  const readings = plan.ahead.map((ahead) =>
    remembered(readingFor(plan, series, [ahead]), { from: 0, to: plan.parts.test.from }),
  );
  const corrections = readings.map((reading) => chosenMethods(plan, reading));
  const later = corrections.map((one, n) => storedCorrection(refitted(plan, readings[n], one)));
  const chosen = withCorrections(plan, corrections);
  return { ...chosen, rules: { ...rulesOf(chosen), later } };
}

const withCorrections = (plan: ForecastPlan, corrections: readonly Correction[]): ForecastPlan => ({
  ...plan,
  rules: { ...rulesOf(plan), corrections: corrections.map(storedCorrection) },
});

/** The plan with the shares of the networks' corrections. */
async function withShares(
  forecaster: Forecaster,
  series: Series,
  { onChoice, signal }: ForecastHooks,
): Promise<ForecastPlan> {
  const { plan, corrections } = forecaster;
  if (!corrections) return plan;
  const shared: Correction[] = [];
  for (const [n, ahead] of plan.ahead.entries()) {
    const steps = knownSteps(plan, ahead, series.y);
    const truth = steps.map((d) => series.y[d]);
    const ofMethods = forecaster.methodBands(series, ahead, steps).map(({ forecast }) => forecast);
    const networks = await forecaster.networkBands(series, ahead, steps, signal);
    const corrected = steps.map((_, k) => meanBand(networks.map((bands) => bands[k])).forecast);
    const share = networks.length > 0 ? shareOf(ofMethods, corrected, truth, rulesOf(plan).method) : 0;
    shared.push({ ...corrections[n], share });
    const error = (weight: number): number =>
      meanAbsoluteError(
        weight === 0 ? ofMethods : ofMethods.map((value, k) => value + weight * (corrected[k] - value)),
        truth,
      );
    onChoice?.({
      ...{ ahead, share, error: error(0), withNetworks: networks.length > 0 ? error(share || 1) : null },
      methods: corrections[n].fits.map(({ fitted }) => fitted.name),
      ...(plan.name !== undefined && { series: plan.name }),
    });
  }
  return withCorrections(plan, shared);
}

/** The plan with the scores of the validation part. */
async function withScores(
  forecaster: Forecaster,
  series: Series,
  signal: AbortSignal | undefined,
): Promise<ForecastPlan> {
  const { plan } = forecaster;
  const steps = stepsIn(scoredSteps(plan.parts));
  const scores: (number | null)[][] = [];
  for (const ahead of plan.ahead) {
    const bands = await forecaster.bands(series, ahead, steps, signal);
    const unitAt = forecaster.scoreUnits(series, ahead);
    const found = bands.map((band, n) => scoreOf(band, series.y[steps[n]]) / unitAt(steps[n]));
    scores.push(found.map((score) => (Number.isNaN(score) ? null : Math.fround(score)))); // f32, as the digest of the windows
  }
  return { ...plan, scores };
}

/** The plan whose methods are those that are fitted to the validation part too. */
function withLaterFits(plan: ForecastPlan): ForecastPlan {
  const { corrections, later, ...others } = rulesOf(plan);
  if (!corrections || !later) return plan;
  const replaced = later.map((one, n) => ({ ...one, share: corrections[n].share }));
  return { ...plan, rules: { ...others, corrections: replaced, later: null } };
}
