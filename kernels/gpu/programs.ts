/**
 * The kernels of every operation but the product. The formulas are those of src/, with the same numbers; a formula is
 * written once for all modes, for the element in column c of a texel (c = 0 if a thread computes a single element).
 */
import { BETA1, BETA2 } from '../../src/adam.js';
import type { Geometry, Source, Span } from './layout.js';
import type { Program } from './program.js';
import { forEachColumn, Lines, pointwise, x, y } from './program.js';

type Size = readonly [number, number];

/** The gates, in the order of their columns. */
export const [I, J, F, O] = [0, 1, 2, 3] as const;
export const GATES = [I, J, F, O] as const;
export type Gate = (typeof GATES)[number];

export const sigmoid = (z: string): string => `1 / (1 + Math.exp(-(${z})))`;

/** Math.tanh is not used: GL's is NaN above 44. */
export const tanh = (z: string): string => `(2 / (1 + Math.exp(-2 * (${z}))) - 1)`;

/** (2) */
export const gateFrom = (gate: Gate, z: string, forgetBias: Source): string =>
  gate === J ? tanh(z) : sigmoid(gate === F ? `${z} + ${forgetBias.name}` : z);

/** (3) */
export const cellFrom = (gates: (gate: Gate) => string, cPrev: string): string =>
  `${gates(F)} * ${cPrev} + ${gates(I)} * ${gates(J)}`;

/** (4) */
export const hiddenFrom = (o: string, c: string): string => `${o} * ${tanh(c)}`;

/** (4′) The complete dc. */
export const dCellFrom = (dc: string, dh: string, o: string, tanhC: string): string =>
  `${dc} + ${dh} * ${o} * (1 - ${tanhC} * ${tanhC})`;

/** (3′) */
export const dCellPrevFrom = (dcPrev: string, dc: string, f: string): string => `${dcPrev} + ${dc} * ${f}`;

/** What dz of one hidden unit is computed from, as expressions; `dc` is the complete one. */
export interface DzInputs {
  readonly dc: () => string;
  readonly dh: () => string;
  readonly tanhC: () => string;
  readonly cPrev: () => string;
  readonly gates: (gate: Gate) => string;
}

/** (4′), (3′), (2′) dz of one gate. */
export function dzFrom(gate: Gate, { dc, dh, tanhC, cPrev, gates }: DzInputs): string {
  const own = gates(gate);
  switch (gate) {
    case I:
      return `${dc()} * ${gates(J)} * ${own} * (1 - ${own})`;
    case J:
      return `${dc()} * ${gates(I)} * (1 - ${own} * ${own})`;
    case F:
      return `${dc()} * ${cPrev()} * ${own} * (1 - ${own})`;
    case O:
      return `${dh()} * ${tanhC()} * ${own} * (1 - ${own})`;
  }
}

/** Whether column x · width + c lies in a gate. */
function isInGate({ width }: Geometry, gate: Gate, H: number, c: number): string {
  const column = width === 1 ? x : `${x} * ${width} + ${c}`;
  return `${column} >= ${gate * H} && ${column} < ${(gate + 1) * H}`;
}

/** (2) gates `[B,4H]` from z. */
export function gatesPrograms(geometry: Geometry, [B, H]: Size, z: Source, forgetBias: Source): Program[] {
  return pointwise(geometry, [B, 4 * H], [
    {
      inputs: [z, forgetBias],
      value(lines, c) {
        const preActivation = lines.at(z, c);
        lines.statements.push(
          `let gate${c} = 0;`,
          `if (${isInGate(geometry, J, H, c)}) { gate${c} = ${gateFrom(J, preActivation, forgetBias)}; }`,
          `else if (${isInGate(geometry, F, H, c)}) { gate${c} = ${gateFrom(F, preActivation, forgetBias)}; }`,
          `else { gate${c} = ${gateFrom(I, preActivation, forgetBias)}; }`,
        );
        return `gate${c}`;
      },
    },
  ]);
}

/** (3), (4) c and h `[B,H]` from gates and cPrev. */
export function statePrograms(geometry: Geometry, [B, H]: Size, gates: Source, cPrev: Source): Program[] {
  const inputs = [gates, cPrev];
  const cell = (lines: Lines, c: number): string =>
    cellFrom((gate) => lines.at(gates, c, gate * H), lines.at(cPrev, c));
  return pointwise(geometry, [B, H], [
    { inputs, value: cell },
    { inputs, value: (lines, c) => hiddenFrom(lines.at(gates, c, O * H), cell(lines, c)) },
  ]);
}

