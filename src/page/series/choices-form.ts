/** The form of “Your data”: what each column is for, and the settings of the run. */
import type { FirstRows } from '../../data/table-reader.js';
import type { SeriesColumns } from '../../forecast/series.js';
import { element, made, optionsOf, tableLine } from '../dom.js';
import { FieldForm } from '../form.js';
import type { Role, SeriesSettings, SettingTexts } from './choices.js';
import {
  columnsOf,
  FieldError,
  guessedRoles,
  isSingle,
  ROLE_LABELS,
  ROLES,
  rolesOf,
  SETTING_ROWS,
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
      return { settings, columns: columnsOf(this.titles, roles, settings.fill) };
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
