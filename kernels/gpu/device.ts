/**
 * Matrices on the device: moves them there, back and together, and frees those that no tensor holds. An operation's inputs
 * are first made such that a launch can read them.
 */
import type { HostNumbers } from './gpu-js.js';
import { flat, unpack } from './layout.js';
import type { OpenMode } from './modes.js';
import { copyPrograms, fillProgram, joinPrograms, uploadProgram } from './pointwise.js';
import { type Input, type Matrix, type Operation, type RowRange, allRowsOf, isPart, Runner } from './runner.js';

export class Device {
  private readonly runner: Runner;
  /** How many tensors hold a matrix. */
  private readonly holders = new Map<Matrix, number>();
  /** The matrices that no tensor holds. If `hold` is not called, the next `collect` frees a new one. */
  private readonly unheld = new Set<Matrix>();

  constructor(private readonly opened: OpenMode) {
    this.runner = new Runner(opened, (matrix) => this.unheld.add(matrix));
  }

  /**
   * How many rows a kernel computes for `count` rows of a step with `step` rows. A kernel is compiled for a number of rows,
   * and compiling takes longer than many runs. So if some sequences of a batch have ended, a step still computes rows
   * for all of them. The surplus rows come last; no operation reads them. In the modes that compute on the host, a read
   * outside an input would fail, and compiling is fast: there are no surplus rows.
   */
  roomFor(count: number, step: number): number {
    return this.opened.computesOnHost ? count : Math.max(count, step);
  }

  /** Whether surplus rows may follow an input's rows. Then a kernel that adds rows gets their number as an argument. */
  mayHaveSurplus(input: Input): boolean {
    return !this.opened.computesOnHost && typeof input !== 'number' && isPart(input);
  }

  /** Enqueues the launches of an operation. Returns the matrices that they compute, in order; `hold` keeps one. */
  async run(operation: Operation): Promise<Matrix[]> {
    const inputs = await this.withinLimit(this.withoutSlices(operation.inputs));
    return this.runner.run({ ...operation, inputs });
  }

