/** The settings of a run on the page. */
import { MOST_THREADS } from '../../kernels/wasm/jobs.js'; // a list of constants: only the worker loads the backend
import { decimalFrom } from '../core/numbers.js';
import { OPTIONS } from '../training/option-table.js';
import type { TrainOptions } from '../training/options.js';
import { layersOf, stepCount, TEXT_OPTIONS, TEXT_T, TUTORIAL } from '../training/options.js';
import type { BackendChoice, BackendName } from './backend-choices.js';

/** What the network learns to read: the digits of MNIST, or the characters of a text. */
export const SUBJECTS = ['digits', 'text'] as const;
export type Subject = (typeof SUBJECTS)[number];

/** From `step` on the learning rate is `rate`: the visitor changed it during the run. */
export interface RateChange {
  readonly step: number;
  readonly rate: number;
}

/** The options of the training that the page offers. Their defaults, kinds and ranges are those of the table. */
type PageOptions = Pick<
  TrainOptions,
  'layers' | 'bidirectional' | 'forgetBias' | 'batchSize' | 'learningRate' | 'seed' | 'shuffle'
> & { readonly hidden: number };

/** These options alone. The form has one number of hidden units for all layers; a list of equal numbers means the same. */
export function pageOptionsOf(options: TrainOptions | PageOptions): PageOptions {
  const layers = layersOf(options);
  const { bidirectional, forgetBias, batchSize, learningRate, seed, shuffle } = options;
  const hidden = layers[0].hidden;
  return { hidden, layers: layers.length, bidirectional, forgetBias, batchSize, learningRate, seed, shuffle };
}

export interface Settings extends PageOptions {
  readonly subject: Subject;
  /** T: steps of a sequence; 28 for the digits. */
  readonly T: number;
  readonly backend: BackendChoice;
  /** The run reads this many characters, from the beginning of the text; null: the whole text. Null for the digits. */
  readonly characters: number | null;
  /** The id of the planted mistake with which the run trains, or `none`. Always `none` for a text. */
  readonly planted: string;
  /** The threads of the `wasm` backend; null: one per core. */
  readonly threads: number | null;
  readonly rateChanges: readonly RateChange[];
  /** The run pauses after this step. */
  readonly steps: number;
}

/** The settings of a run that has begun. */
export type RunSettings = Settings & { readonly backend: BackendName };

/** What “Look inside”, “Write” and “Check it” show. Each subject uses some of these values. */
export interface View {
  /** The id of the guided experiment whose words are shown; empty: none. */
  readonly experiment: string;
  /** The number of a test image. */
  readonly image: number;
  /** Rows of the image that have been read, 0 … 28. */
  readonly row: number;
  /** The layer and direction whose gates and states are shown: 0 for the lowest one, as in `lstmsOf`. */
  readonly lstm: number;
  /** The id of the planted mistake with which the gradients are checked, or `none`. */
  readonly mistake: string;
  /** Where the passage that is looked at begins, in the validation part of the text. */
  readonly passage: number;
  /** The visitor's own passage; empty: the passage of the text. */
  readonly reading: string;
  /** The character of the passage whose prediction is explained: its place in the passage. */
  readonly target: number;
  /** The hidden unit that colours the passage. */
  readonly unit: number;
  readonly state: (typeof STATES)[number];
  /** The id of a property of `PROPERTIES`: the units are sorted by it. */
  readonly property: string;
  /** What the network continues. */
  readonly prompt: string;
  readonly temperature: number;
}

/** The states of a unit that can colour a text. */
export const STATES = ['c', 'h'] as const;

const SHARED = {
  backend: 'wasm',
  characters: null,
  planted: 'none',
  threads: null,
  rateChanges: [],
  experiment: '',
  image: 0,
  row: 28,
  lstm: 0,
  mistake: 'none',
  passage: 0,
  reading: '',
  target: 40,
  unit: 0,
  state: 'c',
  property: 'after-space',
  prompt: 'Call me',
  temperature: 0.8,
} as const;

