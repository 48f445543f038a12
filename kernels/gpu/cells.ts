/**
 * The kernels of the other cells: (20) of the RNN, (22) and (23) of the GRU, and their backward lines. The formulas are those of
 * src/equations/rnn.ts and gru.ts, with the same equation numbers.
 */
import { type ElementOf, blockPrograms, sigmoid, tanh } from './cell.js';
import type { Geometry, Source } from './layout.js';
import { type Program, type Size, rowPrograms } from './program.js';

/** (20) h `[B,H]` */
export const tanhPrograms = (geometry: Geometry, size: Size, { a }: Record<'a', Source>): Program[] =>
  rowPrograms(geometry, size, [{ inputs: [a], element: (lines, c) => tanh(lines.at(a, c)) }]);

/** (20′) da `[B,H]` */
export const tanhBackwardPrograms = (
  geometry: Geometry,
  size: Size,
  { dh, h }: Record<'dh' | 'h', Source>,
): Program[] =>
  rowPrograms(geometry, size, [
    { inputs: [dh, h], element: (lines, c) => `${lines.at(dh, c)} * (1 - ${lines.at(h, c)} * ${lines.at(h, c)})` },
  ]);

/** The blocks of ax, ah and gates; AHN is kept in gates. */
const [R, Z, N, AHN] = [0, 1, 2, 3] as const;

/** (22) gates `[B,4H]` */
export function gruGatesPrograms(geometry: Geometry, size: Size, { ax, ah }: Record<'ax' | 'ah', Source>): Program[] {
  const open = (at: ElementOf, block: number): string => sigmoid(`${at(ax, block)} + ${at(ah, block)}`);
  return blockPrograms(geometry, size, [R, Z, N, AHN], [ax, ah], (block, at) => {
    if (block === AHN) return at(ah, N);
    return block === N ? tanh(`${at(ax, N)} + ${open(at, R)} * ${at(ah, N)}`) : open(at, block);
  });
}

/** (23) h `[B,H]` */
export const gruStatePrograms = (
  geometry: Geometry,
  [B, H]: Size,
  { gates, hPrev }: Record<'gates' | 'hPrev', Source>,
): Program[] =>
  blockPrograms(geometry, [B, H], [0], [gates, hPrev], (_, at) => {
    const z = at(gates, Z);
    return `(1 - ${z}) * ${at(gates, N)} + ${z} * ${at(hPrev)}`;
  });

/** (23′) dhPrev `[B,H]` with this step's contribution */
export const gruPreviousPrograms = (
  geometry: Geometry,
  [B, H]: Size,
  { dhPrev, dh, gates }: Record<'dhPrev' | 'dh' | 'gates', Source>,
): Program[] =>
  blockPrograms(geometry, [B, H], [0], [dhPrev, dh, gates], (_, at) => `${at(dhPrev)} + ${at(dh)} * ${at(gates, Z)}`);

/** (23′), (22′) dax, or with `isOfH` dah, `[B,3H]` */
export const gruBackwardPrograms =
  (isOfH: boolean) =>
  (geometry: Geometry, size: Size, { dh, gates, hPrev }: Record<'dh' | 'gates' | 'hPrev', Source>): Program[] =>
    blockPrograms(geometry, size, [R, Z, N], [dh, gates, hPrev], (block, at) => {
      const [r, z, n] = [R, Z, N].map((gate) => () => at(gates, gate));
      if (block === Z) return `${at(dh)} * (${at(hPrev)} - ${n()}) * ${z()} * (1 - ${z()})`;
      const daxn = `${at(dh)} * (1 - ${z()}) * (1 - ${n()} * ${n()})`;
      if (block === N) return isOfH ? `${daxn} * ${r()}` : daxn;
      return `${daxn} * ${at(gates, AHN)} * ${r()} * (1 - ${r()})`;
    });
