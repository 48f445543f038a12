/** All simple methods by name, which a network must beat. Another method is one file and one row here. */
import type { JsonObject } from '../../files/json.js';
import type { JsonReader } from '../../files/json-reader.js';
import { isOfMany } from '../inputs.js';
import type { ForecastPlan, Stage } from '../plan.js';
import { trainEnd } from '../plan.js';
import type { Reading } from '../windows.js';
import { airline } from './airline.js';
import { ets, MOST_PERIOD } from './ets.js';
import type { FitInput, FittedMethod, Method } from './method.js';
import { firstRow } from './method.js';
import { last, season } from './naive.js';
import { ridge } from './ridge.js';

/** The methods, the cheapest first. */
export const METHODS = { last, season, ridge, ets, airline } as const satisfies Readonly<Record<string, Method>>;

export type MethodName = keyof typeof METHODS;
export const METHOD_NAMES = Object.keys(METHODS) as readonly MethodName[];

/** A method that was fitted, with its name in `METHODS`. */
export interface NamedFit {
  readonly method: MethodName;
  readonly fitted: FittedMethod;
}

/** What a stage's methods are fitted to, as its networks are: without the numbers that are unknown at the first forecast after it. */
export function fitInput(plan: ForecastPlan, reading: Reading, stage: Stage): FitInput {
  const { from, to } = plan.parts.validation;
  // the held steps of the calibration come before the validation part, and are as many
  const heldFrom = stage === 'final' ? from : Math.max(Math.ceil(from / 2), from - (to - from));
  return { reading, T: plan.T, end: trainEnd(plan, reading.ahead, stage), heldFrom };
}

/** All variants of the methods, fitted; and which are left out, with the reason. `near`: fits to other rows, from which searches may begin. */
export function fitMethods(
  input: FitInput,
  names: readonly MethodName[] = METHOD_NAMES,
  near: readonly NamedFit[] = [],
): { fits: NamedFit[]; leftOut: { method: MethodName; reason: string }[] } {
  const fits: NamedFit[] = [];
  const leftOut: { method: MethodName; reason: string }[] = [];
  const begun = near.length > 0 ? near : fitsToFirstRows(input, names);
  for (const method of names) {
    const found = METHODS[method].fit({ ...input, near: begun.find((one) => one.method === method)?.fitted });
    if (typeof found === 'string') leftOut.push({ method, reason: found });
    else fits.push(...found.map((fitted) => ({ method, fitted })));
  }
  return { fits, leftOut };
}

/** The first fit of one of many series reads this many rows, or this many seasons if they are longer, but at most half of the rows. */
const [FIRST_ROWS, FIRST_SEASONS] = [300, 4];

/** Fits to the first rows of one of many series, at which the searches over all rows begin. With fewer series there is none: the searches try all starts. */
function fitsToFirstRows(input: FitInput, names: readonly MethodName[]): NamedFit[] {
  const { series, plan } = input.reading;
  const from = firstRow(series.filled, input.end);
  const longest = Math.max(0, ...plan.seasons.filter((season) => season <= MOST_PERIOD));
  const rows = Math.max(FIRST_ROWS, FIRST_SEASONS * longest);
  if (!isOfMany(plan) || from < 0 || input.end - from < 2 * rows) return [];
  return fitMethods(
    { ...input, end: from + rows, isRough: true },
    names.filter((name) => name === 'ets'),
  ).fits;
}

/** As a file holds it. */
export const fitAsJson = ({ method, fitted }: NamedFit): JsonObject => ({ method, numbers: fitted.numbers });

/** From a file. Throws a DataError that names the field of a fault. */
export function fitIn(stored: JsonReader): NamedFit {
  const method = stored.field('method').choice(METHOD_NAMES);
  return { method, fitted: METHODS[method].restored(stored.field('numbers')) };
}
