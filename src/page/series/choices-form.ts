/** The form of “Your data”: what each column is for, and the settings of the run. */
import type { FirstRows } from '../../data/table-reader.js';
import type { SeriesColumns } from '../../forecast/series.js';
import { element, made } from '../dom.js';
import type { Role, SeriesSettings, SettingTexts } from './choices.js';
import {
  columnsOf,
  FieldError,
  guessedRoles,
  isSingle,
  ROLE_LABELS,
  ROLES,
  rolesOf,
  SETTING_FIELDS,
  settingsFrom,
} from './choices.js';

/** First values that are shown of a column. */
const SHOWN_ROWS = 5;
const SHOWN_CHARACTERS = 60;

/** What the form says. */
export interface Choices {
  readonly columns: SeriesColumns;
  readonly settings: SeriesSettings;
}

export class ChoicesForm {
  private readonly form = element('series-settings', HTMLFormElement);
  private readonly body = element('series-columns', HTMLTableSectionElement);
  private titles: readonly string[] = [];
  private selects: readonly HTMLSelectElement[] = [];

  /** `onChange` is called after each change of a column or a setting. */
  constructor(
    texts: SettingTexts,
    private readonly onChange: () => void,
  ) {
    this.form.append(...SETTING_FIELDS.map(fieldOf));
    this.showTexts(texts);
    this.form.addEventListener('change', onChange);
    this.form.addEventListener('submit', (event) => event.preventDefault());
  }

  /** For another table. `columns`: those of a link or a checkpoint; if the table lacks one, or without them, the page guesses. */
  showTable(first: FirstRows, columns: SeriesColumns | undefined): void {
    const { titles, rows } = first;
    this.titles = titles;
    const roles = (columns && rolesOf(titles, columns)) ?? guessedRoles(first);
    const lines = titles.map((title, n) => {
      const line = made('tr');
      const header = made('th', '', title || '(no name)');
      header.scope = 'row';
      const select = roleSelect(title, roles[n]);
      select.addEventListener('change', () => {
        this.clearOthers(select);
        this.onChange();
      });
      const cell = made('td');
      cell.append(select);
      const values = rows.slice(0, SHOWN_ROWS).map((row) => row[n]);
      line.append(header, cell, made('td', '', cut(values.join(', '))));
      return { line, select };
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
    for (const [name, text] of Object.entries(texts)) this.field(name).value = text;
  }

  get texts(): SettingTexts {
    const entries = SETTING_FIELDS.map(({ name }) => [name, this.field(name).value]);
    return Object.fromEntries(entries) as SettingTexts;
  }

  /** Reads the form, and marks a wrong field. Throws a DataError or a FieldError. */
  read(): Choices {
    for (const { name } of SETTING_FIELDS) this.field(name).setAttribute('aria-invalid', 'false');
    try {
      const settings = settingsFrom(this.texts);
      const roles = this.selects.map((select) => select.value as Role);
      return { settings, columns: columnsOf(this.titles, roles, settings.fill) };
    } catch (error) {
      if (error instanceof FieldError) this.field(error.field).setAttribute('aria-invalid', 'true');
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

  private field(name: string): HTMLInputElement | HTMLSelectElement {
    return this.form.elements.namedItem(name) as HTMLInputElement | HTMLSelectElement;
  }
}

const cut = (text: string): string => (text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text);

function optionsOf(labels: Readonly<Record<string, string>>): HTMLOptionElement[] {
  return Object.entries(labels).map(([value, label]) => {
    const option = made('option', '', label);
    option.value = value;
    return option;
  });
}

function roleSelect(title: string, role: Role): HTMLSelectElement {
  const select = made('select');
  select.setAttribute('aria-label', `${title}: what it is for`);
  select.append(...optionsOf(Object.fromEntries(ROLES.map((one) => [one, ROLE_LABELS[one]]))));
  select.value = role;
  return select;
}

function fieldOf({ name, label, help, placeholder, choices }: (typeof SETTING_FIELDS)[number]): HTMLLabelElement {
  const node = made('label');
  const control = choices ? made('select') : made('input');
  if (choices) control.append(...optionsOf(choices));
  if (control instanceof HTMLInputElement) {
    control.placeholder = placeholder ?? '';
    control.autocomplete = 'off';
  }
  control.name = name;
  control.title = help;
  const words = made('span', '', label);
  words.title = help;
  node.append(words, control);
  return node;
}
