/** The address of “Your data”: the choices that repeat a run on the example. */
import { counted } from '../../core/arguments.js';
import type { SeriesColumns } from '../../forecast/series.js';
import { repeatedColumn } from '../../forecast/series.js';
import { LinkReader } from '../link.js';
import type { Reading } from '../settings.js';
import { oneOf } from '../settings.js';
import type { SettingName, SettingTexts } from './choices.js';
import { PARTS, SETTING_DEFAULTS, SETTING_ROWS, settingFrom, textsBy } from './choices.js';

/** What the address of the page says. */
export interface SeriesLink {
  readonly texts: SettingTexts;
  /** The example is read. A file of the visitor's is in no link. */
  readonly isExample: boolean;
  /** Undefined: the page guesses. */
  readonly columns: SeriesColumns | undefined;
}

const SUBJECT = 'series';
const EXAMPLE = 'births';
/** The fields of `SeriesColumns` that are lists of names. */
const LISTS = ['time', 'inputs', 'known'] as const;

/** `?subject=series&data=births&ahead=1,7`: what differs from the defaults. */
export function toSeriesQuery({ texts, isExample, columns }: SeriesLink): string {
  const query = new URLSearchParams({ subject: SUBJECT });
  if (isExample) query.set('data', EXAMPLE);
  for (const [name] of SETTING_ROWS) if (texts[name] !== SETTING_DEFAULTS[name]) query.set(name, texts[name]);
  if (columns) {
    query.set('predict', columns.predict);
    for (const list of LISTS) if (columns[list].length > 0) query.set(list, JSON.stringify(columns[list]));
  }
  return `?${query.toString().replace(/%2C/g, ',').replace(/%3A/g, ':')}`;
}

/** The reverse of `toSeriesQuery`. Missing values take their defaults, and so do those that `onFault` gets a sentence about. */
export function fromSeriesQuery(text: string, onFault: (fault: string) => void = () => {}): SeriesLink {
  const link = new LinkReader(text, onFault);
  link.read('subject', oneOf([SUBJECT]));
  const isExample = link.read('data', oneOf([EXAMPLE])) === EXAMPLE;
  const texts = textsBy((name, row) => link.read(name, textOf(name, row)) ?? row.initial);
  const columns = columnsFrom(link);
  link.end();
  return { texts, isExample, columns };
}

/** The text of a setting, if the form would accept it. */
const textOf = (name: SettingName, { rule }: Pick<Reading<unknown>, 'rule'>): Reading<string> => ({
  valueOf: (text) => (settingFrom(name, text) === undefined ? undefined : text),
  rule,
});

const PREDICT: Reading<string> = { valueOf: (text) => text, rule: '' };
const NAMES: Reading<string[]> = { valueOf: namesIn, rule: 'must be a list of columns, such as ["year","month"]' };

/** The columns of a link; undefined if it has none, or if something is missing. */
function columnsFrom(link: LinkReader): SeriesColumns | undefined {
  const predict = link.read('predict', PREDICT);
  const [time, inputs, known] = LISTS.map((list) => link.read(list, NAMES));
  const lists = { time, inputs, known };
  const given = LISTS.filter((list) => lists[list] !== undefined);
  if (predict !== undefined && time !== undefined && time.length > 0) {
    const columns = { time, predict, inputs: inputs ?? [], known: known ?? [], fill: null };
    const repeated = repeatedColumn(columns);
    if (repeated === undefined && time.length <= PARTS.length) return columns;
    const why =
      repeated === undefined
        ? `must have at most ${counted(PARTS.length, 'column')}`
        : 'names a column that has another role';
    link.refuse('time', JSON.stringify(time), why);
    return undefined;
  }
  if (predict !== undefined) link.refuse('predict', predict, 'has an effect only beside time');
  for (const list of given)
    link.refuse(list, JSON.stringify(lists[list]), 'has an effect only beside predict and time');
  return undefined;
}

function namesIn(text: string): string[] | undefined {
  try {
    const names: unknown = JSON.parse(text);
    if (Array.isArray(names) && names.every((name) => typeof name === 'string')) return names;
  } catch {
    // no list
  }
  return undefined;
}
