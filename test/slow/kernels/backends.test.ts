/** The backend suite where the first tier leaves it out: more pairs of a build and a number of threads; GPU.js in two modes. */
import { describeWasm } from '../../helpers/backend-suite.js';
import { describeWholeMode } from '../../helpers/gpu-modes.js';

describeWasm(2, 'portable');
describeWasm(5, 'relaxed');
// GPU.js compiles each kernel. test/kernels/backend-gpu.test.ts has all cases in mode cpu, and gpu-programs.test.ts these modes' tiles.
await describeWholeMode('webasm', 'two fifths');
await describeWholeMode('webgpu', 'two fifths');
