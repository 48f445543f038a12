/** The choices of “Your data”, what each column is for and the settings of the run: their form, and the address that repeats a run on the example. */
import { counted } from '../../core/arguments.js';
import type { FirstRows } from '../../data/table-reader.js';
import type { SeriesColumns } from '../../forecast/series.js';
import { repeatedColumn } from '../../forecast/series.js';
import { element, made, optionsOf, tableLine } from '../dom.js';
import { FieldForm } from '../form.js';
import { LinkReader } from '../link.js';
import type { Reading } from '../settings.js';
import { oneOf } from '../settings.js';
import type { Role, SeriesSettings, SettingName, SettingTexts } from './choices.js';
import {
  columnsOf,
  FieldError,
  guessedRoles,
  isSingle,
  PARTS,
  ROLE_LABELS,
  ROLES,
  rolesOf,
  SETTING_DEFAULTS,
  SETTING_ROWS,
  settingFrom,
  settingsFrom,
  textsBy,
} from './choices.js';

/** First values that are shown of a column. */
const SHOWN_ROWS = 5;
const SHOWN_CHARACTERS = 60;

/** What the form says. */
export interface Choices {
  readonly columns: SeriesColumns;
  readonly settings: SeriesSettings;
}

export class ChoicesForm extends FieldForm {
  private readonly body = element('series-columns', HTMLTableSectionElement);
  private titles: readonly string[] = [];
  private selects: readonly HTMLSelectElement[] = [];

  /** `onChange` is called after each change of a column or a setting. */
  constructor(
    texts: SettingTexts,
    private readonly onChange: () => void,
  ) {
    const form = element('series-settings', HTMLFormElement);
    super(form, SETTING_ROWS);
    this.showTexts(texts);
    form.addEventListener('change', onChange);
  }

  /** For another table. `columns`: those of a link or a checkpoint; if the table lacks one, or without them, the page guesses. */
  showTable(first: FirstRows, columns: SeriesColumns | undefined): void {
    const { titles, rows } = first;
    this.titles = titles;
    const roles = (columns && rolesOf(titles, columns)) ?? guessedRoles(first);
    const lines = titles.map((title, n) => {
      const select = roleSelect(title, roles[n]);
      select.addEventListener('change', () => {
        this.clearOthers(select);
        this.onChange();
      });
      const values = rows.slice(0, SHOWN_ROWS).map((row) => row[n]);
      return { line: tableLine([title || '(no name)', select, cut(values.join(', '))]), select };
    });
    this.selects = lines.map(({ select }) => select);
    this.body.replaceChildren(...lines.map(({ line }) => line));
  }

  /** Shows the columns of a checkpoint. */
  showColumns(columns: SeriesColumns): void {
    const roles = rolesOf(this.titles, columns);
    for (const [n, select] of this.selects.entries()) select.value = roles?.[n] ?? select.value;
  }

  showTexts(texts: Partial<SettingTexts>): void {
    for (const [name, text] of Object.entries(texts)) this.control(name).value = text;
  }

  get texts(): SettingTexts {
    return textsBy((name) => this.control(name).value);
  }

  /** Reads the form, and marks a wrong field. Throws a DataError or a FieldError. */
  read(): Choices {
    for (const [name] of SETTING_ROWS) this.mark(name, true);
    try {
      const settings = settingsFrom(this.texts);
      const roles = this.selects.map((select) => select.value as Role);
      const { timeFormat, decimal, thousands } = settings;
      const forms = {
        timeFormat: timeFormat ?? undefined,
        decimal: decimal ?? undefined,
        thousands: thousands ?? undefined,
      };
      return { settings, columns: columnsOf(this.titles, roles, settings.fill, forms) };
    } catch (error) {
      if (error instanceof FieldError) this.mark(error.field, false);
      throw error;
    }
  }

  /** Another column that had this single role gives it up; parts of the time give way to the whole, and the reverse. */
  private clearOthers(chosen: HTMLSelectElement): void {
    const role = chosen.value as Role;
    const isPart = (one: Role): boolean => isSingle(one) && one !== 'time' && one !== 'predict';
    for (const select of this.selects) {
      if (select === chosen) continue;
      const other = select.value as Role;
      const isReplaced = isSingle(role) && other === role;
      if (isReplaced || (role === 'time' && isPart(other)) || (isPart(role) && other === 'time')) select.value = 'none';
    }
  }
}

const cut = (text: string): string => (text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text);

function roleSelect(title: string, role: Role): HTMLSelectElement {
  const select = made('select');
  select.setAttribute('aria-label', `${title}: what it is for`);
  select.append(...optionsOf(Object.fromEntries(ROLES.map((one) => [one, ROLE_LABELS[one]]))));
  select.value = role;
  return select;
}

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
  const [time = [], inputs = [], known = []] = LISTS.map((list) => link.read(list, NAMES));
  const lists = { time, inputs, known };
  if (predict !== undefined) {
    const columns = { ...lists, predict, fill: null };
    const repeated = repeatedColumn(columns);
    if (repeated === undefined && time.length <= PARTS.length) return columns;
    const why =
      repeated === undefined
        ? `must have at most ${counted(PARTS.length, 'column')}`
        : 'names a column that has another role';
    link.refuse('time', JSON.stringify(time), why);
    return undefined;
  }
  for (const list of LISTS)
    if (lists[list].length > 0) link.refuse(list, JSON.stringify(lists[list]), 'has an effect only beside predict');
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
