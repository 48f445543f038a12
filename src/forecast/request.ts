/** What a user wants to have forecast, and the options of the networks, with checks for callers without TypeScript. */
import {
  assertChoice,
  assertKnownNames,
  assertList,
  assertNumber,
  assertString,
  assertTruth,
  assertWhole,
  counted,
  definedFields,
  describe,
  plainCopyOf,
} from '../core/arguments.js';
import type { CellForms } from '../data/table.js';
import { DECIMALS, PARTS_OF_TIME, THOUSANDS } from '../data/table.js';
import { FORMAT_RULE, rowRangeFrom, timeRangeFrom, timeReader } from '../data/times.js';
import type { TrainOptions } from '../training/options.js';
import { assertOptions, hasDefault, OPTION_NAMES, TUTORIAL } from '../training/options.js';
import { MOST_SEEDS, STATE_OPTIONS } from '../trained-state.js';
import { METHOD_NAMES } from './methods/methods.js';
import type { ForecastChoices } from './planning.js';
import type { SeriesColumns } from './series.js';
import { FILLS, repeatedColumn } from './series.js';

/** A row of a table: a value for each column; null is missing. The time of a Date is its time in UTC. */
export type SeriesRow = Readonly<Record<string, number | string | Date | null>>;

/** What to forecast, and from which columns; and how texts in them are written. */
export interface ForecastRequest extends CellForms {
  /** The column of the time; or those of its year, month, day, hour, minute and second. Default: none, each row is a step. */
  readonly time?: string | readonly string[];
  /** The column to forecast. */
  readonly predict: string;
  /** The column that names the series of each row: one network learns from all of them. Default: none, the table is one series. */
  readonly series?: string | undefined;
  /** Steps from the last known number to those that are forecast. Default: 1. */
  readonly ahead?: number | readonly number[];
  /** The part that measures the forecasts, such as `1987-01-01..` or `1987..1988`; of rows without a time `101..`. Default: the last tenth, at most 10,000 steps. */
  readonly test?: string;
  /** Other columns whose past the network reads. Default: none. */
  readonly inputs?: readonly string[];
  /** Columns that are known in advance. Default: none. */
  readonly known?: readonly string[];
  /** How missing steps are filled; see `FILLS`. Default: a step without a row is an error. */
  readonly fill?: (typeof FILLS)[number];
  /** The seasons, in steps; [] for none. Default: those of the training part that noise would not have. */
  readonly seasons?: readonly number[];
  /** Networks for each horizon. Default: 3. */
  readonly seeds?: number;
  /** Whether one network forecasts every horizon. Default: false, one each. */
  readonly together?: boolean;
  /** The share of numbers that an interval should contain. Default: 0.9. */
  readonly interval?: number;
  /** Rows with a `date` and a `name`. Default: no holidays. */
  readonly holidays?: readonly SeriesRow[];
  /**
   * What forecasts: the networks, a simple method, for which no network is trained, or for each horizon the best of all on the validation part.
   * Default: auto.
   */
  readonly method?: (typeof FORECAST_METHODS)[number];
  /** Whether forecasts may be below 0 although no number of the training part is. Default: false. */
  readonly negative?: boolean;
  /** Into so many blocks the test part is cut, whose errors are in `origins` of the result. Default: 1, no blocks. */
  readonly origins?: number;
  /** Whether everything is trained again before each block, on all that comes before it. Default: false. */
  readonly refit?: boolean;
}

/** How the origins of rolling errors are chosen. */
export type OriginChoices = Required<Pick<ForecastRequest, 'origins' | 'refit'>>;

export const FORECAST_METHODS = ['auto', 'network', ...METHOD_NAMES] as const;

/** What stands for an empty list of seasons in a text. */
export const NO_SEASONS = 'none';

export const MOST_AHEAD = 10_000;

/** One column, or one number of steps, may stand for a list of it. */
const timesOf = (time: ForecastRequest['time'] = []) => (typeof time === 'string' ? [time] : time);
const horizonsOf = (ahead: ForecastRequest['ahead'] = 1) => (typeof ahead === 'number' ? [ahead] : ahead);

function assertColumns(name: string, columns: readonly string[]): void {
  assertList(name, columns, 'names of columns');
  for (const column of columns) assertString(`${name}: a column`, column);
}

/** Throws a TypeError or a RangeError unless the value can be used; `name` begins the message. */
type Check<Value> = (name: string, value: Value, request: ForecastRequest) => void;

/** The checks of the fields that a request may have. Holidays are checked where their rows are read. */
const CHECKS: { readonly [Field in keyof ForecastRequest]-?: Check<Exclude<ForecastRequest[Field], undefined>> } = {
  time: (name, time) => {
    const times = timesOf(time);
    assertColumns(name, times);
    if (times.length > PARTS_OF_TIME.length)
      throw new RangeError(
        `${name}: ${counted(times.length, 'column')}: must be at most those of ${PARTS_OF_TIME.join(', ')}`,
      );
  },
  timeFormat: (name, format, { time }) => {
    const columns = timesOf(time).length;
    assertString(name, format);
    if (timeReader(format) === undefined) throw new RangeError(`${name} ${describe(format)}: ${FORMAT_RULE}`);
    if (columns !== 1)
      throw new RangeError(`${name} ${describe(format)}: needs one column of the time, not ${columns}`);
  },
  decimal: (name, sign) => assertChoice(name, sign, DECIMALS),
  thousands: (name, sign, { decimal = '.' }) => {
    assertChoice(name, sign, THOUSANDS);
    if (sign === decimal) throw new RangeError(`${name} ${describe(sign)}: must differ from the sign before decimals`);
  },
  predict: assertString,
  series: assertString,
  ahead: (name, ahead) => {
    const horizons = horizonsOf(ahead);
    assertList(name, horizons, 'numbers of steps');
    if (horizons.length === 0) throw new RangeError(`${name}: must have a number of steps`);
    for (const steps of horizons) assertWhole(name, steps, 1, MOST_AHEAD);
  },
  test: assertString, // `partOf` reads it
  inputs: assertColumns,
  known: assertColumns,
  fill: (name, fill) => assertChoice(name, fill, FILLS),
  seasons: (name, seasons) => {
    assertList(name, seasons, 'numbers of steps');
    for (const season of seasons) assertWhole(name, season, 2);
  },
  seeds: (name, seeds) => assertWhole(name, seeds, 1, MOST_SEEDS),
  together: assertTruth,
  interval: (name, share) => {
    assertNumber(name, share);
    if (!(share > 0 && share < 1)) throw new RangeError(`${name} ${describe(share)}: must be a number between 0 and 1`);
  },
  holidays: () => undefined,
  method: (name, method) => assertChoice(name, method, FORECAST_METHODS),
  negative: assertTruth,
  origins: (name, origins) => assertWhole(name, origins, 1),
  refit: assertTruth,
};

