import { allocateLstm, lstmBackward, lstmForward, stepOf, valuesOf } from 'longhand';
import { createReferenceBackend } from 'longhand/reference';

const backend = createReferenceBackend({ dtype: 'f64' });
const lstm = allocateLstm(backend, { T: 3, B: 1, I: 1, H: 2 }); // 3 steps, 1 sequence, 1 input, 2 units
lstm.x.data.set([1, -1, 0.5]);
const kernel = [
  [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8], // Wx: 2 numbers for each of the gates i, j, f, o, one per unit
  [0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1], // Wh, first row: from the previous h of unit 0
  [0.1, 0.3, 0.5, 0.7, 0.2, 0.4, 0.6, 0.8], // Wh, second row: from the previous h of unit 1
];
lstm.kernel.data.set(kernel.flat());
lstmForward(backend, lstm);
console.log('last h', valuesOf(stepOf(lstm.h, 3))); // 0.0529…, 0.0694…

stepOf(lstm.dhUpstream, 3).set(0, 0, 1); // say the loss is the last h of unit 0
lstmBackward(backend, lstm);
console.log('∂loss/∂x', valuesOf(lstm.dx)); // 0.1015…, 0.0948…, 0.1059…
