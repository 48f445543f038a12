/** The options of a training run, made from the table in option-table.ts: their types, defaults and checks, also when a run is resumed. */
import { assertKnownNames, counted, describe, plainCopyOf } from '../core/arguments.js';
import { F32_RANGE, LARGEST_F32 } from '../core/numbers.js';
import type { Limits } from '../equations/clipping.js';
import type { TrainData } from '../data/train-data.js';
import { hasTargets } from '../data/train-data.js';
import type { Vocabulary } from '../data/text.js';
import type { Schedule } from '../equations/schedule.js';
import { MOST_LAYERS } from '../network/config.js';
import type { OptionEntry, RangedEntry } from './option-table.js';
import { ACCEPTED, faultOfQuantiles, isOfNewRun, OPTIONS } from './option-table.js';

type Table = typeof OPTIONS;
/** The name of an option. */
export type OptionName = keyof Table;

type ValueOf<Entry extends OptionEntry> =
  | (Entry extends { choices: readonly (infer Choice)[] }
      ? Choice
      : Entry extends { kind: 'switch' }
        ? boolean
        : Entry extends { kind: 'list' }
          ? number | readonly number[]
          : Entry extends { kind: 'quantiles' }
            ? readonly number[]
            : number)
  | (Entry extends { default: null } ? null : never);

/** A value for each option. (The mapped type keeps the comments of the table.) */
type Values = { readonly [Name in keyof Table]: ValueOf<Table[Name]> };

/** The options of a training run; `TUTORIAL` holds the defaults. */
export interface TrainOptions extends Schedule, Limits, Pick<Values, Exclude<OptionName, keyof (Schedule & Limits)>> {}

/** Options of a run. An option that is left out has the tutorial's value. */
export type GivenOptions = Partial<TrainOptions>;

/** The options that a resumed run may change; it takes the others from its checkpoint. @interface */
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

/** The tutorial's constants, and the default of every option that the tutorial does not have. Frozen. */
export const TUTORIAL: TrainOptions = Object.freeze(defaults());

function defaults(): Values {
  return Object.fromEntries<unknown>(OPTION_NAMES.map((name) => [name, OPTIONS[name].default])) as Values;
}

/** T of a character model: the steps of Karpathy's char-rnn. */
export const TEXT_T = 50;

/** Options with which a character model starts, where they differ from the tutorial's: those of char-rnn, with Adam. */
export const TEXT_OPTIONS = Object.freeze({
  layers: 2,
  hidden: 128,
  batchSize: 50,
  learningRate: 0.002,
  clipNorm: 5,
  outputInit: 'glorot',
  epochs: 5,
  displayStep: 50,
} as const);

/** What a network reads before it writes, unless a user says something else. */
export const PRIME = 'Call me';

/** `PRIME`, or nothing if the vocabulary lacks a character of it. */
export function defaultPrime({ characters, hasOther }: Vocabulary): string {
  return hasOther || Array.from(PRIME).every((character) => characters.includes(character)) ? PRIME : '';
}

/**
 * Throws a TypeError for an option that does not exist, and a RangeError for a value that checkpoints do not accept. `chosen`: the
 * options that no checkpoint sets, which must be in the range of new runs. Default: none.
 */
export function assertOptions(options: TrainOptions, chosen: readonly OptionName[] = []): void {
  assertKnownNames('train', options, OPTION_NAMES);
  const fault = faultOf(options) ?? newFaultOf(options, chosen);
  if (fault !== undefined) throw new RangeError(`train: ${fault}`);
}

/** Every option of a new run: the given ones, and the tutorial's. Throws the errors of `assertOptions`. */
export function completeOptions(given: GivenOptions): TrainOptions {
  assertKnownNames('train', given, OPTION_NAMES);
  const options = { ...TUTORIAL, ...plainCopyOf(given) };
  assertOptions(options, OPTION_NAMES);
  return options;
}