/**
 * The choices of a request. Throws a TypeError or a RangeError that names the field. `what` begins the message; `nameOf`: what the user calls a
 * field, if not by its name.
 */
export function choicesOf(
  what: string,
  request: ForecastRequest,
  nameOf: (field: keyof ForecastRequest) => string = (field) => field,
): ForecastChoices {
  assertKnownNames(what, request, Object.keys(CHECKS));
  const named = (field: keyof ForecastRequest): string => `${what}: ${nameOf(field)}`;
  for (const [field, check] of Object.entries(CHECKS) as [keyof ForecastRequest, Check<unknown>][]) {
    if (field === 'predict' || request[field] !== undefined) check(named(field), request[field], request);
  }
  const times = timesOf(request.time);
  const { predict, inputs = [], known = [], fill = null, series, timeFormat, decimal, thousands } = request;
  // copies, because the caller may change the given lists
  const columns: SeriesColumns = {
    ...{ time: [...times], predict, inputs: [...inputs], known: [...known], fill },
    ...definedFields({ timeFormat, decimal, thousands, series }),
  };
  const repeated = repeatedColumn(columns);
  if (repeated !== undefined)
    throw new RangeError(`${what}: the column ${JSON.stringify(repeated)} is named twice: it can have one role`);
  return {
    columns,
    ahead: [...new Set(horizonsOf(request.ahead))].sort((a, b) => a - b),
    isTogether: request.together ?? false,
    seeds: request.seeds ?? 3,
    coverage: request.interval ?? 0.9,
    test: request.test === undefined ? null : partOf(named('test'), request.test, times.length === 0),
    seasons: request.seasons ? [...request.seasons] : null,
    method: request.method ?? 'auto',
    isNegative: request.negative ?? false,
  };
}

function partOf(name: string, test: string, isOfRows: boolean): NonNullable<ForecastChoices['test']> {
  const [from, to] = (isOfRows ? rowRangeFrom(test) : timeRangeFrom(test)) ?? [];
  if (from !== undefined && to !== undefined) return { from, to };
  const forms = isOfRows
    ? '101.., 101..200 or ..200, the numbers of rows, because there is no column of the time'
    : '1987-01-01.., 1987..1988 or ..1988-12-31';
  throw new RangeError(`${name} ${describe(test)}: must be as ${forms}`);
}

/** Options with which a forecaster's networks are trained, where they differ from the tutorial's. Frozen. */
export const FORECAST_OPTIONS = Object.freeze({
  ...STATE_OPTIONS,
  batchSize: 64,
  trainingIters: 96_000,
  loss: 'pinball',
  quantiles: Object.freeze([0.05, 0.25, 0.5, 0.75, 0.95] as const),
} as const);

/** Options that a forecaster does not have: nothing is validated while it is trained, only images shift, and it knows only the past. */
export const NOT_OF_FORECASTS = ['validateEvery', 'patience', 'shift', 'bidirectional'] as const;

/** What is wrong with the quantiles of a new run; undefined if nothing is. */
export function medianFaultOf(given: Partial<TrainOptions>): string | undefined {
  const { loss, quantiles } = forecastOptions(given);
  if (loss !== 'pinball' || quantiles.includes(0.5)) return undefined;
  return `quantiles ${String(quantiles)}: must have 0.5, because the median is the forecast`;
}

/**
 * The options that are given, in a plain object. Throws the errors of `assertOptions`, and a RangeError for an option that a forecaster
 * does not have, or that has no effect.
 */
export function checkedForecastOptions(asGiven: Partial<TrainOptions>): Partial<TrainOptions> {
  assertKnownNames('train', asGiven, OPTION_NAMES);
  const given: Partial<TrainOptions> = plainCopyOf(asGiven);
  assertOptions({ ...TUTORIAL, ...FORECAST_OPTIONS, quantiles: TUTORIAL.quantiles, ...given }, OPTION_NAMES);
  const options = { ...TUTORIAL, ...given };
  const other = NOT_OF_FORECASTS.find((name) => !hasDefault(options, name));
  if (other !== undefined)
    throw new RangeError(`train: ${other} ${String(options[other])}: must be left out, because a forecaster has none`);
  const fault = medianFaultOf(given);
  if (fault !== undefined) throw new RangeError(`train: ${fault}`);
  return given;
}

/** The options of new networks: the given ones; else those of `FORECAST_OPTIONS`, and of the tutorial. */
export function forecastOptions(given: Partial<TrainOptions>): TrainOptions {
  const options = { ...TUTORIAL, ...FORECAST_OPTIONS, ...given };
  return options.loss === 'pinball' ? options : { ...options, quantiles: TUTORIAL.quantiles };
}
