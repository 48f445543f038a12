/** The names of the cells, without their equations: the tables of options, and with them the page, need no more. */

/** The cells of this program: for each name what people call it. */
export const CELL_LABELS = {
  lstm: 'LSTM',
  rnn: 'RNN',
  gru: 'GRU',
  'lstm-peephole': 'LSTM, peepholes',
  mingru: 'minGRU',
  minlstm: 'minLSTM',
  slstm: 'sLSTM',
} as const;

/** The name of a cell of this program. */
export type CellName = keyof typeof CELL_LABELS;

export const CELL_NAMES = Object.keys(CELL_LABELS) as CellName[];
