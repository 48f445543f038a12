/** The gradient check: of src/equations/lstm.ts, or of a copy with a planted mistake. */
import mistakenOperations from 'virtual:planted-mistakes';
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { withShapeChecks } from '../core/shape-checks.js';
import type { GradientReport } from '../equations/gradcheck.js';
import { checkModelGradients } from '../network/network-check.js';

/** The sizes of `longhand gradcheck`: all different, so that a swapped axis cannot hide. */
const SIZES = { T: 5, B: 3, I: 4, H: 6, C: 7 };

/** `mistake`: an id of mistakes.ts, or `none`. The loss, and so the numeric gradients, always come from the correct file. */
export function checkWith(mistake: string): Promise<GradientReport[]> {
  const correct = createReferenceBackend({ dtype: 'f64' });
  const suspect = withShapeChecks({ ...createReferenceBackend({ dtype: 'f64' }), ...mistakenOperations[mistake] });
  return checkModelGradients(correct, SIZES, { suspect });
}
