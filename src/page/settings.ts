/** The settings of a run on the page, and what its views show: one row for each. The page's form and its address read the rows. */
import { MOST_THREADS } from '../../kernels/wasm/jobs.js'; // a list of constants: only the worker loads the backend
import { CELL_LABELS, CELL_NAMES } from '../cells/names.js';
import { decimalFrom } from '../core/numbers.js';
import { type OptionEntry, OPTIONS } from '../training/option-table.js';
import { stepCount, TEXT_OPTIONS, TEXT_T, TUTORIAL } from '../training/options.js';
import type {
  BackendChoice,
  BackendName,
  FormField,
  PageOptions,
  Range,
  RateChange,
  State,
  Subject,
} from './common.js';
import { LONGEST_PASSAGE, mistakeOf, pageOptionsOf, PLANTED_MISTAKES, STATES, TEXT_LIMITS } from './common.js';
import { PROPERTIES } from './text/separation.js';

/** How the text of a field is read. */
export interface Reading<Value> {
  /** Undefined if the text is not understood. */
  readonly valueOf: (text: string) => Value | undefined;
  /** What a text must be: continues “hidden=-1: ”. */
  readonly rule: string;
  /** Of a number. */
  readonly range?: Range;
}

/** A number in decimal notation, spaces around it ignored. */
export function number({ kind, least, most }: Range): Reading<number> {
  const largest = most > 1e15 ? most.toPrecision(8) : String(most);
  const words = kind === 'whole' ? 'a whole number' : 'a number';
  return {
    range: { kind, least, most },
    rule: `must be ${kind === 'positive' ? `a number above ${least}, at most` : `${words} from ${least} to`} ${largest}`,
    valueOf(text) {
      const value = decimalFrom(text.trim());
      const isInRange = (kind === 'positive' ? value > least : value >= least) && value <= most;
      return isInRange && (kind !== 'whole' || Number.isInteger(value)) ? value : undefined;
    },
  };
}

export const whole = (least: number, most: number): Reading<number> => number({ kind: 'whole', least, most });

/** One of these texts. */
export const oneOf = <Text extends string>(texts: readonly Text[]): Reading<Text> => ({
  valueOf: (text) => texts.find((one) => one === text),
  rule: `must be one of ${texts.join(', ')}`,
});

const trueOrFalse: Reading<boolean> = {
  valueOf: (text) => (text === 'true' ? true : text === 'false' ? false : undefined),
  rule: 'must be true or false',
};

const words: Reading<string> = {
  valueOf: (text) => (Array.from(text).length <= LONGEST_PASSAGE ? text : undefined),
  rule: `must have at most ${LONGEST_PASSAGE} characters`,
};

const mistake: Reading<string> = {
  valueOf: (text) => (text === 'none' ? text : mistakeOf(text)?.id),
  rule: `must be one of none, ${PLANTED_MISTAKES.map(({ id }) => id).join(', ')}`,
};

const rateChanges: Reading<readonly RateChange[]> = {
  valueOf: (text) => {
    const changes: RateChange[] = [];
    for (const part of text.split(',')) {
      const [step, rate = '', ...rest] = part.split(':');
      const change = { step: SETTINGS.steps.valueOf(step), rate: SETTINGS.learningRate.valueOf(rate) };
      if (change.step === undefined || change.rate === undefined || rest.length > 0) return undefined;
      if (change.step <= (changes.at(-1)?.step ?? 0)) return undefined;
      changes.push(change as RateChange);
    }
    return changes;
  },
  rule: 'must be steps that rise, each with a rate above 0, such as 120:0.001,400:0.0001',
};

/** A setting, or what a view shows. */
interface Field<Value> extends Reading<Value>, Partial<FormField> {
  /** The default of each subject. */
  readonly initial: Readonly<Record<Subject, Value>>;
}

interface Additions<Value> extends Partial<FormField> {
  /** The default for a text. Default: that for the digits. */
  readonly ofText?: Value;
}

function row<Value>(reading: Reading<Value>, initial: Value, additions: Additions<Value> = {}): Field<Value> {
  const { ofText = initial, ...others } = additions;
  return { ...reading, initial: { digits: initial, text: ofText }, ...others };
}

const digits = { subject: 'digits' } as const;
const text = { subject: 'text' } as const;