/** (4′) The complete dc `[B,H]`. */
export function dCellPrograms(
  geometry: Geometry,
  [B, H]: Size,
  { dc, dh, gates, c: state }: Record<'dc' | 'dh' | 'gates' | 'c', Source>,
): Program[] {
  return pointwise(geometry, [B, H], [
    {
      inputs: [dc, dh, gates, state],
      value(lines, c) {
        const read = lines.at(state, c);
        lines.statements.push(`const tanhC${c} = ${tanh(read)};`);
        return dCellFrom(lines.at(dc, c), lines.at(dh, c), lines.at(gates, c, O * H), `tanhC${c}`);
      },
    },
  ]);
}

/** (3′) dcPrev `[B,H]` with this step's contribution, from the complete dc. */
export function dCellPrevPrograms(
  geometry: Geometry,
  [B, H]: Size,
  { dcPrev, dc, gates }: Record<'dcPrev' | 'dc' | 'gates', Source>,
): Program[] {
  return pointwise(geometry, [B, H], [
    {
      inputs: [dcPrev, dc, gates],
      value: (lines, c) => dCellPrevFrom(lines.at(dcPrev, c), lines.at(dc, c), lines.at(gates, c, F * H)),
    },
  ]);
}

/** (4′), (3′), (2′) dz `[B,4H]`, gate by gate, from the complete dc. */
export function dzPrograms(
  geometry: Geometry,
  [B, H]: Size,
  { dc, dh, gates, c: state, cPrev }: Record<'dc' | 'dh' | 'gates' | 'c' | 'cPrev', Source>,
): Program[] {
  const { width } = geometry;
  const isAligned = H % width === 0; // then all columns of a texel lie in one gate
  /** Statements for the columns of a texel that lie in `gate`. The unit's elements are at distances that depend on it only. */
  const inGate = (gate: Gate): string[] => {
    const lines = new Lines(y, x, `_${gate}`);
    const values = Array.from({ length: width }, (_, c) => {
      const unit = (source: Source) => (): string => lines.at(source, c, -gate * H);
      const dz = dzFrom(gate, {
        dc: unit(dc),
        dh: unit(dh),
        tanhC: () => tanh(unit(state)()),
        cPrev: unit(cPrev),
        gates: (other) => lines.at(gates, c, (other - gate) * H),
      });
      return isAligned ? `dz${c} = ${dz};` : `if (${isInGate(geometry, gate, H, c)}) { dz${c} = ${dz}; }`;
    });
    const condition = isAligned ? `if (${isInGate(geometry, gate, H, 0)}) {` : 'if (true) {';
    return [condition, ...lines.statements, ...values, '}'];
  };
  return pointwise(geometry, [B, 4 * H], [
    {
      inputs: [dc, dh, gates, state, cPrev],
      value(lines, c) {
        lines.statements.push(`let dz${c} = 0;`);
        if (c === width - 1) lines.statements.push(...GATES.flatMap(inGate));
        return `dz${c}`;
      },
    },
  ]);
}

/** out `[1,N]` = the sum of the rows of a `[M,N]`, plus `before`. */
export function columnSumsProgram({ width }: Geometry, [M, N]: Size, a: Source, before: Source): Program {
  const columns: Span = { index: x, step: width, count: width };
  const sums = Array.from({ length: width }, (_, c) => `s${c}`);
  const addRows = (rows: Span, suffix: string): string[] => {
    const block = a.block(`a${suffix}`, rows, columns);
    const terms = (c: number): string => Array.from({ length: rows.count }, (_, n) => block.at(n, c)).join(' + ');
    return [...block.statements, ...sums.map((sum, c) => `${sum} += ${terms(c)};`)];
  };
  const start = before.block('start', { index: 0, step: 1, count: 1 }, columns);
  const [turns, rest] = [Math.floor(M / 4), M % 4];
  const loop = [`for (let m = 0; m < ${turns}; m++) {`, ...addRows({ index: 'm', step: 4, count: 4 }, 'm'), '}'];
  return {
    inputs: [a, before],
    outputs: [{ rows: 1, columns: N, layout: 'rows' }],
    threads: [Math.ceil(N / width), 1],
    statements: [
      ...start.statements,
      ...sums.map((sum, c) => `let ${sum} = ${start.at(0, c)};`),
      ...(turns > 0 ? loop : []),
      ...(rest > 0 ? addRows({ index: turns, step: 4, count: rest }, 'rest') : []),
    ].join('\n'),
    results: [sums],
  };
}

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
export function softmaxPrograms(geometry: Geometry, [B, C]: Size, logits: Source): Program[] {
  return pointwise(geometry, [B, C], [
    {
      inputs: [logits],
      value(lines, c) {
        if (c === 0) lines.statements.push(...softmaxOf(geometry, logits, C, y, ''));
        return `Math.exp(${lines.at(logits, c)} - max) / sum`;
      },
    },
  ]);
}

