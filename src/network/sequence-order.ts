/**
 * The order of a batch's sequences. The equations need the longest first (14); a caller may give any order. Then the cells
 * compute sorted copies of the batch, and what the network shows of x, the output layer and the loss keeps the caller's order.
 *
 * A batch that is sorted needs no copies: none are allocated before the first one that is not.
 */
import type { Backend } from '../core/backend.js';
import { type Shape, type Tensor, copyInto, matrixOf, rowsOf } from '../core/tensor.js';
import type { BoundCell, Tensors } from '../cells/cell.js';
import type { OutputViews } from './layers.js';

/** What the batch's order concerns. */
interface Connections {
  readonly x: Tensor;
  readonly dx: Tensor | undefined;
  readonly layers: readonly (readonly BoundCell[])[];
  /** h of the top layer, which the output layer reads, and its gradient. */
  readonly views: OutputViews;
  /** States, and their gradients, that belong to a sequence between two passes: they move with it. */
  readonly states: readonly Tensors[];
}

type Allocate = (shapes: Readonly<Record<string, Shape>>) => Record<string, Tensor>;

export class SequenceOrder {
  /** `[B]`: the caller's index of each sequence in the cells, the longest sequence first. */
  order: readonly number[];
  private copies: Copies | undefined;
  /** The copies if they are in use; undefined if the batch is sorted. */
  private used: Copies | undefined;

  constructor(
    private readonly backend: Backend,
    private readonly connections: Connections,
    private readonly allocate: Allocate,
  ) {
    this.order = Array.from({ length: connections.x.shape[1] }, (_, b) => b);
  }

  /** The layers that compute: those of the network, or with the sorted copy of x. */
  get layers(): readonly (readonly BoundCell[])[] {
    return (this.used ?? this.connections).layers;
  }

  /** The states that the output layer reads, in the caller's order, and their gradients. */
  get views(): OutputViews {
    return (this.used ?? this.connections).views;
  }

  /** Allocates what a batch of these lengths needs. Throws an OutOfMemoryError; then nothing changes. */
  reserve(lengths: readonly number[]): void {
    if (sortedOrder(lengths).some((b, n) => b !== n))
      this.copies ??= new Copies(this.backend, this.connections, this.allocate);
  }

  /** Sorts by these lengths. The states that the caller has written follow their sequences. */
  setLengths(lengths: readonly number[]): void {
    const order = sortedOrder(lengths);
    if (order.every((b, n) => b === this.order[n])) return;
    const places = Array<number>(order.length);
    this.order.forEach((b, n) => (places[b] = n));
    this.copies?.moveStates(order.map((b) => places[b]));
    this.order = order;
    this.copies?.setOrder(order);
    this.used = order.every((b, n) => b === n) ? undefined : this.copies;
  }

  /** Before the cells' forward pass. */
  sortInputs(): void {
    this.used?.sortInputs(this.order);
  }

  /** After the cells' forward pass. */
  returnStates(): void {
    this.used?.returnStates();
  }

  /** Before the cells' backward pass. */
  sortGradients(): void {
    this.used?.sortGradients();
  }

  /** After the cells' backward pass. */
  returnInputGradient(): void {
    this.used?.returnInputGradient();
  }
}

/** The longest sequence first; equal lengths keep their order. */
export const sortedOrder = (lengths: readonly number[]): number[] =>
  [...lengths.keys()].sort((a, b) => lengths[b] - lengths[a]);

/** The sorted copies of what the batch's order concerns. */
class Copies {
  readonly layers: readonly (readonly BoundCell[])[];
  readonly views: OutputViews;
  private readonly x: Tensor;
  /** `[B]`: for each row of a sorted batch, the caller's row; and the inverse. */
  private readonly toSorted: Tensor;
  private readonly toCallers: Tensor;
  private readonly moves: Tensor;
  /** `[B,N]` for each N that the states have. */
  private readonly scratch: Readonly<Record<number, Tensor>>;
  /** `[N]` for each N: a bias of 0. */
  private readonly zeros: Readonly<Record<number, Tensor>>;
  /** Empty for class indices, which are no rows. */
  private readonly inputsIn: readonly Step[];
  private readonly statesBack: readonly Step[];
  private readonly gradientsIn: readonly Step[];
  private readonly inputGradientBack: readonly Step[];

