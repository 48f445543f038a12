/** minLSTM: src/equations/minlstm.ts has its equations. */
import { minLstmBlockBackward, minLstmBlockForward } from '../equations/minlstm.js';
import { setLstmChrono } from './lstm.js';
import { scanCell } from './scan-cell.js';

export const minlstm = scanCell({
  name: 'minlstm',
  gates: ['i', 'j', 'f'],
  operations: ['minLstmForward', 'minLstmBackward'],
  blockForward: minLstmBlockForward,
  blockBackward: minLstmBlockBackward,
  setChrono: setLstmChrono, // f = k/(1+k) and i = 1/(1+k), so f/(f+i) = k/(1+k)
});
