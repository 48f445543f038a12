/** The form with a run's settings. The fields of training options take their texts and ranges from the table of options. */
import { counted } from '../core/arguments.js';
import type { OptionEntry } from '../training/option-table.js';
import { OPTIONS } from '../training/option-table.js';
import type { OptionName } from '../training/options.js';
import type { BackendChoice } from './backend-choices.js';
import { element, setText } from './dom.js';
import type { NumberName, Settings, Subject } from './settings.js';
import { numberFrom, rangeOf } from './settings.js';

interface FieldTexts {
  readonly label: string;
  /** Shown when the visitor points at the field. */
  readonly help: string;
  /** A run that has begun applies a change; other changes need a new run. */
  readonly isLive?: true;
  /** The subject that has this field. Default: both. */
  readonly subject?: Subject;
}

export interface NumberField extends FieldTexts {
  readonly name: NumberName & keyof Settings;
  /** Shown in an empty field, which means null. Default: the field cannot be empty. */
  readonly placeholder?: string;
}

export interface ChoiceField extends FieldTexts {
  readonly name: 'shuffle' | 'backend' | 'bidirectional';
  /** The label of each value. */
  readonly choices: Readonly<Record<string, string>>;
}

/** The name, the label and the help of an option: `--batch-size` becomes “Batch size”. */
function optionField<Name extends OptionName>(name: Name) {
  const { flag, help }: OptionEntry = OPTIONS[name];
  const words = flag.replace(/^--| <.*$/g, '').replaceAll('-', ' ');
  return { name, label: words.charAt(0).toUpperCase() + words.slice(1), help: `${help} (command line: ${flag})` };
}

const BACKEND_LABELS: Record<BackendChoice, string> = {
  wasm: 'all cores',
  gpu: 'GPU',
  automatic: 'automatic',
  webgpu: 'GPU.js, WebGPU',
  webgl2: 'GPU.js, WebGL 2',
  reference: 'plain TypeScript',
};

const SHUFFLE_LABELS: Record<Settings['shuffle'], string> = {
  tf1: 'later TensorFlow 1.x',
  legacy: 'early TensorFlow',
};

const DIRECTION_LABELS = { false: 'forward', true: 'both directions' };

export const FIELDS: readonly (NumberField | ChoiceField)[] = [
  { ...optionField('learningRate'), isLive: true },
  { name: 'steps', label: 'Pause at step', help: 'the run pauses after this step', isLive: true },
  { ...optionField('hidden'), label: 'Hidden units' },
  optionField('layers'),
  { ...optionField('bidirectional'), label: 'Directions', subject: 'digits', choices: DIRECTION_LABELS },
  {
    name: 'T',
    label: 'Sequence length',
    subject: 'text',
    help: 'characters from which the gradient of a step is computed (command line: --steps <count>)',
  },
  optionField('forgetBias'),
  optionField('batchSize'),
  optionField('seed'),
  {
    name: 'characters',
    label: 'Characters',
    subject: 'text',
    help: 'the run reads this many characters, from the beginning of the text',
    placeholder: 'all',
  },
  { ...optionField('shuffle'), subject: 'digits', choices: SHUFFLE_LABELS },
  {
    name: 'backend',
    label: 'Compute with',
    help:
      'what computes the training steps: all cores with WebAssembly, the GPU with WebGPU, or, with “automatic”, the quicker ' +
      'of these for this network',
    choices: BACKEND_LABELS,
  },
  { name: 'threads', label: 'Threads', help: 'threads of the WebAssembly backend', placeholder: 'all cores' },
];

export const isNumberField = (field: NumberField | ChoiceField): field is NumberField => !('choices' in field);
const isChoiceField = (field: NumberField | ChoiceField): field is ChoiceField => 'choices' in field;

const NUMBER_FIELDS = FIELDS.filter(isNumberField);
const CHOICE_FIELDS = FIELDS.filter(isChoiceField);

/** The settings in a line: what stands beside the folded form. */
const summaryOf = ({ layers, hidden, learningRate, batchSize, steps }: Settings): string =>
  `${counted(layers, 'layer')} of ${counted(hidden, 'unit')}, learning rate ${learningRate}, ` +
  `batch size ${batchSize}, ${counted(steps, 'step')}`;

/** The form with a run's settings. */
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
    setText('settings-summary', summaryOf(settings));
    this.updateThreads();
  }

  /** Without WebGPU two choices are disabled, and say why. */
  offerGpu(hasWebGpu: boolean): void {
    for (const name of ['gpu', 'automatic'] as const) {
      const option = this.form.querySelector<HTMLOptionElement>(`[value=${name}]`);
      if (!option) continue;
      option.disabled = !hasWebGpu;
      option.textContent = `${BACKEND_LABELS[name]}${hasWebGpu ? '' : ' (no WebGPU)'}`;
    }
  }

  /** Only WebAssembly has threads. */
  private updateThreads(): void {
    this.field('threads').disabled = !['wasm', 'automatic'].includes(this.settings.backend);
  }

  private read(name: string): void {
    const changed = this.changed(name);
    if (!changed) return;
    this.settings = { ...this.settings, ...changed };
    this.updateThreads();
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

  private changedNumber({ name, label, placeholder }: NumberField, text: string): Partial<Settings> | null {
    const value = numberFrom(name, text);
    const isValid = value !== null || (placeholder !== undefined && text.trim() === '');
    this.field(name).setAttribute('aria-invalid', String(!isValid));
    setText('settings-note', isValid ? '' : `${label} ${text || '(empty)'}: must be ${rangeOf(name)}.`);
    return isValid ? { [name]: value } : null;
  }

  private field(name: string): HTMLInputElement | HTMLSelectElement {
    return this.form.elements.namedItem(name) as HTMLInputElement | HTMLSelectElement;
  }
}
