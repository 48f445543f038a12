/**
 * The kernels of dropout's `multiply`, of `add`, and of the optimisers: each element is computed from those in its place. The
 * formulas of the optimisers are those of src/equations/adam.ts and src/equations/sgd.ts, with the same equation numbers.
 */
import { BETA1, BETA2, EPSILON } from '../../src/equations/adam.js';
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

/** (6) m, v and p. */
export function adamPrograms(
  geometry: Geometry,
  size: Size,
  { p, m, v, g, rate }: Record<'p' | 'm' | 'v' | 'g' | 'rate', Source>,
): Program[] {
  const columns = columnsOf(geometry);
  const mean = (lines: Lines, c: number): string =>
    `${lines.at(m, c)} + (${lines.at(g, c)} - ${lines.at(m, c)}) * ${1 - BETA1}`;
  const square = (lines: Lines, c: number): string =>
    `${lines.at(v, c)} + (${lines.at(g, c)} * ${lines.at(g, c)} - ${lines.at(v, c)}) * ${1 - BETA2}`;
  const update = (lines: Lines, c: number): string =>
    `${lines.at(p, c)} - ${rate.name} * (${mean(lines, c)}) / (Math.sqrt(${square(lines, c)}) + ${EPSILON})`;
  return rowPrograms(geometry, size, [
    { inputs: [m, g], values: (lines) => columns.map((c) => mean(lines, c)) },
    { inputs: [v, g], values: (lines) => columns.map((c) => square(lines, c)) },
    { inputs: [p, m, v, g, rate], values: (lines) => columns.map((c) => update(lines, c)) },
  ]);
}

/** (11) v and p. */
export function sgdPrograms(
  geometry: Geometry,
  size: Size,
  { p, v, g, rate, momentum }: Record<'p' | 'v' | 'g' | 'rate' | 'momentum', Source>,
): Program[] {
  const columns = columnsOf(geometry);
  const velocity = (lines: Lines, c: number): string => `${momentum.name} * ${lines.at(v, c)} + ${lines.at(g, c)}`;
  return rowPrograms(geometry, size, [
    { inputs: [v, g, momentum], values: (lines) => columns.map((c) => velocity(lines, c)) },
    {
      inputs: [p, v, g, rate, momentum],
      values: (lines) => columns.map((c) => `${lines.at(p, c)} - ${rate.name} * (${velocity(lines, c)})`),
    },
  ]);
}
