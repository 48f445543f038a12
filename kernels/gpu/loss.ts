/**
 * The kernels of the losses. The formulas are those of src/equations/cross-entropy.ts and src/equations/error-losses.ts, with the
 * same equation numbers.
 */
import type { Geometry, Source } from './layout.js';
import type { Program, Size } from './program.js';
import { columnsOf, elementOf, forEachColumn, forEachExample, Lines, rowPrograms, x, y } from './program.js';

/** Statements that find the largest logit of a row, `max`, and the sum of e^(logit - max), `sum`. */
function softmaxOf(geometry: Geometry, logits: Source, C: number, row: string, suffix: string): string[] {
  const [max, sum] = [`max${suffix}`, `sum${suffix}`];
  const first = new Lines(row, '0', `First${suffix}`);
  const start = first.at(logits, 0);
  return [
    ...first.statements,
    `let ${max} = ${start};`,
    `let ${sum} = 0;`,
    ...forEachColumn(
      geometry,
      [logits],
      { row, columns: C, suffix: `Max${suffix}` },
      ([logit]) => `if (${logit} > ${max}) { ${max} = ${logit}; }`,
    ),
    ...forEachColumn(
      geometry,
      [logits],
      { row, columns: C, suffix: `Sum${suffix}` },
      ([logit]) => `${sum} += Math.exp(${logit} - ${max});`,
    ),
  ];
}

/** (5) probabilities `[B,C]` from logits. */
export function softmaxPrograms(geometry: Geometry, [B, C]: Size, { logits }: Record<'logits', Source>): Program[] {
  const before = softmaxOf(geometry, logits, C, y, '');
  const softmax = (lines: Lines, c: number): string => `Math.exp(${lines.at(logits, c)} - max) / sum`;
  return rowPrograms(geometry, [B, C], [{ inputs: [logits], before, element: softmax }]);
}

/** (5) losses, one row of B numbers. Column b comes from row b of logits and of y `[B,C]`. */
export function lossPrograms(
  geometry: Geometry,
  [B, C]: Size,
  { logits, y: labels }: Record<'logits' | 'y', Source>,
): Program[] {
  const before = forEachExample(geometry, 'loss', (row) => [
    ...softmaxOf(geometry, logits, C, row, 'L'),
    'let loss = 0;',
    ...forEachColumn(
      geometry,
      [logits, labels],
      { row, columns: C, suffix: 'Loss' },
      ([logit, label]) => `loss -= ${label} * (${logit} - maxL - Math.log(sumL));`,
    ),
  ]);
  return rowPrograms(geometry, [1, B], [{ inputs: [logits, labels], before, element: (_, c) => `loss${c}` }]);
}

/** As `lossPrograms`, from classes: row b of y is 1 at class b, else 0. */
export function classLossPrograms(
  geometry: Geometry,
  [B, C]: Size,
  { logits, classes }: Record<'logits' | 'classes', Source>,
): Program[] {
  const before = forEachExample(geometry, 'loss', (row) => {
    const chosen = elementOf(geometry, classes, row);
    return [
      ...softmaxOf(geometry, logits, C, row, 'L'),
      ...chosen.statements,
      'let loss = 0;',
      ...forEachColumn(
        geometry,
        [logits],
        { row, columns: C, suffix: 'Loss' },
        ([logit], k) => `if (${k} === ${chosen.name}) { loss -= ${logit} - maxL - Math.log(sumL); }`,
      ),
    ];
  });
  return rowPrograms(geometry, [1, B], [{ inputs: [logits, classes], before, element: (_, c) => `loss${c}` }]);
}

/** (5′) dLogits `[B,C]` from probabilities and y. `count` is an argument, because it can differ from batch to batch. */
export function crossEntropyBackwardPrograms(
  geometry: Geometry,
  [B, C]: Size,
  { probabilities, y: labels, count }: Record<'probabilities' | 'y' | 'count', Source>,
): Program[] {
  const row = { row: y, columns: C, suffix: 'Sum' };
  const add = forEachColumn(geometry, [labels], row, ([label]) => `sum += ${label};`);
  const dLogit = (lines: Lines, c: number): string =>
    `(${lines.at(probabilities, c)} * sum - ${lines.at(labels, c)}) / ${count.name}`;
  return rowPrograms(
    geometry,
    [B, C],
    [{ inputs: [probabilities, labels, count], before: ['let sum = 0;', ...add], element: dLogit }],
  );
}

