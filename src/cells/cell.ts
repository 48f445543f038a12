/**
 * What a network needs to know about a cell: the seam between src/network and the equations of one recurrent net. lstm.ts, the LSTM, stands
 * directly on it. A cell that computes one step after another needs less: step-cell.ts makes it from its shapes and the equations
 * of one step. cells.ts is the table.
 *
 * To add a cell: its equations in src/equations, a name in names.ts, an entry in cells.ts. If no operation of `Operations` or
 * `CellOperations` does its element-wise part, src/core/cell-operations.ts says how to add one; `operations` names those that it
 * needs, and a network is refused on a backend that lacks one.
 */
import type { AccumulateOptions, Backend } from '../core/backend.js';
import type { CellOperation } from '../core/cell-operations.js';
import { BackendUnavailableError } from '../core/errors.js';
import { type Shape, type Tensor, rowsOf, stepOf } from '../core/tensor.js';
import type { LstmSizes } from '../equations/lstm-tensors.js';
import type { RecurrenceTensors } from '../equations/recurrence.js';

/** A tensor for each name. */
export type Tensors = Readonly<Record<string, Tensor>>;
/** A shape for each name. */
export type Shapes = Readonly<Record<string, Shape>>;

/** What the shapes of all tensors depend on, each a whole number ≥ 1. P: only if h is a projection (16). */
export type CellSizes = LstmSizes;

/** What the shapes of the parameters depend on. */
export type CellWidths = Pick<CellSizes, 'I' | 'H' | 'P'>;

/** A state that is no free number. */
export interface HeldState {
  /** The value at which a gradient check holds the initial state. */
  readonly at: number;
  /** The least value that the initial state may have. Default: any. */
  readonly least?: number;
  /** False: no gradient is computed for the initial state. Default: true. */
  readonly hasGradient?: boolean;
}

/** A recurrent cell. */
export interface Cell {
  /** Its name in `layers`, files and messages. */
  readonly name: string;
  /** The names of its gates, as `gatesOf` returns them. */
  readonly gates: readonly string[];
  /** The parameters that a layer with `bias: false` does not have; they are then 0. */
  readonly biases: readonly string[];
  /** Whether h can be a projection (16). Default: false. */
  readonly canProject?: boolean;
  /** Whether h is a scan whose factors can be signed (28): the option `eigenvalues`. Default: false. */
  readonly hasFactors?: boolean;
  /** The states that are no free numbers, because they have a meaning only together with others. Default: none. */
  readonly heldStates?: Readonly<Record<string, HeldState>>;
  /** The states that a loss of the caller's may read after the last step: `setFinalGradients`. Default: every state. */
  readonly finalGradients?: readonly string[];
  /** The operations that it needs beside `Operations`. */
  readonly operations: readonly CellOperation[];

  /** N of each state by its name, in the order of files: h first, which the layer passes on. */
  stateWidths(widths: CellWidths): Readonly<Record<string, number>>;
  /** The shape of each parameter by name, in the order of files. `kernel` is `[I+H,…]`, x's rows first. */
  parameterShapes(widths: CellWidths): Shapes;
  /**
   * The shapes of all other tensors. For each state s: `s` and `ds`, its gradient, `[T+1,B,N]`. Row 0 is the initial state, row t+1 that
   * after step t; in reverse row T, row t. And `dhUpstream`, the gradient that reaches h from outside, of h's shape.
   */
  activationShapes(sizes: CellSizes): Shapes;
  /** The cell over its tensors. */
  bind(parts: CellParts): BoundCell;
  /**
   * For the initial biases 'chrono': sets those of unit n, which should keep its state for about exp(logarithm) steps. The argument `biases`:
   * the parameters that the field `biases` names, `[N]` each. Default: the cell has no such gate.
   */
  setChrono?(biases: Tensors, n: number, H: number, logarithm: number, forgetBias: number): void;
}

/** The options of a network that cells use. */
export type CellOptions = Pick<RecurrenceTensors, 'forgetBias' | 'signed'>;

