/** What a visitor chooses about a table: the role of each column, and the settings of the run. */
import { DataError } from '../../core/errors.js';
import { wholeFrom } from '../../core/numbers.js';
import { timeFrom, timeRangeFrom } from '../../data/calendar.js';
import type { FirstRows } from '../../data/table-reader.js';
import { FORECAST_OPTIONS, MOST_AHEAD, NO_SEASONS } from '../../forecast/request.js';
import type { SeriesColumns } from '../../forecast/series.js';
import { FILLS } from '../../forecast/series.js';
import { OPTIONS } from '../../training/option-table.js';
import { stepCount, TUTORIAL } from '../../training/options.js';
import { numberFrom, rangeOf } from '../settings.js';

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

/** The columns with roles, in the order of the table. Throws a DataError if the time or what to forecast is missing. */
export function columnsOf(
  titles: readonly string[],
  roles: readonly Role[],
  fill: SeriesColumns['fill'],
): SeriesColumns {
  const having = (role: Role): string[] => titles.filter((_, n) => roles[n] === role);
  const parts = PARTS.map(having);
  const gap = parts.findIndex(({ length }) => length === 0);
  const beyond = gap < 0 ? -1 : parts.findIndex(({ length }, n) => n > gap && length > 0);
  if (beyond >= 0) throw new DataError(`the time has a ${PARTS[beyond]}, but no ${PARTS[gap]}: choose its column`);
  const [whole, split] = [having('time'), parts.flat()];
  if (whole.length > 0 && split.length > 0) throw new DataError('the time is in one column, or in parts: not both');
  const time = [...whole, ...split];
  if (time.length === 0) throw new DataError('which column is the time? Choose it, or those of its year, month, day');
  const predict = having('predict').at(0);
  if (predict === undefined) throw new DataError('which column is to be forecast? Choose it');
  return { time, predict, inputs: having('input'), known: having('known'), fill };
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
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** A guess by the header and the first rows. The last column of numbers is what to forecast. */
export function guessedRoles({ titles, rows }: FirstRows): Role[] {
  const cellsOf = (n: number): string[] => rows.map((row) => row[n]);
  const isTime = (n: number): boolean => areTimes(cellsOf(n));
  const isNumber = (n: number): boolean => {
    const cells = cellsOf(n).filter((cell) => cell !== '');
    return cells.length > 0 && cells.every((cell) => NUMBER.test(cell));
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

/** Whether the times of all cells exist and rise. Numbers of four digits are years only if they are of our centuries. */
function areTimes(cells: readonly string[]): boolean {
  if (cells.every((cell) => /^\d{4}$/.test(cell) && !(cell >= '1500' && cell < '2200'))) return false;
  const times = cells.map(timeFrom);
  return times.length > 1 && times.every((time, n) => (n === 0 ? !Number.isNaN(time) : time > times[n - 1]));
}

/** The settings of a run besides its columns. */
export interface SeriesSettings {
  /** Horizons; they rise. */
  readonly ahead: readonly number[];
  /** As `ForecastChoices.test`. */
  readonly test: { readonly from: number | null; readonly to: number | null } | null;
  /** As `ForecastChoices.seasons`. */
  readonly seasons: readonly number[] | null;
  readonly hidden: number;
  /** Steps of each network. */
  readonly steps: number;
  /** null: that of `longhand train`, or all windows of a short series. */
  readonly batchSize: number | null;
  readonly seeds: number;
  readonly seed: number;
  readonly fill: SeriesColumns['fill'];
  /** null: one per core. */
  readonly threads: number | null;
}

/** The same as the form has them. */
export type SettingTexts = Readonly<Record<keyof SeriesSettings, string>>;

/** Steps of each network, unless the visitor chooses: those of `longhand train`. */
export const FORECAST_STEPS = stepCount({ ...TUTORIAL, ...FORECAST_OPTIONS }, 0);

export const SETTING_DEFAULTS: SettingTexts = {
  ahead: '1, 28',
  test: '',
  seasons: '',
  fill: '',
  hidden: String(FORECAST_OPTIONS.hidden),
  steps: String(FORECAST_STEPS),
  batchSize: '',
  seeds: '1',
  seed: String(OPTIONS.seed.default),
  threads: '',
};

const MOST_HORIZONS = 12;
const MOST_SEEDS = 20;

interface SettingField {
  readonly name: keyof SeriesSettings;
  readonly label: string;
  readonly help: string;
  /** Shown in an empty field. */
  readonly placeholder?: string;
  /** The label of each value. */
  readonly choices?: Readonly<Record<string, string>>;
}

export const SETTING_FIELDS: readonly SettingField[] = [
  { name: 'ahead', label: 'Steps ahead', help: 'the horizons, such as 1, 28 (command line: --ahead)' },
  {
    name: 'test',
    label: 'Test part from',
    placeholder: 'the last tenth',
    help: 'a time such as 1985-01-01, or two: 1985-01-01..1986-12-31 (command line: --test)',
  },
  {
    name: 'seasons',
    label: 'Seasons',
    placeholder: 'found in the series',
    help: `in steps, such as 7, 365; or ${NO_SEASONS} (command line: --season)`,
  },
  {
    name: 'fill',
    label: 'Fill gaps',
    help: 'what a missing row or number becomes (command line: --fill)',
    choices: { '': 'no: an error', missing: 'leave missing', previous: 'the value before' },
  },
  { name: 'hidden', label: 'Hidden units', help: `${OPTIONS.hidden.help} (command line: --hidden)` },
  { name: 'steps', label: 'Steps of a network', help: 'updates of each network (command line: --training-iters)' },
  {
    name: 'batchSize',
    label: 'Batch size',
    placeholder: `${FORECAST_OPTIONS.batchSize} or fewer`,
    help: `${OPTIONS.batchSize.help}; a short series has fewer windows (command line: --batch-size)`,
  },
  { name: 'seeds', label: 'Networks', help: 'networks for each horizon (command line: --seeds)' },
  { name: 'seed', label: 'Seed', help: `${OPTIONS.seed.help} (command line: --seed)` },
  { name: 'threads', label: 'Threads', placeholder: 'all cores', help: 'threads of the WebAssembly backend' },
];

/** A field with a wrong text. */
export class FieldError extends Error {
  /** `rule`: what the text must be, for a message. */
  constructor(
    readonly field: keyof SeriesSettings,
    text: string,
    readonly rule: string,
  ) {
    const label = SETTING_FIELDS.find(({ name }) => name === field)?.label ?? field;
    super(`${label} ${text || '(empty)'}: ${rule}`);
  }
}

/** Reads the form. Throws a FieldError. */
export function settingsFrom(texts: SettingTexts): SeriesSettings {
  const refuse = (field: keyof SeriesSettings, rule: string): never => {
    throw new FieldError(field, texts[field].trim(), `must be ${rule}`);
  };
  const number = (name: 'hidden' | 'steps' | 'batchSize' | 'seed' | 'threads'): number =>
    numberFrom(name, texts[name]) ?? refuse(name, rangeOf(name));
  const numberOrNone = (name: 'batchSize' | 'threads'): number | null =>
    texts[name].trim() === '' ? null : number(name);
  const ahead = [...new Set(texts.ahead.split(',').map((text) => wholeFrom(text.trim(), 1, MOST_AHEAD)))].sort(
    (a, b) => a - b,
  );
  if (ahead.some(Number.isNaN) || ahead.length > MOST_HORIZONS)
    refuse('ahead', `up to ${MOST_HORIZONS} whole numbers from 1 to ${MOST_AHEAD}, such as 1, 28`);
  const seeds = wholeFrom(texts.seeds.trim(), 1, MOST_SEEDS);
  if (Number.isNaN(seeds)) refuse('seeds', `a whole number from 1 to ${MOST_SEEDS}`);
  const seasons =
    texts.seasons.trim() === NO_SEASONS
      ? []
      : texts.seasons.split(',').map((text) => wholeFrom(text.trim(), 2, Number.MAX_SAFE_INTEGER));
  if (texts.seasons.trim() !== '' && seasons.some(Number.isNaN))
    refuse('seasons', `whole numbers from 2, such as 7, 365, or ${NO_SEASONS}`);
  const written = texts.test.trim();
  const range = written === '' ? undefined : timeRangeFrom(written.includes('..') ? written : `${written}..`);
  if (written !== '' && !range) refuse('test', 'a time such as 1985-01-01, or two: 1985-01-01..1986-12-31');
  const fill = FILLS.find((one) => one === texts.fill) ?? null;
  if (fill === null && texts.fill !== '') refuse('fill', `one of ${FILLS.join(', ')}`);
  return {
    ahead,
    seasons: texts.seasons.trim() === '' ? null : seasons,
    test: range ? { from: range[0], to: range[1] } : null,
    fill,
    hidden: number('hidden'),
    steps: number('steps'),
    seeds,
    seed: number('seed'),
    batchSize: numberOrNone('batchSize'),
    threads: numberOrNone('threads'),
  };
}
