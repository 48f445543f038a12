/**
 * The order of a batch's sequences. The equations need the longest first (14); a caller may give any order. Then the LSTMs
 * compute sorted copies of the batch, and what the network shows of x, the output layer and the loss keeps the caller's order.
 *
 * A batch that is sorted needs no copies: none are allocated before the first one that is not.
 */
import type { Backend } from '../core/backend.js';
import type { Shape, Tensor } from '../core/tensor.js';
import { copyInto, matrixOf } from '../core/tensor.js';
import type { Lstm, State } from '../equations/lstm-tensors.js';
import { bindLstm } from '../equations/lstm-tensors.js';
import type { OutputViews } from './layers.js';

/** What the batch's order concerns. */
interface Ends {
  readonly x: Tensor;
  readonly dx: Tensor | undefined;
  readonly layers: readonly (readonly Lstm[])[];
  /** h of the top layer, which the output layer reads, and its gradient. */
  readonly views: OutputViews;
  /** What the caller has written for each sequence: the initial states, and gradients that reach the last ones from outside. */
  readonly states: readonly State[];
}

type Allocate = (shapes: Readonly<Record<string, Shape>>) => Record<string, Tensor>;

export class SequenceOrder {
  /** `[B]`: the caller's index of each sequence in the LSTMs, the longest sequence first. */
  order: readonly number[];
  private copies: Copies | undefined;

  constructor(
    private readonly backend: Backend,
    private readonly ends: Ends,
    private readonly allocate: Allocate,
  ) {
    this.order = Array.from({ length: ends.x.shape[1] }, (_, b) => b);
  }

  /** The copies that are in use; undefined if the batch is sorted. */
  private get used(): Copies | undefined {
    return this.order.every((b, n) => b === n) ? undefined : this.copies;
  }

  /** The layers that compute: those of the network, or with the sorted copy of x. */
  get layers(): readonly (readonly Lstm[])[] {
    return (this.used ?? this.ends).layers;
  }

  /** The states that the output layer reads, in the caller's order, and their gradients. */
  get views(): OutputViews {
    return (this.used ?? this.ends).views;
  }

  /** Allocates what a batch of these lengths needs. Throws an OutOfMemoryError; then nothing changes. */
  reserve(lengths: readonly number[]): void {
    if (sortedOrder(lengths).some((b, n) => b !== n))
      this.copies ??= new Copies(this.backend, this.ends, this.allocate);
  }

  /** Sorts by these lengths. The states that the caller has written follow their sequences. */
  setLengths(lengths: readonly number[]): void {
    const order = sortedOrder(lengths);
    if (order.every((b, n) => b === this.order[n])) return;
    this.copies?.moveStates(order.map((b) => this.order.indexOf(b)));
    this.order = order;
    this.copies?.setOrder(order);
  }

  /** Before the LSTMs' forward pass. */
  sortInputs(): void {
    this.used?.sortInputs(this.order);
  }

  /** After the LSTMs' forward pass. */
  returnStates(): void {
    this.used?.returnStates();
  }

  /** Before the LSTMs' backward pass. */
  sortGradients(): void {
    this.used?.sortGradients();
  }

  /** After the LSTMs' backward pass. */
  returnInputGradient(): void {
    this.used?.returnInputGradient();
  }
}

/** The longest sequence first; equal lengths keep their order. */
const sortedOrder = (lengths: readonly number[]): number[] =>
  [...lengths.keys()].sort((a, b) => lengths[b] - lengths[a]);

/** The sorted copies, and the rows that they come from. A row is one sequence at one step. */
class Copies {
  readonly layers: readonly (readonly Lstm[])[];
  readonly views: OutputViews;
  private readonly x: Tensor;
  private readonly dx: Tensor | undefined;
  /** For row n of a sorted `[B,…]` or `[T,B,…]` tensor, the caller's row; and the inverse. */
  private readonly toSorted: Rows;
  private readonly toCallers: Rows;
  private readonly stateRows: Tensor;
  private readonly scratch: Record<string, Tensor>;
  /** By their number. */
  private readonly zeros: Record<string, Tensor>;

