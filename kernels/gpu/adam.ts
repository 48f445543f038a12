/** The kernel of Adam. The formula is that of src/adam.ts, with the same number. */
import { BETA1, BETA2, EPSILON } from '../../src/adam.js';
import type { Geometry, Source } from './layout.js';
import type { Lines, Program, Size } from './program.js';
import { pointwise } from './program.js';

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
  return pointwise(geometry, size, [
    { inputs: [m, g], value: mean },
    { inputs: [v, g], value: square },
    { inputs: [p, m, v, g, rate], value: update },
  ]);
}
