/** The compiled kernels of a device, each compiled at its first use. */
import type { Device } from './device.js';
import type { Kernel } from './kernel.js';
import { sourceOf } from './kernel.js';

export class Pipelines {
  private readonly made = new Map<string, GPUComputePipeline>();
  private readonly layout: GPUPipelineLayout;

  constructor(private readonly device: Device) {
    this.layout = device.gpu.createPipelineLayout({ bindGroupLayouts: [device.bindings] });
  }

  of(kernel: Kernel): GPUComputePipeline {
    const known = this.made.get(kernel.name);
    if (known) return known;
    const { gpu } = this.device;
    const module = gpu.createShaderModule({ label: kernel.name, code: sourceOf(kernel) });
    const pipeline = gpu.createComputePipeline({ label: kernel.name, layout: this.layout, compute: { module } });
    this.made.set(kernel.name, pipeline);
    return pipeline;
  }
}
