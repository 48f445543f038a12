/** The kernels of the mean squared error. The formulas are those of src/squared-error.ts, with the same equation numbers. */
import type { Geometry, Source } from './layout.js';
import { forEachExample } from './loss.js';
import type { Lines, Program, Size } from './program.js';
import { columnsOf, elementOf, forEachColumn, rowPrograms, y } from './program.js';

/** (13) losses, a row of B numbers. Column b comes from row b of outputs and targets, and from column b of counted. */
export function squaredErrorPrograms(
  geometry: Geometry,
  [B, C]: Size,
  { outputs, targets, counted }: Record<'outputs' | 'targets' | 'counted', Source>,
): Program[] {
  const values = (lines: Lines): string[] => {
    const sums = forEachExample(geometry, lines, 'sum', (row) => [
      'let sum = 0;',
      ...forEachColumn(
        geometry,
        [outputs, targets],
        { row, columns: C, suffix: 'Error' },
        ([output, target]) => `sum += (${output} - ${target}) * (${output} - ${target});`,
      ),
    ]);
    return sums.map((sum, c) => `${lines.at(counted, c)} * ${sum} / ${C}`);
  };
  return rowPrograms(geometry, [1, B], [{ inputs: [outputs, targets, counted], values }]);
}

/** (13′) dOutputs `[B,C]` */
export function dOutputsPrograms(
  geometry: Geometry,
  [B, C]: Size,
  { outputs, targets, counted, count }: Record<'outputs' | 'targets' | 'counted' | 'count', Source>,
): Program[] {
  const values = (lines: Lines): string[] => {
    const isCounted = elementOf(geometry, counted, y);
    lines.statements.push(...isCounted.statements);
    return columnsOf(geometry).map(
      (c) => `${isCounted.name} * 2 * (${lines.at(outputs, c)} - ${lines.at(targets, c)}) / (${C} * ${count.name})`,
    );
  };
  return rowPrograms(geometry, [B, C], [{ inputs: [outputs, targets, counted, count], values }]);
}
