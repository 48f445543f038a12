/** The kernels that move matrices: to the device, from one layout to the other, and below one another. */
import type { Geometry, Source } from './layout.js';
import type { Program, Size } from './program.js';
import { Lines, pointwise, x, y } from './program.js';

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
 * A matrix full of one number. If its texture fits so, it has the extents of the states in cell-tiles.ts. With others,
 * GPU.js would compile every kernel that reads both matrices twice.
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
  return pointwise(geometry, size, [{ inputs: [a], value: (lines, c) => lines.at(a, c) }]);
}

/** The rows of several inputs, one below the other. `heights`: their numbers of rows. */
export function joinPrograms(
  geometry: Geometry,
  columns: number,
  heights: readonly number[],
  parts: readonly Source[],
): Program[] {
  const starts = heights.map((_, n) => heights.slice(0, n).reduce((sum, height) => sum + height, 0));
  const rows = heights.reduce((sum, height) => sum + height, 0);
  const { width } = geometry;
  return pointwise(
    geometry,
    [rows, columns],
    [
      {
        inputs: parts,
        value(all, c) {
          all.statements.push(`let joined${c} = 0;`);
          if (c < width - 1) return `joined${c}`; // the last column's statements read all columns of the texel
          for (const [n, part] of parts.entries()) {
            const lines = new Lines(starts[n] === 0 ? y : `${y} - ${starts[n]}`, x);
            const values = Array.from({ length: width }, (_, column) => `joined${column} = ${lines.at(part, column)};`);
            const inPart = `${y} >= ${starts[n]} && ${y} < ${starts[n] + heights[n]}`;
            all.statements.push(`if (${inPart}) {`, ...lines.statements, ...values, '}');
          }
          return `joined${c}`;
        },
      },
    ],
  );
}
