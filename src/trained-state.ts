/**
 * What forecasters and classifiers have in common: a plan, and several networks that are trained for it one after the other, saved in one file,
 * and asked together. Each reads windows: so many rows of a table, or steps of a series, one after another. A place is the index of a row or step.
 */
import type { Backend } from './core/backend.js';
import { readAll } from './core/backend.js';
import { DataError, typed } from './core/errors.js';
import { yieldToEventLoop } from './core/event-loop.js';
import type { Range } from './core/numbers.js';
import type { Tensor } from './core/tensor.js';
import { fill } from './core/tensor.js';
import type { Examples, FilledBatch } from './data/examples.js';
import type { TrainingData } from './data/train-data.js';
import type { JsonValue } from './files/json.js';
import { JsonReader } from './files/json-reader.js';
import { Network } from './network/network.js';
import type { Checkpoint } from './training/checkpoint.js';
import type { CheckpointSet } from './training/checkpoint-set.js';
import { checkpointSetBytes } from './training/checkpoint-set.js';
import type { SetHooks, SetMember } from './training/network-set.js';
import { hasEnded, trainNetworks } from './training/network-set.js';
import type { TrainOptions } from './training/options.js';

/** Options with which all of these networks are trained, where they differ from the tutorial's. */
export const STATE_OPTIONS = {
  hidden: 32,
  learningRate: 0.005,
  schedule: 'cosine',
  clipNorm: 1,
  outputInit: 'glorot',
  displayStep: 100,
} as const;

/** More networks would not fit into a memory. */
export const MOST_SEEDS = 100;

/** A plan, and its networks by name, with the states of their runs. Those that have not begun are missing. */
export interface TrainedState<Plan> {
  readonly plan: Plan;
  readonly networks: ReadonlyMap<string, Checkpoint>;
}

/** A network of a plan. `name` is the network with the state of its training. */
export interface PlannedMember extends SetMember {
  /** The network with the weights of its best validation, if the plan has one. */
  readonly best?: string;
}

/** What a run reports. */
export interface StateHooks<Plan> extends Omit<SetHooks<SetMember>, 'onNetwork' | 'onBest' | 'onCheckpoint'> {
  /** Called with the state of the run every `checkpointEvery` steps, and after each network. */
  readonly onState?: (state: TrainedState<Plan>) => void;
}

/**
 * Trains the networks of `members` one after the other. `before`: an interrupted run, which continues with its own options. The same bytes come
 * out whether the run was interrupted or not.
 */
export async function trainMembers<Plan, Member extends PlannedMember>(
  backend: Backend,
  members: readonly Member[],
  examplesOf: (member: Member) => TrainingData<Examples>,
  options: TrainOptions,
  { plan, networks: before }: TrainedState<Plan>,
  { onState, ...hooks }: StateHooks<Plan> & Pick<SetHooks<Member>, 'onNetwork'>,
): Promise<TrainedState<Plan>> {
  const networks = new Map(before);
  const names = members.flatMap(({ best, name }) => [...(best === undefined ? [] : [best]), name]);
  /** In the same order, whichever of a network's two entries came first: the order is a part of the bytes. */
  const state = (): TrainedState<Plan> => ({
    plan,
    networks: new Map([...networks].sort(([a], [b]) => names.indexOf(a) - names.indexOf(b))),
  });
  await trainNetworks(backend, members, examplesOf, options, before, {
    ...hooks,
    onBest: ({ best }, { model }) => {
      if (best !== undefined) networks.set(best, { model, training: null });
    },
    onCheckpoint: ({ name }, checkpoint) => {
      networks.set(name, checkpoint);
      onState?.(state());
    },
  });
  return state();
}

/** How states of one kind are saved. */
interface SavedKind<Plan> {
  /** The field of the file's metadata that has the plan. */
  readonly field: 'forecast' | 'classifier';
  /** What a message calls a state. */
  readonly what: string;
  /** Reads a plan; every fault is a DataError that names the field. */
  readonly planIn: (stored: JsonReader) => Plan;
  /** A plan as a file holds it. Default: all that it has. */
  readonly asJson?: (plan: Plan) => JsonValue;
  /** The names that networks of a plan may have. */
  readonly namesOf: (plan: Plan) => string[];
  /** Throws a DataError unless a network reads the plan's windows. `what` begins the message. */
  readonly assertSuits: (plan: Plan, network: Checkpoint, what: string) => void;
  /** The networks whose runs have ended when that of the state has; undefined before its last stage. */
  readonly lastNames: (plan: Plan) => string[] | undefined;
}

/** Functions that write and read states of one kind as checkpoint files: the networks, and the plan as a field of the metadata. */
export function savedAs<Plan>({ field, what, planIn, namesOf, assertSuits, lastNames, ...kind }: SavedKind<Plan>) {
  const { asJson = (plan: Plan) => plan as unknown as JsonValue } = kind;
  const isTrained = ({ plan, networks }: TrainedState<Plan>): boolean =>
    lastNames(plan)?.every((name) => hasEnded(networks.get(name))) ?? false;
  return {
    /** Whether the run has ended. */
    isTrained,
    /** The bytes of the file. */
    bytesOf: ({ plan, networks }: TrainedState<Plan>): Uint8Array<ArrayBuffer> =>
      checkpointSetBytes({ networks, metadata: { [field]: asJson(plan) } }),
    /** The state of a file's contents; undefined if they are something else. Throws a DataError if they are damaged. */
    stateIn: ({ networks, metadata }: CheckpointSet, name: string): TrainedState<Plan> | undefined => {
      if (!Object.hasOwn(metadata, field)) return undefined;
      const plan = planIn(new JsonReader(metadata[field], `${name}: ${field}`));
      const known = new Set(namesOf(plan));
      for (const [network, checkpoint] of networks) {
        if (!known.has(network)) throw new DataError(`${name}: network ${network} is none of the ${what}’s`);
        assertSuits(plan, checkpoint, `${name}: network ${network}`);
      }
      return { plan, networks };
    },
    /** Throws a DataError unless the run has ended. */
    assertTrained: (state: TrainedState<Plan>, name: string): void => {
      if (isTrained(state)) return;
      throw new DataError(`${name}: its training has not ended: ${typed(`train --resume ${name}`)} continues it`);
    },
  };
}

