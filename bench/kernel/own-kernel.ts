/** A kernel in WGSL on a device: compiled, with operands in its memory and guard values around them. In Node and in pages. */
import { BUFFER, Device, MAP_READ } from '../../kernels/webgpu/device.js';
import { createWebGpuBackend } from '../../kernels/webgpu/index.js';
import type { Backend } from '../../src/core/backend.js';
import type { Operands, Size } from '../steps/product-steps.js';
import {
  type Compiled,
  type Place,
  type Prepared,
  type Workplace,
  GUARD,
  KernelError,
  fillInTurns,
  writtenOutside,
} from './compiled.js';
import { type ArrayBinding, type KernelFile, type Matrix, names, pitchOf, readKernel } from './kernel-file.js';

/** How many guard values stand beside a matrix. A whole number of groups of four. */
const GUARDS = 64;
const COMPUTE = 4; // GPUShaderStage.COMPUTE

/** A matrix in an array. `at` and `pitch` count single numbers. */
interface BoundPlace extends Place {
  readonly array: ArrayBinding;
}
type Places = Readonly<Record<Matrix, BoundPlace>>;

/** Each kernel has a new device, because the one before may have lost it. What it is compared with is compiled on the same device. */
export class WgslWorkplace implements Workplace {
  private device: Device | undefined;
  private backend: Backend | undefined;
  lost: string | undefined;

  async compile(source: string): Promise<Compiled> {
    const file = readKernel(source);
    const device = this.device ?? (await Device.open());
    if (!this.device) {
      this.device = device;
      void device.gpu.lost.then(({ message, reason }) => {
        if (this.device === device) this.lost = message || reason;
      });
    }
    return OwnKernel.compile(device, file);
  }

  async longhand(): Promise<Backend> {
    return (this.backend ??= await createWebGpuBackend());
  }

  release(): void {
    const { device } = this;
    [this.device, this.lost] = [undefined, undefined];
    device?.close();
  }
}

class OwnKernel implements Compiled {
  readonly longhand = 'longhand-webgpu';
  /** By the sizes that it was specialised for: one for all sizes, unless `override` constants have them. */
  private readonly pipelines = new Map<string, GPUComputePipeline>();

  private constructor(
    readonly device: Device,
    readonly file: KernelFile,
    private readonly module: GPUShaderModule,
    private readonly bindings: GPUBindGroupLayout,
  ) {}

  get executor(): string {
    return this.device.description;
  }

  /** Throws a KernelError with the line and the driver's message. */
  static async compile(device: Device, file: KernelFile): Promise<OwnKernel> {
    const { gpu } = device;
    gpu.pushErrorScope('validation'); // so that a text that is no WGSL is no error of the device
    const module = gpu.createShaderModule({ code: file.code });
    const [{ messages }] = await device.result(Promise.all([module.getCompilationInfo(), gpu.popErrorScope()]));
    const first = messages.find(({ type }) => type === 'error');
    if (first) throw new KernelError(oneLine(first.message), first.lineNum || undefined);
    const bindings = gpu.createBindGroupLayout({
      entries: [
        ...file.arrays.map(({ binding, isReadOnly }) => {
          const type: GPUBufferBindingType = isReadOnly ? 'read-only-storage' : 'storage';
          return { binding, visibility: COMPUTE, buffer: { type } };
        }),
        ...(file.uniform ? [{ binding: file.uniform.binding, visibility: COMPUTE, buffer: {} }] : []),
      ],
    });
    return new OwnKernel(device, file, module, bindings);
  }

  private async pipelineFor(numbers: Readonly<Record<string, number>>): Promise<GPUComputePipeline> {
    const constants = Object.fromEntries(this.file.overrides.map((name) => [name, numbers[name]]));
    const key = JSON.stringify(constants);
    const known = this.pipelines.get(key);
    if (known) return known;
    const { gpu } = this.device;
    try {
      const pipeline = await gpu.createComputePipelineAsync({
        layout: gpu.createPipelineLayout({ bindGroupLayouts: [this.bindings] }),
        compute: { module: this.module, entryPoint: this.file.entryPoint, constants },
      });
      this.pipelines.set(key, pipeline);
      return pipeline;
    } catch (error) {
      this.device.assertWorks(); // a lost device refuses too
      throw new KernelError(oneLine(error instanceof Error ? error.message : String(error)));
    }
  }

