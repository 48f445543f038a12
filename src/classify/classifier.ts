/** Classes of windows by the networks of a plan: their mean probabilities. */
import type { Backend } from '../core/backend.js';
import { readAll } from '../core/backend.js';
import { NonFiniteError } from '../core/errors.js';
import { yieldToEventLoop } from '../core/event-loop.js';
import type { Examples } from '../data/examples.js';
import type { TrainingData } from '../data/train-data.js';
import type { NetworkConfig } from '../network/config.js';
import { Network } from '../network/network.js';
import type { Checkpoint } from '../training/checkpoint.js';
import type { LoopHooks } from '../training/loop.js';
import { loadBatch } from '../training/evaluate.js';
import { optionsOfSet, trainNetworks } from '../training/network-set.js';
import type { TrainOptions } from '../training/options.js';
import { TUTORIAL } from '../training/options.js';
import { networkFor } from '../training/training.js';
import type { InputColumn } from './inputs.js';
import { inputColumns, inputCount, windowExamples } from './inputs.js';
import type { ClassifyPlan, Member } from './plan.js';
import { membersOf, windowsOfPart } from './plan.js';
import type { Recordings } from './recordings.js';
import type { Windows } from './windows.js';
import { windowsOf } from './windows.js';

/** Options with which a classifier's networks are trained, where they differ from the tutorial's. */
export const CLASSIFY_OPTIONS = Object.freeze({
  hidden: 32,
  batchSize: 32,
  learningRate: 0.005,
  schedule: 'cosine',
  clipNorm: 1,
  outputInit: 'glorot',
  trainingIters: 32_000,
  displayStep: 100,
  validateEvery: 25,
} as const);

/** The options of new networks: the given ones; else those of `CLASSIFY_OPTIONS`, and of the tutorial. */
export const classifyOptions = (given: Partial<TrainOptions>): TrainOptions => ({
  ...TUTORIAL,
  ...CLASSIFY_OPTIONS,
  ...given,
});

/** A classifier while it is trained: its networks by name; see `membersOf`. Those that have not begun are missing. */
export interface ClassifierState {
  readonly plan: ClassifyPlan;
  readonly networks: ReadonlyMap<string, Checkpoint>;
}

/** The options with which the networks of a run began; `otherwise` if none has begun. Their seeds follow one another. */
export const optionsOf = ({ plan, networks }: ClassifierState, otherwise: TrainOptions): TrainOptions =>
  optionsOfSet(membersOf(plan), networks, otherwise);

/** What a run of a classifier reports. */
export interface ClassifierHooks extends Pick<
  LoopHooks,
  'onLine' | 'onStep' | 'onWarning' | 'checkpointEvery' | 'signal'
> {
  /** Called before a network is trained; `number` counts from 1. */
  readonly onNetwork?: (member: Member, number: number, count: number) => void;
  /** Called with the state of the run every `checkpointEvery` steps, and after each network. */
  readonly onState?: (state: ClassifierState) => void;
}

/** The windows of the training part, and of the validation part, as examples. */
function examplesFor(plan: ClassifyPlan, recordings: Recordings): Record<'train' | 'validation', Examples> {
  const [windows, columns] = [windowsOf(recordings, plan), inputColumns(plan, recordings)];
  const train = windowExamples(plan, columns, windowsOfPart(plan, windows, 'training'));
  /** Also the classes of the test part, and where its windows begin: a run is resumed with the data that it began with, of every part. */
  const bytes = {
    *[Symbol.iterator]() {
      yield* train.bytes;
      yield new Uint8Array(recordings.labels.buffer);
      yield new Uint8Array(windows.starts.buffer);
    },
  };
  return {
    train: { ...train, bytes },
    validation: windowExamples(plan, columns, windowsOfPart(plan, windows, 'validation')),
  };
}

/**
 * Trains the plan's networks one after the other. `before`: an interrupted run, which continues with its own options. The same bytes come
 * out whether the run was interrupted or not.
 */
