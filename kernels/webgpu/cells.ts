/** The other cells: (20) of the RNN, (22) and (23) of the GRU, and their backward lines. A thread computes one unit of one sequence. */
import type { CellOperation } from '../../src/core/cell-operations.js';
import { CELL_OPERANDS } from '../../src/core/cell-operations.js';
import type { Place } from './allocations.js';
import type { Kernel, Launch } from './kernel.js';
import { mathOf } from './kernel.js';

const THREADS = 64;

/** The equations for unit n of sequence b. `[name]` is an operand's element there, `[name+2]` that of its third block of H columns. */
const EQUATIONS = {
  tanhForward: '[h] = tanh_([a]); // (20)',
  tanhBackward: '[da] = [dh] * (1.0 - [h] * [h]); // (20′)',
  gruCellForward: `
    let r = sigmoid([ax] + [ah]); let z = sigmoid([ax+1] + [ah+1]); // (22)
    let n = tanh_(fma(r, [ah+2], [ax+2]));
    [gates] = r; [gates+1] = z; [gates+2] = n; [gates+3] = [ah+2];
    [h] = fma(z, [hPrev], (1.0 - z) * n); // (23)`,
  gruCellBackward: `
    let r = [gates]; let z = [gates+1]; let n = [gates+2]; let dh = [dh];
    let daxn = dh * (1.0 - z) * (1.0 - n * n); // (23′), (22′)
    let dar = daxn * [gates+3] * r * (1.0 - r);
    let daz = dh * ([hPrev] - n) * z * (1.0 - z);
    [dhPrev] = fma(dh, z, [dhPrev]); // (23′)
    [dax] = dar; [dah] = dar; [dax+1] = daz; [dah+1] = daz; [dax+2] = daxn; [dah+2] = daxn * r;`,
} satisfies Partial<Record<CellOperation, string>>;

/** The operations that this backend has. */
export type OwnOperation = keyof typeof EQUATIONS;

/** Addresses and pitches are counted in single numbers. */
function kernelOf(name: OwnOperation): Kernel {
  const operands = CELL_OPERANDS[name].map((operand) => operand.name);
  const body = EQUATIONS[name].replace(
    /\[(\w+)(?:\+(\d))?\]/g,
    (_, operand: string, block = '0') => `memory[p.${operand} + b * p.${operand}Pitch + ${block}u * p.H + k]`,
  );
  return {
    ...{ name, element: 'f32', threads: THREADS, functions: mathOf('f32') },
    whole: ['B', 'H', ...operands, ...operands.map((operand) => `${operand}Pitch`)],
    body: `
    if (index >= p.B * p.H) { return; }
    let b = index / p.H; let k = index % p.H;
    ${body}`,
  };
}

const KERNELS = Object.fromEntries(Object.keys(EQUATIONS).map((name) => [name, kernelOf(name as OwnOperation)]));

/** The launch of an operation on its operands. */
export function cellLaunch(name: OwnOperation, places: readonly Place[]): Launch {
  const operands = CELL_OPERANDS[name];
  const [{ factor }] = operands[0].extents.slice(-1);
  const [B, H] = [places[0].rows, places[0].columns / factor];
  const entries = operands.flatMap((operand, n) => [
    [operand.name, 4 * places[n].address],
    [`${operand.name}Pitch`, 4 * places[n].pitch],
  ]);
  return {
    kernel: KERNELS[name],
    whole: { B, H, ...(Object.fromEntries(entries) as Record<string, number>) },
    groups: Math.ceil((B * H) / THREADS),
  };
}
