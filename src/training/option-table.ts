/**
 * The table of the training's options: what a run computes and reports. (The files and the backend of a run are not
 * in it: `longhand train` has other flags for them.) The table defines the options' types and defaults, and which values new
 * runs and checkpoints accept. It also defines the flags of `longhand train` (src/cli/commands/train.ts) and the limits of the page's
 * fields.
 *
 * To add an option, add an entry and use it in training.ts, the next file to read. The types of some options, with comments, stand
 * beside their equations, in src/equations/schedule.ts and src/equations/clipping.ts.
 */
import { describe } from '../core/arguments.js';
import { F32_RANGE, isWithinF32, LARGEST_F32, LARGEST_WHOLE } from '../core/numbers.js';
import { SHUFFLES } from '../data/batches.js';
import { SCHEDULES } from '../equations/schedule.js';
import { EIGENVALUES, LOSSES, MOST_DROPOUT, MOST_LAYERS } from '../network/config.js';
import { CELL_NAMES } from '../cells/names.js';
import { BIAS_INITS, OUTPUT_INITS } from '../network/initial-values.js';

/** What computes the updates: Adam (6), or gradient descent with momentum (11). */
export const OPTIMISERS = ['adam', 'sgd'] as const;

/** The losses of targets: squared (13), absolute (17) and Huber's (18) errors, and quantiles (19). */
export const TARGET_LOSSES = LOSSES.filter((loss) => loss !== 'crossEntropy');

/** The headings that group the options in `longhand train --help`. */
export const GROUPS = ['Network', 'Training', 'Optimiser', 'Learning rate', 'Gradient clipping', 'Reporting'] as const;

const LAYER_COUNT = `a whole number from 1 to ${MOST_LAYERS}` as const;
const MOST_PIXELS = 1000;
const PIXEL_COUNT = `a whole number from 0 to ${MOST_PIXELS}` as const;
const DROPOUT = `a number from 0 to ${MOST_DROPOUT}` as const;
const IN_F32 = `a number within f32 (${F32_RANGE})` as const;

/**
 * What checkpoints accept, and the runs that resume them. Some of these are wider than the ranges of new runs. None may become
 * narrower: files of earlier versions can hold such values.
 */
export const ACCEPTED = {
  'a whole number ≥ 0': (value: number) => Number.isInteger(value) && value >= 0,
  'a whole number ≥ 1': (value: number) => Number.isInteger(value) && value >= 1,
  [LAYER_COUNT]: (value: number) => Number.isInteger(value) && value >= 1 && value <= MOST_LAYERS,
  [PIXEL_COUNT]: (value: number) => Number.isInteger(value) && value >= 0 && value <= MOST_PIXELS,
  'a number ≥ 0 and < 1': (value: number) => value >= 0 && value < 1,
  [DROPOUT]: (value: number) => value >= 0 && value <= MOST_DROPOUT,
  'a number > 0': (value: number) => Number.isFinite(value) && value > 0,
  'a finite number': (value: number) => Number.isFinite(value),
  [IN_F32]: isWithinF32,
};

/** The fields of every entry. */
interface Described {
  /** Its flag on the command line, with a placeholder for the value. */
  readonly flag: `--${string}`;
  /** What the help says about the flag. */
  readonly help: string;
  /** Where the help lists the flag. */
  readonly group: (typeof GROUPS)[number];
  /** Whether a resumed run may change it. Default: no, the run keeps the checkpoint's value. */
  readonly changeableOnResume?: true;
  /** Its former name, which checkpoints and flags keep. Default: the present name. */
  readonly formerName?: string;
  /** The version of checkpoints that introduced it. Default: 1. A run without newer options writes the older version. */
  readonly since?: 2 | 3;
  /** Whether checkpoints leave it out if it has its default. Default: no. */
  readonly storedIfSet?: true;
  /** What null means, for the help. */
  readonly whenNull?: string;
}

interface NumberEntry extends Described {
  /** `positive`: greater than `least`. `whole` and `number`: `least` or greater. */
  readonly kind: 'whole' | 'number' | 'positive';
  /** The range of new runs: of flags, of the page's fields, and of the library. */
  readonly least: number;
  readonly most: number;
  /** The range of checkpoints. */
  readonly accepts: keyof typeof ACCEPTED;
  readonly default: number;
}