  constructor(
    private readonly backend: Backend,
    private readonly connections: Connections,
    allocate: Allocate,
  ) {
    const { x, dx, layers, views, states } = connections;
    const B = x.shape[1];
    const ofStates = states.flatMap((each) => Object.values(each));
    const isMatrix = x.dimension === 3; // else it has class indices
    const widthsOf = (tensors: readonly Tensor[]): number[] => [...new Set(tensors.map(columnsOf))];
    const ofAll = widthsOf([...(isMatrix ? [x] : []), ...views.states, ...ofStates]);
    const shapes: Record<string, Shape> = { x: x.shape, toSorted: [B], toCallers: [B], moves: [B] };
    if (dx) shapes.dx = dx.shape;
    for (const [name, tensors] of Object.entries(views) as [string, readonly Tensor[]][]) {
      tensors.forEach(({ shape }, n) => (shapes[`${name}${n}`] = shape));
    }
    for (const N of ofAll) shapes[`zeros${N}`] = [N];
    for (const N of widthsOf(ofStates)) shapes[`scratch${N}`] = [B, N];
    const all = allocate(shapes); // at once: if one does not fit, none is kept
    this.x = all.x;
    this.toSorted = all.toSorted;
    this.toCallers = all.toCallers;
    this.moves = all.moves;
    this.zeros = Object.fromEntries(ofAll.map((N) => [N, all[`zeros${N}`]]));
    this.scratch = Object.fromEntries(widthsOf(ofStates).map((N) => [N, all[`scratch${N}`]]));
    this.views = {
      states: views.states.map((_, n) => all[`states${n}`]),
      dStates: views.dStates.map((_, n) => all[`dStates${n}`]),
    };
    const inputs = { inputs: [all.x], dInputs: dx ? [all.dx] : [] };
    const [lowest, ...others] = layers;
    this.layers = [lowest.map((bound) => bound.cell.bind({ ...bound, ...inputs })), ...others];
    this.inputsIn = isMatrix ? stepsOf(B, [matrixOf(all.x)], [matrixOf(x)]) : [];
    this.statesBack = stepsOf(B, this.views.states, views.states);
    this.gradientsIn = stepsOf(B, views.dStates, this.views.dStates);
    this.inputGradientBack = dx ? stepsOf(B, [matrixOf(dx)], [matrixOf(all.dx)]) : [];
  }

  setOrder(order: readonly number[]): void {
    order.forEach((b, n) => {
      this.toSorted.set(n, b);
      this.toCallers.set(b, n);
    });
    this.backend.upload(this.toSorted);
    this.backend.upload(this.toCallers);
  }

  /** Row n of each state becomes its row `from[n]`. */
  moveStates(from: readonly number[]): void {
    from.forEach((row, n) => this.moves.set(n, row));
    this.backend.upload(this.moves);
    for (const state of this.connections.states.flatMap((each) => Object.values(each))) {
      const moved = this.scratch[columnsOf(state)];
      this.gather({ out: moved, a: state }, this.moves);
      this.backend.copy(state, moved);
    }
  }

  sortInputs(order: readonly number[]): void {
    for (const step of this.inputsIn) this.gather(step, this.toSorted);
    if (this.inputsIn.length > 0) return;
    // class indices: the host has written them
    order.forEach((b, n) => copyInto(this.x.pick(null, n), this.connections.x.pick(null, b)));
    this.backend.upload(this.x);
  }

  returnStates(): void {
    for (const step of this.statesBack) this.gather(step, this.toCallers);
  }

  sortGradients(): void {
    for (const step of this.gradientsIn) this.gather(step, this.toSorted);
  }

  returnInputGradient(): void {
    for (const step of this.inputGradientBack) this.gather(step, this.toCallers);
  }

  /** Row n of out = row `rows[n]` of a: (15) with a bias of 0. */
  private gather({ out, a }: Step, rows: Tensor): void {
    this.backend.embeddingForward(out, a, rows, this.zeros[columnsOf(a)]);
  }
}

/** Matrices `[B,N]` of one step. */
interface Step {
  readonly out: Tensor;
  readonly a: Tensor;
}

/** The steps of matrices `[B,N]`, or `[T·B,N]`. A whole one has too many rows for indices in f32, if T·B is beyond 2²⁴. */
const stepsOf = (B: number, outs: readonly Tensor[], as: readonly Tensor[]): Step[] =>
  outs.flatMap((out, k) =>
    Array.from({ length: out.shape[0] / B }, (_, t) => {
      const [from, to] = [t * B, (t + 1) * B];
      return { out: rowsOf(out, from, to), a: rowsOf(as[k], from, to) };
    }),
  );

const columnsOf = ({ shape }: Tensor): number => shape[shape.length - 1];