/** A frozen copy, for a run: callers may change the options and lists that they gave, and every checkpoint of the run shares its own. */
export function ownOptions(options: TrainOptions): TrainOptions {
  const { hidden, quantiles } = options;
  return Object.freeze({
    ...options,
    hidden: typeof hidden === 'number' ? hidden : Object.freeze([...hidden]),
    quantiles: Object.freeze([...quantiles]),
  });
}

/** The option's name in checkpoints, and on the command line as `commander` writes a flag. */
export function storedName(name: OptionName): string {
  return (OPTIONS[name] as OptionEntry).formerName ?? name;
}

/** What is wrong with the first option that checkpoints do not accept; undefined if all are right. `nameOf`: its name in the message. */
export function faultOf(options: Values, nameOf: (name: OptionName) => string = (name) => name): string | undefined {
  for (const name of OPTION_NAMES) {
    const fault = faultOfValue(name, nameOf(name), options[name]);
    if (fault !== undefined) return fault;
  }
  const { patience, validateEvery, hidden, layers, dropout, projection } = options;
  if (patience !== null && validateEvery === null) {
    return `patience ${patience}: must be null if validateEvery is null`;
  }
  if (typeof hidden !== 'number' && layers !== 1 && layers !== hidden.length) {
    return `layers ${layers}: must be left out or ${hidden.length}, because hidden has ${counted(hidden.length, 'number')}`;
  }
  const smallest = Math.min(...layersOf(options).map((layer) => layer.hidden));
  if (projection >= smallest) {
    return `projection ${projection}: must be smaller than hidden, ${smallest}, or 0 for none`;
  }
  if (dropout > 0 && layersOf(options).length === 1) {
    return `dropout ${dropout}: must be 0 with one layer, because it drops numbers between two layers`;
  }
  if (options.biasInit === 'chrono' && !CHRONO_CELLS.includes(options.cell)) {
    return `biasInit chrono: must be zeros for the cell ${options.cell}, which has no gate that keeps its state`;
  }
  return uselessFaultOf(options, ['delta', 'quantiles', 'projection', 'eigenvalues']);
}

/** The cells that the initial biases 'chrono' suit. */
export const CHRONO_CELLS: readonly Values['cell'][] = ['lstm', 'gru', 'lstm-peephole', 'mingru', 'minlstm'];

/**
 * Options that have an effect only beside one value of another option. Cells stand here by their names, because a page needs the options
 * without the cells' equations; test/cells/cells.test.ts asks the cells.
 */
export const NEEDS = {
  decayEvery: ['schedule', 'step'],
  decayRate: ['schedule', 'step'],
  momentum: ['optimiser', 'sgd'],
  delta: ['loss', 'huber'],
  quantiles: ['loss', 'pinball'],
  projection: ['cell', 'lstm'],
  forgetBias: ['cell', 'lstm', 'lstm-peephole', 'minlstm', 'slstm'],
  eigenvalues: ['cell', 'mingru', 'minlstm'],
} as const;

/** What is wrong with the first of `names` that has no effect, although it is not its default; undefined if all are right. */
function uselessFaultOf(options: Values, names: readonly OptionName[]): string | undefined {
  for (const [name, [other, ...values]] of Object.entries(NEEDS) as [
    keyof typeof NEEDS,
    readonly [OptionName, ...string[]],
  ][]) {
    if (!names.includes(name) || values.some((value) => options[other] === value) || hasDefault(options, name))
      continue;
    return `${name} ${String(options[name])}: must be left out unless ${other} is ${values.join(' or ')}`;
  }
  return undefined;
}

/** Whether an option has its default. */
export const hasDefault = (options: Values, name: OptionName): boolean =>
  JSON.stringify(options[name]) === JSON.stringify(TUTORIAL[name]);

function faultOfValue(name: OptionName, shown: string, value: unknown): string | undefined {
  const option: OptionEntry = OPTIONS[name];
  if (option.kind === 'quantiles') return faultOfQuantiles(shown, value);
  if (option.kind === 'list' && Array.isArray(value)) {
    const wrong = Array.from<unknown>(value).findIndex((element) => !accepts(option, element));
    if (wrong >= 0) return `${shown}[${wrong}] ${describe(value[wrong])}: must be ${option.accepts}`;
    if (value.length >= 1 && value.length <= MOST_LAYERS) return undefined;
    return `${shown} has ${counted(value.length, 'number')}: must be one for each layer, 1 to ${MOST_LAYERS}`;
  }
  return accepts(option, value) ? undefined : `${shown} ${describe(value)}: must be ${acceptedBy(option)}`;
}

