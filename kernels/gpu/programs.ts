/**
 * The kernels, as source text that GPU.js compiles for each mode. They are text because minifiers and coverage tools would
 * rewrite functions. Sizes are literals in the text, because GPU.js stops a loop with any other bound at 1000.
 *
 * One kernel computes one output; one thread computes one of its cells, out[this.thread.y][this.thread.x]. Every input is
 * a matrix. Indices stay inline and loops count by 1: GPU.js turns any other index variable into a float, at half the
 * speed. The formulas are those of src/, where they are explained.
 */
import { BETA1, BETA2 } from '../../src/adam.js';

export interface Program {
  readonly source: string;
  readonly rows: number;
  readonly columns: number;
}

const x = 'this.thread.x';
const y = 'this.thread.y';
const at = (matrix: string): string => `${matrix}[${y}][${x}]`;

function program([rows, columns]: readonly [number, number], parameters: string, body: string): Program {
  return { rows, columns, source: `function kernelOfLonghand(${parameters}) {\n${body}\n}` };
}

interface MatmulForm {
  readonly M: number;
  readonly K: number;
  readonly N: number;
  readonly aTransposed: boolean;
  readonly bTransposed: boolean;
  /** What the sums start from: a matrix of out's size, one row for all of out's rows, or 0. */
  readonly added: 'matrix' | 'row' | 'none';
}

/** Inputs: a, b, then `added`, if there is one. The loop adds four terms in each pass. */
export function matmulProgram({ M, K, N, aTransposed, bTransposed, added }: MatmulForm): Program {
  const a = (k: string): string => (aTransposed ? `a[${k}][${y}]` : `a[${y}][${k}]`);
  const b = (k: string): string => (bTransposed ? `b[${x}][${k}]` : `b[${k}][${x}]`);
  const term = (k: string): string => `${a(k)} * ${b(k)}`;
  const turns = Math.floor(K / 4);
  const fours = ['k * 4', 'k * 4 + 1', 'k * 4 + 2', 'k * 4 + 3'].map(term).join(' + ');
  const rest = Array.from({ length: K % 4 }, (_, n) => term(String(turns * 4 + n)));
  const start = { matrix: [at('added')], row: [`added[0][${x}]`], none: [] }[added];
  const inputs = added === 'none' ? 'a, b' : 'a, b, added';
  const loop = turns > 0 ? `for (let k = 0; k < ${turns}; k++) { sum += ${fours}; }` : '';
  return program([M, N], inputs, `let sum = ${[...start, ...rest, '0'].join(' + ')};\n${loop}\nreturn sum;`);
}

/** Inputs: a `[M,N]`, and if it accumulates the row that `out` held. Output: one row. */
export function columnSumsProgram(M: number, N: number, accumulate: boolean): Program {
  return program(
    [1, N],
    accumulate ? 'a, before' : 'a',
    `let sum = ${accumulate ? at('before') : '0'};\nfor (let m = 0; m < ${M}; m++) { sum += a[m][${x}]; }\nreturn sum;`,
  );
}

const sigmoid = (z: string): string => `1 / (1 + Math.exp(-(${z})))`;

/** Math.tanh is not used: GL's is NaN above 44. */
const tanh = (z: string): string => `(2 / (1 + Math.exp(-2 * ${z})) - 1)`;

/** Column x of gate number `gate` (0 i, 1 j, 2 f, 3 o) in a `[B,4H]` matrix, for a thread of a `[B,H]` output. */
const gateOf = (gate: number, H: number): string => `gates[${y}][${x} + ${gate * H}]`;

/** (2) Inputs: z `[B,4H]`, forgetBias. Output: gates. */
export function gatesProgram(B: number, H: number): Program {
  return program(
    [B, 4 * H],
    'z, forgetBias',
    `if (${x} >= ${H} && ${x} < ${2 * H}) { return ${tanh(at('z'))}; }
if (${x} >= ${2 * H} && ${x} < ${3 * H}) { return ${sigmoid(`${at('z')} + forgetBias`)}; }
return ${sigmoid(at('z'))};`,
  );
}

/** (3) Inputs: gates `[B,4H]`, cPrev `[B,H]`. Output: c. */
export function cellProgram(B: number, H: number): Program {
  return program(
    [B, H],
    'gates, cPrev',
    `return ${gateOf(2, H)} * ${at('cPrev')} + ${gateOf(0, H)} * ${gateOf(1, H)};`,
  );
}

/** (4) Inputs: gates `[B,4H]`, c `[B,H]`. Output: h. */
export function hiddenProgram(B: number, H: number): Program {
  return program([B, H], 'gates, c', `return ${gateOf(3, H)} * ${tanh(at('c'))};`);
}

/** (4′) Inputs: dc, dh, gates, c. Output: the whole dc. */
export function dCellProgram(B: number, H: number): Program {
  return program(
    [B, H],
    'dc, dh, gates, c',
    `return ${at('dc')} + ${at('dh')} * ${gateOf(3, H)} * (1 - ${tanh(at('c'))} * ${tanh(at('c'))});`,
  );
}

/** (3′) Inputs: dcPrev, dc, gates. Output: dcPrev with this step's contribution. */
export function dCellPrevProgram(B: number, H: number): Program {
  return program([B, H], 'dcPrev, dc, gates', `return ${at('dcPrev')} + ${at('dc')} * ${gateOf(2, H)};`);
}