/** The values of `longhand train`, for each subject. */
export const DEFAULTS: Readonly<Record<Subject, Settings & View>> = {
  digits: {
    ...SHARED,
    subject: 'digits',
    T: 28,
    ...pageOptionsOf(TUTORIAL),
    steps: stepCount(TUTORIAL, 0), // 781; the number of examples does not matter without `epochs`
  },
  text: {
    ...SHARED,
    subject: 'text',
    T: TEXT_T,
    ...pageOptionsOf({ ...TUTORIAL, ...TEXT_OPTIONS }),
    learningRate: 0.01, // in 500 steps as good as after 2,200 with the 0.002 of `longhand train`
    steps: 2260, // 5 epochs of Moby-Dick
  },
};

interface Range {
  /** `positive`: above `least`; the others include it. */
  readonly kind: 'whole' | 'number' | 'positive';
  readonly least: number;
  readonly most: number;
}

/** The limits of a visitor's own text, in code points. */
export const TEXT_LIMITS = { least: 200, most: 10_000_000 } as const;

const MOST_LAYERS = 4;
/** The longest passage that is looked at, and the longest prompt. */
export const LONGEST_PASSAGE = 400;
/** The characters of a passage of the text. */
export const PASSAGE = 300;

const whole = (least: number, most: number): Range => ({ kind: 'whole', least, most });

/** The range of each number. For a training option it is that of the table, or a narrower one. */
export const LIMITS = {
  learningRate: OPTIONS.learningRate,
  seed: OPTIONS.seed,
  // larger networks and batches need gigabytes, and seconds for each step
  hidden: whole(OPTIONS.hidden.least, 1024),
  layers: whole(OPTIONS.layers.least, MOST_LAYERS),
  forgetBias: { kind: 'number', least: -20, most: 20 }, // beyond them f is 1 in f32, or below 3·10⁻⁹
  batchSize: whole(OPTIONS.batchSize.least, 1024),
  steps: whole(1, 1_000_000),
  threads: whole(1, MOST_THREADS),
  image: whole(0, 9999),
  row: whole(0, 28),
  lstm: whole(0, 2 * MOST_LAYERS - 1),
  T: whole(2, 1000),
  characters: whole(TEXT_LIMITS.least, TEXT_LIMITS.most),
  passage: whole(0, 100_000_000),
  target: whole(0, LONGEST_PASSAGE - 2),
  unit: whole(0, 1023),
  temperature: { kind: 'number', least: 0, most: 2 },
} as const satisfies Readonly<Record<string, Range>>;

export type NumberName = keyof typeof LIMITS;

/** The number that a text spells in decimal notation, spaces around it ignored; null if it is out of range. */
export function numberFrom(name: NumberName, text: string): number | null {
  const { kind, least, most }: Range = LIMITS[name];
  const value = decimalFrom(text.trim());
  const isInRange = (kind === 'positive' ? value > least : value >= least) && value <= most;
  return isInRange && (kind !== 'whole' || Number.isInteger(value)) ? value : null;
}

/** For messages: `a whole number from 1 to 1024`. */
export function rangeOf(name: NumberName): string {
  const { kind, least, most }: Range = LIMITS[name];
  const largest = most > 1e15 ? most.toPrecision(8) : String(most);
  if (kind === 'positive') return `a number above ${least}, at most ${largest}`;
  return `${kind === 'whole' ? 'a whole number' : 'a number'} from ${least} to ${largest}`;
}

/** The settings alone, without the view. */
export function settingsOf(state: Settings & View): Settings {
  const { subject, T, characters, planted, backend, threads, rateChanges, steps } = state;
  return { subject, T, characters, planted, backend, threads, ...pageOptionsOf(state), rateChanges, steps };
}

/** What the page says about a visitor's own text. */
export interface TextFacts {
  /** Code points. */
  readonly length: number;
  /** The different characters. */
  readonly characters: readonly string[];
}

/** Shorter sequences and fewer streams for a short text, so that each stream has at least four sequences. */
export function streamsFor(length: number, { T, batchSize }: Settings): Pick<Settings, 'T' | 'batchSize'> {
  const sequences = 4;
  const characters = Math.floor(0.95 * length) - 1;
  const steps = Math.max(LIMITS.T.least, Math.min(T, Math.floor(characters / sequences)));
  return { T: steps, batchSize: Math.max(1, Math.min(batchSize, Math.floor(characters / (sequences * steps)))) };
}

/** With the sizes of `streamsFor`, for the characters that a run reads of a text of `length` characters. */
export function fittedTo(length: number, settings: Settings): Settings {
  return { ...settings, ...streamsFor(Math.min(length, settings.characters ?? length), settings) };
}
