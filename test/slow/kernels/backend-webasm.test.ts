/** The backend suite on GPU.js mode webasm. */
import { describeWholeMode } from '../../helpers/gpu-modes.js';

await describeWholeMode('webasm');
