/** The plain recurrent network: src/equations/rnn.ts has its equations. */
import { rnnStepBackward, rnnStepForward } from '../equations/rnn.js';
import { stepCell } from './step-cell.js';

export const rnn = stepCell({
  name: 'rnn',
  gates: [],
  biases: ['bias'],
  operations: ['tanhForward', 'tanhBackward'],
  stateWidths: ({ H }) => ({ h: H }),
  parameterShapes: ({ I, H }) => ({ kernel: [I + H, H], bias: [H] }),
  otherShapes: ({ B, H }) => ({ a: [B, H], da: [B, H] }),
  stepForward: rnnStepForward,
  stepBackward: rnnStepBackward,
});