  async prepare(operands: Operands): Promise<PreparedKernel> {
    const { places, lengths } = placesFor(this.file, operands.size);
    const numbers = numbersFor(operands.size, places);
    return new PreparedKernel(this, operands, places, lengths, numbers, await this.pipelineFor(numbers), this.bindings);
  }
}

/** Where the matrices lie, and how long the arrays are. */
function placesFor(file: KernelFile, [M, K, N]: Size): { places: Places; lengths: Map<ArrayBinding, number> } {
  const lengths = new Map<ArrayBinding, number>();
  const place = (name: Matrix, rows: number, columns: number): BoundPlace => {
    const array = file.arrays.find((one) => one.name === name || one.name === 'memory');
    if (!array) throw new Error(`no array for ${name}`); // readKernel has checked them
    const pitch = names(file, pitchOf(name)) ? inFours(columns) : columns;
    const at = lengths.get(array) ?? (array.name === 'memory' ? GUARDS : 0);
    lengths.set(array, inFours(at + rows * pitch) + GUARDS);
    return { array, at, pitch, rows, columns };
  };
  const out = place('out', M, N);
  const b = place('b', names(file, 'bPitch') ? inFours(K) : K, N); // beyond K it is 0, as a is: see the contract
  return { places: { out, b, a: place('a', M, K) }, lengths };
}

const inFours = (count: number): number => Math.ceil(count / 4) * 4;

/** What NUMBERS of kernel-file.ts mean. Longhand's kernels can also sum over several steps, and begin with a bias: here they do not. */
function numbersFor([M, K, N]: Size, { out, a, b }: Places): Readonly<Record<string, number>> {
  const places = Object.entries({ out, a, b }).flatMap(([name, { array, at, pitch }]) => [
    [name, at / array.unit],
    [pitchOf(name), pitch / array.unit],
  ]);
  const nothing = { steps: 1, aStride: 0, bStride: 0, start: 0, startPitch: 0, hasStart: 0 };
  return { M, K, N, ...(Object.fromEntries(places) as Record<string, number>), ...nothing };
}

class PreparedKernel implements Prepared {
  readonly unsteady =
    'threads depend on the order in which they run, so look for a missing barrier or an element that two threads write';
  private readonly buffers: ReadonlyMap<ArrayBinding, GPUBuffer>;
  private readonly contents = new Map<ArrayBinding, Float32Array<ArrayBuffer>>();
  private readonly parameters: GPUBuffer | undefined;
  private readonly group: GPUBindGroup;
  private readonly workgroups: readonly [number, number, number];

  constructor(
    private readonly kernel: OwnKernel,
    readonly operands: Operands,
    private readonly places: Places,
    lengths: ReadonlyMap<ArrayBinding, number>,
    numbers: Readonly<Record<string, number>>,
    private readonly pipeline: GPUComputePipeline,
    layout: GPUBindGroupLayout,
  ) {
    const { device, file } = kernel;
    this.workgroups = file.workgroups(operands.size);
    this.buffers = new Map([...lengths].map(([array, length]) => [array, bufferOf(device, 4 * length)]));
    for (const [array, length] of lengths) this.contents.set(array, new Float32Array(length).fill(GUARD));
    if (file.uniform) {
      const values = Uint32Array.from(
        { length: inFours(file.uniform.fields.length) },
        (_, n) => numbers[file.uniform?.fields[n] ?? ''] ?? 0,
      );
      this.parameters = device.gpu.createBuffer({ size: values.byteLength, usage: BUFFER.uniform | BUFFER.copyTarget });
      device.gpu.queue.writeBuffer(this.parameters, 0, values);
    }
    const entries = [...this.buffers].map(([{ binding }, buffer]) => ({ binding, resource: { buffer } }));
    const uniform =
      file.uniform && this.parameters ? [{ binding: file.uniform.binding, resource: { buffer: this.parameters } }] : [];
    this.group = device.gpu.createBindGroup({ layout, entries: [...entries, ...uniform] });
    this.fill([NaN], operands);
  }

