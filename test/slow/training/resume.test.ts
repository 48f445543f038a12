/** A run that is interrupted after any of its steps and resumed equals the uninterrupted run. */
import { testInterruptions } from '../../helpers/resumed-runs.js';

testInterruptions('at any step', (steps) => Array.from({ length: steps - 1 }, (_, n) => n + 1));
