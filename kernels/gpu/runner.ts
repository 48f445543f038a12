/** Runs programs in an open mode. Compiles a program once for each set of input layouts and sizes. */
import type { KernelFunction, Stored } from './gpu-js.js';
import { type Form, type Geometry, type Layout, partsOf, Source } from './layout.js';
import type { OpenMode } from './modes.js';
import { type Program, kernelText } from './program.js';

/** A matrix on the device. It never changes: an operation's result is a new matrix. */
export interface Matrix {
  readonly layout: Layout;
  /** Its rows. The last ones can be surplus; see `Device.roomFor`. */
  readonly rows: number;
  readonly columns: number;
  /** Its textures or buffers; see layout.ts. */
  readonly parts: readonly Stored[];
}

/** `count` rows of a matrix, from row `first` on. */
export interface RowRange {
  readonly matrix: Matrix;
  readonly first: number;
  readonly count: number;
}

export function allRowsOf(matrix: Matrix): RowRange {
  return { matrix, first: 0, count: matrix.rows };
}

/** Whether the rows are some of a larger matrix. */
export const isPart = ({ matrix, count }: RowRange): boolean => count !== matrix.rows;

/** An input of an operation: rows, or one number for all elements. */
export type Input = RowRange | number;

/** An operation on the device: the programs that compute it from its inputs. Several programs are several launches. */
export interface Operation {
  /** Two operations with the same name and the same forms of inputs have the same programs. */
  readonly name: string;
  readonly inputs: Readonly<Record<string, Input>>;
  readonly programs: (geometry: Geometry, sources: Readonly<Record<string, Source>>) => readonly Program[];
}

/** A program and the kernels that were compiled from it, one for each set of sizes of the inputs' textures or buffers. */
interface Prepared {
  /** The operation's name. */
  readonly name: string;
  readonly program: Program;
  /** The GL modes compile the sizes of the inputs' textures into the shader, so a kernel is for one set of sizes. */
  readonly kernels: Map<string, KernelFunction>;
}

export class Runner {
  private readonly prepared = new Map<string, readonly Prepared[]>();

  constructor(
    private readonly opened: OpenMode,
    /** Called with every matrix that a launch computes. */
    private readonly onMatrix: (matrix: Matrix) => void,
  ) {}

  /** Enqueues the launches of an operation. Returns the matrices that they compute, in order. */
  async run({ name, inputs, programs }: Operation): Promise<Matrix[]> {
    const { geometry } = this.opened;
    const sources = Object.entries(inputs).map(
      ([input, value]) => new Source(geometry, input, formOf(geometry, value)),
    );
    const key = [name, ...sources.map(({ key }) => key)].join(', ');
    let launches = this.prepared.get(key);
    if (!launches) {
      const named = Object.fromEntries(sources.map((source) => [source.name, source]));
      launches = programs(geometry, named).map((program) => ({ name, program, kernels: new Map() }));
      this.prepared.set(key, launches);
    }
    const results: Matrix[] = [];
    for (const launch of launches) results.push(...(await this.launch(launch, inputs)));
    return results;
  }

  private async launch(
    { name, program, kernels }: Prepared,
    inputs: Readonly<Record<string, Input>>,
  ): Promise<Matrix[]> {
    const given = program.inputs.flatMap(({ name, form }) => argumentsOf(inputs[name], form));
    const sizes = given.map(({ size }) => size).join(' ');
    const known = kernels.get(sizes);
    const kernel = known ?? this.compile(name, program, given);
    const result = await kernel(...given.map(({ value }) => value));
    if (!known) {
      this.assertRanAsAsked(kernel);
      kernels.set(sizes, kernel);
    }
    const { geometry } = this.opened;
    const parts = this.opened.adopt(result, program);
    return program.outputs.map(({ rows, columns, layout }) => {
      const matrix = { rows, columns, layout, parts: parts.splice(0, partsOf(geometry, layout)) };
      this.onMatrix(matrix);
      return matrix;
    });
  }

  private compile(name: string, program: Program, given: readonly Argument[]): KernelFunction {
    const { gpu } = this.opened;
    this.assertFits(name, program);
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

  private assertFits(name: string, { threads }: Program): void {
    const { geometry, mode } = this.opened;
    const { mostTexels } = geometry;
    if (Math.max(...threads) <= mostTexels) return;
    throw new RangeError(
      `gpu ${name}: mode ${mode} needs textures of ${threads.join(' × ')} texels, but this device allows at most ` +
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

/** An argument of a kernel. Its type and the size of its texture do not change between calls. */
interface Argument {
  readonly value: Stored | number;
  readonly type: string;
  readonly size: string;
}

function argumentsOf(input: Input, { isSlice }: Form): Argument[] {
  if (typeof input === 'number') return [{ value: input, type: 'Float', size: '' }];
  const { matrix, first } = input;
  const values = matrix.parts.map((value) => ({
    value,
    type: value.type ?? 'Input',
    size: Array.from(value.size ?? value.output ?? []).join('×'),
  }));
  // In tiles of several textures the first row is given as its tile; `residue` is the row within the tile.
  const start = matrix.parts.length > 1 ? Math.floor(first / matrix.parts.length) : first;
  return isSlice ? [...values, { value: start, type: 'Integer', size: '' }] : values;
}

function formOf(geometry: Geometry, input: Input): Form {
  if (typeof input === 'number') return { kind: 'number', isSlice: false, residue: 0 };
  const { matrix, first } = input;
  const textures = partsOf(geometry, matrix.layout);
  return { kind: matrix.layout, isSlice: isPart(input), residue: first % textures };
}
