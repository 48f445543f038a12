/**
 * Every option of the training, in one table: what a run computes and reports. (The files and the backend of a run are not
 * in it: `longhand train` has other flags for them.) The table defines the options' types and defaults, and which values the
 * library and checkpoints accept. It also defines the flags of `longhand train` (src/cli/train.ts) and the limits of the
 * page's fields.
 *
 * To add an option, add an entry and use it in run.ts, the next file to read. src/schedule.ts and src/clipping.ts declare
 * their options too, with comments, beside their equations.
 */
import { assertKnownNames, describe } from '../arguments.js';
import type { Limits } from '../clipping.js';
import { SHUFFLES } from '../data/batches.js';
import { F32_RANGE, isWithinF32, LARGEST_F32, LARGEST_WHOLE } from '../numbers.js';
import type { Schedule } from '../schedule.js';
import { SCHEDULES } from '../schedule.js';

/** The headings that group the options in `longhand train --help`. */
export const GROUPS = ['Training', 'Learning rate', 'Gradient clipping', 'Reporting'] as const;

const IN_F32 = `a number within f32 (${F32_RANGE})` as const;

/**
 * What the library and checkpoints accept. Some of these are wider than the ranges of flags. None may become narrower:
 * files of earlier versions can hold such values.
 */
const ACCEPTED = {
  'a whole number ≥ 0': (value: number) => Number.isInteger(value) && value >= 0,
  'a whole number ≥ 1': (value: number) => Number.isInteger(value) && value >= 1,
  'a number > 0': (value: number) => Number.isFinite(value) && value > 0,
  'a finite number': (value: number) => Number.isFinite(value),
  [IN_F32]: isWithinF32,
};

/** The fields of every entry. */
interface Described {
  /** Its flag on the command line, with a placeholder for the value. */
  readonly flag: `--${string} <${string}>`;
  /** What the help says about the flag. */
  readonly help: string;
  /** Where the help lists the flag. */
  readonly group: (typeof GROUPS)[number];
  /** Whether a resumed run may change it. Default: no, the run keeps the checkpoint's value. */
  readonly changeableOnResume?: true;
}

interface NumberEntry extends Described {
  /** `positive`: above `least`; the others include it. */
  readonly kind: 'whole' | 'number' | 'positive';
  /** The range of flags and of the page's fields. */
  readonly least: number;
  readonly most: number;
  /** The range of the library and of checkpoints. */
  readonly accepts: keyof typeof ACCEPTED;
  readonly default: number;
}

interface NullableEntry extends Omit<NumberEntry, 'default'> {
  readonly default: null;
  /** What null means, for the help. */
  readonly whenNull: string;
}

interface ChoiceEntry extends Described {
  readonly kind: 'choice';
  readonly choices: readonly string[];
  readonly default: string;
}

/** An entry of the table. */
export type OptionEntry = NumberEntry | NullableEntry | ChoiceEntry;

const COUNT = { kind: 'whole', least: 1, most: LARGEST_WHOLE, accepts: 'a whole number ≥ 1' } as const;
const RATE = { kind: 'positive', least: 0, most: LARGEST_F32, accepts: IN_F32 } as const;
const LIMIT = { kind: 'positive', least: 0, most: LARGEST_F32, accepts: 'a number > 0' } as const;

/** The table, in the order in which checkpoints hold the options. */
export const OPTIONS = {
  learningRate: {
    ...RATE,
    default: 0.001,
    flag: '--learning-rate <number>',
    help: 'base learning rate',
    group: 'Learning rate',
  },
  schedule: {
    kind: 'choice',
    choices: SCHEDULES,
    default: 'constant',
    flag: '--schedule <name>',
    help: 'how the learning rate changes after the warm-up',
    group: 'Learning rate',
  },
  warmUp: {
    kind: 'whole',
    least: 0,
    most: LARGEST_WHOLE,
    accepts: 'a whole number ≥ 0',
    default: 0,
    flag: '--warm-up <steps>',
    help: 'steps over which the learning rate rises linearly to its base value',
    group: 'Learning rate',
  },
  decayEvery: {
    ...COUNT,
    default: 1000,
    flag: '--decay-every <steps>',
    help: 'with --schedule step: steps from one decay to the next',
    group: 'Learning rate',
  },
  decayRate: {
    ...RATE,
    default: 0.5,
    flag: '--decay-rate <factor>',
    help: 'with --schedule step: each decay multiplies the learning rate by <factor>',
    group: 'Learning rate',
  },
  clipValue: {
    ...LIMIT,
    default: null,
    whenNull: 'no clipping',
    flag: '--clip-value <limit>',
    help: 'clip each gradient element to ± this value',
    group: 'Gradient clipping',
  },
  clipNorm: {
    ...LIMIT,
    default: null,
    whenNull: 'no clipping',
    flag: '--clip-norm <norm>',
    help: 'scale the whole gradient down to this norm',
    group: 'Gradient clipping',
  },
  /** In images: training continues while step · batchSize < trainingIters. Ignored if `epochs` is set. Default: 100000. */
  trainingIters: {
    ...COUNT,
    default: 100_000,
    flag: '--training-iters <count>',
    help: 'train while step · batch size is below <count>',
    group: 'Training',
    changeableOnResume: true,
  },
  /** Passes over all training images, in place of `trainingIters`. Default: null, `trainingIters` sets the length. */
  epochs: {
    ...COUNT,
    default: null,
    whenNull: '--training-iters sets the length',
    flag: '--epochs <count>',
    help: 'passes over all training images, in place of --training-iters',
    group: 'Training',
    changeableOnResume: true,
  },
  /** B: images per step. Default: 128. */
  batchSize: { ...COUNT, default: 128, flag: '--batch-size <count>', help: 'images per step', group: 'Training' },
  /** A line is reported every `displayStep` steps. Default: 10. */
  displayStep: {
    ...COUNT,
    default: 10,
    flag: '--display-step <steps>',
    help: 'print a line every <steps> steps',
    group: 'Reporting',
    changeableOnResume: true,
  },
  /** The validation images are evaluated every `validateEvery` steps. Default: null, never. */
  validateEvery: {
    ...COUNT,
    default: null,
    whenNull: 'never',
    flag: '--validate-every <steps>',
    help: 'evaluate the 5,000 validation images every <steps> steps',
    group: 'Reporting',
  },
  /** Training stops after `patience` validations in a row without a smaller loss. Default: null, it does not stop early. */
  patience: {
    ...COUNT,
    default: null,
    whenNull: 'no early stopping',
    flag: '--patience <count>',
    help: 'stop after <count> validations in a row without a smaller loss',
    group: 'Reporting',
  },
  /** H: hidden units. Default: 128. */
  hidden: { ...COUNT, default: 128, flag: '--hidden <count>', help: 'hidden units of the LSTM', group: 'Training' },
  /** Added to the forget gate's pre-activation. Default: 1. */
  forgetBias: {
    kind: 'number',
    least: -LARGEST_F32,
    most: LARGEST_F32,
    accepts: IN_F32,
    default: 1,
    flag: '--forget-bias <number>',
    help: "added to the forget gate's pre-activation",
    group: 'Training',
  },
  /** Seed of the initial weights and of the order of the images. The same seed gives the same run. Default: 1. */
  seed: {
    kind: 'whole',
    least: 0,
    most: LARGEST_WHOLE,
    accepts: 'a finite number',
    default: 1,
    flag: '--seed <number>',
    help: 'seed of the initial weights and of the order of the images',
    group: 'Training',
  },
  /** Which of TensorFlow's two `next_batch` forms draws the batches: see `Shuffle`. Default: 'tf1'. */
  shuffle: {
    kind: 'choice',
    choices: SHUFFLES,
    default: 'tf1',
    flag: '--shuffle <form>',
    help: "which of TensorFlow's two next_batch forms draws the batches",
    group: 'Training',
  },
} as const satisfies Readonly<Record<string, OptionEntry>>;

