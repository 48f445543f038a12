/**
 * The kernels of the LSTM cell. The formulas are those of src/equations/lstm.ts, with the same equation numbers. A formula is
 * written once for all modes, for one element; its arguments are expressions. Only (2) has a second form, in cell-tiles.ts.
 */
import type { Geometry, Source } from './layout.js';
import { type Program, type Size, columnsOf, Lines, rowPrograms, x, y } from './program.js';

/** The gates, in the order of their columns. */
const I = 0;
export const J = 1;
export const F = 2;
export const O = 3;
export const GATES = [I, J, F, O] as const;
export type Gate = (typeof GATES)[number];

export const sigmoid = (z: string): string => `(1 / (1 + Math.exp(-(${z}))))`;

/** Math.tanh is not used: in some modes it is NaN for large arguments. */
export const tanh = (z: string): string => `(2 / (1 + Math.exp(-2 * (${z}))) - 1)`;

/** (2) */
export const gateFrom = (gate: Gate, z: string, forgetBias: Source): string =>
  gate === J ? tanh(z) : sigmoid(gate === F ? `${z} + ${forgetBias.name}` : z);

/** (3) */
export const cellFrom = (gates: (gate: Gate) => string, cPrev: string): string =>
  `(${gates(F)} * ${cPrev} + ${gates(I)} * ${gates(J)})`;

/** (4) */
export const hiddenFrom = (o: string, c: string): string => `${o} * ${tanh(c)}`;

/** (4′) dc with this step's contribution added: the complete dc. */
export const dCellFrom = (dc: string, dh: string, o: string, tanhC: string): string =>
  `${dc} + ${dh} * ${o} * (1 - ${tanhC} * ${tanhC})`;

/** (3′) */
export const dCellPrevFrom = (dcPrev: string, dc: string, f: string): string => `${dcPrev} + ${dc} * ${f}`;

/**
 * What dz of one hidden unit is computed from, as expressions; `dc` is the complete one. Each is a function: calling it
 * adds the statement that reads the element. So a gate reads only what it needs.
 */
interface DzInputs {
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

/** Whether column x · width + c lies in a gate, or another block of H columns. */
function isInBlock({ width }: Geometry, gate: number, H: number, c: number): string {
  const column = width === 1 ? x : `${x} * ${width} + ${c}`;
  return `${column} >= ${gate * H} && ${column} < ${(gate + 1) * H}`;
}

/** (2) gates `[B,4H]` from z. */
export function gatesPrograms(
  geometry: Geometry,
  [B, H]: Size,
  { z, forgetBias }: Record<'z' | 'forgetBias', Source>,
): Program[] {
  const gateOf = (lines: Lines, c: number): string => {
    const preActivation = lines.at(z, c);
    lines.statements.push(
      `let gate${c} = 0;`,
      `if (${isInBlock(geometry, J, H, c)}) { gate${c} = ${gateFrom(J, preActivation, forgetBias)}; }`,
      `else if (${isInBlock(geometry, F, H, c)}) { gate${c} = ${gateFrom(F, preActivation, forgetBias)}; }`,
      `else { gate${c} = ${gateFrom(I, preActivation, forgetBias)}; }`,
    );
    return `gate${c}`;
  };
  return rowPrograms(geometry, [B, 4 * H], [{ inputs: [z, forgetBias], element: gateOf }]);
}

/** (3), (4) c and h `[B,H]` from gates and cPrev. */
export function statePrograms(
  geometry: Geometry,
  [B, H]: Size,
  { gates, cPrev }: Record<'gates' | 'cPrev', Source>,
): Program[] {
  const inputs = [gates, cPrev];
  const cell = (lines: Lines, c: number): string =>
    cellFrom((gate) => lines.at(gates, c, gate * H), lines.at(cPrev, c));
  const hidden = (lines: Lines, c: number): string => hiddenFrom(lines.at(gates, c, O * H), cell(lines, c));
  const outputs = [cell, hidden].map((element) => ({ inputs, element }));
  return rowPrograms(geometry, [B, H], outputs);
}

/** (4′) The complete dc `[B,H]`. */
export function dCellPrograms(
  geometry: Geometry,
  [B, H]: Size,
  { dc, dh, gates, c: state }: Record<'dc' | 'dh' | 'gates' | 'c', Source>,
): Program[] {
  const dCell = (lines: Lines, c: number): string => {
    const read = lines.at(state, c);
    lines.statements.push(`const tanhC${c} = ${tanh(read)};`);
    return dCellFrom(lines.at(dc, c), lines.at(dh, c), lines.at(gates, c, O * H), `tanhC${c}`);
  };
  return rowPrograms(geometry, [B, H], [{ inputs: [dc, dh, gates, state], element: dCell }]);
}

/** (3′) dcPrev `[B,H]` with this step's contribution, from the complete dc. */
export function dCellPrevPrograms(
  geometry: Geometry,
  [B, H]: Size,
  { dcPrev, dc, gates }: Record<'dcPrev' | 'dc' | 'gates', Source>,
): Program[] {
  const dCellPrev = (lines: Lines, c: number): string =>
    dCellPrevFrom(lines.at(dcPrev, c), lines.at(dc, c), lines.at(gates, c, F * H));
  return rowPrograms(geometry, [B, H], [{ inputs: [dcPrev, dc, gates], element: dCellPrev }]);
}

/** (4′), (3′), (2′) dz `[B,4H]`, gate by gate, from the complete dc. */
export function dzPrograms(
  geometry: Geometry,
  [B, H]: Size,
  { dc, dh, gates, c: state, cPrev }: Record<'dc' | 'dh' | 'gates' | 'c' | 'cPrev', Source>,
): Program[] {
  return blockPrograms(geometry, [B, H], GATES, [dc, dh, gates, state, cPrev], (gate, at) =>
    dzFrom(gate, {
      dc: () => at(dc),
      dh: () => at(dh),
      tanhC: () => tanh(at(state)),
      cPrev: () => at(cPrev),
      gates: (other) => at(gates, other),
    }),
  );
}

/** A unit's element of a source; of a source with blocks of H columns, of one of them. Default: the first block. */
export type ElementOf = (source: Source, block?: number) => string;

/** An output of several blocks of H columns, block by block. */
export function blockPrograms<Block extends number>(
  geometry: Geometry,
  [B, H]: Size,
  blocks: readonly Block[],
  inputs: readonly Source[],
  element: (block: Block, at: ElementOf) => string,
): Program[] {
  const columns = columnsOf(geometry);
  const isAligned = H % geometry.width === 0; // then all columns of a texel lie in one block
  /** Statements for the columns of a texel that lie in `block`. The blocks of a unit lie H columns apart. */
  const inBlock = (block: Block): string[] => {
    const lines = new Lines(y, x, `_${block}`);
    const assignments = columns.map((c) => {
      const dz = element(block, (source, other = 0) => lines.at(source, c, (other - block) * H));
      return isAligned ? `dz${c} = ${dz};` : `if (${isInBlock(geometry, block, H, c)}) { dz${c} = ${dz}; }`;
    });
    const condition = isAligned ? `if (${isInBlock(geometry, block, H, 0)}) {` : '{';
    return [condition, ...lines.statements, ...assignments, '}'];
  };
  const before = [...columns.map((c) => `let dz${c} = 0;`), ...blocks.flatMap(inBlock)];
  return rowPrograms(geometry, [B, blocks.length * H], [{ inputs, before, element: (_, c) => `dz${c}` }]);
}
