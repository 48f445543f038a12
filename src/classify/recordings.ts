/**
 * Labelled rows from a table, ordered group after group, and cut into stretches: rows of one group without a gap of time. A place is the
 * number of a row in this order.
 */
import { describe } from '../core/arguments.js';
import { DataError } from '../core/errors.js';
import { decimalFrom } from '../core/numbers.js';
import { formatTime } from '../data/times.js';
import { type ColumnKind, type Table, type TextColumn, assertLater, columnOf, timesOf } from '../data/table.js';

/** Which columns of a table a classifier uses. */
export interface ClassifyColumns {
  /** The column of the classes. */
  readonly classify: string;
  /** Columns of numbers, which the networks read. */
  readonly inputs: readonly string[];
  /** The column of the time, or those of its year, month, day and so on; empty for none. */
  readonly time: readonly string[];
  /** The column that says who, or which recording, a row belongs to; null for none. */
  readonly group: string | null;
}

/** Rows of one group without a gap of time: the places from … to - 1. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
  /** null without groups. */
  readonly group: string | null;
}

/** The rows of a table. Every array has a value for each place. */
export interface Recordings {
  /** The table's name, for messages. */
  readonly name: string;
  /** How many rows, and places, there are. */
  readonly count: number;
  /** The row of the table at each place, from 0. */
  readonly rows: Uint32Array;
  /** For each column of `ClassifyColumns.inputs` its numbers; NaN is missing. */
  readonly inputs: readonly Float64Array[];
  /** The index of each place's class in `classes`; -1 for none. */
  readonly labels: Int32Array;
  readonly classes: readonly string[];
  readonly stretches: readonly Stretch[];
  /** The distance of two rows in time; null without a time. */
  readonly step: number | null;
  /** Where a place is, for people: its time, or its row from 1. */
  readonly nameOf: (place: number) => number | string;
}

/** What is already known of recordings when a classifier reads them. */
export interface KnownOfRecordings {
  /** The classes. Default: those of the table. */
  readonly classes?: readonly string[];
  /** The distance of two rows in time. Default: the smallest one of the table. */
  readonly step?: number | null;
  /** Whether the table's classes are read. Default: true; false leaves every place without one. */
  readonly hasLabels?: boolean;
}

/** More different values are no classes. */
export const MOST_CLASSES = 1000;
/** Two rows that are this many steps apart have a gap between them: clocks are not exact. */
const GAP = 1.5;

/** Which groups are the test part: those whose rows have one of these values in this column, which may be that of the groups. */
export interface TestGroups {
  readonly column: string;
  readonly values: readonly string[];
}

/** A column that is named more than once. */
export function repeatedColumn(
  { classify, inputs, time, group }: ClassifyColumns,
  test?: TestGroups,
): string | undefined {
  const groups = group === null ? [] : [group];
  const tests = test && test.column !== group ? [test.column] : [];
  const all = [classify, ...inputs, ...time, ...groups, ...tests];
  return all.find((name, n) => all.indexOf(name) < n);
}

/**
 * The kind of each column, for `TableReader` and `tableOf`. `classes`: whether they are read. They are texts, so that the other cells do not
 * decide what a class is.
 */
export function wantedColumns(
  { classify, inputs, time, group }: ClassifyColumns,
  classes: 'text' | 'unread' = 'text',
  test?: TestGroups,
): Record<string, ColumnKind> {
  return Object.fromEntries<ColumnKind>([
    ...inputs.map((name): [string, ColumnKind] => [name, 'number']),
    ...time.map((name): [string, ColumnKind] => [name, time.length === 1 ? 'moment' : 'number']),
    ...(group === null ? [] : [[group, 'text'] as const]),
    ...(test ? [[test.column, 'text'] as const] : []),
    ...(classes === 'unread' ? [] : [[classify, classes] as const]),
  ]);
}

/**
 * The recordings of a table. Throws a DataError that names the line of a row without a group, or with a class that is not known. So it does
 * for a time that does not exist, or is not later than the one before.
 */
export function recordingsOf(table: Table, columns: ClassifyColumns, known: KnownOfRecordings = {}): Recordings {
  const { hasLabels = true } = known;
  const count = table.rows;
  const groups = columns.group === null ? undefined : groupsOf(table, columns.group);
  const rows = Uint32Array.from({ length: count }, (_, row) => row);
  const groupOf = (row: number): number => groups?.values[row] ?? 0;
  if (groups) rows.sort((a, b) => groupOf(a) - groupOf(b) || a - b); // those of the first group first
  const groupAt = (place: number): string | null => groups?.words[groupOf(rows[place])] ?? null;
  const isNewGroup = (place: number): boolean => place === 0 || groupOf(rows[place]) !== groupOf(rows[place - 1]);
  const times = columns.time.length === 0 ? undefined : momentsOf(table, columns.time);
  const step = times ? stepOf(table, times, rows, isNewGroup, known.step ?? undefined) : null;
  const isNewStretch = (place: number): boolean =>
    isNewGroup(place) ||
    (times !== undefined && times.values[rows[place]] - times.values[rows[place - 1]] >= GAP * (step ?? Infinity));
  const { codes, classes } = hasLabels
    ? classesOf(table, columns.classify, known.classes)
    : { codes: new Int32Array(count).fill(-1), classes: known.classes ?? [] };
  return {
    ...{ name: table.name, count, rows, classes, step },
    inputs: columns.inputs.map((name) => {
      const { values } = columnOf(table, name);
      return Float64Array.from(rows, (row) => values[row]);
    }),
    labels: Int32Array.from(rows, (row) => codes[row]),
    stretches: stretchesOf(count, isNewStretch, groupAt),
    nameOf: (place) => (times ? times.show(times.values[rows[place]]) : rows[place] + 1),
  };
}