/** (4′), (3′), (2′) Inputs: dc (whole), dh, gates, c, cPrev. Output: dz `[B,4H]`, gate by gate. */
export function dzProgram(B: number, H: number): Program {
  const here = at('gates');
  /** The hidden unit of a thread of gate number `own`, in a matrix `[B,H]` or in the first gate. */
  const unit = (matrix: string, own: number): string => `${matrix}[${y}][${x} - ${own * H}]`;
  return program(
    [B, 4 * H],
    'dc, dh, gates, c, cPrev',
    `if (${x} < ${H}) { return ${at('dc')} * ${gateOf(1, H)} * ${here} * (1 - ${here}); }
if (${x} < ${2 * H}) { return ${unit('dc', 1)} * ${unit('gates', 1)} * (1 - ${here} * ${here}); }
if (${x} < ${3 * H}) { return ${unit('dc', 2)} * ${unit('cPrev', 2)} * ${here} * (1 - ${here}); }
return ${unit('dh', 3)} * ${tanh(unit('c', 3))} * ${here} * (1 - ${here});`,
  );
}

/** Statements that find the largest logit of row `row`: `max` is its value, `predicted` its class. */
const findLargest = (C: number, row: string): string =>
  `let max = logits[${row}][0];
let predicted = 0;
for (let k = 1; k < ${C}; k++) { if (logits[${row}][k] > max) { max = logits[${row}][k]; predicted = k; } }`;

const sumExponentials = (C: number, row: string): string =>
  `let sum = 0;\nfor (let k = 0; k < ${C}; k++) { sum += Math.exp(logits[${row}][k] - max); }`;

/** (5) Input: logits. Output: probabilities. */
export function softmaxProgram(B: number, C: number): Program {
  return program(
    [B, C],
    'logits',
    `${findLargest(C, y)}\n${sumExponentials(C, y)}\nreturn Math.exp(${at('logits')} - max) / sum;`,
  );
}

/** (5) Inputs: logits, y. Output: one row, the loss of each example. */
export function lossesProgram(B: number, C: number): Program {
  return program(
    [1, B],
    'logits, y',
    `${findLargest(C, x)}
${sumExponentials(C, x)}
let loss = 0;
for (let k = 0; k < ${C}; k++) { loss -= y[${x}][k] * (logits[${x}][k] - max - Math.log(sum)); }
return loss;`,
  );
}

/** Inputs: logits, y. Output: one row, 1 if the largest logit is the labelled class, else 0. */
export function correctProgram(B: number, C: number): Program {
  return program(
    [1, B],
    'logits, y',
    `${findLargest(C, x)}
let most = y[${x}][0];
let labelled = 0;
for (let k = 1; k < ${C}; k++) { if (y[${x}][k] > most) { most = y[${x}][k]; labelled = k; } }
if (predicted === labelled) { return 1; }
return 0;`,
  );
}

/** (5′) Inputs: probabilities, y. Output: dLogits. */
export function dLogitsProgram(B: number, C: number): Program {
  return program(
    [B, C],
    'probabilities, y',
    `let sum = 0;
for (let k = 0; k < ${C}; k++) { sum += y[${y}][k]; }
return (${at('probabilities')} * sum - ${at('y')}) / ${B};`,
  );
}

/** (6) Inputs: m, g. Output: m. */
export function meanProgram(rows: number, columns: number): Program {
  return program([rows, columns], 'm, g', `return ${at('m')} + (${at('g')} - ${at('m')}) * ${1 - BETA1};`);
}

/** (6) Inputs: v, g. Output: v. */
export function squareProgram(rows: number, columns: number): Program {
  return program([rows, columns], 'v, g', `return ${at('v')} + (${at('g')} * ${at('g')} - ${at('v')}) * ${1 - BETA2};`);
}

/** (6) Inputs: p, m, v, rate, epsilon. Output: p. */
export function updateProgram(rows: number, columns: number): Program {
  return program(
    [rows, columns],
    'p, m, v, rate, epsilon',
    `return ${at('p')} - rate * ${at('m')} / (Math.sqrt(${at('v')}) + epsilon);`,
  );
}

/** Input: any matrix of the output's size, from the host or the device. */
export function copyProgram(rows: number, columns: number): Program {
  return program([rows, columns], 'a', `return ${at('a')};`);
}

/** Input: value. */
export function fillProgram(rows: number, columns: number): Program {
  return program([rows, columns], 'value', 'return value;');
}

/** Inputs: a, and the row of it that becomes row 0 of the output. */
export function sliceProgram(rows: number, columns: number): Program {
  return program([rows, columns], 'a, from', `return a[${y} + from][${x}];`);
}

/** The most parts of one join: webgpu allows a kernel 8 buffers, the output among them. */
export const JOIN_MOST = 7;

/** Inputs: matrices with these numbers of rows. Output: all their rows, one matrix below the other. */
export function joinProgram(heights: readonly number[], columns: number): Program {
  const names = heights.map((_, n) => `a${n}`);
  const starts = heights.map((_, n) => heights.slice(0, n).reduce((sum, height) => sum + height, 0));
  const rows = heights.reduce((sum, height) => sum + height, 0);
  const cases = names
    .slice(0, -1)
    .map((name, n) => `if (${y} < ${starts[n + 1]}) { return ${name}[${y} - ${starts[n]}][${x}]; }`);
  const last = names.length - 1;
  return program(
    [rows, columns],
    names.join(', '),
    [...cases, `return ${names[last]}[${y} - ${starts[last]}][${x}];`].join('\n'),
  );
}
