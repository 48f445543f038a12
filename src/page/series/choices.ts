/** What a visitor chooses about a table: the role of each column, and the settings of the run. */
import { DataError } from '../../core/errors.js';
import { wholeFrom } from '../../core/numbers.js';
import type { CellForms } from '../../data/table.js';
import { DECIMALS, THOUSANDS } from '../../data/table.js';
import { FORMAT_RULE, rowRangeFrom, timeFrom, timeRangeFrom, timeReader } from '../../data/times.js';
import type { FirstRows } from '../../data/table-reader.js';
import { FORECAST_OPTIONS, MOST_AHEAD, NO_SEASONS } from '../../forecast/request.js';
import type { SeriesColumns } from '../../forecast/series.js';
import { FILLS } from '../../forecast/series.js';
import { OPTIONS } from '../../training/option-table.js';
import { stepCount, TUTORIAL } from '../../training/options.js';
import type { FormField } from '../common.js';
import type { Reading } from '../settings.js';
import { FIELDS, oneOf, whole } from '../settings.js';

export const PARTS = ['year', 'month', 'day', 'hour', 'minute', 'second'] as const;

/** What a column is for. */
export const ROLES = ['none', 'time', ...PARTS, 'predict', 'input', 'known'] as const;
export type Role = (typeof ROLES)[number];

/** Only one column can have these roles. */
export const isSingle = (role: Role): boolean => role !== 'none' && role !== 'input' && role !== 'known';

export const ROLE_LABELS: Readonly<Record<Role, string>> = {
  none: 'not used',
  time: 'the time',
  year: 'time: the year',
  month: 'time: the month',
  day: 'time: the day',
  hour: 'time: the hour',
  minute: 'time: the minute',
  second: 'time: the second',
  predict: 'forecast this',
  input: 'input: its past is read',
  known: 'known in advance',
};

/** The columns with roles, in the order of the table; without a time each row is a step. Throws a DataError if what to forecast is missing. */
export function columnsOf(
  titles: readonly string[],
  roles: readonly Role[],
  fill: SeriesColumns['fill'],
  forms: CellForms = {},
): SeriesColumns {
  const having = (role: Role): string[] => titles.filter((_, n) => roles[n] === role);
  const parts = PARTS.map(having);
  const gap = parts.findIndex(({ length }) => length === 0);
  const beyond = gap < 0 ? -1 : parts.findIndex(({ length }, n) => n > gap && length > 0);
  if (beyond >= 0) throw new DataError(`the time has a ${PARTS[beyond]}, but no ${PARTS[gap]}: choose its column`);
  const [whole, split] = [having('time'), parts.flat()];
  if (whole.length > 0 && split.length > 0) throw new DataError('the time is in one column, or in parts: not both');
  const time = [...whole, ...split];
  const predict = having('predict').at(0);
  if (predict === undefined) throw new DataError('which column is to be forecast? Choose it');
  return { time, predict, inputs: having('input'), known: having('known'), fill, ...forms };
}

/** The roles of columns, the reverse of `columnsOf`; undefined if the table lacks one. */
export function rolesOf(
  titles: readonly string[],
  { time, predict, inputs, known }: SeriesColumns,
): Role[] | undefined {
  const roles = new Map<string, Role>([[predict, 'predict']]);
  for (const [n, name] of time.entries()) roles.set(name, time.length === 1 ? 'time' : PARTS[n]);
  for (const name of inputs) roles.set(name, 'input');
  for (const name of known) roles.set(name, 'known');
  if (![...roles.keys()].every((name) => titles.includes(name))) return undefined;
  return titles.map((title) => roles.get(title) ?? 'none');
}