/** What is wrong with the first of `names` that a new run does not accept, although checkpoints may hold it; undefined if all are right. */
function newFaultOf(options: Values, names: readonly OptionName[]): string | undefined {
  for (const name of names) {
    const option: OptionEntry = OPTIONS[name];
    if (!('least' in option)) continue;
    const value: unknown = options[name];
    const [list, shown]: [unknown[], (n: number) => string] = Array.isArray(value)
      ? [value, (n) => `${name}[${n}]`]
      : [[value], () => name];
    const wrong = list.findIndex((number) => typeof number === 'number' && !isOfNewRun(option, number));
    if (wrong >= 0) return `${shown(wrong)} ${describe(list[wrong])}: must be ${rangeOf(option)}`;
  }
  return uselessFaultOf(options, names);
}

/** What new runs accept, for messages. */
function rangeOf({ kind, least, most }: RangedEntry): string {
  if (kind === 'whole' || kind === 'list') return `a whole number from ${least} to ${most}`;
  const within = `within f32 (${F32_RANGE})`;
  if (kind === 'positive') return `a number > ${least} ${within} that f32 does not round to 0`;
  return `a number ${most === LARGEST_F32 ? within : `from ${least} to ${most}`} that f32 does not round to 0`;
}

/** The layers that the options describe, the lowest first. */
export function layersOf({
  hidden,
  layers,
  bidirectional,
  projection = 0,
  withoutBias = false,
  cell = 'lstm',
}: Pick<Values, 'hidden' | 'layers' | 'bidirectional'> & Partial<Pick<Values, 'projection' | 'withoutBias' | 'cell'>>) {
  const sizes = typeof hidden === 'number' ? Array<number>(layers).fill(hidden) : hidden;
  return sizes.map((size) => ({ hidden: size, bidirectional, projection, bias: !withoutBias, cell }));
}

/** The options that checkpoints of a version can hold. */
export const namesInVersion = (version: number): OptionName[] =>
  OPTION_NAMES.filter((name) => ((OPTIONS[name] as OptionEntry).since ?? 1) <= version);

/** The options that a checkpoint of a version holds, by their names there. */
export const storedOptions = (options: Values, version: number): Record<string, unknown> =>
  Object.fromEntries(
    namesInVersion(version)
      .filter((name) => (OPTIONS[name] as OptionEntry).storedIfSet !== true || !hasDefault(options, name))
      .map((name) => [storedName(name), options[name]]),
  );

/** Whether checkpoints of version 1 can hold these options. */
export const areVersion1 = (options: Values): boolean =>
  typeof options.hidden === 'number' &&
  OPTION_NAMES.every((name) => namesInVersion(1).includes(name) || hasDefault(options, name));

function accepts(option: Exclude<OptionEntry, { kind: 'quantiles' }>, value: unknown): boolean {
  if (option.kind === 'choice') return option.choices.some((choice) => choice === value);
  if (option.kind === 'switch') return typeof value === 'boolean';
  if (value === null) return option.default === null;
  return typeof value === 'number' && ACCEPTED[option.accepts](value);
}

function acceptedBy(option: Exclude<OptionEntry, { kind: 'quantiles' }>): string {
  if (option.kind === 'choice') return `one of ${option.choices.join(', ')}`;
  if (option.kind === 'switch') return 'true or false';
  if (option.kind === 'list') return `${option.accepts}, or a list of them`;
  return option.default === null ? `${option.accepts}, or null` : option.accepts;
}

