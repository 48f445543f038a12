/** Runs programs in an open mode: compiles a program once for each set of inputs, and frees matrices that no tensor holds. */
import type { HostNumbers, KernelFunction, Stored } from './gpu-js.js';
import type { Form, Geometry, Layout } from './layout.js';
import { flat, partsOf, Source, unpack } from './layout.js';
import type { OpenMode } from './modes.js';
import type { Program } from './program.js';
import { kernelText } from './program.js';
import { copyPrograms, fillProgram, joinPrograms, uploadProgram } from './moves.js';

/** A matrix on the device. It never changes: an operation's result is a new matrix. */
export interface Matrix {
  readonly layout: Layout;
  readonly rows: number;
  readonly columns: number;
  /** Its textures or buffers; see layout.ts. */
  readonly parts: readonly Stored[];
}

/** `count` rows of a matrix, from row `first` on. */
export interface Rows {
  readonly matrix: Matrix;
  readonly first: number;
  readonly count: number;
}

export function allRowsOf(matrix: Matrix): Rows {
  return { matrix, first: 0, count: matrix.rows };
}

/** An input of an operation: rows, or one number for all elements. */
export type Input = Rows | number;

/** An operation on the device: the programs that compute it from its inputs. Several programs are several launches. */
export interface Operation {
  /** Different for operations whose programs differ in more than the forms of the inputs. */
  readonly name: string;
  readonly inputs: Readonly<Record<string, Input>>;
  readonly programs: (geometry: Geometry, sources: Readonly<Record<string, Source>>) => readonly Program[];
}

/** A program and the kernels that were compiled from it, one for each set of sizes of the inputs' textures or buffers. */
interface Prepared {
  readonly program: Program;
  /** GPU.js allows no input of a kernel to change its size. */
  readonly kernels: Map<string, KernelFunction>;
}

export class Device {
  private readonly prepared = new Map<string, readonly Prepared[]>();
  /** How many tensors hold a matrix. */
  private readonly holders = new Map<Matrix, number>();
  private readonly unheld = new Set<Matrix>();

  constructor(private readonly opened: OpenMode) {}

  /** Enqueues the launches of an operation. Returns the matrices that they compute, in order; `hold` keeps one. */
  async run({ name, inputs: given, programs }: Operation): Promise<Matrix[]> {
    const { geometry } = this.opened;
    const inputs = await this.withinLimit(this.withoutParts(given));
    const sources = Object.entries(inputs).map(
      ([input, value]) => new Source(geometry, input, formOf(geometry, value)),
    );
    const key = [name, ...sources.map(({ key }) => key)].join(', ');
    let launches = this.prepared.get(key);
    if (!launches) {
      const named = Object.fromEntries(sources.map((source) => [source.name, source]));
      launches = programs(geometry, named).map((program) => ({ program, kernels: new Map() }));
      this.prepared.set(key, launches);
    }
    const results: Matrix[] = [];
    for (const launch of launches) results.push(...(await this.launch(launch, inputs)));
    return results;
  }

