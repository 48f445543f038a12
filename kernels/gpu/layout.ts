/**
 * How a matrix lies on the device, and the kernel text that reads it. modes.ts, runner.ts, device.ts, pointwise.ts and
 * cell-tiles.ts also depend on the layouts. The other files know only how wide a fetch is, and how large a tile is.
 *
 * In the GL modes (webgl2 and headlessgl) a matrix is a texture. Each of its texels holds four neighbouring columns of a row,
 * so one fetch reads four numbers; the last texel of a row is padded. In the other modes a matrix is a buffer, and a fetch
 * reads one number. A matrix lies in one of two layouts:
 *
 * - rows: one texture or buffer, row after row. Uploads and most kernels write it.
 * - tiles: as the threads of a product write it; each thread computes a tile of the output. In the GL modes a tile has 4
 *   rows and 4 columns. Four textures hold it: texture r holds row r of every tile, so the rows r, r + 4, r + 8, …. In the
 *   other modes a buffer holds tile after tile, and a tile has at most 4 numbers, because a thread returns no more.
 *
 * The padding has arbitrary values. No other element is computed from it.
 */
import type { ResultRows } from './gpu-js.js';

/** What differs between the modes of GPU.js. */
export interface Geometry {
  /** Columns that one fetch reads: 4 in the GL modes (a texel; tiles are then 4×4), otherwise 1. */
  readonly width: 1 | 4;
  /** The rows and columns of an output that one thread of a product computes. */
  readonly tileRows: 1 | 2 | 4;
  readonly tileColumns: 1 | 2 | 4;
  /** Outputs that one launch can have. */
  readonly mostOutputs: number;
  /** Textures or buffers that one launch can read. */
  readonly mostInputs: number;
  /** The largest width and height of a texture, in texels. */
  readonly mostTexels: number;
}

export type Layout = 'rows' | 'tiles';

/** The textures or buffers of a matrix: one for each row of a tile in the GL modes, else one. */
export function partsOf({ width, tileRows }: Pick<Geometry, 'width' | 'tileRows'>, layout: Layout): number {
  return width === 4 && layout === 'tiles' ? tileRows : 1;
}

/** What a program knows about one of its inputs: a number, or rows of a matrix. */
export interface Form {
  readonly kind: Layout | 'number';
  /** Whether the rows are some of a larger matrix. Then a parameter gives the first one. */
  readonly isSlice: boolean;
  /** The first row modulo 4, for tiles in the GL modes only: it selects the texture that holds the first row. */
  readonly residue: number;
}

/** The positions `index · step + n` for n = 0 … count - 1. `index` is an expression of the kernel, or a number. */
export interface Span {
  readonly index: string | number;
  readonly step: number;
  readonly count: number;
  /** Positions are kept below this number. WebAssembly could otherwise read outside its memory. */
  readonly limit?: number;
}

function positionIn({ index, step, limit }: Span, n: number): string {
  if (typeof index === 'number') return String(index * step + n);
  const scaled = step === 1 ? index : `${index} * ${step}`;
  const position = n === 0 ? scaled : `${scaled} + ${n}`;
  return limit === undefined ? position : `Math.min(${position}, ${limit - 1})`;
}

/** Statements that read some elements, and the expressions of these elements. */
export interface Reading {
  readonly statements: readonly string[];
  at(row: number, column: number): string;
}

/** An input of a program: its parameters, and the text that reads its elements. */
export class Source {
  constructor(
    private readonly geometry: Geometry,
    readonly name: string,
    readonly form: Form,
  ) {}

  /** The names of the kernel's parameters for this input. */
  get parameters(): string[] {
    if (this.form.kind === 'number') return [this.name];
    return [...this.textures, ...(this.form.isSlice ? [`${this.name}First`] : [])];
  }

  /** Two inputs have the same key if the same source text reads both. */
  get key(): string {
    const { kind, isSlice, residue } = this.form;
    return `${this.name}: ${kind}${isSlice ? ` from a row on, modulo 4: ${residue}` : ''}`;
  }

  private get textures(): string[] {
    const count = partsOf(this.geometry, this.form.kind as Layout);
    return count === 1 ? [this.name] : Array.from({ length: count }, (_, r) => `${this.name}${r}`);
  }

  /**
   * Reads a block whose first row is known modulo 4 when the source text is made. So each row's texture is known, too.
   * The inner loops of products use it.
   */
  block(variable: string, rows: Span, columns: Span): Reading {
    if (this.form.kind === 'number') return { statements: [], at: () => this.name };
    const isTexels = this.geometry.width === 4;
    const statements: string[] = [];
    for (let n = 0; n < rows.count; n++) {
      if (isTexels) {
        statements.push(`const ${variable}_${n} = ${this.texel(rows, n, String(columns.index))};`);
        continue;
      }
      for (let c = 0; c < columns.count; c++) {
        const value = this.number(this.shifted(positionIn(rows, n)), positionIn(columns, c));
        statements.push(`const ${variable}_${n}_${c} = ${value};`);
      }
    }
    return { statements, at: (n, c) => (isTexels ? `${variable}_${n}[${c}]` : `${variable}_${n}_${c}`) };
  }

