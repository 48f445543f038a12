/** What a classifier is besides its networks: the columns it reads, its classes, how numbers become inputs, and which rows measure it. */
import { counted } from '../core/arguments.js';
import { DataError } from '../core/errors.js';
import type { Range } from '../core/numbers.js';
import { Random } from '../core/rng.js';
import { sha256Of } from '../files/sha256.js';
import { type Scale, bytesOfNumbers, bytesOfValues, scaleOf } from '../data/scale.js';
import type { PlannedMember } from '../trained-state.js';
import { type ClassifyColumns, type Recordings, type Stretch, listed, shortStep } from './recordings.js';
import { type Window, type WindowSizes, windowsOf } from './windows.js';

/** The parts of the data. The first two choose the networks' weights; the third only measures them. */
export const PARTS = ['training', 'validation', 'test'] as const;
/** The name of a part. */
export type Part = (typeof PARTS)[number];

/** The parts: whole groups; without groups, rows with at least one window between two parts. */
export type Split =
  | { readonly by: 'group'; readonly parts: Readonly<Record<Part, readonly string[]>> }
  | { readonly by: 'row'; readonly parts: Readonly<Record<Part, Range>> };

/** How an input is read. Its numbers come from the training part alone. */
export interface InputPlan extends Scale {
  /** Whether numbers are missing in the training part; a column then says so. */
  readonly hasMissing: boolean;
}

/** What the user chose. */
export interface ClassifyChoices extends WindowSizes {
  readonly columns: ClassifyColumns;
  /** How many networks. */
  readonly seeds: number;
}

/** A classifier without its networks. */
export interface ClassifyPlan extends ClassifyChoices {
  readonly classes: readonly string[];
  /** The distance of two rows in time; null without a time. */
  readonly step: number | null;
  readonly inputs: readonly InputPlan[];
  readonly split: Split;
  /** A digest of what the training and the validation part hold: of their classes and gaps, and of each input. */
  readonly digests: readonly string[];
}

/** The share of the groups, or rows, that are the test part, and the validation part. */
const SHARE = 0.2;

/**
 * The plan for recordings. `seed` draws the groups of each part; `test`: the groups of the test part. Throws a DataError if a part has no window
 * with a class.
 */
export function planOf(
  recordings: Recordings,
  choices: ClassifyChoices,
  seed: number,
  test?: readonly string[],
): ClassifyPlan {
  const { name, classes, step } = recordings;
  const windows = windowsOf(recordings, choices);
  if (windows.length === 0) throw tooShort(recordings, choices);
  const { columns, window } = choices;
  const split =
    columns.group === null ? splitOfRows(recordings.count, window) : splitOfGroups(name, windows, choices, seed, test);
  for (const part of PARTS) assertHasWindows(recordings, choices, split, windows, part);
  const training = windowsOfPart({ split, window }, windows, 'training');
  const [first] = training;
  if (training.every(({ label }) => label === first.label)) {
    throw new DataError(
      `${name}: every window of the training part is ${classes[first.label]}: ` +
        (columns.group === null ? 'name the column of the recordings with --group' : 'choose another --seed'),
    );
  }
  const inputs = trainingInputs(recordings, split).map((own, n): InputPlan => {
    if (own.every(Number.isNaN)) {
      throw new DataError(`${name}: ${columns.inputs[n]} has no number in the training part`);
    }
    return { ...scaleOf(own), hasMissing: own.some(Number.isNaN) };
  });
  return { ...choices, classes, step, inputs, split, digests: digestsOf(recordings, split) };
}

/** Throws a DataError unless recordings have the numbers and classes from which the networks and the baselines of a plan learn. */
export function assertOfTraining({ split, columns, digests }: ClassifyPlan, recordings: Recordings): void {
  // 0 is the class and -1 nothing; the way that made the digests is the one by which most of them are the same
  const others = [learnedStretches, learnedStretchesOf100].map((learnedIn) =>
    digestsOf(recordings, split, learnedIn).findIndex((digest, n) => digest !== digests[n]),
  );
  if (others.includes(-1)) return;
  const other = Math.max(...others);
  const what =
    other === 0
      ? `${columns.classify} or the gaps between rows differ`
      : `${columns.inputs[other - 1]} has other numbers`;
  const [training, validation] = LEARNED.map((part) => nameOfPart(split, part));
  throw new DataError(
    `${recordings.name}: is not the table of the training: in its training part, ${training}, or its validation part, ${validation}, ` +
      what,
  );
}

