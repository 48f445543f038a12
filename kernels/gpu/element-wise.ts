/** The kernels of `multiply` and `add`: each element is computed from those in its place. */
import type { Geometry, Source } from './layout.js';
import type { Lines, Program, Size } from './program.js';
import { columnsOf, rowPrograms } from './program.js';

/** (12), (12′) a*b */
export function multiplyPrograms(geometry: Geometry, size: Size, { a, b }: Record<'a' | 'b', Source>): Program[] {
  const values = (lines: Lines): string[] => columnsOf(geometry).map((c) => `${lines.at(a, c)} * ${lines.at(b, c)}`);
  return rowPrograms(geometry, size, [{ inputs: [a, b], values }]);
}

/** before + a */
export function addPrograms(geometry: Geometry, size: Size, { before, a }: Record<'before' | 'a', Source>): Program[] {
  const values = (lines: Lines): string[] =>
    columnsOf(geometry).map((c) => `${lines.at(before, c)} + ${lines.at(a, c)}`);
  return rowPrograms(geometry, size, [{ inputs: [before, a], values }]);
}
