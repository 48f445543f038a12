/**
 * A list of calls as launches: their pipelines, parameters and numbers of workgroups are made once, so a replay encodes them and writes
 * only the numbers that have changed.
 */
import type { Call } from './calls.js';
import { type Device, BUFFER } from './device.js';
import type { Datum, Kernel, Launch } from './kernel.js';
import { gridOf, listIndex, PARAMETER_BYTES, parameterIndex, sourceOf } from './kernel.js';
import type { Memory } from './memory.js';

/** The compiled kernels of a device, each compiled at its first use. */
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

const WORDS = PARAMETER_BYTES / 4;

/** A number of a call and the parameter that it becomes. */
interface Slot {
  readonly datum: Datum;
  readonly word: number;
}

interface Encoded {
  /** Only if it has tiles: it may get another one. */
  readonly tiled: Launch | undefined;
  readonly pipeline: GPUComputePipeline;
  readonly grid: readonly [number, number];
  readonly offset: readonly number[];
}

export class Plan {
  /** The plan that ran after this one the last time: the next list of calls is probably that one. */
  next: Plan | undefined;
  private launches: readonly Encoded[];
  private readonly words: Uint32Array<ArrayBuffer>;
  private readonly reals: Float32Array;
  private readonly slots: Slot[] = [];
  private readonly parameters: GPUBuffer;
  private group: GPUBindGroup | undefined;
  /** The memory's generation of `group`. */
  private generation = -1;

  constructor(
    private readonly device: Device,
    private readonly memory: Pick<Memory, 'buffer' | 'generation'>,
    private readonly pipelines: Pipelines,
    readonly calls: readonly Call[],
    launches: readonly Launch[],
  ) {
    this.words = new Uint32Array(WORDS * launches.length);
    this.reals = new Float32Array(this.words.buffer);
    this.launches = launches.map((launch, n) => {
      this.putParameters(launch, n * WORDS);
      return { ...this.compiled(launch), offset: [n * PARAMETER_BYTES] };
    });
    this.parameters = device.gpu.createBuffer({
      size: this.words.byteLength,
      usage: BUFFER.uniform | BUFFER.copyTarget,
    });
    device.gpu.queue.writeBuffer(this.parameters, 0, this.words);
  }

  /** How many launches a run has. */
  get length(): number {
    return this.launches.length;
  }

  private compiled(launch: Launch): Omit<Encoded, 'offset'> {
    const tiled = launch.tiled && launch;
    return { tiled, pipeline: this.pipelines.of(launch.kernel), grid: gridOf(launch) };
  }

  /** Gives each launch that has tiles the one that `tiled` gives it. A tile changes neither parameters nor results. */
  useTiles(tiled: (launch: Launch) => Launch): void {
    this.launches = this.launches.map((encoded) =>
      encoded.tiled ? { ...encoded, ...this.compiled(tiled(encoded.tiled)) } : encoded,
    );
  }

  private putParameters({ kernel, whole, real = {}, list = [] }: Launch, start: number): void {
    for (const name of kernel.whole) {
      const value = whole[name];
      if (!Number.isInteger(value)) throw new Error(`webgpu: ${kernel.name}: ${name} is ${value}`);
      this.words[start + parameterIndex(kernel, name)] = value;
    }
    for (const name of kernel.real ?? []) this.addSlot(kernel, real[name], start + parameterIndex(kernel, name));
    list.forEach((value, n) => {
      const word = start + listIndex(kernel) + n;
      if (typeof value === 'number') this.words[word] = value;
      else this.addSlot(kernel, value, word);
    });
  }

  private addSlot({ name }: Kernel, datum: Datum | undefined, word: number): void {
    if (!datum) throw new Error(`webgpu: ${name}: a number is missing`);
    this.slots.push({ datum, word });
  }

  /** Enqueues the launches. `numbers` of each call. */
  run(numbers: readonly (readonly number[])[]): void {
    this.writeNumbers(numbers);
    const { gpu } = this.device;
    const group = this.bindGroup();
    const encoder = gpu.createCommandEncoder();
    const pass = encoder.beginComputePass();
    let last: GPUComputePipeline | undefined;
    for (const { pipeline, grid, offset } of this.launches) {
      if (pipeline !== last) pass.setPipeline((last = pipeline));
      pass.setBindGroup(0, group, offset);
      pass.dispatchWorkgroups(grid[0], grid[1]);
    }
    pass.end();
    gpu.queue.submit([encoder.finish()]);
  }

  private writeNumbers(numbers: readonly (readonly number[])[]): void {
    for (const { datum, word } of this.slots) {
      const value = Math.fround(numbers[datum.call][datum.index]);
      if (Object.is(this.reals[word], value)) continue;
      this.reals[word] = value;
      this.device.gpu.queue.writeBuffer(this.parameters, 4 * word, this.words, word, 1);
    }
  }

  private bindGroup(): GPUBindGroup {
    if (this.group && this.generation === this.memory.generation) return this.group;
    this.generation = this.memory.generation;
    this.group = this.device.gpu.createBindGroup({
      layout: this.device.bindings,
      entries: [
        { binding: 0, resource: { buffer: this.memory.buffer } },
        { binding: 1, resource: { buffer: this.parameters, size: PARAMETER_BYTES } },
      ],
    });
    return this.group;
  }

  dispose(): void {
    this.parameters.destroy();
  }
}
