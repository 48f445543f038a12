/** The form with a run's settings. */
import { element } from './dom.js';
import type { Settings } from './settings.js';
import type { NumberField } from './settings-fields.js';
import { FIELDS, isChoiceField, isNumberField } from './settings-fields.js';
import { numberFrom, rangeOf } from './settings.js';

const NUMBER_FIELDS = FIELDS.filter(isNumberField);
const CHOICE_FIELDS = FIELDS.filter(isChoiceField);

export class SettingsForm {
  private readonly form = element('settings', HTMLFormElement);
  /** The focused field has been edited, and its value has not been read yet. */
  private isEditing = false;

  /** `onChange` gets the new settings, and whether they need a new run. */
  constructor(
    private settings: Settings,
    private readonly onChange: (settings: Settings, needsNewRun: boolean) => void,
  ) {
    this.show(settings);
    this.form.addEventListener('input', () => (this.isEditing = true));
    this.form.addEventListener('change', (event) => {
      this.isEditing = false;
      this.read((event.target as HTMLInputElement).name);
    });
    this.form.addEventListener('submit', (event) => event.preventDefault());
  }

  show(settings: Settings): void {
    this.settings = settings;
    for (const { name } of NUMBER_FIELDS) {
      const field = this.field(name);
      if (field === document.activeElement && this.isEditing) continue; // the visitor is typing
      field.value = settings[name] === null ? '' : String(settings[name]);
      field.setAttribute('aria-invalid', 'false');
    }
    for (const { name } of CHOICE_FIELDS) this.field(name).value = String(settings[name]);
    this.field('threads').disabled = settings.backend !== 'wasm';
  }

  private read(name: string): void {
    const changed = this.changed(name);
    if (!changed) return;
    this.settings = { ...this.settings, ...changed };
    this.field('threads').disabled = this.settings.backend !== 'wasm';
    const isLive = FIELDS.some((field) => field.name === name && field.isLive);
    this.onChange(this.settings, !isLive);
  }

  /** The setting that a field now has. If its number is out of range, shows a note and returns null. */
  private changed(name: string): Partial<Settings> | null {
    const { value } = this.field(name);
    const numberField = NUMBER_FIELDS.find((field) => field.name === name);
    if (numberField) return this.changedNumber(numberField, value);
    // a choice: the form has no other values
    return { [name]: name === 'bidirectional' ? value === 'true' : value };
  }

  private changedNumber({ name, label }: NumberField, text: string): Partial<Settings> | null {
    const isOneThreadPerCore = name === 'threads' && text.trim() === '';
    const value = numberFrom(name, text);
    const isValid = value !== null || isOneThreadPerCore;
    this.field(name).setAttribute('aria-invalid', String(!isValid));
    element('settings-note', HTMLElement).textContent = isValid
      ? ''
      : `${label} ${text || '(empty)'}: must be ${rangeOf(name)}.`;
    return isValid ? { [name]: value } : null;
  }

  private field(name: string): HTMLInputElement | HTMLSelectElement {
    return this.form.elements.namedItem(name) as HTMLInputElement | HTMLSelectElement;
  }
}
