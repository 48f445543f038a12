/**
 * The states at the two ends of a network's sequences, on the host, and their gradients: PyTorch's (h_0, c_0) and (h_n, c_n).
 * Row b belongs to sequence b of the batch.
 *
 * Names: h0 and c0 of an LSTM's initial states, hn and cn of those after each sequence's last step; h0 and hn of a GRU or RNN; of an sLSTM
 * also n and m; m has no gradient, and only hn can get one from outside. Then the cell's suffix, as in kernel.1.reverse. Shapes: h `[B,H]`, with a projection `[B,P]`; others `[B,H]`.
 */
import { type Backend, readAll } from '../core/backend.js';
import { type Shape, type Tensor, copyInto, stepOf, valuesOf, zeros } from '../core/tensor.js';
import type { BoundCell, Tensors } from '../cells/cell.js';
import { type CompleteConfig, cellsOf } from './config.js';
import { type NamedTensors, assertLoadable } from './parameters.js';

type Allocate = (shapes: Readonly<Record<string, Shape>>) => Tensors;

/** The states of a network, on the host; see `Network.states`. */
export class NetworkStates {
  /** Those that belong to a sequence between two passes, and their gradients. */
  readonly all: readonly Tensors[];
  private readonly cells: readonly BoundCell[];
  /** For each layer, the gradients that reach its last states from outside; undefined if the network has none. */
  private readonly dFinal: readonly (readonly Tensors[])[] | undefined;

  constructor(
    private readonly backend: Backend,
    private readonly config: CompleteConfig,
    layers: readonly (readonly BoundCell[])[],
    /** `[B]`: the caller's index of each sequence in the cells. */
    private readonly order: () => readonly number[],
    /** Default: no gradients from outside. */
    allocate?: Allocate,
  ) {
    this.cells = layers.flat();
    this.dFinal =
      allocate && layers.map((cells) => cells.map((cell) => allocate(shapesOf(readable(cell, cell.final)))));
    const own = this.cells.flatMap((cell) => [cell.initial, cell.final, initialGradients(cell)]);
    this.all = [...own, ...(this.dFinal?.flat() ?? [])];
  }

  /** Copies h0 and c0 `[B,…]` into the initial states. Throws the errors of `assertLoadable`, or a RangeError for a state below its least value; then nothing changes. */
  setInitial(states: NamedTensors): void {
    this.write('setInitial', '0', states, initialOf(this.cells), (given) => this.assertLeast(given));
  }

  /** hn and cn `[B,…]`: the states after each sequence's last step, in reverse after step 0. */
  async final(): Promise<NamedTensors> {
    return this.read(
      'n',
      this.cells.map(({ final }) => final),
    );
  }

  /** Whether gradients can reach the last states from outside. */
  get haveGradients(): boolean {
    return this.dFinal !== undefined;
  }

  /** Sets the gradients that reach the last states from outside, hn and cn `[B,…]`: each later backward pass adds them. */
  setFinalGradients(gradients: NamedTensors): void {
    const namesOf = (states: readonly Tensors[]) => Object.keys(namedStates(this.config, states, 'n'));
    const known = namesOf(this.cells.map((cell) => readable(cell, cell.final)));
    const all = namesOf(this.cells.map(({ final }) => final));
    const wrong = all.find((name) => name in gradients && !known.includes(name));
    if (wrong !== undefined) {
      throw new RangeError(
        `setFinalGradients: no gradient passes through ${wrong} of this cell: leave it out, and let the loss read only ${known.join(', ')}`,
      );
    }
    this.write('setFinalGradients', 'n', gradients, this.dFinal?.flat() ?? []);
  }

  /** Adds those of layer n to the gradients of its cells. Nothing else reads the last state but h. */
  addFinalGradients(n: number, cells: readonly BoundCell[]): void {
    this.dFinal?.[n].forEach((states, k) => {
      const { dUpstream, reverse, sizes } = cells[k];
      for (const [name, gradient] of Object.entries(states)) {
        const upstream = dUpstream[name];
        if (!upstream) continue;
        const last = stepOf(upstream, reverse ? 0 : sizes.T);
        if (name === 'h') this.backend.add(last, gradient);
        else this.backend.copy(last, gradient);
      }
    });
  }

