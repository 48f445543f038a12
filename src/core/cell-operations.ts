/**
 * The element-wise operations of the cells beside the LSTM, and the shapes of their operands. A backend may lack them: a network
 * with such a cell is then refused, see `assertRuns` of src/cells/cell.ts.
 *
 * To add an operation: its docstring and its row here; its equation's function in kernels/reference/index.ts; for `wasm` its kind
 * in kernels/wasm/assembly/jobs.ts, its rows in assembly/cells.ts, and a case in assembly/index.ts.
 */
import { type Tensor, assertShape, formatShape } from './tensor.js';

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

  /** (24), (3), (25) and (4) of one step: h, c `[B,H]` and gates `[B,4H]` from z `[B,4H]`, cPrev `[B,H]` and p `[3H]`. */
  peepholeCellForward(
    h: Tensor,
    c: Tensor,
    gates: Tensor,
    z: Tensor,
    cPrev: Tensor,
    p: Tensor,
    forgetBias: number,
  ): void;

  /**
   * (4′), (25′), (3′) and (24′) of one step: dz `[B,4H]`, and terms `[B,3H]`, whose rows add up to dp, from dh `[B,H]`. Completes dc `[B,H]`.
   * Adds the gradient of cPrev to dcPrev. gates `[B,4H]`, c, cPrev `[B,H]`, p `[3H]`.
   */
  peepholeCellBackward(
    dz: Tensor,
    terms: Tensor,
    dc: Tensor,
    dcPrev: Tensor,
    dh: Tensor,
    gates: Tensor,
    c: Tensor,
    cPrev: Tensor,
    p: Tensor,
  ): void;

  /** (27), (28) and (26) of all steps: h `[T,B,H]` from gates `[T,B,2H]`, which it activates, and hPrev `[B,H]`. */
  minGruForward(h: Tensor, gates: Tensor, hPrev: Tensor, signed: boolean, reverse: boolean): void;

  /** (26′), (28′) and (27′) of all steps: dz `[T,B,2H]`. Completes dh `[T,B,H]`, and adds to dhPrev `[B,H]`. Others as in the forward pass. */
  minGruBackward(
    dz: Tensor,
    dh: Tensor,
    dhPrev: Tensor,
    gates: Tensor,
    h: Tensor,
    hPrev: Tensor,
    signed: boolean,
    reverse: boolean,
  ): void;

  /** (29), (28) and (26) of all steps: h `[T,B,H]` from gates `[T,B,3H]`, which it activates, and hPrev `[B,H]`. */
  minLstmForward(h: Tensor, gates: Tensor, hPrev: Tensor, forgetBias: number, signed: boolean, reverse: boolean): void;

  /** (26′), (28′) and (29′) of all steps: dz `[T,B,3H]`. Completes dh `[T,B,H]`, and adds to dhPrev `[B,H]`. Others as in the forward pass. */
  minLstmBackward(
    dz: Tensor,
    dh: Tensor,
    dhPrev: Tensor,
    gates: Tensor,
    h: Tensor,
    hPrev: Tensor,
    signed: boolean,
    reverse: boolean,
  ): void;

  /** (30) to (33) of one step: h, c, n, m `[B,H]` and gates `[B,5H]` from z `[B,4H]` and cPrev, nPrev, mPrev `[B,H]`. */
  slstmCellForward(
    h: Tensor,
    c: Tensor,
    n: Tensor,
    m: Tensor,
    gates: Tensor,
    z: Tensor,
    cPrev: Tensor,
    nPrev: Tensor,
    mPrev: Tensor,
    forgetBias: number,
  ): void;

  /**
   * (33′) to (31′) of one step: dz `[B,4H]` from dh `[B,H]`. Completes dc and dn `[B,H]`. Adds the gradients of cPrev and nPrev to dcPrev and
   * dnPrev `[B,H]`. gates `[B,5H]`, c, n, cPrev, nPrev `[B,H]`.
   */
  slstmCellBackward(
    dz: Tensor,
    dc: Tensor,
    dn: Tensor,
    dcPrev: Tensor,
    dnPrev: Tensor,
    dh: Tensor,
    gates: Tensor,
    c: Tensor,
    n: Tensor,
    cPrev: Tensor,
    nPrev: Tensor,
  ): void;
}

/** The name of an operation. */
export type CellOperation = keyof CellOperations;

/** The operations in the table: those of the LSTM too, which every backend has. */
type TabledOperation = CellOperation | 'lstmCellForward' | 'lstmCellBackward';

