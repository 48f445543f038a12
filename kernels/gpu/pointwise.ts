/**
 * The kernels of dropout's `multiply`, of `add`, and of the optimisers: each element is computed from those in its place. The
 * formulas of the optimisers are those of src/equations/adam.ts and src/equations/sgd.ts, with the same equation numbers.
 */
import { BETA1, BETA2, EPSILON } from '../../src/equations/adam.js';
import type { Geometry, Source } from './layout.js';
import type { Lines, Program, Size } from './program.js';
import { rowPrograms } from './program.js';

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
