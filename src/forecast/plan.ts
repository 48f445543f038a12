/** What a forecaster is besides its networks: the columns it reads, how their numbers become inputs, and how its intervals were corrected. */
import type { Range } from '../core/numbers.js';
import type { Calendar } from '../data/calendar.js';
import { timeName } from '../data/calendar.js';
import type { JsonObject } from '../files/json.js';
import type { InputPlan } from './inputs.js';
import type { Holidays, SeriesColumns } from './series.js';

/** The parts of a series, in the order of time. */
export interface Parts {
  /** What the intervals are corrected with; the networks are trained on what is before it. */
  readonly validation: Range;
  readonly test: Range;
}

/** What a file of 1.0.0 does not say; there the networks forecast, below 0 too. */
export interface Rules {
  /**
   * What may forecast. `auto`: the methods that are the best on the validation part, and networks if they improve these. `network`: always with
   * networks. Or one method of `METHODS`, without networks.
   */
  readonly method: string;
  /** Whether no forecast is below 0, because no number is that is known at the first forecast of the test part. */
  readonly isNonNegative: boolean;
  /** How often the test part has been measured. */
  readonly looks: number;
  /** For each of `ahead`, what its forecasts are made of; null before the calibration, and in version 1, whose networks correct no method. */
  readonly corrections: readonly StoredCorrection[] | null;
  /**
   * The same corrections with the methods fitted to the validation part too, which replace them after the calibration; else null. They are in the file
   * from the beginning, because another computer that continues the run may fit other last digits.
   */
  readonly later: readonly StoredCorrection[] | null;
}

/** A correction as a file holds it: see `Correction`. */
export interface StoredCorrection {
  readonly fits: readonly JsonObject[];
  readonly unit: number;
  readonly isRelative: boolean;
  readonly share: number | null;
}

const RULES_OF_1_0: Rules = { method: 'network', isNonNegative: false, looks: 0, corrections: null, later: null };

export const rulesOf = ({ rules }: Pick<ForecastPlan, 'rules'>): Rules => rules ?? RULES_OF_1_0;

/**
 * The plan after a run has measured its test part from `count` origins; an earlier report knows of `before` evaluations. A run that was killed
 * after it counted, and is resumed, does not count again.
 */
export const withLooksOfRun = (plan: ForecastPlan, count: number, before = 0): ForecastPlan =>
  rulesOf(plan).looks > 0 ? plan : withLooks(plan, count, before);

/** The plan after `count` more evaluations on its test part, of which an earlier report knows `before`. */
export function withLooks(plan: ForecastPlan, count: number, before = 0): ForecastPlan {
  const rules = rulesOf(plan);
  return { ...plan, rules: { ...rules, looks: Math.max(rules.looks, before) + count } };
}

/** A forecaster without its networks. In a table of several series it is that of the first one, and has those of the others. */
export interface ForecastPlan {
  readonly columns: SeriesColumns;
  /** Steps from the last known number to those that are forecast; they rise. */
  readonly ahead: readonly number[];
  /** Whether one network forecasts all of `ahead`. */
  readonly isTogether: boolean;
  /** Networks for each horizon. */
  readonly seeds: number;
  /** The share of numbers that an interval should contain. */
  readonly coverage: number;
  readonly calendar: Calendar;
  readonly parts: Parts;
  readonly inputs: InputPlan;
  /** T: steps of a window. */
  readonly T: number;
  /** [day since 1970, name] of each holiday; null if there are none. */
  readonly holidays: readonly (readonly [number, string])[] | null;
  /** A digest of what each column holds before the test part: of `predict`, `inputs` and `known`. */
  readonly digests: readonly string[];
  /**
   * For each of `ahead` the scores of the steps `scoredSteps`, by networks that do not know them: how far an interval's ends would have had to
   * move outwards. null where the number is missing; null before the validation.
   */
  readonly scores: readonly (readonly (number | null)[])[] | null;
  /** undefined: those of 1.0.0. */
  readonly rules?: Rules;
  /** The series' name in the column `columns.series`; undefined without this column. */
  readonly name?: string;
  /** The step of the series' first row, if it begins after the first one of the table. Default: 0. */
  readonly first?: number;
  /** The plans of the other series of the table. They differ from this one in `name`, `first`, `inputs`, `digests`, `scores` and `rules`. */
  readonly others?: readonly ForecastPlan[];
}

