/** The fields of the settings form. Those of training options take their texts and ranges from the table of options. */
import type { OptionEntry } from '../training/option-table.js';
import type { OptionName } from '../training/options.js';
import { OPTIONS } from '../training/option-table.js';
import type { BackendName, NumberName, Settings, Subject } from './settings.js';

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
  /** Shown in an empty field. */
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

const BACKEND_LABELS: Record<BackendName, string> = {
  wasm: 'WebAssembly',
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
  optionField('batchSize'),
  optionField('seed'),
  { ...optionField('shuffle'), subject: 'digits', choices: SHUFFLE_LABELS },
  { name: 'backend', label: 'Backend', help: 'the backend that runs the training steps', choices: BACKEND_LABELS },
  { name: 'threads', label: 'Threads', help: 'threads of the WebAssembly backend', placeholder: 'all cores' },
];

export const isNumberField = (field: NumberField | ChoiceField): field is NumberField => !('choices' in field);
export const isChoiceField = (field: NumberField | ChoiceField): field is ChoiceField => 'choices' in field;
