/** The RNN and the GRU on the backends for GPUs. */
import { createGpuBackend } from '../../kernels/gpu/index.js';
import { describeCells } from '../helpers/cell-suite.js';
import { describeMode } from '../helpers/gpu-modes.js';
import { describeWebGpu, KINDS, openWebGpu } from '../helpers/webgpu.js';

for (const mode of ['cpu', 'headlessgl'] as const) {
  await describeMode(mode, () => describeCells(`gpu, ${mode}`, () => createGpuBackend({ mode })));
}

await describeWebGpu(() => {
  for (const kind of KINDS) describeCells(`webgpu, kernels for ${kind}`, () => openWebGpu(kind));
});