/** The plans of all series of a table, one each. */
export function plansIn(plan: ForecastPlan): ForecastPlan[] {
  const { others = [], ...own } = plan;
  return others.length > 0 ? [own, ...others] : [plan];
}

/** The plan of a table, from those of its series. */
export const joined = ([first, ...others]: readonly ForecastPlan[]): ForecastPlan =>
  others.length > 0 ? { ...first, others } : first;

/** The first and the last time of a range: `1987-01-01 … 1988-12-31`. */
export const span = ({ calendar }: Pick<ForecastPlan, 'calendar'>, { from, to }: Range): string =>
  `${timeName(calendar, from)} … ${timeName(calendar, to - 1)}`;

/** More scores would not move an interval's ends. */
const MOST_SCORES = 10_000;

/** The steps of the validation part that have scores. */
export const scoredSteps = ({ validation: { from, to } }: Parts): Range => ({
  from: Math.max(from, to - MOST_SCORES),
  to,
});

/** The holidays of a plan. */
export function holidaysIn({ holidays }: ForecastPlan): Holidays | undefined {
  if (!holidays) return undefined;
  const days = new Map<number, string[]>();
  for (const [day, name] of holidays) days.set(day, [...(days.get(day) ?? []), name]);
  return days;
}

/** A network of a plan. */
export interface Member {
  readonly name: string;
  /** Its horizons. */
  readonly ahead: readonly number[];
  /** From 1. */
  readonly seed: number;
}

/**
 * Every network is trained twice. Those of `calibration` know nothing of the validation part: their errors there correct the intervals.
 * Those of `final` are also trained on the validation part, because the latest numbers matter most; these forecast.
 */
export const STAGES = ['calibration', 'final'] as const;
/** One of them. */
export type Stage = (typeof STAGES)[number];

/** A network of a run, for people. `number` counts from 1, over both stages. */
export function networkWords({ ahead, seed }: Member, stage: Stage, number: number, count: number): string {
  const why = stage === 'calibration' ? 'intervals' : 'forecasts';
  return `network ${number} of ${count}, for the ${why}: ${ahead.join(', ')} ahead, seed ${seed}`;
}

/** Whether the networks of a plan forecast without methods, and read the time: those of a file of 1.0.0. */
export const isVersion1 = ({ inputs }: Pick<ForecastPlan, 'inputs'>): boolean => inputs.steps > 0;

/** The networks of a stage: those of the horizons whose forecasts use networks, of any series. */
export function membersOf(plan: ForecastPlan, stage: Stage = 'final'): Member[] {
  const { ahead, isTogether, seeds, others = [] } = plan;
  const { method } = rulesOf(plan);
  const isAllowed = method === 'auto' || method === 'network';
  const isUsed = (n: number): boolean => [plan, ...others].some((one) => rulesOf(one).corrections?.[n].share !== 0);
  const used = ahead.filter((_, n) => isAllowed && (stage === 'calibration' || isUsed(n)));
  const groups = !isTogether ? used.map((one) => [one]) : used.length > 0 ? [ahead] : [];
  const beginning = stage === 'final' ? '' : `${stage}-`;
  return groups.flatMap((group) =>
    Array.from({ length: seeds }, (_, n) => ({
      name: `${beginning}${isTogether ? 'together' : `ahead-${group[0]}`}-seed-${n + 1}`,
      ahead: group,
      seed: n + 1,
    })),
  );
}

/** The step before which all numbers that a network learns to forecast lie, so that none is unknown at the first forecast of the next part. */
export const trainEnd = ({ parts }: ForecastPlan, ahead: readonly number[], stage: Stage): number =>
  (stage === 'calibration' ? parts.validation.from : parts.test.from) - ahead[ahead.length - 1] + 1;