/** Windows that are read at once: many, or the few that are left. */
export const AT_ONCE = 64;
const FEW = 8;

/** Networks by name, ready for windows of T steps. The caller disposes of them. */
export class LoadedNetworks {
  private readonly networks = new Map<string, Network>();
  private readonly saved: ReadonlyMap<string, Checkpoint>;

  constructor(
    private readonly backend: Backend,
    private readonly T: number,
    saved: readonly (readonly [name: string, saved: Checkpoint])[],
  ) {
    this.saved = new Map(saved);
    try {
      for (const [name] of saved) this.named('networks', name);
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  /** Frees the networks. */
  dispose(): void {
    for (const network of this.networks.values()) network.dispose();
  }

  /** The network of a name, for B windows. Throws an Error if there is none. `what` begins the message. */
  named(what: string, name: string, B = AT_ONCE): Network {
    const key = `${name} ${B}`;
    const known = this.networks.get(key);
    if (known) return known;
    const saved = this.saved.get(name);
    if (!saved) throw new Error(`${what}: there is no network ${name}`);
    const network = new Network(this.backend, saved.model.network, { T: this.T, B });
    this.networks.set(key, network);
    network.load(saved.model.parameters);
    return network;
  }

  /**
   * What the networks of `names`, which read the same windows, say of `count` windows, `[network][window]`: `load` puts those from … to - 1 into
   * a network's batch, which `loaded` already has if another network was given it; `read` reads row b of `outputs`, for window n.
   */
  async outputsOf<Output>(
    what: string,
    names: readonly string[],
    count: number,
    load: (network: Network, range: Range, loaded: Network) => void,
    outputs: (network: Network) => Tensor,
    read: (values: Tensor, b: number, n: number, network: Network) => Output,
    signal?: AbortSignal,
  ): Promise<Output[][]> {
    const found = names.map((): Output[] => []);
    for (let from = 0; from < count; from += AT_ONCE) {
      await yieldToEventLoop(signal);
      const range = { from, to: Math.min(from + AT_ONCE, count) };
      const B = range.to - from > FEW ? AT_ONCE : FEW;
      const networks = names.map((name) => this.named(what, name, B));
      for (const network of networks) {
        load(network, range, networks[0]);
        network.forward();
      }
      // another call may give the networks their next batch before the outputs are here
      await readAll(this.backend, networks.map(outputs), (values, k) => {
        for (let n = range.from; n < range.to; n++) found[k].push(read(values, n - range.from, n, networks[k]));
      });
    }
    return found;
  }
}

/** One column of what a network reads: a number for each place. */
export interface InputColumn {
  readonly name: string;
  readonly at: (place: number) => number;
}

/** What a network reads at each place of a window. */
export interface WindowColumns {
  readonly columns: {
    /** Of the place itself. */
    readonly past: readonly InputColumn[];
    /** Of each place that is forecast there. */
    readonly future: readonly InputColumn[];
  };
  /** How far ahead the places lie that are forecast; they rise. */
  readonly ahead: readonly number[];
}

/** I: the numbers of each place. */
export const inputCount = ({ columns, ahead }: WindowColumns): number =>
  columns.past.length + ahead.length * columns.future.length;

/** Where windows begin: at `first`, and then every `stride` places. */
export interface WindowStarts {
  readonly first: number;
  readonly stride: number;
  readonly count: number;
}

/** The windows of T places that lie in a range, one every `stride` places. */
export const windowsWithin = ({ from, to }: Range, T: number, stride: number): WindowStarts => ({
  ...{ first: from, stride },
  count: Math.max(0, Math.floor((to - T - from) / stride) + 1),
});

/** Writes the places first … first+T-1 into rows x[t,b,*]. Places before 0 are 0. */
export function fillWindow(x: Tensor, b: number, { columns, ahead }: WindowColumns, first: number): void {
  const [T] = x.shape;
  for (let t = 0; t < T; t++) {
    const place = first + t;
    const isBefore = place < 0;
    let i = 0;
    for (const column of columns.past) x.set(t, b, i++, isBefore ? 0 : column.at(place));
    for (const distance of ahead) {
      for (const column of columns.future) x.set(t, b, i++, isBefore ? 0 : column.at(place + distance));
    }
  }
}

/**
 * Windows as the examples of a run, of I inputs. `windowOf`: where window n begins, and what it reads. `targetsOf`: what the network should say of the
 * windows of a batch.
 */
export const examplesOfWindows = (
  kind: Pick<Examples, 'count' | 'T' | 'classes' | 'classNames' | 'targets' | 'reads' | 'bytes'>,
  inputs: number,
  windowOf: (n: number) => { readonly columns: WindowColumns; readonly start: number },
  targetsOf: (indices: Uint32Array, B: number) => FilledBatch['targets'],
): Examples => ({
  ...kind,
  ...{ inputs, inputKind: 'numbers', fitsMoreClasses: false, continues: false, task: undefined },
  fill(x, indices) {
    const [, B] = x.shape;
    if (indices.length < B) fill(x, 0);
    for (const [b, n] of indices.entries()) {
      const { columns, start } = windowOf(n);
      fillWindow(x, b, columns, start);
    }
    return { targets: targetsOf(indices, B), indices };
  },
});