  /** In the modes that compute on the host, some rows of a matrix are a matrix of their own, without a copy. */
  private withoutParts(inputs: Readonly<Record<string, Input>>): Readonly<Record<string, Input>> {
    const { computesOnHost, gpuJs } = this.opened;
    if (!computesOnHost) return inputs;
    const cut = (input: Input): Input => {
      if (typeof input === 'number' || input.matrix.layout !== 'rows' || input.count === input.matrix.rows)
        return input;
      const { columns, parts } = input.matrix;
      const { value } = parts[0] as HostNumbers;
      const start = input.first * columns;
      const part = gpuJs.input(value.subarray(start, start + input.count * columns), [columns, input.count]);
      return allRowsOf({ layout: 'rows', rows: input.count, columns, parts: [part] });
    };
    return Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, cut(input)]));
  }

  /** Copies inputs from tiles to rows, until they have no more textures than a launch can read. */
  private async withinLimit(inputs: Readonly<Record<string, Input>>): Promise<Readonly<Record<string, Input>>> {
    const { mostInputs } = this.opened.geometry;
    const copied = { ...inputs };
    const count = (): number =>
      Object.values(copied).reduce<number>(
        (sum, input) => sum + (typeof input === 'number' ? 0 : input.matrix.parts.length),
        0,
      );
    for (const [name, input] of Object.entries(inputs)) {
      if (count() <= mostInputs) return copied;
      if (typeof input === 'number' || input.matrix.parts.length === 1) continue;
      const { columns } = input.matrix;
      const [matrix] = await this.run({
        name: `copy ${input.count} ${columns}`,
        inputs: { value: input },
        programs: (geometry, { value }) => copyPrograms(geometry, [input.count, columns], value),
      });
      copied[name] = allRowsOf(matrix);
    }
    return copied;
  }

  /** The most rows that an upload can have. */
  get mostRows(): number {
    return this.opened.geometry.mostTexels;
  }

  /** Enqueues the copy of `numbers`, row by row, from the host to the device. */
  async upload(numbers: Float32Array, rows: number, columns: number): Promise<Matrix> {
    const value = this.opened.gpuJs.input(numbers, [columns, rows]);
    if (this.opened.computesOnHost) return this.track({ layout: 'rows', rows, columns, parts: [value] });
    const host: Rows = { matrix: { layout: 'rows', rows, columns, parts: [value] }, first: 0, count: rows };
    const [matrix] = await this.run({
      name: `upload ${rows} ${columns}`,
      inputs: { numbers: host },
      programs: (geometry, { numbers: source }) => [uploadProgram(geometry, [rows, columns], source)],
    });
    return matrix;
  }

  /** A matrix full of one number. */
  async fill(value: number, rows: number, columns: number): Promise<Matrix> {
    const [matrix] = await this.run({
      name: `fill ${rows} ${columns}`,
      inputs: { value },
      programs: (geometry, sources) => [fillProgram(geometry, [rows, columns], sources.value)],
    });
    return matrix;
  }

  /** One matrix from several; as many in one launch as it can read. */
  async join(parts: readonly Rows[], columns: number): Promise<Matrix> {
    const { mostInputs } = this.opened.geometry;
    const groups: Rows[][] = [[]];
    let inputs = 0;
    for (const part of parts) {
      inputs += part.matrix.parts.length;
      if (inputs > mostInputs) {
        groups.push([]);
        inputs = part.matrix.parts.length;
      }
      groups[groups.length - 1].push(part);
    }
    const joined: Rows[] = [];
    for (const group of groups)
      joined.push(group.length === 1 ? group[0] : allRowsOf(await this.joinOnce(group, columns)));
    return joined.length === 1 ? joined[0].matrix : this.join(joined, columns);
  }

  private async joinOnce(parts: readonly Rows[], columns: number): Promise<Matrix> {
    const heights = parts.map(({ count }) => count);
    const [matrix] = await this.run({
      name: `join ${columns} ${heights.join(' ')}`,
      inputs: Object.fromEntries(parts.map((part, n) => [`part${n}_`, part])),
      programs: (geometry, sources) => joinPrograms(geometry, columns, heights, Object.values(sources)),
    });
    return matrix;
  }

  /** Waits for a matrix; returns its elements by row and column. Rejects if the device has been lost. */
  async read({ layout, columns, parts }: Matrix): Promise<(row: number, column: number) => number> {
    const { gpu, mode, geometry } = this.opened;
    const numbers: Float32Array[] = [];
    for (const part of parts) numbers.push(flat(await part.toArray()));
    // webgpu reports a lost device itself; a lost GL context continues, and reads zeros
    if (geometry.width === 4 && gpu.context?.isContextLost() === true) {
      throw new Error(`gpu: mode ${mode} has lost its device and all tensors on it; make a new backend`);
    }
    return unpack(geometry, layout, columns, numbers);
  }

  /** Notes that one more tensor holds `matrix`. */
  hold(matrix: Matrix): void {
    this.holders.set(matrix, (this.holders.get(matrix) ?? 0) + 1);
    this.unheld.delete(matrix);
  }

  /** Notes that one tensor less holds `matrix`. */
  release(matrix: Matrix): void {
    const left = (this.holders.get(matrix) ?? 1) - 1;
    if (left > 0) {
      this.holders.set(matrix, left);
    } else {
      this.holders.delete(matrix);
      this.unheld.add(matrix);
    }
  }

  /** Frees the matrices that no tensor holds. The device itself waits for submitted work that still reads them. */
  collect(): void {
    for (const { parts } of this.unheld) for (const part of parts) if ('delete' in part) part.delete();
    this.unheld.clear();
  }

  /** Matrices that no tensor will hold are freed, too. */
  private track(matrix: Matrix): Matrix {
    this.unheld.add(matrix);
    return matrix;
  }

  private async launch({ program, kernels }: Prepared, inputs: Readonly<Record<string, Input>>): Promise<Matrix[]> {
    const given = program.inputs.flatMap(({ name, form }) => argumentsOf(inputs[name], form));
    const sizes = given.map(({ size }) => size).join(' ');
    const known = kernels.get(sizes);
    const kernel = known ?? this.compile(program, given);
    const result = await kernel(...given.map(({ value }) => value));
    if (!known) {
      this.assertRanAsAsked(kernel);
      kernels.set(sizes, kernel);
    }
    const { geometry } = this.opened;
    const parts = this.opened.adopt(result, program);
    return program.outputs.map(({ rows, columns, layout }) =>
      this.track({ rows, columns, layout, parts: parts.splice(0, partsOf(geometry, layout)) }),
    );
  }

  private compile(program: Program, given: readonly Argument[]): KernelFunction {
    const { gpu } = this.opened;
    this.assertFits(program);
    const { main, saved } = kernelText(program);
    const settings = {
      output: program.threads,
      pipeline: true,
      immutable: true,
      precision: 'single',
      loopMaxIterations: 2 ** 30,
      argumentTypes: given.map(({ type }) => type),
    } as const;
    return saved.length === 0
      ? gpu.createKernel(main, settings)
      : gpu.createKernelMap(Object.fromEntries(saved.map(({ name, source }) => [name, source])), main, settings);
  }

  private assertFits({ outputs, threads }: Program): void {
    const { geometry, mode } = this.opened;
    const { mostTexels } = geometry;
    if (Math.max(...threads) <= mostTexels) return;
    const { rows, columns } = outputs[0];
    throw new RangeError(
      `gpu: mode ${mode}: [${rows},${columns}] needs a texture of ${threads.join(' × ')} texels, but this device has at most ` +
        `${mostTexels} × ${mostTexels}: use smaller tensors, or the wasm backend`,
    );
  }

  /** GPU.js falls back to another mode without an error. Here it is an error. */
  private assertRanAsAsked({ kernel }: KernelFunction): void {
    const { mode, kernelClass } = this.opened;
    if (kernel instanceof kernelClass && !kernel.fallbackReason) return;
    throw new Error(
      `gpu: mode ${mode} was requested, but GPU.js ran a kernel on ${kernel.constructor.name}` +
        (kernel.fallbackReason ? `: ${kernel.fallbackReason}` : ''),
    );
  }
}

/** An argument of a kernel. GPU.js allows neither its type nor the size of its texture or buffer to change. */
interface Argument {
  readonly value: Stored | number;
  readonly type: string;
  readonly size: string;
}

function argumentsOf(input: Input, { isPart }: Form): Argument[] {
  if (typeof input === 'number') return [{ value: input, type: 'Float', size: '' }];
  const { matrix, first } = input;
  const values = matrix.parts.map((value) => ({
    value,
    type: value.type ?? 'Input',
    size: Array.from(value.size ?? value.output ?? []).join('×'),
  }));
  // Tiles that lie in several textures are counted, not rows: the form has the rest.
  const start = matrix.parts.length > 1 ? Math.floor(first / matrix.parts.length) : first;
  return isPart ? [...values, { value: start, type: 'Integer', size: '' }] : values;
}

function formOf(geometry: Geometry, input: Input): Form {
  if (typeof input === 'number') return { kind: 'number', isPart: false, residue: 0 };
  const { matrix, first, count } = input;
  const textures = partsOf(geometry, matrix.layout);
  return { kind: matrix.layout, isPart: count !== matrix.rows, residue: first % textures };
}
