/**
 * The element-wise operations of the cells beside the LSTM, and the shapes of their operands. A backend may lack them: a network
 * with such a cell is then refused, see `assertRuns` of src/cells/cell.ts.
 *
 * To add an operation: its docstring and its row here; its equation's function in kernels/reference/index.ts; for `wasm` its fields
 * and its kind in kernels/wasm/assembly/jobs.ts, its rows in assembly/cells.ts, a case in assembly/index.ts and a line in
 * kernels/wasm/backend.ts.
 */
import type { Tensor } from './tensor.js';
import { assertShape, formatShape } from './tensor.js';

/** Outputs first, then inputs, as in `Operations`. */
export interface CellOperations {
  /** (20) of one step: h `[B,H]` = tanh(a), a `[B,H]`. */
  tanhForward(h: Tensor, a: Tensor): void;

  /** (20′) of one step: da = dh*(1-h²), all `[B,H]`. */
  tanhBackward(da: Tensor, dh: Tensor, h: Tensor): void;

  /** (22) and (23) of one step: h `[B,H]`, and gates r, z, n with ah's block n `[B,4H]`, from ax, ah `[B,3H]` and hPrev `[B,H]`. */
  gruCellForward(h: Tensor, gates: Tensor, ax: Tensor, ah: Tensor, hPrev: Tensor): void;

  /** (23′) and (22′) of one step: dax, dah `[B,3H]` from dh, hPrev `[B,H]` and gates `[B,4H]`. Adds dh*z to dhPrev `[B,H]`. */
  gruCellBackward(dax: Tensor, dah: Tensor, dhPrev: Tensor, dh: Tensor, gates: Tensor, hPrev: Tensor): void;
}

/** The name of an operation. */
export type CellOperation = keyof CellOperations;

/** For each operation the shapes of its operands by name, in their order: `2H` is 2·H, and `T+1` is T + 1. */
const OPERANDS: Readonly<Record<CellOperation, Readonly<Record<string, string>>>> = {
  tanhForward: { h: 'B,H', a: 'B,H' },
  tanhBackward: { da: 'B,H', dh: 'B,H', h: 'B,H' },
  gruCellForward: { h: 'B,H', gates: 'B,4H', ax: 'B,3H', ah: 'B,3H', hPrev: 'B,H' },
  gruCellBackward: { dax: 'B,3H', dah: 'B,3H', dhPrev: 'B,H', dh: 'B,H', gates: 'B,4H', hPrev: 'B,H' },
};

/** One extent of a shape: factor·letter + more. */
const extentOf = (text: string) => {
  const [, factor, letter, more] = /^(\d*)([A-Z])(?:\+(\d+))?$/.exec(text) ?? [];
  return { factor: Number(factor || 1), letter, more: Number(more ?? 0) };
};

/** An operand: its name, its shape as in the table, and the extents of its axes. */
interface Operand {
  readonly name: string;
  readonly shape: string;
  readonly extents: readonly ReturnType<typeof extentOf>[];
}

/** For each operation its operands, in order. */
export const CELL_OPERANDS: Readonly<Record<CellOperation, readonly Operand[]>> = Object.fromEntries(
  Object.entries(OPERANDS).map(([operation, shapes]): [string, Operand[]] => [
    operation,
    Object.entries(shapes).map(([name, shape]) => ({ name, shape, extents: shape.split(',').map(extentOf) })),
  ]),
) as Record<CellOperation, Operand[]>;

/** The names of all operations. */
export const CELL_OPERATIONS = Object.keys(OPERANDS) as CellOperation[];

/** The sizes of a call's operands, such as B and H. Throws a RangeError if the shapes don't belong together. */
export function cellSizes(operation: CellOperation, operands: readonly unknown[]): Readonly<Record<string, number>> {
  const sizes: Record<string, number> = {};
  CELL_OPERANDS[operation].forEach(({ name, shape: letters, extents }, n) => {
    const operand = operands[n] as Tensor;
    const expected = extents.map(({ factor, letter, more }, axis) => {
      sizes[letter] ??= (operand.shape[axis] - more) / factor;
      return factor * sizes[letter] + more;
    });
    if (!Object.values(sizes).every(Number.isInteger)) {
      throw new RangeError(`${operation}: ${name} ${formatShape(operand.shape)} must be [${letters}]`);
    }
    assertShape(operation, name, operand, expected);
  });
  return sizes;
}
