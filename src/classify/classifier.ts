/** Classes of windows by the networks of a plan: what these read, how they are trained, and their mean probabilities. */
import type { Backend } from '../core/backend.js';
import { NonFiniteError } from '../core/errors.js';
import { bytesOfNumbers } from '../data/scale.js';
import type { Tensor } from '../core/tensor.js';
import { type Examples, type FilledBatch, rowsFrom } from '../data/examples.js';
import { scaled } from '../data/scale.js';
import type { TrainingData } from '../data/train-data.js';
import type { NetworkConfig } from '../network/config.js';
import type { StateHooks, TrainedState } from '../trained-state.js';
import { examplesOfWindows, LoadedNetworks, STATE_OPTIONS, trainMembers } from '../trained-state.js';
import type { Checkpoint } from '../training/checkpoint.js';
import { loadBatch } from '../training/evaluate.js';
import { type SetHooks, optionsOfSet } from '../training/network-set.js';
import { type TrainOptions, TUTORIAL } from '../training/options.js';
import { networkFor } from '../training/training.js';
import { type ClassifyPlan, type Member, membersOf, windowsOfPart } from './plan.js';
import type { Recordings } from './recordings.js';
import { type Window, windowsOf } from './windows.js';

/** One column of a network's inputs: a number for each place. */
export interface InputColumn {
  readonly name: string;
  readonly values: Float64Array;
}

/** Each input, scaled, 0 where it is missing; behind it a column that says where, if the training part misses some. */
export function inputColumns({ columns, inputs }: ClassifyPlan, recordings: Recordings): InputColumn[] {
  return inputs.flatMap(({ hasMissing, ...scale }, n) => {
    const [name, values] = [columns.inputs[n], recordings.inputs[n]];
    const read = { name, values: values.map((value) => scaled(scale, value)) };
    return hasMissing
      ? [read, { name: `${name} is missing`, values: values.map((value) => Number(Number.isNaN(value))) }]
      : [read];
  });
}

/** I: the columns of `inputColumns`. */
export const inputCount = ({ inputs }: Pick<ClassifyPlan, 'inputs'>): number =>
  inputs.reduce((sum, { hasMissing }) => sum + (hasMissing ? 2 : 1), 0);

const startsOf = (windows: readonly Window[]): Uint8Array =>
  new Uint8Array(Uint32Array.from(windows, ({ start }) => start).buffer);

/** Windows as the examples of a run. */
export function windowExamples(
  plan: ClassifyPlan,
  columns: readonly InputColumn[],
  windows: readonly Window[],
): Examples {
  const { window: T, classes } = plan;
  const bytes = {
    *[Symbol.iterator]() {
      yield new TextEncoder().encode(JSON.stringify(plan));
      for (const { values } of columns) yield bytesOfNumbers(values);
      yield startsOf(windows);
      yield new Uint8Array(Int32Array.from(windows, ({ label }) => label).buffer);
      if (plan.verdicts) yield new Uint8Array(Uint32Array.from(windows, ({ length }) => length).buffer); // else all have T rows
    },
  };
  const past = columns.map(({ name, values }) => ({ name, at: (place: number) => values[place] }));
  const read = { columns: { past, future: [] }, ahead: [] };
  const examples = examplesOfWindows(
    {
      ...{ count: windows.length, T, bytes, targets: 0, reads: 'last' },
      ...{ classes: classes.length, classNames: classes },
    },
    past.length,
    (n) => ({ columns: read, start: windows[n].start }),
    (indices, B) => ({ labels: rowsFrom(B, indices, (n) => windows[n].label) }),
  );
  return windows.every(({ length }) => length === T) ? examples : { ...examples, fill: fillShorter };

  /** The longest first, as the LSTMs read them, and 0 after the end of each. */
  function fillShorter(x: Tensor, given: Uint32Array): FilledBatch {
    const [, B, I] = x.shape;
    const indices = given.slice().sort((a, b) => windows[b].length - windows[a].length);
    const { targets } = examples.fill(x, indices);
    for (const [b, n] of indices.entries())
      for (let { length: t } = windows[n]; t < T; t++) for (let i = 0; i < I; i++) x.set(t, b, i, 0);
    const ofBatch = Array.from({ length: B }, (_, b) => (b < indices.length ? windows[indices[b]].length : 1));
    return { targets: { ...targets, lengths: ofBatch }, indices };
  }
}

/** Options with which a classifier's networks are trained, where they differ from the tutorial's. */
export const CLASSIFY_OPTIONS = Object.freeze({
  ...STATE_OPTIONS,
  batchSize: 32,
  trainingIters: 32_000,
  validateEvery: 25,
} as const);

/** The options of new networks: the given ones; else those of `CLASSIFY_OPTIONS`, and of the tutorial. */
export const classifyOptions = (given: Partial<TrainOptions>): TrainOptions => ({
  ...TUTORIAL,
  ...CLASSIFY_OPTIONS,
  ...given,
});

/** A classifier while it is trained. */
export type ClassifierState = TrainedState<ClassifyPlan>;

