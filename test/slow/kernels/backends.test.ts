/** The backend suite where the first tier leaves it out: more pairs of a build and a number of threads; GPU.js in two modes. */
import { describeWasm } from '../../helpers/backend-suite.js';
import { describeWholeMode } from '../../helpers/gpu-modes.js';

describeWasm(2, 'portable');
describeWasm(5, 'relaxed');
await describeWholeMode('webasm');
await describeWholeMode('webgpu');