  /**
   * Reads the columns `column · width + shift + c` of one row, for c = 0 … width - 1. Unlike in `block`, the row is known
   * only when the kernel runs. So for a matrix in tiles, the kernel chooses the texture.
   */
  line(variable: string, row: string, column: string, shift = 0): Reading {
    if (this.form.kind === 'number') return { statements: [], at: () => this.name };
    if (this.geometry.width === 1) {
      const value = this.number(this.shifted(row), shift === 0 ? column : `${column} + ${shift}`);
      return { statements: [`const ${variable} = ${value};`], at: () => variable };
    }
    const texelOf = (c: number): number => Math.floor((shift + c) / 4);
    const texels = [...new Set([0, 1, 2, 3].map(texelOf))];
    const first = texels[0];
    const statements = texels.flatMap((texel) =>
      this.texelOfAnyRow(`${variable}_${texel - first}`, row, texel === 0 ? column : `${column} + ${texel}`),
    );
    return { statements, at: (_, c) => `${variable}_${texelOf(c) - first}[${(((shift + c) % 4) + 4) % 4}]` };
  }

  private shifted(row: string): string {
    return this.form.isSlice ? `${row} + ${this.name}First` : row;
  }

  /** Row n of a span, in texels. In tiles, a row's texture depends only on n, because the span's step is a tile's height. */
  private texel(rows: Span, n: number, column: string): string {
    if (this.form.kind === 'rows') return `${this.name}[${this.shifted(positionIn(rows, n))}][${column}]`;
    const inTile = n + this.form.residue;
    const tile = positionIn({ ...rows, step: 1 }, Math.floor(inTile / 4));
    return `${this.name}${inTile % 4}[${this.shifted(tile)}][${column}]`;
  }

  /** A texel of any row. In tiles the row's texture must be chosen when the kernel runs. */
  private texelOfAnyRow(variable: string, row: string, column: string): string[] {
    if (this.form.kind === 'rows') return [`const ${variable} = ${this.name}[${this.shifted(row)}][${column}];`];
    const { residue, isSlice } = this.form;
    const from = residue === 0 ? row : `${row} + ${residue}`;
    const place = `[${variable}Tile${isSlice ? ` + ${this.name}First` : ''}][${column}]`;
    return [
      `const ${variable}Row = ${from};`,
      `const ${variable}Tile = Math.floor(${variable}Row / 4);`,
      `const ${variable}InTile = ${variable}Row - ${variable}Tile * 4;`,
      `let ${variable} = ${this.name}0${place};`,
      ...[1, 2, 3].map((r) => `if (${variable}InTile === ${r}) { ${variable} = ${this.name}${r}${place}; }`),
    ];
  }

  /** A number of a buffer. A tile's extents are powers of two: `>>` divides by them, and `&` computes the remainder. */
  private number(row: string, column: string): string {
    const { tileRows, tileColumns } = this.geometry;
    if (this.form.kind === 'rows') return `${this.name}[${row}][${column}]`;
    const inTile = `((${row}) & ${tileRows - 1}) * ${tileColumns} + ((${column}) & ${tileColumns - 1})`;
    const tile = `((${column}) >> ${Math.log2(tileColumns)}) * ${tileRows * tileColumns}`;
    return `${this.name}[(${row}) >> ${Math.log2(tileRows)}][${tile} + ${inTile}]`;
  }
}

/** The numbers of a matrix's parts, read to the host, as a function of row and column. */
export function unpack(
  { width, tileRows, tileColumns }: Geometry,
  layout: Layout,
  columns: number,
  parts: readonly Float32Array[],
): (row: number, column: number) => number {
  if (width === 4) {
    const pitch = 4 * Math.ceil(columns / 4);
    if (layout === 'rows') return (m, n) => parts[0][m * pitch + n];
    return (m, n) => parts[m % 4][Math.floor(m / 4) * pitch + n];
  }
  if (layout === 'rows') return (m, n) => parts[0][m * columns + n];
  const across = Math.ceil(columns / tileColumns);
  const size = tileRows * tileColumns;
  return (m, n) => {
    const tile = Math.floor(m / tileRows) * across + Math.floor(n / tileColumns);
    return parts[0][tile * size + (m % tileRows) * tileColumns + (n % tileColumns)];
  };
}

/** Rows of numbers, or rows of arrays, one number after another. */
export function flat(rows: ResultRows): Float32Array {
  const [firstRow] = rows;
  const first = firstRow instanceof Float32Array ? firstRow : firstRow[0];
  const length = rows.length * (firstRow instanceof Float32Array ? 1 : firstRow.length) * first.length;
  // GPU.js usually returns views of one array
  if (first.buffer.byteLength === 4 * length) return new Float32Array(first.buffer);
  const numbers = new Float32Array(length);
  let at = 0;
  for (const row of rows) {
    for (const array of row instanceof Float32Array ? [row] : row) {
      numbers.set(array, at);
      at += array.length;
    }
  }
  return numbers;
}