function textsOf(table: Table, name: string): TextColumn {
  const column = columnOf(table, name);
  if (column.kind !== 'text') throw new Error(`column ${name} holds no texts`);
  return column;
}

/** The names of the groups of the test part. Throws a DataError for a value that no row has, and for a group with other rows too. */
export function testGroupsOf(table: Table, group: string, { column, values }: TestGroups): string[] {
  const [groups, chosen] = [groupsOf(table, group), textsOf(table, column)];
  const unknown = values.find((value) => !chosen.words.includes(value));
  if (unknown !== undefined)
    throw new DataError(`${table.name}: ${column} is never ${describe(unknown)}: it is ${listed(chosen.words)}`);
  const isTest = new Map<number, boolean>();
  for (const [row, of] of groups.values.entries()) {
    const is = chosen.values[row] >= 0 && values.includes(chosen.words[chosen.values[row]]);
    if ((isTest.get(of) ?? is) !== is) {
      throw new DataError(
        `${table.whereIs(row)}: ${group} ${groups.words[of]} has rows with and without ${column} ${values.join(', ')}: a group is in one part`,
      );
    }
    isTest.set(of, is);
  }
  return groups.words.filter((_, of) => isTest.get(of) === true);
}

function groupsOf(table: Table, name: string): TextColumn {
  const column = textsOf(table, name);
  const row = column.values.indexOf(-1);
  if (row >= 0) throw new DataError(`${table.whereIs(row)}: ${name} is missing: every row needs its group`);
  return column;
}

interface Moments {
  readonly values: Float64Array;
  /** A time as the table writes it. */
  readonly show: (time: number) => number | string;
}

function momentsOf(table: Table, names: readonly string[]): Moments {
  const isNumeric = names.length === 1 && columnOf(table, names[0]).kind === 'number';
  return { values: timesOf(table, names), show: isNumeric ? (time) => time : formatTime };
}

/** The smallest distance in time of two rows of a group. `known`: the one that it should be. */
function stepOf(
  table: Table,
  { values, show }: Moments,
  rows: Uint32Array,
  isNewGroup: (place: number) => boolean,
  known: number | undefined,
): number {
  let step = Infinity;
  for (let place = 1; place < rows.length; place++) {
    if (isNewGroup(place)) continue;
    const [before, time] = [values[rows[place - 1]], values[rows[place]]];
    assertLater(table, rows[place], before, time, (one) => String(show(one)));
    step = Math.min(step, time - before);
  }
  if (known === undefined || step === Infinity) return known ?? step;
  if (step < known * GAP && known < step * GAP) return known;
  const unit = typeof show(0) === 'number' ? '' : ' ms';
  throw new DataError(
    `${table.name}: its rows are ${shortStep(step)}${unit} apart, but the classifier was trained on rows ${shortStep(known)}${unit} apart`,
  );
}

/** A distance for messages: 0.02, not 0.0199999. */
export const shortStep = (step: number): number => Number(step.toPrecision(6));

/** The classes of a column, sorted, and the class of each row. `known`: the classes that it may have. */
function classesOf(
  table: Table,
  name: string,
  known: readonly string[] | undefined,
): { codes: Int32Array; classes: readonly string[] } {
  const { values, words } = textsOf(table, name);
  const classes = known ?? sorted(words);
  if (known === undefined) assertClasses(table.name, name, classes);
  const indexOf = new Map(classes.map((one, k) => [one, k]));
  const codeOf = words.map((word) => indexOf.get(word));
  const codes = Int32Array.from(values, (word, row) => {
    const code = word < 0 ? -1 : codeOf[word];
    if (code !== undefined) return code;
    throw new DataError(
      `${table.whereIs(row)}: ${name} is ${describe(words[word])}: the classes are ${listed(classes)}`,
    );
  });
  return { codes, classes };
}

/** If all words are numbers, by their size. */
function sorted(words: readonly string[]): string[] {
  const inOrder = [...words].sort();
  const areNumbers = inOrder.every((word) => !Number.isNaN(decimalFrom(word)));
  return areNumbers ? inOrder.sort((a, b) => decimalFrom(a) - decimalFrom(b)) : inOrder;
}

function assertClasses(table: string, name: string, classes: readonly string[]): void {
  if (classes.length > MOST_CLASSES) {
    throw new DataError(
      `${table}: ${name} has more than ${MOST_CLASSES} different values: classes are fewer; --predict forecasts numbers`,
    );
  }
  if (classes.length >= 2) return;
  const found = classes.length === 0 ? 'no value in any row' : `only the value ${describe(classes[0])}`;
  throw new DataError(`${table}: ${name} has ${found}: a classifier needs at least two classes`);
}

/** The first names of a list, for messages. */
export function listed(names: readonly string[], most = 10): string {
  return `${names.slice(0, most).join(', ')}${names.length > most ? `, … (${names.length})` : ''}`;
}

function stretchesOf(
  count: number,
  isNewStretch: (place: number) => boolean,
  groupAt: (place: number) => string | null,
): Stretch[] {
  const stretches: Stretch[] = [];
  let from = 0;
  for (let place = 1; place <= count; place++) {
    if (place < count && !isNewStretch(place)) continue;
    stretches.push({ from, to: place, group: groupAt(from) });
    from = place;
  }
  return stretches;
}
