/** The table of cells: names.ts has their names. */
import { describe } from '../core/arguments.js';
import type { Shape } from '../core/tensor.js';
import { gruStepBackward, gruStepForward } from '../equations/gru.js';
import { minGruBlockBackward, minGruBlockForward } from '../equations/mingru.js';
import { minLstmBlockBackward, minLstmBlockForward } from '../equations/minlstm.js';
import { peepholeStepBackward, peepholeStepForward } from '../equations/peephole.js';
import { rnnStepBackward, rnnStepForward } from '../equations/rnn.js';
import { slstmStepBackward, slstmStepForward } from '../equations/slstm.js';
import type { Cell } from './cell.js';
import { lstm, setLstmChrono } from './lstm.js';
import { type CellName, CELL_NAMES } from './names.js';
import { scanCell, stepCell } from './step-cell.js';

/** Every cell, by its name; src/equations has their equations. */
const CELLS: Readonly<Record<CellName, Cell>> = {
  lstm,
  rnn: stepCell({
    name: 'rnn',
    gates: [],
    biases: ['bias'],
    operations: ['tanhForward', 'tanhBackward'],
    stateWidths: ({ H }) => ({ h: H }),
    parameterShapes: ({ I, H }) => ({ kernel: [I + H, H], bias: [H] }),
    otherShapes: ({ B, H }) => ({ a: [B, H], da: [B, H] }),
    stepForward: rnnStepForward,
    stepBackward: rnnStepBackward,
  }),
  gru: stepCell({
    name: 'gru',
    gates: ['r', 'z', 'n'],
    biases: ['bias', 'recurrentBias'],
    operations: ['gruCellForward', 'gruCellBackward'],
    stateWidths: ({ H }) => ({ h: H }),
    parameterShapes: ({ I, H }) => ({ kernel: [I + H, 3 * H], bias: [3 * H], recurrentBias: [3 * H] }),
    otherShapes: ({ T, B, H }) => ({
      ...{ ax: [B, 3 * H], ah: [B, 3 * H], gates: [T, B, 4 * H], dax: [B, 3 * H], dah: [B, 3 * H] },
    }),
    stepForward: gruStepForward,
    stepBackward: gruStepBackward,
    // z = u/(1+u), if its pre-activation is only the bias
    setChrono: ({ bias }, n, H, logarithm) => bias.set(H + n, logarithm),
  }),
  'lstm-peephole': stepCell({
    name: 'lstm-peephole',
    gates: ['i', 'j', 'f', 'o'],
    biases: ['bias'],
    operations: ['peepholeCellForward', 'peepholeCellBackward'],
    stateWidths: ({ H }) => ({ h: H, c: H }),
    parameterShapes: ({ I, H }) => ({ kernel: [I + H, 4 * H], bias: [4 * H], peepholes: [3 * H] }),
    otherShapes: ({ T, B, H }) => ({ z: [B, 4 * H], gates: [T, B, 4 * H], dz: [B, 4 * H], terms: [B, 3 * H] }),
    stepForward: peepholeStepForward,
    stepBackward: peepholeStepBackward,
    setChrono: setLstmChrono,
  }),
  mingru: scanCell({
    name: 'mingru',
    gates: ['u', 'j'],
    operations: ['minGruForward', 'minGruBackward'],
    blockForward: minGruBlockForward,
    blockBackward: minGruBlockBackward,
    // 1-u = k/(1+k), if the pre-activation is only the bias
    setChrono: ({ bias }, n, _, logarithm) => bias.set(n, -logarithm),
  }),
  minlstm: scanCell({
    name: 'minlstm',
    gates: ['i', 'j', 'f'],
    operations: ['minLstmForward', 'minLstmBackward'],
    blockForward: minLstmBlockForward,
    blockBackward: minLstmBlockBackward,
    setChrono: setLstmChrono, // f = k/(1+k) and i = 1/(1+k), so f/(f+i) = k/(1+k)
  }),
  slstm: stepCell({
    name: 'slstm',
    gates: ['i', 'j', 'f', 'o'],
    biases: ['bias'],
    operations: ['slstmCellForward', 'slstmCellBackward'],
    stateWidths: ({ H }) => ({ h: H, c: H, n: H, m: H }),
    // n is a sum of weights. c and n are divided by eᵐ, and an m that a step computes cancels in c/n, which h reads. It does not cancel in
    // a loss that reads c or n
    heldStates: { n: { at: 1, least: 0 }, m: { at: 0, hasGradient: false } },
    finalGradients: ['h'],
    parameterShapes: ({ I, H }) => ({ kernel: [I + H, 4 * H], bias: [4 * H] }),
    otherShapes: ({ T, B, H }) => ({ z: [B, 4 * H], gates: [T, B, 5 * H], dz: [B, 4 * H] }),
    stepForward: slstmStepForward,
    stepBackward: slstmStepBackward,
  }),
};

