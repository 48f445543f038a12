/**
 * Errors from rolling origins: the test part is cut into blocks of about the same length, and each block is forecast with what is known at its
 * beginning. The networks and the methods are those of the run, or are trained again before each block, on a training part that grows.
 */
import type { Backend } from '../core/backend.js';
import { DataError } from '../core/errors.js';
import { counted } from '../core/arguments.js';
import { timeName } from '../data/calendar.js';
import type { ForecastHooks } from './stages.js';
import { optionsOf } from './stages.js';
import { meanAbsoluteError } from './intervals.js';
import { holidaysIn, plansIn, rulesOf } from './plan.js';
import { planOf } from './planning.js';
import type { HorizonReport } from './report.js';
import { bestOf } from './report.js';
import type { OriginChoices } from './request.js';
import type { ForecastRun } from './run.js';
import { reportOfRun, trainRun } from './run.js';
import { seriesIn } from './several.js';
import { meanOf } from '../core/lists.js';
import { stepsIn } from '../core/numbers.js';

/** The errors of one horizon from each origin. */
export interface OriginsReport {
  /** The series' name, in a table of several. Default: a table of one has none. */
  readonly series?: string;
  /** Steps from the last known number to those that are forecast. */
  readonly ahead: number;
  /** The error of each block. */
  readonly origins: readonly OriginError[];
  /** The mean over the origins. */
  readonly mean: number;
  /** The standard deviation between the origins. */
  readonly deviation: number;
  /** The method with the smallest error among those that do not forecast. */
  readonly best: string;
  /** Its absolute errors less those of the forecasts, step by step: their mean, and its 95% interval. Above 0 the forecasts are better. */
  readonly gain: {
    /** The mean over all steps. */
    readonly mean: number;
    /** The lower end of its 95% interval. */
    readonly low: number;
    /** The upper end. */
    readonly high: number;
  };
}

/** The mean absolute error of one block. */
export interface OriginError {
  /** The time of its first step. */
  readonly from: string;
  /** Its mean absolute error; NaN if the block has no number. */
  readonly error: number;
}

/** For each series and horizon the errors of the blocks. `reports`: those of the run on the whole test part, of which a block is a piece unless it is trained for. None of one origin. */
export async function originsOf(
  backend: Backend,
  run: ForecastRun,
  reports: readonly HorizonReport[],
  { origins, refit }: OriginChoices,
  hooks: ForecastHooks = {},
): Promise<OriginsReport[]> {
  if (origins === 1) return [];
  const { calendar, parts } = run.state.plan;
  const { from, to } = parts.test;
  if (origins > to - from) {
    throw new DataError(
      `${run.name}: the test part has ${counted(to - from, 'step')}: choose at most as many origins, not ${origins}`,
    );
  }
  const cuts = stepsIn({ from: 0, to: origins + 1 }).map((n) => from + Math.floor((n * (to - from)) / origins));
  const blocks = cuts.slice(1).map((end, n) => ({ from: cuts[n], to: end }));
  const pieces: HorizonReport[][] = [];
  for (const [n, block] of blocks.entries()) {
    const again = refit && n > 0; // the run itself knows all that comes before the first block
    pieces.push(
      again
        ? await refitted(backend, run, block, hooks)
        : reports.map((report) => pieceOf(report, block.from - from, block.to - from)),
    );
  }
  const numbers = new Map(seriesIn(run.series).map(({ name, y }) => [name, y]));
  return reports.map(({ ahead, series }, h) => {
    const y = numbers.get(series) ?? run.series.y;
    const truth = y.subarray(from, to);
    const own = pieces.map((piece) => piece[h]);
    const errors = own.map(({ bands }, n): OriginError => ({
      from: timeName(calendar, blocks[n].from),
      error: meanAbsoluteError(
        bands.map(({ forecast }) => forecast),
        y.subarray(blocks[n].from, blocks[n].to),
      ),
    }));
    const known = errors.map(({ error }) => error).filter((error) => !Number.isNaN(error));
    const mean = meanOf(known);
    const forecasts = own.flatMap(({ bands }) => bands.map(({ forecast }) => forecast));
    const others = own[0].baselines.flatMap(({ name }, k) => {
      const values = own.flatMap(({ baselines }) => baselines.at(k)?.values ?? []); // a method keeps its place
      const isOwn = own[0].share === 0 && own[0].methods.join() === name;
      return isOwn || values.length !== truth.length ? [] : [{ name, values, error: meanAbsoluteError(values, truth) }];
    });
    const best = bestOf(others);
    const gains = forecasts.map((value, n) => Math.abs(best.values[n] - truth[n]) - Math.abs(value - truth[n]));
    return {
      ...(series !== undefined && { series }),
      ...{ ahead, origins: errors, mean, best: best.name, gain: meanWithin(gains, ahead) },
      deviation: Math.sqrt(known.reduce((sum, error) => sum + (error - mean) ** 2, 0) / Math.max(1, known.length - 1)),
    };
  });
}

/** A report on the steps `from` … `to` - 1 of its part; only its forecasts are cut. */
const pieceOf = (report: HorizonReport, from: number, to: number): HorizonReport => ({
  ...report,
  bands: report.bands.slice(from, to),
  baselines: report.baselines.map((one) => ({ ...one, values: one.values.slice(from, to) })),
});

/** The report on a block by a run that knows all that comes before it, with a validation part as long as that of the run. */
async function refitted(
  backend: Backend,
  { name, series, options, state }: ForecastRun,
  block: { readonly from: number; readonly to: number },
  hooks: ForecastHooks,
): Promise<HorizonReport[]> {
  const { columns, ahead, isTogether, seeds, coverage, inputs, parts } = state.plan;
  const { method } = rulesOf(state.plan);
  const isNegative = plansIn(state.plan).every((plan) => !rulesOf(plan).isNonNegative);
  const validation = { from: block.from - (parts.validation.to - parts.validation.from), to: block.from };
  const common = { ...{ columns, ahead, isTogether, seeds, coverage, method }, seasons: inputs.seasons, test: null };
  const choices = { ...common, isNegative };
  const plan = planOf(name, series, choices, holidaysIn(state.plan), { validation, test: block });
  const begun = { name, series, options: optionsOf(state, options), state: { plan, networks: new Map() } };
  const { onState: _, ...others } = hooks; // the file holds the run itself
  return reportOfRun(backend, await trainRun(backend, begun, others), hooks.signal);
}

/** The 95% interval of a normal distribution, in standard deviations. */
const SIDE = 1.96;

/**
 * The mean of differences, and its interval (Diebold and Mariano, "Comparing predictive accuracy", 1995). Errors of forecasts `ahead` steps ahead
 * depend on one another up to `ahead` - 1 steps apart, and somewhat beyond. So the variance is that of Newey and West (1987), whose weights fall to 0.
 */
export function meanWithin(differences: readonly number[], ahead: number): OriginsReport['gain'] {
  const known = differences.filter((value) => !Number.isNaN(value));
  const n = known.length;
  const mean = meanOf(known);
  const lags = Math.min(n - 1, Math.max(ahead - 1, Math.floor(4 * (n / 100) ** (2 / 9))));
  const covariance = (lag: number): number =>
    known.slice(lag).reduce((sum, value, t) => sum + (value - mean) * (known[t] - mean), 0) / n;
  let variance = covariance(0);
  for (let lag = 1; lag <= lags; lag++) variance += 2 * (1 - lag / (lags + 1)) * covariance(lag);
  const side = SIDE * Math.sqrt(Math.max(0, variance) / n);
  return { mean, low: mean - side, high: mean + side };
}
