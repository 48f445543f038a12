/** The table of cells: names.ts has their names, and nothing else lists them. */
import { describe } from '../core/arguments.js';
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
  const { name, bind } = (cell ?? {}) as Partial<Cell>;
  if (typeof name !== 'string' || typeof bind !== 'function') {
    throw new TypeError(`${what} is ${describe(cell)}: must be one of ${names}, or a cell as stepCell makes it`);
  }
  if (CELL_NAMES.some((one) => one === name)) {
    throw new RangeError(`${what}: a cell of this program is called ${name}: give your own another name`);
  }
}
