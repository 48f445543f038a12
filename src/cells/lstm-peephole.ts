/** The LSTM with peepholes: src/equations/peephole.ts has its equations. */
import { peepholeStepBackward, peepholeStepForward } from '../equations/peephole.js';
import { setLstmChrono } from './lstm.js';
import { stepCell } from './step-cell.js';

export const lstmPeephole = stepCell({
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
});
