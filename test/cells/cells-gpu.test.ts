/** The RNN and the GRU on the backends for GPUs; test/slow/cells has all sizes and modes. */
import { createGpuBackend } from '../../kernels/gpu/index.js';
import { describeCells } from '../helpers/cell-suite.js';
import { describeMode } from '../helpers/gpu-modes.js';
import { describeWebGpu, openWebGpu } from '../helpers/webgpu.js';

const SIZES = [
  [5, 3],
  [6, 8],
] as const;

await describeMode('cpu', () => describeCells('gpu, cpu', () => createGpuBackend({ mode: 'cpu' }), SIZES));
await describeWebGpu(() => describeCells('webgpu', () => openWebGpu(), SIZES));