/** The cell of a layer: one of the table by its name, or one of the caller. */
export const cellOf = (cell: CellName | Cell): Cell => (typeof cell === 'string' ? CELLS[cell] : cell);

/** The name of a layer's cell. */
export const nameOfCell = (cell: CellName | Cell): string => cellOf(cell).name;

/** Throws a TypeError or a RangeError unless `cell` is the name of a cell, or a cell with a name of its own. `what` begins the message. */
export function assertCell(what: string, cell: unknown): asserts cell is CellName | Cell {
  const names = CELL_NAMES.join(', ');
  if (typeof cell === 'string') {
    if (CELL_NAMES.some((name) => name === cell)) return;
    throw new RangeError(`${what} is ${describe(cell)}: must be one of ${names}, or a cell of your own, as an object`);
  }
  const own = (cell ?? {}) as Partial<Cell>;
  const { name } = own;
  if (typeof name !== 'string' || FUNCTIONS.some((part) => typeof own[part] !== 'function')) {
    throw new TypeError(`${what} is ${describe(cell)}: must be one of ${names}, or a cell as stepCell makes it`);
  }
  if (CELL_NAMES.some((one) => one === name)) {
    throw new RangeError(`${what}: a cell of this program is called ${name}: give your own another name`);
  }
  assertParts(`${what}: the cell ${name}`, own as Cell);
}

/** Throws a RangeError if two cells have one name, by which a file holds them. `what` begins the message. */
export function assertOneCellPerName(what: string, cells: readonly (CellName | Cell)[]): void {
  const named = new Map<string, Cell>();
  for (const cell of cells.map(cellOf)) {
    const other = named.get(cell.name);
    if (other !== undefined && other !== cell)
      throw new RangeError(`${what}: two different cells are called ${cell.name}: give one of them another name`);
    named.set(cell.name, cell);
  }
}

const FUNCTIONS = ['bind', 'activationShapes', 'stateWidths', 'parameterShapes'] as const;

/** Throws a RangeError unless a cell of the caller's own has what every network needs: h as its first state, a kernel, and biases among its parameters. */
function assertParts(what: string, cell: Cell): void {
  const { biases, gates, operations } = cell;
  const widths = { I: 3, H: 5 };
  const [first] = Object.keys(cell.stateWidths(widths));
  if (first !== 'h')
    throw new RangeError(`${what}: its first state is ${describe(first)}: must be h, which a layer passes on`);
  const shapes: Partial<Record<string, Shape>> = cell.parameterShapes(widths);
  const rows = shapes.kernel?.[0];
  if (rows !== widths.I + widths.H)
    throw new RangeError(
      `${what}: its kernel has ${describe(rows)} rows with I 3 and H 5: must be I + H, those of x first`,
    );
  const taken = ['outKernel', 'outBias', 'x', ...Object.keys(cell.stateWidths(widths)).map((state) => `${state}0`)];
  const wrong = taken.find((one) => one in shapes);
  if (wrong !== undefined)
    throw new RangeError(
      `${what}: its parameter ${wrong} has the name of another tensor of the network: give it another name`,
    );
  for (const [list, names] of Object.entries({ biases, gates, operations }))
    if (!Array.isArray(names))
      throw new TypeError(`${what}: ${list} is ${describe(names)}: must be a list, perhaps empty`);
  const bias = biases.find((one) => !(one in shapes));
  if (bias !== undefined)
    throw new RangeError(
      `${what}: biases has ${bias}, which is no parameter: they are ${Object.keys(shapes).join(', ')}`,
    );
}
