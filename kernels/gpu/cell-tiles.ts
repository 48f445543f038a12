/**
 * One step of the cell in one launch, for the GL modes, if H is a multiple of 4.
 *
 * All outputs of a launch have the same number of texels. gates and dz have 4H columns, c and h have H. So the threads are
 * those of gates in tiles, H texels wide and a quarter of B high, and a thread has two jobs:
 *
 * - Its tile: four rows of one gate. The texels become the four textures of gates (or of dz).
 * - One texel of a state. If the thread is in gate number g, it is the texel of row g of the tile, at the same hidden units.
 *
 *       threads       gate i    gate j    gate f    gate o
 *       of a tile's   row 0     row 1     row 2     row 3     of c and h
 *       four rows
 *
 * A row of threads writes the rows 4y, 4y+1, 4y+2 and 4y+3 of c beside one another. So the texels of c lie in the texture in
 * the order of c's rows. Later kernels read the same texture as rows of H columns, and nothing is copied.
 */
import type { Geometry, Reading, Source, Span } from './layout.js';
import type { Program, Size } from './program.js';
import { x, y } from './program.js';
import type { Gate } from './cell.js';
import { cellFrom, dCellFrom, dCellPrevFrom, dzFrom, F, gateFrom, GATES, hiddenFrom, O, tanh } from './cell.js';

const FOUR = [0, 1, 2, 3];

/** The four rows of a thread's tile. */
const TILE: Span = { index: y, step: 4, count: 4 };

/** Row `r` of the tile. */
const rowOfTile = (r: number): Span => ({ index: y, step: 4, start: r, count: 1 });

/** The texel `distance` texels to the right. */
const texelAt = (distance: number): Span => ({
  index: distance === 0 ? x : `${x} ${distance < 0 ? '-' : '+'} ${Math.abs(distance)}`,
  step: 4,
  count: 4,
});

const declare = (names: readonly string[]): string => names.map((name) => `let ${name} = 0;`).join(' ');

/** One branch for the threads of each gate. `W`: texels of a gate. */
const byGate = (W: number, branch: (gate: Gate) => readonly string[]): string[] =>
  GATES.flatMap((gate) => [`if (${x} >= ${gate * W} && ${x} < ${(gate + 1) * W}) {`, ...branch(gate), '}']);

/** (2), (3), (4) gates `[B,4H]`, c and h `[B,H]`. */
export function cellForwardInTiles(
  _: Geometry,
  [B, H]: Size,
  { z, cPrev, forgetBias }: Record<'z' | 'cPrev' | 'forgetBias', Source>,
): Program[] {
  const W = H / 4;
  const tile = z.block('z', TILE, texelAt(0));
  const gates = FOUR.map((r) => FOUR.map((c) => `gate${r}${c}`));
  const [cs, hs] = ['c', 'h'].map((name) => FOUR.map((c) => `${name}${c}`));

  const branch = (own: Gate): string[] => {
    const others = GATES.map((gate) => z.block(`z${own}${gate}`, rowOfTile(own), texelAt((gate - own) * W)));
    const before = cPrev.block(`cPrev${own}`, rowOfTile(own), texelAt(-own * W));
    return [
      ...gates.flatMap((row, r) => row.map((gate, c) => `${gate} = ${gateFrom(own, tile.at(r, c), forgetBias)};`)),
      ...[...others, before].flatMap(({ statements }) => statements),
      ...FOUR.flatMap((c) => {
        const gate = (which: Gate): string => `(${gateFrom(which, others[which].at(0, c), forgetBias)})`;
        return [`${cs[c]} = ${cellFrom(gate, before.at(0, c))};`, `${hs[c]} = ${hiddenFrom(gate(O), cs[c])};`];
      }),
    ];
  };

  return [
    {
      inputs: [z, cPrev, forgetBias],
      outputs: [
        { rows: B, columns: 4 * H, layout: 'tiles' },
        { rows: B, columns: H, layout: 'rows' },
        { rows: B, columns: H, layout: 'rows' },
      ],
      threads: [4 * W, Math.ceil(B / 4)],
      statements: [...tile.statements, declare([...gates.flat(), ...cs, ...hs]), ...byGate(W, branch)].join('\n'),
      results: [...gates, cs, hs],
    },
  ];
}

/** (4′), (3′), (2′) dz `[B,4H]`, the complete dc, and dcPrev with this step's contribution, both `[B,H]`. */
export function cellBackwardInTiles(
  _: Geometry,
  [B, H]: Size,
  sources: Record<'dc' | 'dcPrev' | 'dh' | 'gates' | 'c' | 'cPrev', Source>,
): Program[] {
  const W = H / 4;
  const dzs = FOUR.map((r) => FOUR.map((c) => `dz${r}${c}`));
  const [dcs, dcPrevs] = ['dc', 'dcPrev'].map((name) => FOUR.map((c) => `${name}Out${c}`));

  const branch = (own: Gate): string[] => {
    const unit = (name: 'dc' | 'dcPrev' | 'dh' | 'c' | 'cPrev', rows: Span): Reading =>
      sources[name].block(`${name}${own}`, rows, texelAt(-own * W));
    const [dc, dh, c, cPrev] = (['dc', 'dh', 'c', 'cPrev'] as const).map((name) => unit(name, TILE));
    const gates = GATES.map((gate) => sources.gates.block(`gates${own}${gate}`, TILE, texelAt((gate - own) * W)));
    const dcPrev = unit('dcPrev', rowOfTile(own));
    const inRow = (r: number): string[] =>
      FOUR.flatMap((n) => {
        const [dCell, tanhC] = [`dCell${own}${r}${n}`, `tanhC${own}${r}${n}`];
        const dz = dzFrom(own, {
          dc: () => dCell,
          dh: () => dh.at(r, n),
          tanhC: () => tanhC,
          cPrev: () => cPrev.at(r, n),
          gates: (gate) => gates[gate].at(r, n),
        });
        return [
          `const ${tanhC} = ${tanh(c.at(r, n))};`,
          `const ${dCell} = ${dCellFrom(dc.at(r, n), dh.at(r, n), gates[O].at(r, n), tanhC)};`,
          `${dzs[r][n]} = ${dz};`,
        ];
      });
    return [
      ...[dc, dh, c, cPrev, dcPrev, ...gates].flatMap(({ statements }) => statements),
      ...FOUR.flatMap(inRow),
      ...FOUR.flatMap((n) => {
        const dCell = `dCell${own}${own}${n}`;
        const dCellPrev = dCellPrevFrom(dcPrev.at(0, n), dCell, gates[F].at(own, n));
        return [`${dcs[n]} = ${dCell};`, `${dcPrevs[n]} = ${dCellPrev};`];
      }),
    ];
  };

  return [
    {
      inputs: Object.values(sources),
      outputs: [
        { rows: B, columns: 4 * H, layout: 'tiles' },
        { rows: B, columns: H, layout: 'rows' },
        { rows: B, columns: H, layout: 'rows' },
      ],
      threads: [4 * W, Math.ceil(B / 4)],
      statements: [declare([...dzs.flat(), ...dcs, ...dcPrevs]), ...byGate(W, branch)].join('\n'),
      results: [...dzs, dcs, dcPrevs],
    },
  ];
}