/** A stretch of the parts from which the networks and the baselines learn, and what its digest also holds. */
type Learned = Range & { readonly name?: string };

/** The parts from which the networks and the baselines learn. */
const LEARNED = ['training', 'validation'] as const;

/** The digest of the classes and of where stretches begin and end, then that of each input. */
function digestsOf({ inputs, labels, stretches }: Recordings, split: Split, learnedIn = learnedStretches): string[] {
  const own = learnedIn(stretches, split);
  const classes = own.flatMap(({ from, to, name = [] }) => [name, to - from, ...labels.subarray(from, to)].flat());
  return [
    sha256Of(bytesOfValues(classes)),
    ...inputs.map((values) => sha256Of(own.map(({ from, to }) => bytesOfNumbers(values.subarray(from, to))))),
  ];
}

/**
 * The stretches of these parts, with the names of their groups, in the order of the plan; a table may have its groups in another one. Without
 * groups, all before the test part, because a window's place depends on where its stretch begins; the name then says whether one is cut.
 */
function learnedStretches(stretches: readonly Stretch[], { by, parts }: Split): Learned[] {
  if (by === 'row') {
    const { from: end } = parts.test;
    return stretches
      .filter(({ from }) => from < end)
      .map(({ from, to }) => ({ from, to: Math.min(to, end), name: to > end ? 'reaches into the test part' : 'ends' }));
  }
  const names = LEARNED.flatMap((part) => parts[part]);
  const place = new Map<string | null, number>(names.map((name, n) => [name, n]));
  const own = stretches.flatMap((one) =>
    one.group !== null && place.has(one.group) ? { ...one, name: one.group } : [],
  );
  return own.sort((one, other) => (place.get(one.name) ?? 0) - (place.get(other.name) ?? 0));
}

/** Those whose digests 1.0.0 wrote: without names; of rows only those of the two parts. */
function learnedStretchesOf100(stretches: readonly Stretch[], split: Split): Learned[] {
  if (split.by === 'group') return learnedStretches(stretches, split).map(({ from, to }) => ({ from, to }));
  return LEARNED.flatMap((part) =>
    stretches
      .map((one) => ({ from: Math.max(one.from, split.parts[part].from), to: Math.min(one.to, split.parts[part].to) }))
      .filter((one) => one.from < one.to),
  );
}

function tooShort({ name, stretches, step }: Recordings, { window, columns }: ClassifyChoices): DataError {
  const longest = stretches.reduce((most, { from, to }) => Math.max(most, to - from), 0);
  const unit = [
    columns.group !== null && 'of one group',
    step !== null && `without a gap in steps of ${shortStep(step)}`,
  ];
  const kind = unit.filter((one) => one !== false).join(' ');
  return new DataError(
    `${name}: a window has ${counted(window, 'row')}, but at most ${longest} follow one another${kind && ` ${kind}`}: choose a smaller --window`,
  );
}

/** The first rows, those after them, and the last: about 60%, 20% and 20%, with the rows of a window between two parts. */
function splitOfRows(count: number, window: number): Split {
  const share = Math.round(SHARE * count);
  const test = { from: count - share, to: count };
  const validation = { from: Math.max(0, test.from - window - share), to: Math.max(0, test.from - window) };
  const training = { from: 0, to: Math.max(0, validation.from - window) };
  return { by: 'row', parts: { training, validation, test } };
}

/**
 * Whole groups, drawn with the seed from those that have a window with a class; `given` are the test part. Of groups with one class each, every
 * part has its share of each class.
 */