  /** In the modes that compute on the host, some rows of a matrix in rows are a matrix of their own, without a copy. */
  private withoutSlices(inputs: Readonly<Record<string, Input>>): Readonly<Record<string, Input>> {
    const { computesOnHost, gpuJs } = this.opened;
    if (!computesOnHost) return inputs;
    const cut = (input: Input): Input => {
      if (typeof input === 'number' || input.matrix.layout !== 'rows' || !isPart(input)) return input;
      const { columns, parts } = input.matrix;
      const { value } = parts[0] as HostNumbers;
      const start = input.first * columns;
      const part = gpuJs.input(value.subarray(start, start + input.count * columns), [columns, input.count]);
      return allRowsOf({ layout: 'rows', rows: input.count, columns, parts: [part] });
    };
    return Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, cut(input)]));
  }

  /**
   * Copies inputs from tiles to rows, until they have no more textures than a launch can read. The copies belong to no
   * tensor: the next operation copies again. In a training step of `Model` this does not happen.
   */
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
      copied[name] = allRowsOf(await this.copy(input));
    }
    return copied;
  }

  /** The most rows that an upload can have. */
  get mostRows(): number {
    return this.opened.geometry.mostTexels;
  }

  /** The most textures or buffers that a launch can read. */
  get mostInputs(): number {
    return this.opened.geometry.mostInputs;
  }

  /** Enqueues the copy of `numbers` from the host to the device. They are in the order of the rows. */
  async upload(numbers: Float32Array, rows: number, columns: number): Promise<Matrix> {
    const parts = [this.opened.gpuJs.input(numbers, [columns, rows])];
    const onHost: Matrix = { layout: 'rows', rows, columns, parts };
    if (this.opened.computesOnHost) {
      this.unheld.add(onHost);
      return onHost;
    }
    const [matrix] = await this.run({
      name: `upload ${rows}×${columns}`,
      inputs: { numbers: allRowsOf(onHost) },
      programs: (geometry, { numbers: source }) => [uploadProgram(geometry, [rows, columns], source)],
    });
    return matrix;
  }

  /** A matrix full of one number. */
  async fill(value: number, rows: number, columns: number): Promise<Matrix> {
    const [matrix] = await this.run({
      name: `fill ${rows}×${columns}`,
      inputs: { value },
      programs: (geometry, sources) => [fillProgram(geometry, [rows, columns], sources.value)],
    });
    return matrix;
  }

  /**
   * Joins two or more pieces below one another, in a matrix of `rows` rows; surplus rows come last. A launch joins as many
   * pieces as it can read; the results are joined again.
   */
  async join(pieces: readonly RowRange[], rows: number, columns: number): Promise<Matrix> {
    const { mostInputs } = this.opened.geometry;
    const groups: RowRange[][] = [[]];
    let inputs = 0;
    for (const piece of pieces) {
      inputs += piece.matrix.parts.length;
      if (inputs > mostInputs) {
        groups.push([]);
        inputs = piece.matrix.parts.length;
      }
      groups[groups.length - 1].push(piece);
    }
    if (groups.length === 1) return this.joinOnce(pieces, rows, columns);
    const joined: RowRange[] = [];
    for (const group of groups) {
      const count = group.reduce((sum, piece) => sum + piece.count, 0);
      joined.push(group.length === 1 ? group[0] : allRowsOf(await this.joinOnce(group, count, columns)));
    }
    return this.join(joined, rows, columns);
  }

  private async joinOnce(pieces: readonly RowRange[], rows: number, columns: number): Promise<Matrix> {
    const inputs: Record<string, Input> = {};
    let start = 0;
    for (const [n, piece] of pieces.entries()) {
      inputs[`piece${n}_`] = piece;
      inputs[`start${n}_`] = start; // an argument, because the lengths of sequences differ from batch to batch
      start += piece.count;
    }
    const [matrix] = await this.run({
      name: `join ${pieces.length} pieces ${rows}×${columns}`,
      inputs,
      programs: (geometry, sources) =>
        joinPrograms(
          geometry,
          [rows, columns],
          pieces.map((_, n) => ({ source: sources[`piece${n}_`], start: sources[`start${n}_`] })),
        ),
    });
    return matrix;
  }

  /** Waits for rows; returns their elements by row and column. Rejects if the device has been lost. */
  async read({ matrix, first, count }: RowRange): Promise<(row: number, column: number) => number> {
    const { gpu, mode, geometry, computesOnHost } = this.opened;
    const { columns } = matrix;
    if (isPart({ matrix, first, count }) && !computesOnHost) {
      // only these rows, not all of a long matrix
      const rows = await this.copy({ matrix, first, count });
      return this.read(allRowsOf(rows));
    }
    const numbers: Float32Array[] = [];
    for (const part of matrix.parts) numbers.push(flat(await part.toArray()));
    // webgpu reports a lost device itself; a lost GL context continues, and reads zeros
    if (geometry.width === 4 && gpu.context?.isContextLost() === true)
      throw new Error(`gpu: mode ${mode} has lost its device and all tensors on it; make a new backend`);
    const at = unpack(geometry, matrix.layout, columns, numbers);
    return (row, column) => at(first + row, column);
  }

  /** Copies rows of any matrix to a matrix of their own, which lies in rows. */
  private async copy(rows: RowRange): Promise<Matrix> {
    const { count, matrix } = rows;
    const [copied] = await this.run({
      name: `copy ${count}×${matrix.columns}`,
      inputs: { value: rows },
      programs: (geometry, { value }) => copyPrograms(geometry, [count, matrix.columns], value),
    });
    return copied;
  }

  /** Notes that one more tensor holds `matrix`. */
  hold(matrix: Matrix): void {
    this.holders.set(matrix, (this.holders.get(matrix) ?? 0) + 1);
    this.unheld.delete(matrix);
  }

  /** Notes that one tensor less holds `matrix`. */
  release(matrix: Matrix): void {
    const holders = this.holders.get(matrix);
    if (holders === undefined)
      throw new Error(`gpu: [${matrix.rows},${matrix.columns}] is released, but no tensor holds it`);
    const left = holders - 1;
    if (left > 0) {
      this.holders.set(matrix, left);
    } else {
      this.holders.delete(matrix);
      this.unheld.add(matrix);
    }
  }

  /** Frees the matrices that no tensor holds. The device itself waits for submitted work that still reads them. */
  collect(): void {
    for (const { parts } of this.unheld) for (const part of parts) part.delete?.();
    this.unheld.clear();
  }

  /** Frees every matrix. */
  freeAll(): void {
    for (const matrix of this.holders.keys()) this.unheld.add(matrix);
    this.holders.clear();
    this.collect();
  }
}
