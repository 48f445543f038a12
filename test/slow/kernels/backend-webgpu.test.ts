/** The whole backend suite on WebGPU, with the kernels for software adapters and with those for GPUs, and then with each other tile. */
import { PRODUCT_TILES, USUAL_TILE } from '../../../kernels/webgpu/matmul.js';
import { describeBackend } from '../../helpers/backend-suite.js';
import { describeTraining } from '../../helpers/gpu-modes.js';
import { describeWebGpu, openWebGpu } from '../../helpers/webgpu.js';

await describeWebGpu(() => {
  describeBackend('webgpu, kernels for software adapters', 'a memory of its own', () => openWebGpu('software'));
  describeBackend('webgpu, kernels for GPUs', 'a memory of its own', () => openWebGpu('gpu'));
  for (const tile of PRODUCT_TILES.filter((name) => !Object.values(USUAL_TILE).includes(name)))
    describeBackend(`webgpu, products in tiles of ${tile}`, 'a memory of its own', () => openWebGpu('gpu', tile));
  describeTraining('webgpu', () => openWebGpu());
});
