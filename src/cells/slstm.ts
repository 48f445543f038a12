/** The sLSTM: src/equations/slstm.ts has its equations. */
import { slstmStepBackward, slstmStepForward } from '../equations/slstm.js';
import { stepCell } from './step-cell.js';

export const slstm = stepCell({
  name: 'slstm',
  gates: ['i', 'j', 'f', 'o'],
  biases: ['bias'],
  operations: ['slstmCellForward', 'slstmCellBackward'],
  stateWidths: ({ H }) => ({ h: H, c: H, n: H, m: H }),
  // n is a sum of weights. c and n are divided by eᵐ, and an m that a step computes cancels in c/n
  heldStates: { n: { at: 1, least: 0 }, m: { at: 0, hasGradient: false } },
  parameterShapes: ({ I, H }) => ({ kernel: [I + H, 4 * H], bias: [4 * H] }),
  otherShapes: ({ T, B, H }) => ({ z: [B, 4 * H], gates: [T, B, 5 * H], dz: [B, 4 * H] }),
  stepForward: slstmStepForward,
  stepBackward: slstmStepBackward,
});
