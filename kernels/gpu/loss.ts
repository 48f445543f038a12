/**
 * The kernels of softmax cross-entropy and of the mean squared error. The formulas are those of src/equations/cross-entropy.ts
 * and src/equations/squared-error.ts, with the same equation numbers.
 */
import type { Geometry, Source } from './layout.js';
import type { Program, Size } from './program.js';
import { columnsOf, elementOf, forEachColumn, Lines, rowPrograms, x, y } from './program.js';

/** Statements that find the largest logit of a row, `max`, its class, `predicted`, and the sum of e^(logit - max), `sum`. */
function softmaxOf(geometry: Geometry, logits: Source, C: number, row: string, suffix: string): string[] {
  const [max, predicted, sum] = [`max${suffix}`, `predicted${suffix}`, `sum${suffix}`];
  const first = new Lines(row, '0', `First${suffix}`);
  const start = first.at(logits, 0);
  return [
    ...first.statements,
    `let ${max} = ${start};`,
    `let ${predicted} = 0;`,
    `let ${sum} = 0;`,
    ...forEachColumn(
      geometry,
      [logits],
      { row, columns: C, suffix: `Max${suffix}` },
      ([logit], k) => `if (${logit} > ${max}) { ${max} = ${logit}; ${predicted} = ${k}; }`,
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

/**
 * Statements that compute the number `name` for each example, whose row is `row`: the variables `name0`, `name1`, … In the GL
 * modes a thread has a texel of four examples. A loop computes them, because four copies would compile slowly.
 */
function forEachExample(
  geometry: Geometry,
  name: string,
  statements: (row: string) => readonly string[],
): readonly string[] {
  const { width } = geometry;
  const columns = columnsOf(geometry);
  return [
    ...columns.map((c) => `let ${name}${c} = 0;`),
    `for (let example = 0; example < ${width}; example++) {`,
    ...statements(width === 1 ? x : `${x} * ${width} + example`),
    ...columns.map((c) => `if (example === ${c}) { ${name}${c} = ${name}; }`),
    '}',
  ];
}

/**
 * (5) losses and correct, both one row of B numbers: the loss of each example, and 1 if the largest logit is the labelled
 * class, else 0. Column b of these rows comes from row b of logits and y.
 */
export function lossPrograms(
  geometry: Geometry,
  [B, C]: Size,
  { logits, y: labels }: Record<'logits' | 'y', Source>,
): Program[] {
  const output = (name: string, statements: (row: string) => readonly string[]) => ({
    inputs: [logits, labels],
    before: forEachExample(geometry, name, statements),
    element: (_: Lines, c: number) => `${name}${c}`,
  });
  const loss = output('loss', (row) => [
    ...softmaxOf(geometry, logits, C, row, 'L'),
    'let loss = 0;',
    ...forEachColumn(
      geometry,
      [logits, labels],
      { row, columns: C, suffix: 'Loss' },
      ([logit, label]) => `loss -= ${label} * (${logit} - maxL - Math.log(sumL));`,
    ),
  ]);
  const correct = output('correct', (row) => {
    const first = new Lines(row, '0', 'Label');
    const start = first.at(labels, 0);
    return [
      ...softmaxOf(geometry, logits, C, row, 'C'),
      ...first.statements,
      `let most = ${start};`,
      'let labelled = 0;',
      'let correct = 0;',
      ...forEachColumn(
        geometry,
        [labels],
        { row, columns: C, suffix: 'Most' },
        ([label], k) => `if (${label} > most) { most = ${label}; labelled = ${k}; }`,
      ),
      'if (predictedC === labelled) { correct = 1; }',
    ];
  });
  return rowPrograms(geometry, [1, B], [loss, correct]);
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

/** (13) losses, a row of B numbers. Column b comes from row b of outputs and targets, and from column b of counted. */
export function squaredErrorForwardPrograms(
  geometry: Geometry,
  [B, C]: Size,
  { outputs, targets, counted }: Record<'outputs' | 'targets' | 'counted', Source>,
): Program[] {
  const before = forEachExample(geometry, 'sum', (row) => [
    'let sum = 0;',
    ...forEachColumn(
      geometry,
      [outputs, targets],
      { row, columns: C, suffix: 'Error' },
      ([output, target]) => `sum += (${output} - ${target}) * (${output} - ${target});`,
    ),
  ]);
  const loss = (lines: Lines, c: number): string => `${lines.at(counted, c)} * sum${c} / ${C}`;
  return rowPrograms(geometry, [1, B], [{ inputs: [outputs, targets, counted], before, element: loss }]);
}

/** (13′) dOutputs `[B,C]` */
export function squaredErrorBackwardPrograms(
  geometry: Geometry,
  [B, C]: Size,
  { outputs, targets, counted, count }: Record<'outputs' | 'targets' | 'counted' | 'count', Source>,
): Program[] {
  const { statements: before, name: isCounted } = elementOf(geometry, counted, y);
  const dOutput = (lines: Lines, c: number): string =>
    `${isCounted} * 2 * (${lines.at(outputs, c)} - ${lines.at(targets, c)}) / (${C} * ${count.name})`;
  return rowPrograms(geometry, [B, C], [{ inputs: [outputs, targets, counted, count], before, element: dOutput }]);
}