const PART_NAMES: Readonly<Record<(typeof PARTS)[number], RegExp>> = {
  year: /^(year|yyyy|jahr)$/i,
  month: /^(month|mm|monat|month_of_year)$/i,
  day: /^(day|dd|tag|date_of_month|day_of_month|dayofmonth|mday)$/i,
  hour: /^(hour|hh|hour_of_day)$/i,
  minute: /^(minute|min)$/i,
  second: /^(second|sec)$/i,
};
/** Columns with such names are known in advance, and are nothing to forecast. */
const KNOWN_NAMES = /^(weekday|day_?of_?week|dow|week_?day|is_?holiday|holiday|is_?weekend|weekend)$/i;
const NUMBER = /^[+-]?(\d+[.,]?\d*|\.\d+)(e[+-]?\d+)?$/i;
/** With a sign between thousands. */
const GROUPED = /^-?\d{1,3}([.,' \u00a0\u202f]\d{3})+([.,]\d+)?$/;
/** A date whose format the visitor must choose, because the day or the month may come first. */
const AMBIGUOUS_DATE = /^\d{1,2}([./-])\d{1,2}\1\d{4}\b/;

/** A guess by the header and the first rows. The last column of numbers is what to forecast. */
export function guessedRoles({ titles, rows }: FirstRows): Role[] {
  const cellsOf = (n: number): string[] => rows.map((row) => row[n]);
  const isTime = (n: number): boolean => areTimes(cellsOf(n));
  const isNumber = (n: number): boolean => {
    const cells = cellsOf(n).filter((cell) => cell !== '');
    return cells.length > 0 && cells.every((cell) => NUMBER.test(cell) || GROUPED.test(cell));
  };
  const roles = titles.map((title): Role => (KNOWN_NAMES.test(title) ? 'known' : 'none'));
  const time = titles.findIndex((_, n) => roles[n] === 'none' && isTime(n));
  if (time >= 0) roles[time] = 'time';
  else {
    for (const part of PARTS) {
      const at = titles.findIndex((title) => PART_NAMES[part].test(title));
      if (at < 0) break;
      roles[at] = part;
    }
  }
  const predict = [...titles.keys()].reverse().find((n) => roles[n] === 'none' && isNumber(n));
  if (predict !== undefined) roles[predict] = 'predict';
  return roles;
}

/** Whether the times of all cells exist and rise, or fall. Numbers of four digits are years only if they are of our centuries. */
function areTimes(cells: readonly string[]): boolean {
  if (cells.every((cell) => /^\d{4}$/.test(cell) && !(cell >= '1500' && cell < '2200'))) return false;
  if (cells.length > 1 && cells.every((cell) => AMBIGUOUS_DATE.test(cell))) return true;
  const times = cells.map(timeFrom);
  const sign = Math.sign(times[1] - times[0]);
  return times.length > 1 && times.every((time, n) => n === 0 || sign * (time - times[n - 1]) > 0);
}

/** A setting of a run besides its columns: what the form shows of it, and how its text is read. */
interface SettingRow<Value> extends FormField, Reading<NonNullable<Value>> {
  /** The text at first. If it is empty, the field may be empty, which means null. */
  readonly initial: string;
}

function row<Value>(
  label: string,
  help: string,
  { valueOf, rule }: Reading<NonNullable<Value>>,
  { initial = '', ...others }: Partial<Pick<SettingRow<Value>, 'initial' | 'placeholder' | 'choices'>> = {},
): SettingRow<Value> {
  return { label, help, valueOf, rule, initial, ...others };
}

/** Steps of each network, unless the visitor chooses: those of `longhand train`. */
export const FORECAST_STEPS = stepCount({ ...TUTORIAL, ...FORECAST_OPTIONS }, 0);

const MOST_HORIZONS = 12;
const MOST_SEEDS = 20;

/** Whole numbers with commas between them; undefined if one is wrong. */
function wholesIn(text: string, least: number, most: number): number[] | undefined {
  const numbers = text.split(',').map((part) => wholeFrom(part.trim(), least, most));
  return numbers.some(Number.isNaN) ? undefined : numbers;
}

/** Horizons; they rise. */
const horizons: Reading<readonly number[]> = {
  valueOf(text) {
    const ahead = [...new Set(wholesIn(text, 1, MOST_AHEAD))].sort((a, b) => a - b);
    return ahead.length > 0 && ahead.length <= MOST_HORIZONS ? ahead : undefined;
  },
  rule: `must be up to ${MOST_HORIZONS} whole numbers from 1 to ${MOST_AHEAD}, such as 1, 28`,
};

/** As `ForecastRequest.test`. */
const testPart: Reading<string> = {
  valueOf(text) {
    const range = text.includes('..') ? text : `${text}..`;
    return (timeRangeFrom(range) ?? rowRangeFrom(range)) && range;
  },
  rule: 'must be a time such as 1985-01-01, or two: 1985-01-01..1986-12-31; of rows without a time their numbers',
};

/** As `ForecastChoices.seasons`. */
const seasons: Reading<readonly number[]> = {
  valueOf: (text) => (text === NO_SEASONS ? [] : wholesIn(text, 2, Number.MAX_SAFE_INTEGER)),
  rule: `must be whole numbers from 2, such as 7, 365, or ${NO_SEASONS}`,
};

/** A field without spaces around its text cannot hold a space. */
export const SPACE = 'space';

/** Every setting, in the order of the form and of a link. */
const ROWS = {
  ahead: row<readonly number[]>('Steps ahead', 'the horizons, such as 1, 28 (command line: --ahead)', horizons, {
    initial: '1, 28',
  }),
  test: row<string | null>(
    'Test part from',
    'a time such as 1985-01-01, or two: 1985-01-01..1986-12-31; of rows without a time their numbers (command line: --test)',
    testPart,
    { placeholder: 'the last tenth' },
  ),
  seasons: row<readonly number[] | null>(
    'Seasons',
    `in steps, such as 7, 365; or ${NO_SEASONS} (command line: --season)`,
    seasons,
    { placeholder: 'found in the series' },
  ),
  fill: row<SeriesColumns['fill']>(
    'Fill gaps',
    'what a missing row or number becomes (command line: --fill)',
    oneOf(FILLS),
    { choices: { '': 'no: an error', missing: 'leave missing', previous: 'the value before' } },
  ),
  timeFormat: row<string | null>(
    'Time format',
    'such as DD/MM/YYYY, MM/DD/YYYY HH:mm, DD.MM.YYYY or unix (command line: --time-format)',
    { valueOf: (text) => (timeReader(text) ? text : undefined), rule: FORMAT_RULE },
    { placeholder: '1987-02-28, 1987Q1 …' },
  ),
  decimal: row<CellForms['decimal'] | null>(
    'Decimal sign',
    'the sign before decimals (command line: --decimal)',
    oneOf(DECIMALS),
    { choices: { '': 'a point', ',': 'a comma' } },
  ),
  thousands: row<CellForms['thousands'] | null>(
    'Thousands',
    'the sign between thousands (command line: --thousands)',
    {
      valueOf: (text) => THOUSANDS.find((sign) => sign === (text === SPACE ? ' ' : text)),
      rule: 'must be one of its choices',
    },
    { choices: { '': 'none', ',': 'a comma', '.': 'a point', [SPACE]: 'a space', "'": 'an apostrophe' } },
  ),
  hidden: row<number>('Hidden units', `${OPTIONS.hidden.help} (command line: --hidden)`, FIELDS.hidden, {
    initial: String(FORECAST_OPTIONS.hidden),
  }),
  /** Of each network. */
  steps: row<number>('Steps of a network', 'updates of each network (command line: --training-iters)', FIELDS.steps, {
    initial: String(FORECAST_STEPS),
  }),
  /** null: that of `longhand train`, or all windows of a short series. */
  batchSize: row<number | null>(
    'Batch size',
    `${OPTIONS.batchSize.help}; a short series has fewer windows (command line: --batch-size)`,
    FIELDS.batchSize,
    { placeholder: `${FORECAST_OPTIONS.batchSize} or fewer` },
  ),
  seeds: row<number>('Networks', 'networks for each horizon (command line: --seeds)', whole(1, MOST_SEEDS), {
    initial: '1',
  }),
  seed: row<number>('Seed', `${OPTIONS.seed.help} (command line: --seed)`, FIELDS.seed, {
    initial: String(OPTIONS.seed.default),
  }),
  /** null: one per core. */
  threads: row<number | null>('Threads', 'threads of the WebAssembly backend', FIELDS.threads as Reading<number>, {
    placeholder: 'all cores',
  }),
};

export type SettingName = keyof typeof ROWS;
export const SETTING_ROWS = Object.entries(ROWS) as [SettingName, SettingRow<unknown>][];

export type SeriesSettings = {
  readonly [Name in SettingName]: (typeof ROWS)[Name] extends SettingRow<infer Value> ? Value : never;
};

/** The same as the form has them. */
export type SettingTexts = Readonly<Record<SettingName, string>>;

/** A text for each setting. */
export const textsBy = (textOf: (name: SettingName, row: SettingRow<unknown>) => string): SettingTexts =>
  Object.fromEntries(SETTING_ROWS.map(([name, one]) => [name, textOf(name, one)])) as SettingTexts;

export const SETTING_DEFAULTS = textsBy((_, { initial }) => initial);

/** A field with a wrong text. */
export class FieldError extends Error {
  constructor(
    readonly field: SettingName,
    text: string,
  ) {
    super(`${ROWS[field].label} ${text || '(empty)'}: ${ROWS[field].rule}`);
  }
}

/** The value of a field's text, spaces around it ignored; undefined if it is not understood. */
export function settingFrom(name: SettingName, written: string): unknown {
  const { initial, valueOf } = ROWS[name];
  const text = written.trim();
  return text === '' && initial === '' ? null : valueOf(text);
}

/** Reads the form. Throws a FieldError. */
export function settingsFrom(texts: SettingTexts): SeriesSettings {
  const entries = SETTING_ROWS.map(([name]) => {
    const value = settingFrom(name, texts[name]);
    if (value === undefined) throw new FieldError(name, texts[name].trim());
    return [name, value];
  });
  return Object.fromEntries(entries) as SeriesSettings;
}
