/** A form whose fields are rows of a table. */
import type { Subject } from './common.js';
import { made, optionsOf } from './dom.js';

/** What a form shows of a setting. */
export interface FormField {
  readonly label: string;
  /** Shown when the visitor points at the field. */
  readonly help: string;
  /** Shown in an empty field, which means null. Default: the field cannot be empty. */
  readonly placeholder?: string;
  /** The label of each value. Default: the field is a text or a number. */
  readonly choices?: Readonly<Record<string, string>>;
  /** A run that has begun applies a change; other changes need a new run. */
  readonly isLive?: true;
  /** The subject that has this field. Default: both. */
  readonly subject?: Subject;
  /** Of a number. A field for whole numbers has arrows. */
  readonly range?: Range;
}

export interface Range {
  /** `positive`: above `least`; the others include it. */
  readonly kind: 'whole' | 'number' | 'positive';
  readonly least: number;
  readonly most: number;
}

type Control = HTMLInputElement | HTMLSelectElement;

export class FieldForm {
  /** Adds the fields to a form. */
  constructor(
    private readonly form: HTMLFormElement,
    fields: readonly (readonly [name: string, field: FormField])[],
  ) {
    form.append(...fields.map(([name, field]) => labelled(name, field)));
    form.addEventListener('submit', (event) => event.preventDefault());
  }

  control(name: string): Control {
    return this.form.elements.namedItem(name) as Control;
  }

  /** Shows whether a field has a text that it may have. */
  mark(name: string, isValid: boolean): void {
    this.control(name).setAttribute('aria-invalid', String(!isValid));
  }
}

function labelled(name: string, { label, help, placeholder, choices, isLive, range }: FormField): HTMLElement {
  const control = choices ? made('select') : made('input');
  if (choices) control.append(...optionsOf(choices));
  if (control instanceof HTMLInputElement) {
    control.placeholder = placeholder ?? '';
    control.autocomplete = 'off';
    if (range?.kind === 'whole') {
      Object.assign(control, { type: 'number', min: String(range.least), max: String(range.most), step: '1' });
    } else if (range) control.inputMode = 'decimal';
  }
  control.name = name;
  control.title = help;
  const words = made('span', '', label);
  words.title = help;
  if (isLive) words.append(' ', made('small', '', 'live'));
  const node = made('label');
  node.append(words, control);
  return node;
}
