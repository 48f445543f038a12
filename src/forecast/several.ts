/**
 * Several series in one table: a column names the series of each row. All have one calendar, so a step is the same moment in each; and one has
 * the others, so code for one series reads the first one.
 */
import { counted, firstOf } from '../core/arguments.js';
import { DataError } from '../core/errors.js';
import type { Calendar } from '../data/calendar.js';
import type { Table } from '../data/table.js';
import { columnOf, selected, timesOf } from '../data/table.js';
import type { ForecastPlan } from './plan.js';
import { plansIn } from './plan.js';
import type { Series, SeriesColumns } from './series.js';
import { calendarFor, closedNotes, extended, seriesOf } from './series.js';

/** More would not fit into the memory, because each number of each series is read by several networks. */
const MOST_SERIES = 10_000;
const MOST_NUMBERS = 10_000_000;

/** All series, one each. */
export const seriesIn = (series: Series): Series[] => [series, ...(series.others ?? [])];

/** What messages call a series of a table. */
export const nameIn = (table: string, { columns }: Pick<ForecastPlan, 'columns'>, name: string | undefined): string =>
  name === undefined ? table : `${table}, ${columns.series} ${name}`;

/** The series of a new run. Throws a DataError that names the row of a fault. */
export function seriesOfTable(table: Table, columns: SeriesColumns): Series {
  if (columns.series === undefined) return seriesOf(table, columns);
  const [first, ...others] = severalOf(table, columns, columns.series);
  return others.length > 0 ? { ...first, others } : first;
}

/** A plan, and its series in a table. */
export interface Planned {
  readonly plan: ForecastPlan;
  readonly series: Series;
}

/**
 * The series of a plan in a later table, which may lack some of them, or have others. `only`: the name of one that is wanted; default: all.
 * Throws a DataError if the table has none of them, or if `only` is unknown or missing.
 */
export function plannedIn(table: Table, plan: ForecastPlan, only?: string): Planned[] {
  const { series: column } = plan.columns;
  const plans = plansIn(plan);
  if (column === undefined) return [{ plan, series: seriesOf(table, plan.columns, plan.calendar) }];
  const names = new Set(plans.map(({ name }) => name));
  if (only !== undefined && !names.has(only))
    throw new DataError(`${table.name}: ${column} ${only} is none of the training, which had ${some(plans)}`);
  const found = new Map(severalOf(table, plan.columns, column, plan.calendar).map((one) => [one.name, one]));
  const wanted = plans.flatMap((one): Planned[] => {
    const series = found.get(one.name);
    return series && (only ?? one.name) === one.name ? [{ plan: one, series }] : [];
  });
  if (wanted.length === 0) {
    const lacking =
      only === undefined ? `no series of the training, which had ${some(plans)}` : `no row with ${column} ${only}`;
    throw new DataError(`${table.name}: has ${lacking}`);
  }
  const others = only === undefined ? [...found.keys()].filter((name) => !names.has(name)) : [];
  const notes = others.map((name) => `${column} ${name} is left out, because the training had none`);
  const [first, ...rest] = wanted;
  return [{ ...first, series: { ...first.series, notes: [...notes, ...first.series.notes] } }, ...rest];
}

/** All series of a plan in the table of its training. Throws a DataError if one is missing. */
export function allPlannedIn(table: Table, plan: ForecastPlan): Series {
  const found = plannedIn(table, plan);
  const names = new Set(found.map((one) => one.plan.name));
  const missing = plansIn(plan).find(({ name }) => !names.has(name));
  if (missing) throw new DataError(`${table.name}: has no row with ${plan.columns.series} ${missing.name}`);
  const [{ series }, ...others] = found;
  return others.length > 0 ? { ...series, others: others.map((one) => one.series) } : series;
}

/** The first names of some plans, for messages. */
const some = (plans: readonly ForecastPlan[]): string =>
  firstOf(
    plans.map(({ name = '' }) => name),
    5,
  );

/** The series of a table, in the order in which it names them. `known`: the calendar of the training. */
function severalOf(table: Table, columns: SeriesColumns, column: string, known?: Calendar): Series[] {
  const tables = tablesBy(table, column);
  const calendar = commonCalendar(table, columns, known);
  const ofAll = known ? [] : closedNotes(calendar, undefined);
  const all = tables.map(({ name, part }, n): Series => {
    const series = seriesOf(part, columns, calendar);
    return { ...series, calendar, name, notes: [...(n === 0 ? ofAll : []), ...series.notes] };
  });
  const length = all.reduce((longest, one) => Math.max(longest, one.length), 0);
  if (all.length > MOST_SERIES || all.length * length > MOST_NUMBERS) {
    throw new DataError(
      `${table.name}: ${counted(all.length, 'series', 'series')} of up to ${counted(length, 'step')}: at most ${MOST_SERIES} series and ${MOST_NUMBERS} numbers fit ` +
        'into the memory: train on some of the series, or see docs/scale.md',
    );
  }
  return all.map((one) => (one.length < length ? extended(one, length) : one));
}

/** The rows of each name, in their order. Throws a DataError that names the line of a row without one. */
function tablesBy(table: Table, column: string): { readonly name: string; readonly part: Table }[] {
  const names = columnOf(table, column);
  if (names.kind !== 'text') throw new Error(`${column} was not read as texts`);
  const rows = names.words.map((): number[] => []);
  for (const [row, code] of names.values.entries()) {
    if (code < 0) throw new DataError(`${table.whereIs(row)}: has no ${column}: each row needs the name of its series`);
    rows[code].push(row);
  }
  return names.words.map((name, code) => ({
    name,
    part: selected(table, `${table.name}, ${column} ${name}`, rows[code]),
  }));
}

/** The calendar of all rows together, which begins with the earliest one; that of the training begins as it did. */
function commonCalendar(table: Table, columns: SeriesColumns, known: Calendar | undefined): Calendar {
  if (columns.time.length === 0) return known ?? calendarFor(table, new Float64Array(), columns, undefined);
  const times = timesOf(table, columns.time);
  const rowOf = new Map<number, number>(); // the first row of each time
  for (const [row, time] of times.entries()) if (!rowOf.has(time)) rowOf.set(time, row);
  const distinct = [...rowOf.values()].sort((a, b) => times[a] - times[b]);
  if (!known && distinct.length < 2)
    throw new DataError(`${table.name}: has ${counted(distinct.length, 'time')}: a series needs more`);
  const union = selected(table, table.name, distinct);
  return calendarFor(
    union,
    Float64Array.from(distinct, (row) => times[row]),
    columns,
    known,
  );
}