/** What a cell is bound to. */
export interface CellParts
  extends CellOptions, Pick<RecurrenceTensors, 'reverse' | 'gradients' | 'inputs' | 'dInputs'> {
  /** T, B, I and H, and P if there is a projection. */
  readonly sizes: CellSizes;
  /** The parameters by name, as `parameterShapes` lists them: `kernel` `[I+H,…]`, and others. Biases that the layer does not have are zeros. */
  readonly values: Tensors;
  /** A tensor for each of `activationShapes`: `h` `[T+1,B,N]`, and others. For another state s than h also `dsUpstream`, if gradients can reach it from outside. */
  readonly activations: Tensors;
}

/** One cell of a network, over its tensors. */
export interface BoundCell extends CellParts {
  /** The cell whose `bind` has made it. */
  readonly cell: Cell;
  /** The states before the first step, `[B,N]`. */
  readonly initial: Tensors;
  /** The states after every sequence's last step, `[B,N]`. */
  readonly final: Tensors;
  /** The states after each step, `[T,B,N]`: row t belongs to step t in both directions. */
  readonly outputs: Tensors;
  /** ∂loss/∂state after a backward pass, `[T+1,B,N]`. */
  readonly dStates: Tensors;
  /** The gradient that reaches each state from outside, `[T+1,B,N]`; a state without one is not listed. */
  readonly dUpstream: Readonly<Record<string, Tensor | undefined>>;
  /** The whole sequence forward, from the inputs and the initial states. */
  forward(backend: Backend): void;
  /** The whole sequence backward. Computes `gradients`, `dInputs` and `dStates`. `accumulate`: adds to dInputs. */
  backward(backend: Backend, options?: AccumulateOptions): void;
  /** Gives each sequence of the batch its own length: whole numbers 1 … T, the longest first (14). */
  setLengths(lengths: ArrayLike<number>): void;
}

/** The passes of a bound cell. */
export type Passes = Pick<BoundCell, 'forward' | 'backward' | 'setLengths'>;

/** A bound cell from its parts and its passes. */
export function boundCell(cell: Cell, parts: CellParts, passes: Passes): BoundCell {
  const { activations, reverse, sizes } = parts;
  const { T } = sizes;
  const names = Object.keys(cell.stateWidths(sizes));
  const each = <Value>(value: (name: string) => Value): Record<string, Value> =>
    Object.fromEntries(names.map((name) => [name, value(name)]));
  return {
    ...{ ...parts, cell },
    initial: each((name) => stepOf(activations[name], reverse ? T : 0)),
    final: each((name) => stepOf(activations[name], reverse ? 0 : T)),
    outputs: each((name) => outputRows(parts, activations[name])),
    dStates: each((name) => activations[`d${name}`]),
    dUpstream: each((name): Tensor | undefined => activations[`d${name}Upstream`]),
    ...passes,
  };
}

/** The rows of `[T+1,B,N]` that hold what follows each step: 1 … T, or 0 … T-1 in reverse. */
export const outputRows = ({ reverse, sizes: { T } }: Pick<CellParts, 'reverse' | 'sizes'>, rows: Tensor): Tensor =>
  reverse ? rowsOf(rows, 0, T) : rowsOf(rows, 1, T + 1);

/** The shapes of states and their gradients that `activationShapes` needs, by name. */
export function stateShapesOf(cell: Pick<Cell, 'stateWidths'>, sizes: CellSizes): Record<string, Shape> {
  const { T, B } = sizes;
  const widths = Object.entries(cell.stateWidths(sizes));
  const states = widths.flatMap(([name, N]) => [name, `d${name}`].map((key) => [key, [T + 1, B, N]] as const));
  return Object.fromEntries([...states, ['dhUpstream', [T + 1, B, widths[0][1]]]]);
}

/** The gates of each step by name, `[T,B,H]`: blocks of H columns of the tensor `gates`. */
export const gatesOf = ({ cell, activations: { gates }, sizes: { T, B, H } }: BoundCell): Tensors =>
  Object.fromEntries(cell.gates.map((name, n) => [name, gates.hi(T, B, (n + 1) * H).lo(0, 0, n * H)]));

/** Throws a BackendUnavailableError unless the backend has the cell's operations. `what` begins the message. */
export function assertRuns(what: string, { name, operations }: Cell, backend: Backend): void {
  const missing = operations.find((operation) => backend[operation] === undefined);
  if (missing === undefined) return;
  throw new BackendUnavailableError(
    `${what}: the cell ${name} does not run on the backend ${backend.name}, which has no ${missing}: use wasm or reference`,
  );
}