interface NullableEntry extends Omit<NumberEntry, 'default'> {
  readonly default: null;
  /** What null means, for the help. */
  readonly whenNull: string;
}

/** A whole number, or a list of them. */
interface ListEntry extends Omit<NumberEntry, 'kind'> {
  readonly kind: 'list';
}

/** Numbers between 0 and 1, each greater than the one before. */
interface QuantilesEntry extends Described {
  readonly kind: 'quantiles';
  readonly default: readonly number[];
}

interface SwitchEntry extends Described {
  readonly kind: 'switch';
  readonly default: false;
}

interface ChoiceEntry extends Described {
  readonly kind: 'choice';
  readonly choices: readonly string[];
  readonly default: string;
}

/** An entry whose values are numbers. */
export type RangedEntry = NumberEntry | NullableEntry | ListEntry;
/** An entry of the table. */
export type OptionEntry = RangedEntry | QuantilesEntry | SwitchEntry | ChoiceEntry;

/** Whether a new run accepts this number; of a list, this one of its numbers. Checkpoints may accept more. */
export function isOfNewRun({ kind, least, most }: RangedEntry, value: number): boolean {
  if (kind === 'whole' || kind === 'list') return Number.isInteger(value) && value >= least && value <= most;
  const vanishes = value !== 0 && Math.fround(value) === 0; // a network computes in f32
  return !vanishes && value <= most && (kind === 'positive' ? value > least : value >= least);
}

/** What is wrong with the option `quantiles`, for messages; undefined if nothing is. `name`: the option's. */
export function faultOfQuantiles(name: string, value: unknown): string | undefined {
  if (!Array.isArray(value) || value.length === 0) {
    return `${name} ${describe(value)}: must be a list of numbers between 0 and 1`;
  }
  const list = Array.from<unknown>(value);
  const wrong = list.findIndex((q) => !(typeof q === 'number' && Math.fround(q) > 0 && Math.fround(q) < 1));
  if (wrong >= 0) return `${name}[${wrong}] ${describe(list[wrong])}: must be between 0 and 1, also in f32`;
  const late = list.findIndex((q, n) => n > 0 && Number(q) <= Number(list[n - 1]));
  if (late < 0) return undefined;
  return `${name}[${late}] ${describe(list[late])}: must be greater than the one before, ${describe(list[late - 1])}`;
}

const COUNT = { kind: 'whole', least: 1, most: LARGEST_WHOLE, accepts: 'a whole number ≥ 1' } as const;
const COUNT_OR_0 = { kind: 'whole', least: 0, most: LARGEST_WHOLE, accepts: 'a whole number ≥ 0' } as const;
const RATE = { kind: 'positive', least: 0, most: LARGEST_F32, accepts: IN_F32 } as const;
const LIMIT = { kind: 'positive', least: 0, most: LARGEST_F32, accepts: 'a number > 0' } as const;
const SWITCH = { kind: 'switch' } as const;
const oneOf = <const Choices>(choices: Choices) => ({ kind: 'choice', choices }) as const;

/** Makes entries of a group of the help: the values that an option accepts, its default, its flag, and what is special about it. */
const entriesOf =
  <const Group extends Described['group']>(group: Group) =>
  <const Kind, const Default, const Shown extends Omit<Described, 'group'>>(
    kind: Kind,
    value: Default,
    shown: Shown,
  ) => ({ ...kind, ...shown, default: value, group });

const [network, training, optimiser, learningRate, clipping, reporting] = GROUPS.map(entriesOf);