type Table = typeof OPTIONS;
/** The name of an option. */
export type OptionName = keyof Table;

type ValueOf<Entry extends OptionEntry> =
  | (Entry extends { choices: readonly (infer Choice)[] } ? Choice : number)
  | (Entry extends { default: null } ? null : never);

/** A value for each option. (The mapped type keeps the comments of the table.) */
type Values = { readonly [Name in keyof Table]: ValueOf<Table[Name]> };

/** The options of a training run; `TUTORIAL` holds the defaults. */
export interface TrainOptions extends Schedule, Limits, Pick<Values, Exclude<OptionName, keyof (Schedule & Limits)>> {}

/** The options that a resumed run may change; it takes the others from its checkpoint. */
export type ResumeOptions = Partial<
  Pick<
    TrainOptions,
    { [Name in OptionName]: Table[Name] extends { changeableOnResume: true } ? Name : never }[OptionName]
  >
>;

/** All options by name, in the table's order. */
export const OPTION_NAMES = Object.keys(OPTIONS) as OptionName[];

/** Whether a resumed run may change this option. */
export const isChangeableOnResume = (name: OptionName): boolean =>
  (OPTIONS[name] as OptionEntry).changeableOnResume ?? false;

/** The tutorial's constants, and the default of every option that the tutorial does not have. */
export const TUTORIAL: TrainOptions = defaults();

function defaults(): Values {
  return Object.fromEntries(OPTION_NAMES.map((name) => [name, OPTIONS[name].default])) as unknown as Values;
}

/** Throws a TypeError for an option that does not exist, and a RangeError for a value that is not accepted. */
export function assertOptions(options: TrainOptions): void {
  assertKnownNames('train', options, OPTION_NAMES);
  const fault = faultOf(options);
  if (fault !== undefined) throw new RangeError(`train: ${fault}`);
}

/** What is wrong with the first option that the library and checkpoints do not accept; undefined if all are right. */
export function faultOf(options: Values): string | undefined {
  for (const name of OPTION_NAMES) {
    const value = options[name];
    if (!accepts(OPTIONS[name], value)) return `${name} ${describe(value)}: must be ${acceptedBy(OPTIONS[name])}`;
  }
  if (options.patience !== null && options.validateEvery === null) {
    return `patience ${options.patience}: must be null if validateEvery is null`;
  }
  return undefined;
}

function accepts(option: OptionEntry, value: unknown): boolean {
  if (option.kind === 'choice') return option.choices.some((choice) => choice === value);
  if (value === null) return option.default === null;
  return typeof value === 'number' && ACCEPTED[option.accepts](value);
}

function acceptedBy(option: OptionEntry): string {
  if (option.kind === 'choice') return `one of ${option.choices.join(', ')}`;
  return option.default === null ? `${option.accepts}, or null` : option.accepts;
}

type StepOptions = Pick<TrainOptions, 'batchSize' | 'trainingIters' | 'epochs' | 'shuffle'>;

/** How many updates a run makes on `count` examples: the largest step with step · batchSize < trainingIters, or whole epochs. */
export function stepCount({ batchSize, trainingIters, epochs, shuffle }: StepOptions, count: number): number {
  if (epochs === null) return Math.max(0, Math.ceil(trainingIters / batchSize) - 1);
  return shuffle === 'legacy' ? epochs * Math.floor(count / batchSize) : Math.floor((epochs * count) / batchSize);
}
