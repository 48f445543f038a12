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
  return rowPrograms(geometry, size, [{ inputs: [a], element: (lines, c) => lines.at(a, c) }]);
}

/** The rows of several inputs, one below the other. `start`: the first row of each. */
export function joinPrograms(
  geometry: Geometry,
  size: Size,
  pieces: readonly { readonly source: Source; readonly start: Source }[],
): Program[] {
  const columns = columnsOf(geometry);
  /** Statements for the rows of one piece. */
  const rowsOf = (n: number): string[] => {
    const { source, start } = pieces[n];
    const end = n + 1 < pieces.length ? ` && ${y} < ${pieces[n + 1].start.name}` : '';
    const lines = new Lines(`${y} - ${start.name}`, x);
    const assignments = columns.map((c) => `joined${c} = ${lines.at(source, c)};`);
    return [`if (${y} >= ${start.name}${end}) {`, ...lines.statements, ...assignments, '}'];
  };
  const before = [...columns.map((c) => `let joined${c} = 0;`), ...pieces.flatMap((_, n) => rowsOf(n))];
  const inputs = pieces.flatMap(({ source, start }) => [source, start]);
  return rowPrograms(geometry, size, [{ inputs, before, element: (_, c) => `joined${c}` }]);
}
