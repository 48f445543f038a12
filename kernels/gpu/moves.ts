/** The kernels that move matrices: to the device, from tiles to rows, and several into one. */
import type { Geometry, Source } from './layout.js';
import type { Program, Size } from './program.js';
import { columnsOf, Lines, rowPrograms, x, y } from './program.js';

/** A matrix from numbers of the host, row after row. */
export function uploadProgram({ width }: Geometry, [rows, columns]: Size, numbers: Source): Program {
  const element = (c: number): string => `${numbers.name}[${y}][${width === 1 ? x : `${x} * ${width} + ${c}`}]`;
  return {
    inputs: [numbers],
    outputs: [{ rows, columns, layout: 'rows' }],
    threads: [Math.ceil(columns / width), rows],
    statements: '',
    results: [Array.from({ length: width }, (_, c) => element(c))],
  };
}

/**
 * A matrix full of one number. A kernel of the GL modes is compiled for the sizes of its textures. So this texture gets the
 * size that c and h have in cell-tiles.ts, if the device allows it. Otherwise a kernel would be compiled twice: for this
 * matrix, and for a computed c.
 */
export function fillProgram({ width, mostTexels }: Geometry, [rows, columns]: Size, value: Source): Program {
  const texels = Math.ceil(columns / width);
  return {
    inputs: [value],
    outputs: [{ rows, columns, layout: 'rows' }],
    threads: width === 4 && 4 * texels <= mostTexels ? [4 * texels, Math.ceil(rows / 4)] : [texels, rows],
    statements: '',
    results: [Array.from({ length: width }, () => value.name)],
  };
}

/** A copy in rows. */
export function copyPrograms(geometry: Geometry, size: Size, a: Source): Program[] {
  const values = (lines: Lines): string[] => columnsOf(geometry).map((c) => lines.at(a, c));
  return rowPrograms(geometry, size, [{ inputs: [a], values }]);
}

/** The rows of several inputs, one below the other. `heights`: their numbers of rows. */
export function joinPrograms(
  geometry: Geometry,
  columns: number,
  heights: readonly number[],
  pieces: readonly Source[],
): Program[] {
  const starts = heights.map((_, n) => heights.slice(0, n).reduce((sum, height) => sum + height, 0));
  const rows = heights.reduce((sum, height) => sum + height, 0);
  const inTexel = columnsOf(geometry);
  /** Statements for the rows of one piece. */
  const rowsOf = (piece: Source, n: number): string[] => {
    const lines = new Lines(starts[n] === 0 ? y : `${y} - ${starts[n]}`, x);
    const assignments = inTexel.map((c) => `joined${c} = ${lines.at(piece, c)};`);
    const isInPiece = `${y} >= ${starts[n]} && ${y} < ${starts[n] + heights[n]}`;
    return [`if (${isInPiece}) {`, ...lines.statements, ...assignments, '}'];
  };
  const values = (lines: Lines): string[] => {
    lines.statements.push(...inTexel.map((c) => `let joined${c} = 0;`), ...pieces.flatMap(rowsOf));
    return inTexel.map((c) => `joined${c}`);
  };
  return rowPrograms(geometry, [rows, columns], [{ inputs: pieces, values }]);
}
