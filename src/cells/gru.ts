/** The gated recurrent unit: src/equations/gru.ts has its equations. */
import { gruStepBackward, gruStepForward } from '../equations/gru.js';
import { stepCell } from './step-cell.js';

export const gru = stepCell({
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
});
