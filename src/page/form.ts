/** A form whose fields are rows of a table, and that of a run's settings. */
import { counted } from '../core/arguments.js';
import type { FormField } from './common.js';
import { element, made, optionsOf, setText } from './dom.js';
import { type Settings, BACKEND_LABELS, FIELDS, FORM } from './settings.js';

type Control = HTMLInputElement | HTMLSelectElement;

class FieldForm {
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

/** The settings in a line: what stands beside the folded form. */
const summaryOf = ({ layers, hidden, learningRate, batchSize, steps }: Settings): string =>
  `${counted(layers, 'layer')} of ${counted(hidden, 'unit')}, learning rate ${learningRate}, ` +
  `batch size ${batchSize}, ${counted(steps, 'step')}`;

/** The form with a run's settings. */
export class SettingsForm extends FieldForm {
  private readonly names: readonly (typeof FORM)[number][];
  /** The focused field has been edited, and its value has not been read yet. */
  private isEditing = false;

  /** `onChange` gets the new settings, and whether they need a new run. */
  constructor(
    private settings: Settings,
    private readonly onChange: (settings: Settings, needsNewRun: boolean) => void,
  ) {
    const form = element('settings', HTMLFormElement);
    const fields = FORM.map((name) => [name, FIELDS[name] as FormField] as const);
    const own = fields.filter(([, { subject }]) => subject === undefined || subject === settings.subject);
    super(form, own);
    this.names = own.map(([name]) => name);
    this.show(settings);
    form.addEventListener('input', () => (this.isEditing = true));
    form.addEventListener('change', (event) => {
      this.isEditing = false;
      this.read((event.target as HTMLInputElement).name as (typeof FORM)[number]);
    });
  }

  show(settings: Settings): void {
    this.settings = settings;
    for (const name of this.names) {
      const control = this.control(name);
      if (control === document.activeElement && this.isEditing) continue; // the visitor is typing
      control.value = String(settings[name] ?? '');
      this.mark(name, true);
    }
    setText('settings-summary', summaryOf(settings));
    this.updateThreads();
  }

  /** Without WebGPU two choices are disabled, and say why. */
  offerGpu(hasWebGpu: boolean): void {
    for (const option of (this.control('backend') as HTMLSelectElement).options) {
      const choice = option.value as Settings['backend'];
      if (choice !== 'gpu' && choice !== 'automatic') continue;
      option.disabled = !hasWebGpu;
      option.textContent = `${BACKEND_LABELS[choice]}${hasWebGpu ? '' : ' (no WebGPU)'}`;
    }
  }

  /** Only WebAssembly has threads. */
  private updateThreads(): void {
    this.control('threads').disabled = !['wasm', 'automatic'].includes(this.settings.backend);
  }

  /** Reads a field. If its text is not understood, shows a note, and nothing changes. */
  private read(name: (typeof FORM)[number]): void {
    const { value: text } = this.control(name);
    const { label, placeholder, isLive, rule, valueOf } = FIELDS[name];
    const value = placeholder !== undefined && text.trim() === '' ? null : valueOf(text);
    this.mark(name, value !== undefined);
    setText('settings-note', value === undefined ? `${label} ${text || '(empty)'}: ${rule}.` : '');
    if (value === undefined) return;
    this.settings = { ...this.settings, [name]: value };
    this.updateThreads();
    this.onChange(this.settings, isLive !== true);
  }
}