const DIGITS_RUN = pageOptionsOf(TUTORIAL);
/** The rate is in 500 steps as good as after 2,200 with the 0.002 of `longhand train`. */
const TEXT_RUN = { ...pageOptionsOf({ ...TUTORIAL, ...TEXT_OPTIONS }), learningRate: 0.01 };

/** An option of the training: defaults, label and help are those of the table. `--batch-size` becomes “Batch size”. */
function option<Name extends keyof PageOptions>(
  name: Name,
  reading: Reading<PageOptions[Name]>,
  additions: Partial<FormField> = {},
): Field<PageOptions[Name]> {
  const { flag, help }: OptionEntry = OPTIONS[name];
  const spaced = flag.replace(/^--| <.*$/g, '').replaceAll('-', ' ');
  const label = spaced.charAt(0).toUpperCase() + spaced.slice(1);
  const texts = { label, help: `${help} (command line: ${flag})`, ...additions };
  return row(reading, DIGITS_RUN[name], { ofText: TEXT_RUN[name], ...texts });
}

const MOST_LAYERS = 4;
const MOST_UNITS = 1024;
const LEAST_T = 2;
export const IMAGES = 10_000;
export const ROWS = 28;

export const BACKEND_LABELS: Record<BackendChoice, string> = {
  wasm: 'all cores',
  gpu: 'GPU',
  automatic: 'automatic',
  webgpu: 'GPU.js, WebGPU',
  webgl2: 'GPU.js, WebGL 2',
  reference: 'plain TypeScript',
};

/** The settings of a run, in the order of a link. */
const SETTINGS = {
  backend: row(oneOf(Object.keys(BACKEND_LABELS) as BackendChoice[]), 'wasm', {
    label: 'Compute with',
    help:
      'what computes the training steps: all cores with WebAssembly, the GPU with WebGPU, or, with “automatic”, the quicker ' +
      'of these for this network',
    choices: BACKEND_LABELS,
  }),
  /** T: steps of a sequence; 28 for the digits. */
  T: row(whole(LEAST_T, 1000), ROWS, {
    ...text,
    ofText: TEXT_T,
    label: 'Sequence length',
    help: 'characters from which the gradient of a step is computed (command line: --steps <count>)',
  }),
  /** The run reads this many characters, from the beginning of the text; null: the whole text. Null for the digits. */
  characters: row<number | null>(whole(TEXT_LIMITS.least, TEXT_LIMITS.most), null, {
    ...text,
    label: 'Characters',
    help: 'the run reads this many characters, from the beginning of the text',
    placeholder: 'all',
  }),
  /** The id of the planted mistake with which the run trains, or `none`. Always `none` for a text. */
  planted: row(mistake, 'none', digits),
  /** The threads of the `wasm` backend; null: one per core. */
  threads: row<number | null>(whole(1, MOST_THREADS), null, {
    label: 'Threads',
    help: 'threads of the WebAssembly backend',
    placeholder: 'all cores',
  }),
  cell: option('cell', oneOf(CELL_NAMES), { choices: CELL_LABELS }),
  // larger networks and batches need gigabytes, and seconds for each step
  hidden: option('hidden', whole(OPTIONS.hidden.least, MOST_UNITS), { label: 'Hidden units' }),
  layers: option('layers', whole(OPTIONS.layers.least, MOST_LAYERS)),
  bidirectional: option('bidirectional', trueOrFalse, {
    ...digits, // a text cannot be read in both directions,
    label: 'Directions',
    choices: { false: 'forward', true: 'both directions' },
  }),
  forgetBias: option('forgetBias', number({ kind: 'number', least: -20, most: 20 })), // beyond them f is 1 in f32, or below 3·10⁻⁹
  batchSize: option('batchSize', whole(OPTIONS.batchSize.least, MOST_UNITS)),
  learningRate: option('learningRate', number(OPTIONS.learningRate), { isLive: true }),
  seed: option('seed', number(OPTIONS.seed)),
  shuffle: option('shuffle', oneOf(OPTIONS.shuffle.choices), {
    ...digits, // and is read in order
    choices: { tf1: 'later TensorFlow 1.x', legacy: 'early TensorFlow' },
  }),
  /** The run pauses after this step; of a text after 5 epochs of Moby-Dick. */
  steps: row(whole(1, 1_000_000), stepCount(TUTORIAL, 0), {
    ofText: 2260,
    label: 'Pause at step',
    help: 'the run pauses after this step',
    isLive: true,
  }),
};