  /** The gradients of h0 and c0 `[B,…]` from the last backward pass, under these names. */
  async initialGradients(): Promise<NamedTensors> {
    return this.read('0', this.cells.map(initialGradients));
  }

  /** Throws a RangeError if an initial state is below the least value that it may have. */
  private assertLeast(given: NamedTensors): void {
    cellsOf(this.config).forEach(({ suffix }, k) => {
      for (const [state, { least = -Infinity }] of Object.entries(this.cells[k].cell.heldStates ?? {})) {
        const name = `${state}0${suffix}`;
        const wrong = valuesOf(given[name]).find((value) => value < least);
        if (wrong !== undefined) throw new RangeError(`setInitial: ${name} has ${wrong}: must be ${least} or more`);
      }
    });
  }

  /** `[B,…]` from outside → rows in the order of the cells. */
  private write(
    what: string,
    end: End,
    given: NamedTensors,
    states: readonly Tensors[],
    assertValues?: (given: NamedTensors) => void,
  ): void {
    const tensors = namedStates(this.config, states, end);
    assertLoadable(tensors, given, what);
    assertValues?.(given);
    const order = this.order();
    const sorted = Object.entries(tensors).map(([name, { shape }]) => {
      const rows = zeros(shape, this.backend.dtype);
      order.forEach((b, n) => copyInto(rows.pick(n), given[name].pick(b)));
      return rows;
    });
    // only now: a given tensor may be one of these
    Object.values(tensors).forEach((tensor, k) => {
      copyInto(tensor, sorted[k]);
      this.backend.upload(tensor);
    });
  }

  private async read(end: End, states: readonly Tensors[]): Promise<NamedTensors> {
    const order = this.order(); // as it is now: a later batch may have another one
    const named = namedStates(this.config, states, end);
    const all = Object.values(named);
    const copies = all.map(({ shape }) => zeros(shape, this.backend.dtype));
    await readAll(this.backend, all, (tensor, k) => {
      order.forEach((b, n) => copyInto(copies[k].pick(b), tensor.pick(n)));
    });
    return Object.fromEntries(Object.keys(named).map((name, k) => [name, copies[k]]));
  }
}

/** What the name of a state ends with: 0 at the start of the sequences, n at their ends. */
type End = '0' | 'n';

const shapesOf = (tensors: Tensors): Record<string, Shape> =>
  Object.fromEntries(Object.entries(tensors).map(([name, { shape }]) => [name, shape]));

/** The initial states of each cell. */
export const initialOf = (cells: readonly BoundCell[]): Tensors[] => cells.map(({ initial }) => initial);

/** The states of each cell by name (not copied). */
export function namedStates(config: CompleteConfig, states: readonly Tensors[], end: End = '0'): NamedTensors {
  return Object.fromEntries(
    cellsOf(config).flatMap(({ suffix }, n) =>
      Object.entries(states[n]).map(([name, tensor]): [string, Tensor] => [`${name}${end}${suffix}`, tensor]),
    ),
  );
}

/** Those of a cell's last states that can get a gradient from outside. */
const readable = ({ cell: { finalGradients } }: BoundCell, states: Tensors): Tensors =>
  Object.fromEntries(Object.entries(states).filter(([name]) => finalGradients?.includes(name) ?? true));

/** Those of a cell's states that have a gradient. */
const withGradient = ({ cell: { heldStates = {} } }: BoundCell, states: Tensors): Tensors =>
  Object.fromEntries(
    Object.entries(states).filter(([name]) => !(name in heldStates && heldStates[name].hasGradient === false)),
  );

/** ∂loss/∂h0, ∂loss/∂c0 and the like, `[B,…]`, after a backward pass. */
export function initialGradients(cell: BoundCell): Tensors {
  const { dStates, reverse, sizes } = cell;
  const states = Object.entries(withGradient(cell, dStates));
  return Object.fromEntries(states.map(([name, rows]) => [name, stepOf(rows, reverse ? sizes.T : 0)]));
}
