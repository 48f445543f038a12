/** The RNN and the GRU on the backends for GPUs, in every mode and at all sizes. */
import { createGpuBackend } from '../../../kernels/gpu/index.js';
import { describeCells } from '../../helpers/cell-suite.js';
import { describeMode } from '../../helpers/gpu-modes.js';
import { describeWebGpu, KINDS, openWebGpu } from '../../helpers/webgpu.js';

for (const mode of ['cpu', 'webasm', 'headlessgl', 'webgpu'] as const) {
  await describeMode(mode, () => describeCells(`gpu, ${mode}`, () => createGpuBackend({ mode })));
}

await describeWebGpu(() => {
  for (const kind of KINDS) describeCells(`webgpu, kernels for ${kind}`, () => openWebGpu(kind));
});
