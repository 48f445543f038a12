/**
 * The kernels of dropout's `multiply`, of `add`, and of the optimisers: each element is computed from those in its place. The
 * formulas of the optimisers are those of src/equations/adam.ts and src/equations/sgd.ts, with the same equation numbers. Then
 * the kernels that move matrices: to the device, from tiles to rows, and several into one.
 */
import { BETA1, BETA2, EPSILON } from '../../src/equations/adam.js';
import type { Geometry, Source } from './layout.js';
import { type Program, type Size, columnsOf, Lines, rowPrograms, x, y } from './program.js';

/** (12), (12′) a*b */
export function multiplyPrograms(geometry: Geometry, size: Size, { a, b }: Record<'a' | 'b', Source>): Program[] {
  const product = (lines: Lines, c: number): string => `${lines.at(a, c)} * ${lines.at(b, c)}`;
  return rowPrograms(geometry, size, [{ inputs: [a, b], element: product }]);
}

/** before + a */
export function addPrograms(geometry: Geometry, size: Size, { before, a }: Record<'before' | 'a', Source>): Program[] {
  const sum = (lines: Lines, c: number): string => `${lines.at(before, c)} + ${lines.at(a, c)}`;
  return rowPrograms(geometry, size, [{ inputs: [before, a], element: sum }]);
}

/** (6) m, v and p. */
export function adamPrograms(
  geometry: Geometry,
  size: Size,
  { p, m, v, g, rate }: Record<'p' | 'm' | 'v' | 'g' | 'rate', Source>,
): Program[] {
  const mean = (lines: Lines, c: number): string =>
    `${lines.at(m, c)} + (${lines.at(g, c)} - ${lines.at(m, c)}) * ${1 - BETA1}`;
  const square = (lines: Lines, c: number): string =>
    `${lines.at(v, c)} + (${lines.at(g, c)} * ${lines.at(g, c)} - ${lines.at(v, c)}) * ${1 - BETA2}`;
  const update = (lines: Lines, c: number): string =>
    `${lines.at(p, c)} - ${rate.name} * (${mean(lines, c)}) / (Math.sqrt(${square(lines, c)}) + ${EPSILON})`;
  return rowPrograms(geometry, size, [
    { inputs: [m, g], element: mean },
    { inputs: [v, g], element: square },
    { inputs: [p, m, v, g, rate], element: update },
  ]);
}

/** (11) v and p. */
export function sgdPrograms(
  geometry: Geometry,
  size: Size,
  { p, v, g, rate, momentum }: Record<'p' | 'v' | 'g' | 'rate' | 'momentum', Source>,
): Program[] {
  const velocity = (lines: Lines, c: number): string => `${momentum.name} * ${lines.at(v, c)} + ${lines.at(g, c)}`;
  const update = (lines: Lines, c: number): string => `${lines.at(p, c)} - ${rate.name} * (${velocity(lines, c)})`;
  return rowPrograms(geometry, size, [
    { inputs: [v, g, momentum], element: velocity },
    { inputs: [p, v, g, rate, momentum], element: update },
  ]);
}

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