/** As `crossEntropyBackwardPrograms`, from classes. */
export function classBackwardPrograms(
  geometry: Geometry,
  [B, C]: Size,
  { probabilities, classes, count }: Record<'probabilities' | 'classes' | 'count', Source>,
): Program[] {
  const chosen = elementOf(geometry, classes, y);
  const labels = columnsOf(geometry).flatMap((c) => [
    `let label${c} = 0;`,
    `if (${x} * ${geometry.width} + ${c} === ${chosen.name}) { label${c} = 1; }`,
  ]);
  const before = [...chosen.statements, 'let sum = 1;', `if (${chosen.name} < 0) { sum = 0; }`, ...labels];
  const dLogit = (lines: Lines, c: number): string =>
    `(${lines.at(probabilities, c)} * sum - label${c}) / ${count.name}`;
  return rowPrograms(geometry, [B, C], [{ inputs: [probabilities, classes, count], before, element: dLogit }]);
}

/** What an error r costs, and the derivative: expressions, in which `delta` and `quantiles` are names of elements. */
interface Cost {
  readonly of: (r: string, q: string) => string;
  readonly derivative: (r: string, q: string) => string;
}

/** (13), (17), (18) and (19), without branches. */
const COSTS = {
  squared: { of: (r) => `${r} * ${r}`, derivative: (r) => `2 * ${r}` },
  absolute: { of: (r) => `Math.abs(${r})`, derivative: (r) => `Math.sign(${r})` },
  huber: {
    of: (r) => `Math.min(Math.abs(${r}), delta) * (Math.abs(${r}) - Math.min(Math.abs(${r}), delta) / 2)`,
    derivative: (r) => `Math.max(-delta, Math.min(${r}, delta))`,
  },
  pinball: {
    of: (r, q) => `Math.max(-${q} * ${r}, (1 - ${q}) * ${r})`,
    derivative: (r, q) => `Math.abs(Math.sign(${r})) * ((Math.sign(${r}) + 1) / 2 - ${q})`,
  },
} satisfies Record<string, Cost>;

/** `delta`: of (18). `quantiles`: of (19). Default: none. */
type ErrorSources = Record<'outputs' | 'targets' | 'mask', Source> & Partial<Record<'delta' | 'quantiles', Source>>;

/** losses, a row of B numbers. Column b comes from row b of outputs, targets and mask. */
export const errorForwardPrograms =
  (cost: keyof typeof COSTS) =>
  (geometry: Geometry, [B, C]: Size, { outputs, targets, mask, delta, quantiles }: ErrorSources): Program[] => {
    const before = forEachExample(geometry, 'sum', (row) => [
      'let sum = 0;',
      ...forEachColumn(
        geometry,
        [outputs, targets, mask],
        { row, columns: C, suffix: 'Error', vectors: quantiles ? [quantiles] : [] },
        ([output, target, counts, q]) => `sum += ${counts} * (${COSTS[cost].of(`(${output} - ${target})`, q)});`,
      ),
    ]);
    const inputs = [outputs, targets, mask, ...[delta, quantiles].filter((one) => one !== undefined)];
    return rowPrograms(geometry, [1, B], [{ inputs, before, element: (_, c) => `sum${c}` }]);
  };

/** dOutputs `[B,C]` */
export const errorBackwardPrograms =
  (cost: keyof typeof COSTS) =>
  (
    geometry: Geometry,
    [B, C]: Size,
    { outputs, targets, mask, delta, quantiles, count }: ErrorSources & Record<'count', Source>,
  ): Program[] => {
    const only = new Lines('0', x, 'Only');
    const levels = columnsOf(geometry).map((c) => (quantiles ? only.at(quantiles, c) : ''));
    const dOutput = (lines: Lines, c: number): string => {
      const r = `(${lines.at(outputs, c)} - ${lines.at(targets, c)})`;
      return `${lines.at(mask, c)} * (${COSTS[cost].derivative(r, levels[c])}) / ${count.name}`;
    };
    const inputs = [outputs, targets, mask, ...[delta, quantiles].filter((one) => one !== undefined), count];
    return rowPrograms(geometry, [B, C], [{ inputs, before: only.statements, element: dOutput }]);
  };
