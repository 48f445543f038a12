/**
 * A step of the cell in one launch forward and one launch backward, for the GL modes, if H is a multiple of 4.
 *
 * A thread writes one texel of each output, so all outputs have the same number of texels. Each of the four textures of gates
 * (or of dz) has H texels in B/4 rows. c and h have H/4 texels in B rows: as many. There is a thread for each tile of gates:
 * H threads across, B/4 down. It has two jobs:
 *
 * - Its tile: four rows of one gate. The texels become the four textures of gates (or of dz).
 * - One texel of c and of h. A thread of gate number g writes the tile's row g, for the hidden units of its texel:
 *
 *       the thread's gate               i      j        f        o
 *       the row of c and h it writes    4y     4y + 1   4y + 2   4y + 3
 *
 * A row of threads writes the rows 4y, 4y+1, 4y+2 and 4y+3 of c beside one another. So the texels of c lie in the texture in
 * the order of c's rows. Later kernels read the same texture as rows of H columns, and nothing is copied.
 */
import type { Gate } from './cell.js';
import { cellFrom, dCellFrom, dCellPrevFrom, dzFrom, F, gateFrom, GATES, hiddenFrom, J, O, tanh } from './cell.js';
import type { Geometry, Source, Span } from './layout.js';
import { type Program, type Size, Lines, x, y } from './program.js';

const FOUR = [0, 1, 2, 3];

/** The four rows of a thread's tile. */
const TILE: Span = { index: y, step: 4, count: 4 };

const texel = (index: string): Span => ({ index, step: 4, count: 4 });

/** Variables of a thread: the number of its gate, and the column of its texel in c and h. `W`: texels of a gate. */
const gateAndUnit = (W: number): string[] => [
  `const gate = Math.floor((${x} + 0.5) / ${W});`, // a device may round x / W down
  `const unit = ${x} - gate * ${W};`,
];

const declare = (names: readonly string[]): string => names.map((name) => `let ${name} = 0;`).join(' ');

const outputsOf = ([B, H]: Size): Program['outputs'] => [
  { rows: B, columns: 4 * H, layout: 'tiles' },
  { rows: B, columns: H, layout: 'rows' },
  { rows: B, columns: H, layout: 'rows' },
];

/** (2), (3), (4) gates `[B,4H]`, c and h `[B,H]`. */
export function cellForwardInTiles(
  _geometry: Geometry,
  [B, H]: Size,
  { z, cPrev, forgetBias }: Record<'z' | 'cPrev' | 'forgetBias', Source>,
): Program[] {
  const W = H / 4;
  const tile = z.block('z', TILE, texel(x));
  const gates = FOUR.map((r) => FOUR.map((c) => `gate${r}${c}`));
  // (2) for a gate that is known when the kernel runs: tanh(z) = 2σ(2z) - 1. Branches with exponentials compile slowly.
  const activate = [
    'let scale = 1;',
    'let shift = 0;',
    `if (gate === ${J}) { scale = 2; }`,
    `if (gate === ${F}) { shift = ${forgetBias.name}; }`,
    ...gates.flatMap((row, r) =>
      row.map(
        (gate, c) => `const ${gate} = scale / (1 + Math.exp(-scale * (${tile.at(r, c)} + shift))) - (scale - 1);`,
      ),
    ),
  ];

  // For its texel of c and h the thread computes all four gates again, from z.
  const state = new Lines(`${y} * 4 + gate`, 'unit', '_state');
  const [cs, hs] = ['c', 'h'].map((name) => FOUR.map((c) => `${name}${c}`));
  const states = FOUR.flatMap((c) => {
    const gate = (which: Gate): string => gateFrom(which, state.at(z, c, which * H), forgetBias);
    const cell = cellFrom(gate, state.at(cPrev, c));
    return [`const ${cs[c]} = ${cell};`, `const ${hs[c]} = ${hiddenFrom(gate(O), cs[c])};`];
  });

  return [
    {
      inputs: [z, cPrev, forgetBias],
      outputs: outputsOf([B, H]),
      threads: [4 * W, Math.ceil(B / 4)],
      statements: [...gateAndUnit(W), ...tile.statements, ...activate, ...state.statements, ...states].join('\n'),
      results: [...gates, cs, hs],
    },
  ];
}

/** (4′), (3′), (2′) dz `[B,4H]`, the complete dc, and dcPrev with this step's contribution, both `[B,H]`. */
export function cellBackwardInTiles(
  _geometry: Geometry,
  [B, H]: Size,
  sources: Record<'dc' | 'dcPrev' | 'dh' | 'gates' | 'c' | 'cPrev', Source>,
): Program[] {
  const W = H / 4;
  const unit = (name: 'dc' | 'dh' | 'c' | 'cPrev') => sources[name].block(name, TILE, texel('unit'));
  const [dc, dh, c, cPrev] = (['dc', 'dh', 'c', 'cPrev'] as const).map(unit);
  const gates = GATES.map((gate) => sources.gates.block(`gates${gate}`, TILE, texel(`unit + ${gate * W}`)));
  const cells = FOUR.flatMap((r) =>
    FOUR.flatMap((n) => [
      `const tanhC${r}${n} = ${tanh(c.at(r, n))};`,
      `const dCell${r}${n} = ${dCellFrom(dc.at(r, n), dh.at(r, n), gates[O].at(r, n), `tanhC${r}${n}`)};`,
    ]),
  );

  const dzs = FOUR.map((r) => FOUR.map((n) => `dz${r}${n}`));
  const [dcs, forget] = ['dcOut', 'f'].map((name) => FOUR.map((n) => `${name}${n}`));
  /** Statements for the threads of one gate: their tile of dz, and the row of the states that they write. */
  const branch = (own: Gate): string[] => [
    `if (gate === ${own}) {`,
    ...dzs.flatMap((row, r) =>
      row.map((dz, n) => {
        const value = dzFrom(own, {
          dc: () => `dCell${r}${n}`,
          dh: () => dh.at(r, n),
          tanhC: () => `tanhC${r}${n}`,
          cPrev: () => cPrev.at(r, n),
          gates: (gate) => gates[gate].at(r, n),
        });
        return `${dz} = ${value};`;
      }),
    ),
    ...FOUR.flatMap((n) => [`${dcs[n]} = dCell${own}${n};`, `${forget[n]} = ${gates[F].at(own, n)};`]),
    '}',
  ];
  const state = new Lines(`${y} * 4 + gate`, 'unit');
  const dcPrevs = FOUR.map((n) => dCellPrevFrom(state.at(sources.dcPrev, n), dcs[n], forget[n]));

  return [
    {
      inputs: Object.values(sources),
      outputs: outputsOf([B, H]),
      threads: [4 * W, Math.ceil(B / 4)],
      statements: [
        ...gateAndUnit(W),
        ...[dc, dh, c, cPrev, ...gates, state].flatMap(({ statements }) => statements),
        ...cells,
        declare([...dzs.flat(), ...dcs, ...forget]),
        ...GATES.flatMap(branch),
      ].join('\n'),
      results: [...dzs, dcs, dcPrevs],
    },
  ];
}