export async function trainClassifier(
  backend: Backend,
  recordings: Recordings,
  given: TrainOptions,
  before: ClassifierState,
  hooks: ClassifierHooks = {},
): Promise<ClassifierState> {
  const { plan } = before;
  const networks = new Map(before.networks);
  const names = membersOf(plan).flatMap(({ network, name }) => [network, name]);
  /** In the same order, whichever of a network's two entries came first: the order is a part of the bytes. */
  const state = (): ClassifierState => ({
    plan,
    networks: new Map([...networks].sort(([a], [b]) => names.indexOf(a) - names.indexOf(b))),
  });
  const examples: TrainingData<Examples> = examplesFor(plan, recordings);
  await trainNetworks(backend, membersOf(plan), () => examples, optionsOf(before, given), before.networks, {
    ...hooks,
    onBest: ({ network }, { model }) => networks.set(network, { model, training: null }),
    onCheckpoint: ({ name }, checkpoint) => {
      networks.set(name, checkpoint);
      hooks.onState?.(state());
    },
  });
  return state();
}

/** The networks that classify, in the order of `membersOf`; undefined for one that is missing. */
export const networksOf = (state: ClassifierState): (Checkpoint | undefined)[] =>
  membersOf(state.plan).map((member) => networkOf(state, member));

/** The network that a member classifies with: that of its best validation, or, if it had none, of its last step. */
const networkOf = ({ networks }: ClassifierState, { network, name }: Member): Checkpoint | undefined =>
  networks.get(network) ?? networks.get(name);

/** The config of a plan's networks, for a look at their size. */
export function configFor(plan: ClassifyPlan, options: TrainOptions): NetworkConfig {
  const kind = { inputs: inputCount(plan), inputKind: 'numbers', reads: 'last', T: plan.window, targets: 0 } as const;
  return networkFor({ ...kind, classes: plan.classes.length }, options);
}

/** Windows that are classified at once. */
export const AT_ONCE = 64;

/** Classifies with the networks of a plan. The caller disposes of it. */
export class Classifier {
  readonly plan: ClassifyPlan;
  private readonly networks: Network[] = [];

  /** Throws an Error if a network is missing. */
  constructor(
    private readonly backend: Backend,
    state: ClassifierState,
  ) {
    this.plan = state.plan;
    try {
      for (const [n, saved] of networksOf(state).entries()) {
        if (!saved) throw new Error(`classify: network seed-${n + 1} is missing`);
        const network = new Network(backend, saved.model.network, { T: state.plan.window, B: AT_ONCE });
        this.networks.push(network);
        network.load(saved.model.parameters);
      }
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  /** Frees the networks. */
  dispose(): void {
    for (const network of this.networks) network.dispose();
  }

  /** For each network, the probabilities `[C]` of each window. */
  async byNetwork(columns: readonly InputColumn[], windows: Windows, signal?: AbortSignal): Promise<Float64Array[][]> {
    const examples = windowExamples(this.plan, columns, windows);
    const all: Float64Array[][] = [];
    for (const [n, network] of this.networks.entries())
      all.push(await this.probabilitiesOf(network, `network seed-${n + 1}`, examples, signal));
    return all;
  }

  private async probabilitiesOf(
    network: Network,
    what: string,
    examples: Examples,
    signal?: AbortSignal,
  ): Promise<Float64Array[]> {
    const { probabilities } = network.activations;
    if (!probabilities) throw new Error(`classify: ${what} has no probabilities`);
    const { B } = network.sizes;
    const found: Float64Array[] = [];
    for (let start = 0; start < examples.count; start += B) {
      await yieldToEventLoop();
      signal?.throwIfAborted();
      const indices = Uint32Array.from({ length: Math.min(B, examples.count - start) }, (_, n) => start + n);
      loadBatch(network, examples, indices);
      network.forward();
      // another call may give the network its next batch before the probabilities are here
      await readAll(this.backend, [probabilities], (values) => {
        for (const b of indices.keys()) {
          const row = Float64Array.from(this.plan.classes, (_, k) => values.get(b, k));
          const wrong = row.find((value) => !Number.isFinite(value));
          if (wrong !== undefined) throw new NonFiniteError(`classify: a probability of ${what}`, wrong);
          found.push(row);
        }
      });
    }
    return found;
  }

  /** The mean probabilities `[C]` of each window. */
  async probabilities(
    columns: readonly InputColumn[],
    windows: Windows,
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
