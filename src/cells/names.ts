/** The names of the cells, without their equations: the tables of options, and with them the page, need no more. */
export const CELL_NAMES = ['lstm', 'rnn', 'gru', 'lstm-peephole', 'mingru', 'minlstm', 'slstm'] as const;

/** The name of a cell of this program. */
export type CellName = (typeof CELL_NAMES)[number];