  constructor(
    private readonly backend: Backend,
    private readonly ends: Ends,
    allocate: Allocate,
  ) {
    const { x, dx, layers, views } = ends;
    const [T, B] = x.shape;
    const states = layers.flat().flatMap(({ initial: { h, c } }) => [h, c]);
    const widths = new Set([...(dx ? [dx] : []), ...views.states, ...states].map(columnsOf));
    this.zeros = allocate(Object.fromEntries([...widths].map((width) => [width, [width]])));
    this.scratch = allocate(Object.fromEntries(states.map(({ shape }) => [shape[1], shape])));
    const ours = allocate({
      ...{ x: x.shape, stateRows: [B] },
      ...{ sortedBatch: [B], callersBatch: [B], sortedSteps: [T * B], callersSteps: [T * B] },
      ...(dx && { dx: dx.shape }),
    });
    this.x = ours.x;
    this.dx = dx && ours.dx;
    this.stateRows = ours.stateRows;
    this.toSorted = { batch: ours.sortedBatch, steps: ours.sortedSteps };
    this.toCallers = { batch: ours.callersBatch, steps: ours.callersSteps };
    const [lowest, ...others] = layers;
    this.layers = [lowest.map((lstm) => this.reading(lstm)), ...others];
    const copyOf = (name: string, all: readonly Tensor[]) =>
      Object.values<Tensor>(allocate(Object.fromEntries(all.map(({ shape }, n) => [`${name}${n}`, shape]))));
    this.views = { states: copyOf('states', views.states), dStates: copyOf('dStates', views.dStates) };
  }

  /** The same LSTM, but it reads the sorted x. */
  private reading(lstm: Lstm): Lstm {
    const { sizes, forgetBias, reverse } = lstm;
    const inputs = { inputs: [this.x], dInputs: this.dx ? [this.dx] : [] };
    return bindLstm(sizes, { ...lstm, ...inputs }, { forgetBias, reverse });
  }

  setOrder(order: readonly number[]): void {
    const { toSorted, toCallers, ends } = this;
    const [T, B] = ends.x.shape;
    order.forEach((b, n) => {
      toSorted.batch.set(n, b);
      toCallers.batch.set(b, n);
      for (let t = 0; t < T; t++) {
        toSorted.steps.set(t * B + n, t * B + b);
        toCallers.steps.set(t * B + b, t * B + n);
      }
    });
    for (const { batch, steps } of [toSorted, toCallers]) for (const rows of [batch, steps]) this.backend.upload(rows);
  }

  /** Row n of each state becomes its row `from[n]`. */
  moveStates(from: readonly number[]): void {
    from.forEach((row, n) => this.stateRows.set(n, row));
    this.backend.upload(this.stateRows);
    for (const state of this.ends.states.flatMap(({ h, c }) => [h, c])) {
      const moved = this.scratch[columnsOf(state)];
      this.gather(moved, state, this.stateRows);
      this.backend.copy(state, moved);
    }
  }

  /** On the host, which has written x. */
  sortInputs(order: readonly number[]): void {
    order.forEach((b, n) => copyInto(this.x.pick(null, n), this.ends.x.pick(null, b)));
    this.backend.upload(this.x);
  }

  returnStates(): void {
    this.views.states.forEach((copy, k) =>
      this.gather(copy, this.ends.views.states[k], this.rowsFor(copy, this.toCallers)),
    );
  }

  sortGradients(): void {
    this.views.dStates.forEach((copy, k) =>
      this.gather(this.ends.views.dStates[k], copy, this.rowsFor(copy, this.toSorted)),
    );
  }

  returnInputGradient(): void {
    const { dx } = this.ends;
    if (dx && this.dx) this.gather(matrixOf(dx), matrixOf(this.dx), this.toCallers.steps);
  }

  /** The rows for a matrix of B rows, or of T·B. */
  private rowsFor({ shape }: Tensor, { batch, steps }: Rows): Tensor {
    return shape[0] === batch.size ? batch : steps;
  }

  /** Row n of out = row `rows[n]` of a: (15) with a bias of 0. */
  private gather(out: Tensor, a: Tensor, rows: Tensor): void {
    this.backend.embeddingForward(out, a, rows, this.zeros[columnsOf(a)]);
  }
}

interface Rows {
  readonly batch: Tensor;
  readonly steps: Tensor;
}

const columnsOf = ({ shape }: Tensor): number => shape[shape.length - 1];