/**
 * (5) losses and correct, both one row of B numbers: the loss of each example, and 1 if the largest logit is the labelled
 * class, else 0. Column b of these rows comes from row b of logits and y.
 */
export function lossPrograms(geometry: Geometry, [B, C]: Size, logits: Source, labels: Source): Program[] {
  const { width } = geometry;
  const rowOf = (c: number): string => (width === 1 ? x : `${x} * ${width} + ${c}`);
  const inputs = [logits, labels];
  const loss = (lines: Lines, c: number): string => {
    lines.statements.push(
      ...softmaxOf(geometry, logits, C, rowOf(c), `L${c}`),
      `let loss${c} = 0;`,
      ...forEachColumn(
        geometry,
        inputs,
        { row: rowOf(c), columns: C, suffix: `Loss${c}` },
        ([logit, label]) => `loss${c} -= ${label} * (${logit} - maxL${c} - Math.log(sumL${c}));`,
      ),
    );
    return `loss${c}`;
  };
  const correct = (lines: Lines, c: number): string => {
    const first = new Lines(rowOf(c), '0', `Label${c}`);
    const start = first.at(labels, 0);
    lines.statements.push(
      ...softmaxOf(geometry, logits, C, rowOf(c), `C${c}`),
      ...first.statements,
      `let most${c} = ${start};`,
      `let labelled${c} = 0;`,
      `let correct${c} = 0;`,
      ...forEachColumn(
        geometry,
        [labels],
        { row: rowOf(c), columns: C, suffix: `Most${c}` },
        ([label], k) => `if (${label} > most${c}) { most${c} = ${label}; labelled${c} = ${k}; }`,
      ),
      `if (predictedC${c} === labelled${c}) { correct${c} = 1; }`,
    );
    return `correct${c}`;
  };
  return pointwise(geometry, [1, B], [
    { inputs, value: loss },
    { inputs, value: correct },
  ]);
}

/** (5′) dLogits `[B,C]` from probabilities and y. */
export function dLogitsPrograms(geometry: Geometry, [B, C]: Size, probabilities: Source, labels: Source): Program[] {
  return pointwise(geometry, [B, C], [
    {
      inputs: [probabilities, labels],
      value(lines, c) {
        if (c === 0) {
          const row = { row: y, columns: C, suffix: 'Sum' };
          const add = forEachColumn(geometry, [labels], row, ([label]) => `sum += ${label};`);
          lines.statements.push('let sum = 0;', ...add);
        }
        return `(${lines.at(probabilities, c)} * sum - ${lines.at(labels, c)}) / ${B}`;
      },
    },
  ]);
}

/** Inputs of Adam, as in src/adam.ts. */
export interface AdamSources {
  readonly p: Source;
  readonly m: Source;
  readonly v: Source;
  readonly g: Source;
  readonly rate: Source;
  readonly epsilon: Source;
}

/** (6) m, v and p. */
export function adamPrograms(geometry: Geometry, size: Size, { p, m, v, g, rate, epsilon }: AdamSources): Program[] {
  const mean = (lines: Lines, c: number): string =>
    `${lines.at(m, c)} + (${lines.at(g, c)} - ${lines.at(m, c)}) * ${1 - BETA1}`;
  const square = (lines: Lines, c: number): string =>
    `${lines.at(v, c)} + (${lines.at(g, c)} * ${lines.at(g, c)} - ${lines.at(v, c)}) * ${1 - BETA2}`;
  const update = (lines: Lines, c: number): string =>
    `${lines.at(p, c)} - ${rate.name} * (${mean(lines, c)}) / (Math.sqrt(${square(lines, c)}) + ${epsilon.name})`;
  return pointwise(geometry, size, [
    { inputs: [m, g], value: mean },
    { inputs: [v, g], value: square },
    { inputs: [p, m, v, g, rate, epsilon], value: update },
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

/** A copy in rows, or a matrix full of one number. */
export function copyPrograms(geometry: Geometry, size: Size, a: Source): Program[] {
  return pointwise(geometry, size, [{ inputs: [a], value: (lines, c) => lines.at(a, c) }]);
}

/** The rows of several inputs, one below the other. `heights`: their numbers of rows. */
export function joinPrograms(geometry: Geometry, columns: number, heights: readonly number[], parts: readonly Source[]): Program[] {
  const starts = heights.map((_, n) => heights.slice(0, n).reduce((sum, height) => sum + height, 0));
  const rows = heights.reduce((sum, height) => sum + height, 0);
  const { width } = geometry;
  return pointwise(geometry, [rows, columns], [
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
  ]);
}