/** The options with which the networks of a run began; `otherwise` if none has begun. Their seeds follow one another. */
export const optionsOf = ({ plan, networks }: ClassifierState, otherwise: TrainOptions): TrainOptions =>
  optionsOfSet(membersOf(plan), networks, otherwise);

/** What a run of a classifier reports. */
export type ClassifierHooks = StateHooks<ClassifyPlan> & Pick<SetHooks<Member>, 'onNetwork'>;

/** The windows of the training part, and of the validation part, as examples. */
function examplesFor(plan: ClassifyPlan, recordings: Recordings): TrainingData<Examples> {
  const [windows, columns] = [windowsOf(recordings, plan), inputColumns(plan, recordings)];
  const train = windowExamples(plan, columns, windowsOfPart(plan, windows, 'training'));
  /** Also the classes of the test part, and where its windows begin: a run is resumed with the data that it began with, of every part. */
  const bytes = {
    *[Symbol.iterator]() {
      yield* train.bytes;
      yield new Uint8Array(recordings.labels.buffer);
      yield startsOf(windows);
    },
  };
  return {
    train: { ...train, bytes },
    validation: windowExamples(plan, columns, windowsOfPart(plan, windows, 'validation')),
  };
}

/** Trains the plan's networks; see `trainMembers`. */
export function trainClassifier(
  backend: Backend,
  recordings: Recordings,
  given: TrainOptions,
  before: ClassifierState,
  hooks: ClassifierHooks = {},
): Promise<ClassifierState> {
  const examples = examplesFor(before.plan, recordings);
  return trainMembers(backend, membersOf(before.plan), () => examples, optionsOf(before, given), before, hooks);
}

/**
 * The networks that classify, in the order of `membersOf`: those of the best validations, or, if there was none, of the last steps. undefined
 * for one that is missing.
 */
export const networksOf = ({ plan, networks }: ClassifierState): (Checkpoint | undefined)[] =>
  membersOf(plan).map(({ best, name }) => networks.get(best) ?? networks.get(name));

/** The config of a plan's networks, for a look at their size. */
export function configFor(plan: ClassifyPlan, options: TrainOptions): NetworkConfig {
  const kind = { inputs: inputCount(plan), inputKind: 'numbers', reads: 'last', T: plan.window, targets: 0 } as const;
  return networkFor({ ...kind, classes: plan.classes.length }, options);
}

/** Classifies with the networks of a plan. The caller disposes of it. */
export class Classifier {
  readonly plan: ClassifyPlan;
  private readonly networks: LoadedNetworks;

  /** Throws an Error if a network is missing. */
  constructor(backend: Backend, state: ClassifierState) {
    this.plan = state.plan;
    const saved = networksOf(state).map((network, n) => {
      if (!network) throw new Error(`classify: network seed-${n + 1} is missing`);
      return [`seed-${n + 1}`, network] as const;
    });
    this.networks = new LoadedNetworks(backend, state.plan.window, saved);
  }

  /** Frees the networks. */
  dispose(): void {
    this.networks.dispose();
  }

  /** For each network, the probabilities `[C]` of each window. */
  async byNetwork(
    columns: readonly InputColumn[],
    windows: readonly Window[],
    signal?: AbortSignal,
  ): Promise<Float64Array[][]> {
    const examples = windowExamples(this.plan, columns, windows);
    const all: Float64Array[][] = [];
    for (const { best } of membersOf(this.plan)) all.push(await this.probabilitiesOf(best, examples, signal));
    return all;
  }

  private async probabilitiesOf(name: string, examples: Examples, signal?: AbortSignal): Promise<Float64Array[]> {
    const found = new Array<Float64Array>(examples.count);
    let order: Uint32Array = new Uint32Array(); // the window of each row of the batch
    await this.networks.outputsOf(
      'classify',
      [name],
      examples.count,
      (network, { from, to }) => {
        order = loadBatch(
          network,
          examples,
          Uint32Array.from({ length: to - from }, (_, b) => from + b),
        );
      },
      ({ activations: { probabilities } }) => {
        if (!probabilities) throw new Error(`classify: network ${name} has no probabilities`);
        return probabilities;
      },
      (values, b) => {
        const row = Float64Array.from(this.plan.classes, (_, k) => values.get(b, k));
        const wrong = row.find((value) => !Number.isFinite(value));
        if (wrong !== undefined) throw new NonFiniteError(`classify: a probability of network ${name}`, wrong);
        found[order[b]] = row;
      },
      signal,
    );
    return found;
  }

  /** The mean probabilities `[C]` of each window. */
  async probabilities(
    columns: readonly InputColumn[],
    windows: readonly Window[],
    signal?: AbortSignal,
  ): Promise<Float64Array[]> {
    return meanOf(await this.byNetwork(columns, windows, signal));
  }
}

/** The mean over networks of the probabilities of each window. */
export const meanOf = (networks: readonly (readonly Float64Array[])[]): Float64Array[] =>
  networks[0].map((row, n) => row.map((_, k) => networks.reduce((sum, rows) => sum + rows[n][k], 0) / networks.length));

/** The class with the largest probability; the first of several. */
export const likeliest = (probabilities: Float64Array): number => probabilities.indexOf(Math.max(...probabilities));