/** For each operation the shapes of its outputs, then of its inputs, by name and in order, and then its numbers: `2H` is 2·H, and `T+1` is T + 1. */
const OPERANDS: Readonly<Record<TabledOperation, readonly [outputs: Named, inputs: Named, ...numbers: string[]]>> = {
  lstmCellForward: [{ h: 'B,H', c: 'B,H', gates: 'B,4H' }, { z: 'B,4H', cPrev: 'B,H' }, 'forgetBias'],
  lstmCellBackward: [
    { dz: 'B,4H', dc: 'B,H', dcPrev: 'B,H' },
    { dh: 'B,H', gates: 'B,4H', c: 'B,H', cPrev: 'B,H' },
  ],
  tanhForward: [{ h: 'B,H' }, { a: 'B,H' }],
  tanhBackward: [{ da: 'B,H' }, { dh: 'B,H', h: 'B,H' }],
  gruCellForward: [
    { h: 'B,H', gates: 'B,4H' },
    { ax: 'B,3H', ah: 'B,3H', hPrev: 'B,H' },
  ],
  gruCellBackward: [
    { dax: 'B,3H', dah: 'B,3H', dhPrev: 'B,H' },
    { dh: 'B,H', gates: 'B,4H', hPrev: 'B,H' },
  ],
  peepholeCellForward: [{ h: 'B,H', c: 'B,H', gates: 'B,4H' }, { z: 'B,4H', cPrev: 'B,H', p: '3H' }, 'forgetBias'],
  peepholeCellBackward: [
    { dz: 'B,4H', terms: 'B,3H', dc: 'B,H', dcPrev: 'B,H' },
    { dh: 'B,H', gates: 'B,4H', c: 'B,H', cPrev: 'B,H', p: '3H' },
  ],
  minGruForward: [{ h: 'T,B,H', gates: 'T,B,2H' }, { hPrev: 'B,H' }, 'signed', 'reverse'],
  minGruBackward: [
    { dz: 'T,B,2H', dh: 'T,B,H', dhPrev: 'B,H' },
    { gates: 'T,B,2H', h: 'T,B,H', hPrev: 'B,H' },
    'signed',
    'reverse',
  ],
  minLstmForward: [{ h: 'T,B,H', gates: 'T,B,3H' }, { hPrev: 'B,H' }, 'forgetBias', 'signed', 'reverse'],
  minLstmBackward: [
    { dz: 'T,B,3H', dh: 'T,B,H', dhPrev: 'B,H' },
    { gates: 'T,B,3H', h: 'T,B,H', hPrev: 'B,H' },
    'signed',
    'reverse',
  ],
  slstmCellForward: [
    { h: 'B,H', c: 'B,H', n: 'B,H', m: 'B,H', gates: 'B,5H' },
    { z: 'B,4H', cPrev: 'B,H', nPrev: 'B,H', mPrev: 'B,H' },
    'forgetBias',
  ],
  slstmCellBackward: [
    { dz: 'B,4H', dc: 'B,H', dn: 'B,H', dcPrev: 'B,H', dnPrev: 'B,H' },
    { dh: 'B,H', gates: 'B,5H', c: 'B,H', n: 'B,H', cPrev: 'B,H', nPrev: 'B,H' },
  ],
};
type Named = Readonly<Record<string, string>>;

/** One extent of a shape: factor·letter + more. */
const extentOf = (text: string) => {
  const [, factor, letter, more] = /^(\d*)([A-Z])(?:\+(\d+))?$/.exec(text) ?? [];
  return { factor: Number(factor || 1), letter, more: Number(more || 0) };
};

/** An operand: its name, its shape as in the table, and the extents of its axes. */
interface Operand {
  readonly name: string;
  readonly isOutput: boolean;
  readonly shape: string;
  readonly extents: readonly ReturnType<typeof extentOf>[];
}

/** For each operation its operands, in order. */
export const CELL_OPERANDS: Readonly<Record<TabledOperation, readonly Operand[]>> = Object.fromEntries(
  Object.entries(OPERANDS).map(([operation, [outputs, inputs]]) => [
    operation,
    [outputs, inputs].flatMap((list, n) =>
      Object.entries(list).map(([name, shape]): Operand => ({
        name,
        isOutput: n === 0,
        shape,
        extents: shape.split(',').map(extentOf),
      })),
    ),
  ]),
) as Record<TabledOperation, Operand[]>;

/** The names of an operation's numbers, which follow its tensors. A boolean counts as 0 or 1. */
export function cellNumbers(operation: TabledOperation): readonly string[] {
  const [, , ...numbers] = OPERANDS[operation];
  return numbers;
}

/** The names of all operations that a backend may lack. */
export const CELL_OPERATIONS = Object.keys(OPERANDS).filter((name) => !name.startsWith('lstm')) as CellOperation[];

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
