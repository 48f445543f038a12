/** The whole backend suite on WebGPU, with the kernels for software adapters and with those for GPUs. */
import { describeBackend } from '../../helpers/backend-suite.js';
import { describeTraining } from '../../helpers/gpu-modes.js';
import { describeWebGpu, openWebGpu } from '../../helpers/webgpu.js';

await describeWebGpu(() => {
  describeBackend('webgpu, kernels for software adapters', 'a memory of its own', () => openWebGpu('software'));
  describeBackend('webgpu, kernels for GPUs', 'a memory of its own', () => openWebGpu('gpu'));
  describeTraining('webgpu', () => openWebGpu());
});