  private contentOf({ array }: BoundPlace): Float32Array<ArrayBuffer> {
    const content = this.contents.get(array);
    if (!content) throw new Error(`no array ${array.name}`);
    return content;
  }

  /** A matrix with zeros after its rows and, of b, below them. */
  private put(name: 'a' | 'b', values: Float32Array): void {
    const place = this.places[name];
    const content = this.contentOf(place);
    content.fill(0, place.at, place.at + place.rows * place.pitch);
    for (let row = 0; row * place.columns < values.length; row++)
      content.set(values.subarray(row * place.columns, (row + 1) * place.columns), place.at + row * place.pitch);
  }

  fill(numbers: readonly number[], { a, b }: Pick<Operands, 'a' | 'b'>): void {
    const { at, rows, pitch } = this.places.out;
    this.put('a', a);
    this.put('b', b);
    fillInTurns(this.contentOf(this.places.out).subarray(at, at + rows * pitch), numbers);
    for (const [array, buffer] of this.buffers) {
      const content = this.contents.get(array);
      if (content) this.kernel.device.gpu.queue.writeBuffer(buffer, 0, content);
    }
  }

  /** In one submit. */
  async repeat(count: number): Promise<void> {
    const { gpu } = this.kernel.device;
    const encoder = gpu.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(this.pipeline);
    pass.setBindGroup(0, this.group);
    for (let n = 0; n < count; n++) pass.dispatchWorkgroups(...this.workgroups);
    pass.end();
    gpu.queue.submit([encoder.finish()]);
    await this.kernel.device.result(gpu.queue.onSubmittedWorkDone());
  }

  async read(): Promise<{ readonly result: Float32Array; readonly outside: string | undefined }> {
    let outside: string | undefined;
    const { array, at, rows, columns, pitch } = this.places.out;
    const result = new Float32Array(rows * columns);
    for (const [one, buffer] of this.buffers) {
      if (one.isReadOnly) continue;
      const numbers = await this.numbersIn(buffer);
      if (one === array)
        for (let row = 0; row < rows; row++)
          result.set(numbers.subarray(at + row * pitch, at + row * pitch + columns), row * columns);
      outside ??= this.writtenOutside(one, numbers);
    }
    return { result, outside };
  }

  private async numbersIn(buffer: GPUBuffer): Promise<Float32Array> {
    const { device } = this.kernel;
    const target = device.gpu.createBuffer({ size: buffer.size, usage: BUFFER.mapRead | BUFFER.copyTarget });
    const encoder = device.gpu.createCommandEncoder();
    encoder.copyBufferToBuffer(buffer, 0, target, 0, buffer.size);
    device.gpu.queue.submit([encoder.finish()]);
    await device.result(target.mapAsync(MAP_READ));
    const numbers = new Float32Array(target.getMappedRange().slice(0));
    target.destroy();
    return numbers;
  }

  private writtenOutside(array: ArrayBinding, numbers: Float32Array): string | undefined {
    const inArray = (place: BoundPlace): Place | undefined => (place.array === array ? place : undefined);
    const { out, a, b } = this.places;
    const before = this.contents.get(array) ?? numbers;
    return writtenOutside(array.name, numbers, before, { out: inArray(out), a: inArray(a), b: inArray(b) });
  }

  dispose(): void {
    for (const buffer of this.buffers.values()) buffer.destroy();
    this.parameters?.destroy();
  }
}

const bufferOf = ({ gpu }: Device, size: number): GPUBuffer =>
  gpu.createBuffer({ size, usage: BUFFER.storage | BUFFER.copySource | BUFFER.copyTarget });

/** Drivers report in several lines. */
const oneLine = (text: string): string => text.trim().replace(/\s+/g, ' ');