/** What “Look inside”, “Write” and “Check it” show. Each subject uses some of these values. */
const VIEW = {
  /** The id of the guided experiment whose words are shown; empty: none. Which there are depends on the subject: see link.ts. */
  experiment: row(words, ''),
  /** The number of a test image. */
  image: row(whole(0, IMAGES - 1), 0, digits),
  /** Rows of the image that have been read. */
  row: row(whole(0, ROWS), ROWS, digits),
  /** The layer and direction whose gates and states are shown: 0 for the lowest one, as in `cellsOf`. */
  lstm: row(whole(0, 2 * MOST_LAYERS - 1), 0),
  /** The id of the planted mistake with which the gradients are checked, or `none`. */
  mistake: row(mistake, 'none'),
  /** Where the passage that is looked at begins, in the validation part of the text. */
  passage: row(whole(0, 100_000_000), 0, text),
  /** The visitor's own passage; empty: the passage of the text. */
  reading: row(words, '', text),
  /** The character of the passage whose prediction is explained: its place in the passage. */
  target: row(whole(0, LONGEST_PASSAGE - 2), 40, text),
  /** The hidden unit that colours the passage. */
  unit: row(whole(0, MOST_UNITS - 1), 0, text),
  state: row<State>(oneOf(STATES), 'c', text),
  /** The id of a property of `PROPERTIES`: the units are sorted by it. */
  property: row(oneOf(PROPERTIES.map(({ id }) => id)), 'after-space', text),
  /** What the network continues. */
  prompt: row(words, 'Call me', text),
  temperature: row(number({ kind: 'number', least: 0, most: 2 }), 0.8, text),
};

/** Every row, in the order of a link. */
export const FIELDS = { ...SETTINGS, ...VIEW, rateChanges: row(rateChanges, []) };
export type FieldName = keyof typeof FIELDS;

type ValuesOf<Fields> = { readonly [Name in keyof Fields]: Fields[Name] extends Field<infer Value> ? Value : never };

export interface Settings extends ValuesOf<typeof SETTINGS> {
  readonly subject: Subject;
  readonly rateChanges: readonly RateChange[];
}
export type View = ValuesOf<typeof VIEW>;

/** The settings of a run that has begun. */
export type RunSettings = Settings & { readonly backend: BackendName };

const defaultsOf = (subject: Subject): Settings & View => {
  const values = Object.entries(FIELDS).map(([name, { initial }]) => [name, initial[subject]]);
  return { subject, ...Object.fromEntries(values) } as Settings & View;
};

/** For the digits, the values of `longhand train`. */
export const DEFAULTS = { digits: defaultsOf('digits'), text: defaultsOf('text') };

/** The fields of the form, in its order. */
export const FORM = [
  ...['learningRate', 'steps', 'cell', 'hidden', 'layers', 'bidirectional', 'T', 'forgetBias', 'batchSize', 'seed'],
  ...['characters', 'shuffle', 'backend', 'threads'],
] as const satisfies readonly (keyof typeof SETTINGS)[];

/** The settings alone, without the view. */
export function settingsOf(state: Settings & View): Settings {
  const names = ['subject', 'rateChanges', ...Object.keys(SETTINGS)] as (keyof Settings)[];
  return Object.fromEntries(names.map((name) => [name, state[name]])) as unknown as Settings;
}

/** Shorter sequences and fewer streams for a short text, so that each stream has at least four sequences. */
export function streamsFor(length: number, { T, batchSize }: Settings): Pick<Settings, 'T' | 'batchSize'> {
  const sequences = 4;
  const characters = Math.floor(0.95 * length) - 1;
  const steps = Math.max(LEAST_T, Math.min(T, Math.floor(characters / sequences)));
  return { T: steps, batchSize: Math.max(1, Math.min(batchSize, Math.floor(characters / (sequences * steps)))) };
}

/** With the sizes of `streamsFor`, for the characters that a run reads of a text of `length` characters. */
export function fittedTo(length: number, settings: Settings): Settings {
  return { ...settings, ...streamsFor(Math.min(length, settings.characters ?? length), settings) };
}