/** The table, in the order in which checkpoints hold the options. */
export const OPTIONS = {
  learningRate: learningRate(RATE, 0.001, { flag: '--learning-rate <number>', help: 'base learning rate' }),
  schedule: learningRate(oneOf(SCHEDULES), 'constant', {
    flag: '--schedule <name>',
    help: 'how the learning rate changes after the warm-up',
  }),
  warmUp: learningRate(COUNT_OR_0, 0, {
    flag: '--warm-up <steps>',
    help: 'steps over which the learning rate rises linearly to its base value',
  }),
  decayEvery: learningRate(COUNT, 1000, {
    flag: '--decay-every <steps>',
    help: 'with --schedule step: steps from one decay to the next',
  }),
  decayRate: learningRate(RATE, 0.5, {
    flag: '--decay-rate <factor>',
    help: 'with --schedule step: each decay multiplies the learning rate by <factor>',
  }),
  /** Adam (6), or gradient descent with momentum (11). Default: 'adam'. */
  optimiser: optimiser(oneOf(OPTIMISERS), 'adam', {
    flag: '--optimiser <name>',
    help: 'what computes the updates',
    since: 2,
  }),
  /** Momentum of (11); Adam does not use it. Default: 0.9. */
  momentum: optimiser({ kind: 'number', least: 0, most: 0.9999, accepts: 'a number ≥ 0 and < 1' }, 0.9, {
    flag: '--momentum <number>',
    help: 'with --optimiser sgd: the share of the velocity that an update keeps',
    since: 2,
  }),
  clipValue: clipping(LIMIT, null, {
    whenNull: 'no clipping',
    flag: '--clip-value <limit>',
    help: 'clip each gradient element to ± this value',
  }),
  clipNorm: clipping(LIMIT, null, {
    whenNull: 'no clipping',
    flag: '--clip-norm <norm>',
    help: 'scale the whole gradient down to this norm',
  }),
  /**
   * What the errors of targets cost: 'squaredError', 'absoluteError', 'huber' with `delta`, or 'pinball' with `quantiles`. Labels have
   * the cross-entropy, and this option must then be left out. Default: 'squaredError'.
   */
  loss: training(oneOf(TARGET_LOSSES), 'squaredError', {
    flag: '--loss <name>',
    help: 'what errors cost, for data with targets; labels have the cross-entropy',
    since: 3,
    storedIfSet: true,
  }),
  /** δ of the loss 'huber', which needs it alone: larger errors cost as in 'absoluteError'. Default: 1. */
  delta: training(LIMIT, 1, {
    flag: '--delta <number>',
    help: 'with --loss huber: errors beyond ± this number cost as in absoluteError',
    since: 3,
    storedIfSet: true,
  }),
  /**
   * For the loss 'pinball' alone: numbers between 0 and 1, each greater than the one before. The network has an output for each
   * quantile of each target: see `NetworkConfig`. Default: [0.05, 0.5, 0.95].
   */
  quantiles: training({ kind: 'quantiles' }, [0.05, 0.5, 0.95], {
    flag: '--quantiles <list>',
    help: 'with --loss pinball: numbers between 0 and 1, in rising order; each target has an output for each',
    since: 3,
    storedIfSet: true,
  }),
  /** In examples: training continues while step · batchSize < trainingIters. Ignored if `epochs` is set. Default: 100000. */
  trainingIters: training(COUNT, 100_000, {
    flag: '--training-iters <count>',
    help: 'train while step · batch size is below <count>',
    changeableOnResume: true,
  }),
  /** Passes over all training examples, in place of `trainingIters`. Default: null, `trainingIters` sets the length. */
  epochs: training(COUNT, null, {
    whenNull: '--training-iters sets the length',
    flag: '--epochs <count>',
    help: 'passes over all training examples, in place of --training-iters',
    changeableOnResume: true,
  }),
  /** B: examples per step. Default: 128. */
  batchSize: training(COUNT, 128, { flag: '--batch-size <count>', help: 'examples per step' }),
  /** A line is reported every `displayStep` steps. Default: 10. */
  displayStep: reporting(COUNT, 10, {
    flag: '--display-step <steps>',
    help: 'print a line every <steps> steps',
    changeableOnResume: true,
  }),
  /** The validation data are evaluated every `validateEvery` steps. Default: null, never. */
  validateEvery: reporting(COUNT, null, {
    whenNull: 'never',
    flag: '--validate-every <steps>',
    help: 'evaluate the validation data every <steps> steps',
  }),
  /** Training stops after `patience` validations in a row without a smaller loss. Default: null, it does not stop early. */
  patience: reporting(COUNT, null, {
    whenNull: 'no early stopping',
    flag: '--patience <count>',
    help: 'stop after <count> validations in a row without a smaller loss',
  }),
  /** H: hidden units of each layer, in each direction; a list gives each layer its own. Default: 128. */
  hidden: network({ ...COUNT, kind: 'list' }, 128, {
    flag: '--hidden <counts>',
    help: 'hidden units of each layer, in each direction; 128,64 makes two layers',
  }),
  /** Layers, if `hidden` is one number. Default: 1. */
  layers: network({ ...COUNT, most: MOST_LAYERS, accepts: LAYER_COUNT }, 1, {
    flag: '--layers <count>',
    help: 'layers of the network',
    since: 2,
  }),
  /** Whether each layer also reads its sequences in reverse. Default: false. */
  bidirectional: network(SWITCH, false, {
    flag: '--bidirectional',
    help: 'a second cell in each layer reads the sequence in reverse',
    since: 2,
  }),
  /** The cell of each layer, see `CellName`. Default: 'lstm'. */
  cell: network(oneOf(CELL_NAMES), 'lstm', {
    flag: '--cell <name>',
    help: 'the cell of each layer; only an LSTM has a projection',
    since: 3,
    storedIfSet: true,
  }),
  /** The factors of minGRU and minLSTM: 'positive', from 0 to 1, or 'signed', from -1 to 1 (28). Default: 'positive'. */
  eigenvalues: network(oneOf(EIGENVALUES), 'positive', {
    flag: '--eigenvalues <name>',
    help: 'the factors of mingru and minlstm: positive, or signed, from -1 to 1',
    since: 3,
    storedIfSet: true,
  }),
  /** P of (16): numbers that each LSTM passes on, fewer than its hidden units. Default: 0, all of them, no projection. */
  projection: network(COUNT_OR_0, 0, {
    flag: '--projection <count>',
    help: 'numbers that each LSTM passes on, fewer than its hidden units; 0: all of them',
    since: 3,
  }),
  /** Whether the cells have no biases; then `biasInit` has no effect. Default: false. */
  withoutBias: network(SWITCH, false, {
    flag: '--without-bias',
    help: 'cells without biases; --bias-start then has no effect',
    since: 3,
  }),
  /** p of (12): the probability that a number between two layers is dropped in training; needs two layers. Default: 0. */
  dropout: network({ kind: 'number', least: 0, most: MOST_DROPOUT, accepts: DROPOUT }, 0, {
    flag: '--dropout <probability>',
    help: 'probability that a number between two layers is dropped in training',
    since: 2,
  }),
  /** The output layer's initial values: 'normal', as in the tutorial, or 'glorot'; see `Network.initialise`. Default: 'normal'. */
  outputInit: network(oneOf(OUTPUT_INITS), 'normal', {
    formerName: 'outputStart',
    flag: '--output-start <name>',
    help: 'initial values of the output layer',
    since: 2,
  }),
  /** The gates' initial biases: 'zeros', or 'chrono' for long sequences; see `Network.initialise`. Default: 'zeros'. */
  biasInit: network(oneOf(BIAS_INITS), 'zeros', {
    formerName: 'biasStart',
    flag: '--bias-start <name>',
    help: "initial biases of the gates; chrono: units that keep a state for up to a sequence's length",
    since: 2,
  }),
  /** Added to the forget gate's pre-activation. Default: 1. */
  forgetBias: network({ kind: 'number', least: -LARGEST_F32, most: LARGEST_F32, accepts: IN_F32 }, 1, {
    flag: '--forget-bias <number>',
    help: "added to the forget gate's pre-activation",
  }),
  /** Seed of the initial weights and of all that is drawn at random: batches, dropout, shifts. The same seed gives the same run. Default: 1. */
  seed: training({ ...COUNT_OR_0, accepts: 'a finite number' }, 1, {
    flag: '--seed <number>',
    help: 'seed of the initial weights, the order of the examples, dropout and shifts',
  }),
  /** Each image of a batch is moved by up to this many pixels in each direction, at random. Default: 0. */
  shift: training({ ...COUNT_OR_0, most: MOST_PIXELS, accepts: PIXEL_COUNT }, 0, {
    flag: '--shift <pixels>',
    help: 'move each training image at random, by up to <pixels> in each direction',
    since: 2,
  }),
  /** Which of TensorFlow's two `next_batch` forms draws the batches: see `Shuffle`. Default: 'tf1'. */
  shuffle: training(oneOf(SHUFFLES), 'tf1', {
    flag: '--shuffle <form>',
    help: "which of TensorFlow's two next_batch forms draws the batches",
  }),
} as const satisfies Readonly<Record<string, OptionEntry>>;

for (const entry of Object.values<OptionEntry>(OPTIONS)) {
  if (entry.kind === 'choice') Object.freeze(entry.choices);
  if (entry.kind === 'quantiles') Object.freeze(entry.default);
  Object.freeze(entry);
}
Object.freeze(OPTIONS);