/** What is wrong with the first option that these data cannot have; undefined if there is none. */
export function misfitOfOptions(options: Values, data: TrainData): string | undefined {
  const { bidirectional, shuffle, shift, loss } = options;
  const isText = 'characters' in data;
  if (isText && bidirectional) {
    return 'bidirectional: must be false for a text: the reverse direction reads what is predicted';
  }
  if (isText && shuffle !== 'tf1') return `shuffle ${shuffle}: must be left out for a text, which is read in order`;
  if (loss !== TUTORIAL.loss && !hasTargets(data)) {
    return `loss ${loss}: must be left out for data with labels, whose loss is the cross-entropy`;
  }
  if (shift === 0) return undefined;
  if (!('pixels' in data)) return `shift ${shift}: must be 0, because only images can be moved`;
  const { rows, columns } = data;
  if (shift < Math.min(rows, columns)) return undefined;
  return `shift ${shift}: must be smaller than each side of the images, ${rows} × ${columns}`;
}

/** @inline */
type StepOptions = Pick<TrainOptions, 'batchSize' | 'trainingIters' | 'epochs' | 'shuffle'>;

/** How many updates a run makes on `count` examples: the largest step with step · batchSize < trainingIters, or whole epochs. */
export function stepCount({ batchSize, trainingIters, epochs, shuffle }: StepOptions, count: number): number {
  if (epochs === null) return Math.max(0, Math.ceil(trainingIters / batchSize) - 1);
  return shuffle === 'legacy' ? epochs * Math.floor(count / batchSize) : Math.floor((epochs * count) / batchSize);
}

/** What a resumed run has of the run that a checkpoint holds. */
interface BegunRun {
  readonly options: TrainOptions;
  /** Steps made. */
  readonly step: number;
  /** One element for each example. */
  readonly order: ArrayLike<number>;
}

/** The options that set the length of a run. */
const LENGTHS = ['trainingIters', 'epochs'] as const;

/**
 * The options of a checkpoint's run, with those that the caller gives. Throws a TypeError for an option that cannot be changed.
 * Throws a RangeError for an option out of range, or a length that the run cannot have. Without a new length, the length is not
 * checked: a run that has made all its steps makes none.
 */
export function resumedOptions(saved: BegunRun, given: ResumeOptions): TrainOptions {
  const changed = withOneLength(assertChangeable(given));
  const options = { ...saved.options, ...changed };
  assertOptions(
    options,
    OPTION_NAMES.filter((name) => name in changed),
  );
  const fault = givesLength(changed) ? lengthFaultOf(saved, changed) : undefined;
  if (fault !== undefined) throw new RangeError(`resume: ${fault}`);
  return options;
}

/** A plain copy of the options, which may all be changed. */
function assertChangeable(given: ResumeOptions): ResumeOptions {
  assertKnownNames('resume', given, OPTION_NAMES);
  const fixed = OPTION_NAMES.find((name) => name in given && !isChangeableOnResume(name));
  if (fixed !== undefined) throw new TypeError(`resume: ${fixed} comes from the checkpoint and cannot be changed`);
  return plainCopyOf(given);
}

/** `trainingIters` alone also replaces the saved `epochs`, which would otherwise set the length. */
export const withOneLength = <Given extends ResumeOptions>(given: Given): Given =>
  'trainingIters' in given && !('epochs' in given) ? { ...given, epochs: null } : given;

/** Also if the value is null, which can change the length too. */
const givesLength = (given: ResumeOptions): boolean => LENGTHS.some((name) => name in given);

/**
 * Why the run cannot have the length of the options; undefined if it can. `nameOf`: an option's name in the message. Default:
 * as in the library.
 */
export function lengthFaultOf(
  { options, step, order }: BegunRun,
  given: ResumeOptions,
  nameOf: (name: OptionName) => string = (name) => name,
): string | undefined {
  if (options.schedule === 'cosine' && givesLength(given)) {
    const names = LENGTHS.map(nameOf).join(' and ');
    return `a cosine schedule depends on the length of its run, so ${names} cannot change it`;
  }
  const steps = stepCount({ ...options, ...given }, order.length);
  if (steps >= step) return undefined;
  return `the new length is ${counted(steps, 'step')}, but the run is at step ${step}: choose a greater length`;
}
