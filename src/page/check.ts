/** The gradient check, of src/lstm.ts as it is or with a mistake planted into it. */
import mistaken from 'virtual:planted-mistakes';
import { createReferenceBackend } from '../../kernels/reference/index.js';
import type { GradientReport } from '../gradcheck.js';
import { checkModelGradients } from '../gradcheck.js';
import { withShapeChecks } from '../shape-checks.js';

/** As `longhand gradcheck`; no two alike, so that no swapped axis hides. */
const SIZES = { T: 5, B: 3, I: 4, H: 6, C: 7 };

/** `mistake`: an id of mistakes.ts, or `none`. The loss, and so the numeric slopes, is always the right one's. */
export function checkWith(mistake: string): Promise<GradientReport[]> {
  const right = createReferenceBackend({ dtype: 'f64' });
  const operations = mistaken[mistake];
  const suspect = withShapeChecks({ ...createReferenceBackend({ dtype: 'f64' }), ...operations });
  return checkModelGradients(right, SIZES, { suspect });
}
