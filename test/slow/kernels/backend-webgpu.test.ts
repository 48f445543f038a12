/** The backend suite on GPU.js mode webgpu. */
import { describeWholeMode } from '../../helpers/gpu-modes.js';

await describeWholeMode('webgpu');