function splitOfGroups(
  name: string,
  windows: readonly Window[],
  { window, verdicts }: ClassifyChoices,
  seed: number,
  given?: readonly string[],
): Split {
  const classOf = new Map(windows.filter(({ label }) => label >= 0).map(({ group, label }) => [String(group), label]));
  const used = [...classOf.keys()].sort();
  if (used.length < PARTS.length) {
    throw new DataError(
      `${name}: ${used.length} groups have a window of ${counted(window, 'row')} with a class: ` +
        'training, validation and test need at least one group each',
    );
  }
  const chosen = new Set(given);
  const isGiven = (n: number): boolean => chosen.has(used[n]);
  const shuffled = Uint32Array.from(used.keys());
  new Random(seed).shuffle(shuffled);
  const order = Array.from(shuffled).filter((n) => !isGiven(n));
  const classAt = (n: number): number => classOf.get(used[n]) ?? 0;
  const [ofValidation, parts] = given ? [0, 4] : [1, 5]; // a fifth of all is each of the two parts
  const share = Math.max(1, Math.round(order.length / parts));
  if (verdicts) order.sort((one, other) => classAt(one) - classAt(other));
  const partAt = (at: number): number => (verdicts ? at % parts : Math.floor(at / share));
  const named = (isWanted: (n: number, at: number) => boolean): string[] =>
    order
      .filter(isWanted)
      .sort((a, b) => a - b)
      .map((n) => used[n]);
  const split = {
    training: named((_, at) => partAt(at) > ofValidation),
    validation: named((_, at) => partAt(at) === ofValidation),
    test: given ? used.filter((_, n) => isGiven(n)) : named((_, at) => partAt(at) === 0),
  };
  return { by: 'group', parts: split };
}

function assertHasWindows(
  { name, count }: Recordings,
  { window, columns }: ClassifyChoices,
  split: Split,
  windows: readonly Window[],
  part: Part,
): void {
  if (windowsOfPart({ split, window }, windows, part).length > 0) return;
  throw new DataError(
    `${name}: no window of ${counted(window, 'row')} with a class of ${columns.classify} lies in the ${part} part, ${nameOfPart(split, part)} of ${count}`,
  );
}

/** `ann, bob` or `rows 801 … 1000`. */
export function nameOfPart({ by, parts }: Split, part: Part): string {
  if (by === 'group') return listed(parts[part]);
  const { from, to } = parts[part];
  return from < to ? `rows ${from + 1} … ${to}` : 'no rows';
}

/** The windows of a part that have a class: all their rows lie in it. */
export function windowsOfPart(
  { split, window }: Pick<ClassifyPlan, 'split' | 'window'>,
  windows: readonly Window[],
  part: Part,
): Window[] {
  const known = windows.filter(({ label }) => label >= 0);
  if (split.by === 'group') {
    const own = new Set<string | null>(split.parts[part]);
    return known.filter(({ group }) => own.has(group));
  }
  const { from, to } = split.parts[part];
  return known.filter(({ start }) => start >= from && start + window <= to);
}

/** The numbers of each input in the training part. */
function trainingInputs(recordings: Recordings, split: Split): Float64Array[] {
  const isTraining = trainingPlaces(recordings, split);
  return recordings.inputs.map((values) => values.filter((_, place) => isTraining[place]));
}

/** For each place 1 if it belongs to the training part, else 0. */
function trainingPlaces({ count, stretches }: Recordings, split: Split): Uint8Array {
  const is = new Uint8Array(count);
  if (split.by === 'row') return is.fill(1, split.parts.training.from, split.parts.training.to);
  const own = new Set<string | null>(split.parts.training);
  for (const { from, to, group } of stretches) if (own.has(group)) is.fill(1, from, to);
  return is;
}

/** A network of a plan. */
export interface Member extends PlannedMember {
  /** The network that classifies. */
  readonly best: string;
}

/**
 * The networks of a plan. Each is in the file twice: with the weights of its best validation, which classify, and with those of its last
 * step, from which its training continues.
 */
export const membersOf = ({ seeds }: Pick<ClassifyPlan, 'seeds'>): Member[] =>
  Array.from({ length: seeds }, (_, n) => ({ best: `seed-${n + 1}`, name: `seed-${n + 1}-training`, seed: n + 1 }));
