/** The table of cells: names.ts has their names. */
import { describe } from '../core/arguments.js';
import type { Shape } from '../core/tensor.js';
import type { Cell } from './cell.js';
import { gru } from './gru.js';
import { lstmPeephole } from './lstm-peephole.js';
import { lstm } from './lstm.js';
import { mingru } from './mingru.js';
import { minlstm } from './minlstm.js';
import { type CellName, CELL_NAMES } from './names.js';
import { rnn } from './rnn.js';
import { slstm } from './slstm.js';

/** Every cell, by its name. */
const CELLS: Readonly<Record<CellName, Cell>> = {
  lstm,
  rnn,
  gru,
  'lstm-peephole': lstmPeephole,
  mingru,
  minlstm,
  slstm,
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
  for (const [list, names] of Object.entries({ biases, gates, operations }))
    if (!Array.isArray(names))
      throw new TypeError(`${what}: ${list} is ${describe(names)}: must be a list, perhaps empty`);
  const bias = biases.find((one) => !(one in shapes));
  if (bias !== undefined)
    throw new RangeError(
      `${what}: biases has ${bias}, which is no parameter: they are ${Object.keys(shapes).join(', ')}`,
    );
}
