/**
 * The LSTM cell: equations (2)–(4) and (4′)–(2′). Alone, for any H, a thread computes one hidden unit of one sequence. Together with
 * the product before it, for H in groups of four, a thread computes four units of several sequences: see the kernels at the end.
 */
import type { Place } from './allocations.js';
import type { AdapterKind } from './device.js';
import { type CellStep, type Datum, type Kernel, type Launch, LANES, times, mathOf } from './kernel.js';

/** (2)–(4) from the pre-activations zi, zj, zf and zo. */
const FORWARD = `
    let i = sigmoid(zi); let j = tanh_(zj); let f = sigmoid(zf + p.forgetBias); let o = sigmoid(zo); // (2)
    let c = fma(f, cPrev, i * j); // (3)
    let h = o * tanh_(c); // (4)`;

/** (4′)–(2′) from dh, dc of step t+1, the gates, c and cPrev. */
const BACKWARD = `
    let tanhC = tanh_(c);
    let dO = dh * tanhC; // (4′)
    let dC = fma(dh * o, 1.0 - tanhC * tanhC, dcNext);
    let dI = dC * j; let dJ = dC * i; let dF = dC * cPrev; // (3′)
    let dzi = dI * i * (1.0 - i); let dzj = dJ * (1.0 - j * j); // (2′)
    let dzf = dF * f * (1.0 - f); let dzo = dO * o * (1.0 - o);`;

const GATES = ['i', 'j', 'f', 'o'] as const;
const THREADS = 64;

/** Gates lie in a row as i, j, f, o, each of `p.H` numbers; `pitch` numbers from a row of a state to the next one. */
const ONE = {
  element: 'f32',
  threads: THREADS,
  functions: mathOf('f32'),
} as const;
const INDICES = `
  if (index >= p.B * p.H) { return; }
  let at = index / p.H * p.pitch + index % p.H;
  let gate = index / p.H * 4 * p.H + index % p.H;`;

const CELL_FORWARD: Kernel = {
  ...ONE,
  name: 'lstmCellForward',
  whole: ['B', 'H', 'pitch', 'h', 'c', 'gates', 'z', 'cPrev'],
  real: ['forgetBias'],
  body: `
    ${INDICES}
    ${times(4, (n) => `let z${GATES[n]} = memory[p.z + gate + ${n}u * p.H];`, ' ')}
    let cPrev = memory[p.cPrev + at];
    ${FORWARD}
    ${times(4, (n) => `memory[p.gates + gate + ${n}u * p.H] = ${GATES[n]};`, ' ')}
    memory[p.c + at] = c;
    memory[p.h + at] = h;`,
};

const CELL_BACKWARD: Kernel = {
  ...ONE,
  name: 'lstmCellBackward',
  whole: ['B', 'H', 'pitch', 'dz', 'dc', 'dcPrev', 'dh', 'gates', 'c', 'cPrev'],
  body: `
    ${INDICES}
    ${times(4, (n) => `let ${GATES[n]} = memory[p.gates + gate + ${n}u * p.H];`, ' ')}
    let dh = memory[p.dh + at]; let dcNext = memory[p.dc + at];
    let c = memory[p.c + at]; let cPrev = memory[p.cPrev + at];
    ${BACKWARD}
    memory[p.dc + at] = dC;
    memory[p.dcPrev + at] = fma(dC, f, memory[p.dcPrev + at]); // (3′)
    ${times(4, (n) => `memory[p.dz + gate + ${n}u * p.H] = dz${GATES[n]};`, ' ')}`,
};

const sizesOf = ({ rows: B, columns: H, pitch }: Place) => ({ B, H, pitch: 4 * pitch });

/** Addresses of the places, by name, in groups of four numbers. */
const addresses = <Name extends string>(places: Readonly<Record<Name, Place>>): Record<Name, number> =>
  Object.fromEntries(Object.entries<Place>(places).map(([name, { address }]) => [name, address])) as Record<
    Name,
    number
  >;

const inNumbers = (places: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(Object.entries(places).map(([name, address]) => [name, 4 * address]));

export type ForwardPlaces = Record<'h' | 'c' | 'gates' | 'z' | 'cPrev', Place>;
export type BackwardPlaces = Record<'dz' | 'dc' | 'dcPrev' | 'dh' | 'gates' | 'c' | 'cPrev', Place>;

const alone = (kernel: Kernel, state: Place, places: Readonly<Record<string, Place>>): Launch => ({
  kernel,
  whole: { ...sizesOf(state), ...inNumbers(addresses(places)) },
  groups: Math.ceil((state.rows * state.columns) / THREADS),
});

export const cellForward = (places: ForwardPlaces, forgetBias: Datum): Launch => ({
  ...alone(CELL_FORWARD, places.h, places),
  real: { forgetBias },
});

export const cellBackward = (places: BackwardPlaces): Launch => alone(CELL_BACKWARD, places.dh, places);

/** A thread's tile: how many sequences, for four units of each. A sequence has 16 sums, or backward 4, so forward eight would not fit the registers. */
const ROWS = {
  '1×4 units a thread': 1,
  '2×4 units a thread': 2,
  '4×4 units a thread': 4,
  '8×4 units a thread': 8,
} as const;
export type StepTile = keyof typeof ROWS;
export const STEP_TILES: Readonly<Record<CellStep['pass'], readonly StepTile[]>> = {
  forward: ['1×4 units a thread', '2×4 units a thread', '4×4 units a thread'],
  backward: ['1×4 units a thread', '2×4 units a thread', '4×4 units a thread', '8×4 units a thread'],
};
/** The tile of a step whose tiles are not measured: a GPU needs more threads than a processor. */
export const USUAL_STEP_TILE: Readonly<Record<CellStep['pass'], Readonly<Record<AdapterKind, StepTile>>>> = {
  forward: { software: '4×4 units a thread', gpu: '1×4 units a thread' },
  backward: { software: '8×4 units a thread', gpu: '1×4 units a thread' },
};
const TOGETHER = { element: 'vec4f', functions: mathOf('vec4f') } as const;
const THREADS_TOGETHER: Readonly<Record<AdapterKind, number>> = { software: 8, gpu: 64 };

/** Four units of the sequences row, row + 1, …; `H4` groups of four units. */
const indicesTogether = (rows: number): string => `
  let unit = index % p.H4;
  let row = index / p.H4 * ${rows}u;
  if (row >= p.B) { return; }
  ${times(rows, (r) => `let row${r} = min(row + ${r}u, p.B - 1);`, ' ')}`;

/** The sums of all rows, for a loop over the rows after the product: unrolled, a driver would compile it for many seconds. */
const listOf = (name: string, sums: readonly string[]): string =>
  `var ${name} = array<vec4f, ${sums.length}>(${sums.join(', ')});`;

/** Text for each row and gate. */
const eachGate = (rows: number, text: (r: number, gate: string, g: number) => string, separator = ' '): string =>
  times(rows, (r) => times(4, (g) => text(r, GATES[g], g), separator), separator);

/**
 * (1)–(4) of one step: z = gates + hPrev·Wh, where `gates` holds x·Wx + b, and then gets the activated gates. z is stored if
 * `storesZ`.
 */
const stepForwardOf = (kind: AdapterKind, tile: StepTile): Kernel => {
  const rows = ROWS[tile];
  return {
    ...TOGETHER,
    name: `h·Wh with lstmCellForward, ${tile}, ${kind}`,
    threads: THREADS_TOGETHER[kind],
    whole: ['B', 'H4', 'K', 'h', 'c', 'gates', 'z', 'cPrev', 'hPrev', 'hPitch', 'Wh', 'storesZ'],
    real: ['forgetBias'],
    body: `
  ${indicesTogether(rows)}
  ${eachGate(rows, (r, gate, g) => `var z${r}${gate} = memory[p.gates + (4 * row${r} + ${g}u) * p.H4 + unit];`)}
  for (var k = 0u; k < p.K; k++) {
    let w = p.Wh + 4 * k * p.H4 + unit;
    ${times(4, (g) => `let w${GATES[g]} = memory[w + ${g}u * p.H4];`, ' ')}
    ${times(rows, (r) => `let x${r} = vec4f(memory[p.hPrev + row${r} * p.hPitch + k / 4][k % 4]);`, ' ')}
    ${eachGate(rows, (r, gate) => `z${r}${gate} = fma(x${r}, w${gate}, z${r}${gate});`)}
  }
  ${listOf('sums', eachGate(rows, (r, gate) => `z${r}${gate}`, ',').split(','))}
  for (var r = 0u; r < ${rows}u && row + r < p.B; r++) {
    ${times(4, (g) => `let z${GATES[g]} = sums[4 * r + ${g}u];`, ' ')}
    let at = (row + r) * p.H4 + unit;
    let gate = (row + r) * 4 * p.H4 + unit;
    let cPrev = memory[p.cPrev + at];
    ${FORWARD}
    ${times(4, (g) => `memory[p.gates + gate + ${g}u * p.H4] = ${GATES[g]};`, ' ')}
    memory[p.c + at] = c;
    memory[p.h + at] = h;
    if (p.storesZ != 0) { ${times(4, (g) => `memory[p.z + gate + ${g}u * p.H4] = z${GATES[g]};`, ' ')} }
  }`,
  };
};

/**
 * (1′) and (4′)–(2′): dh += dzNext·Whᵀ of step t+1, then the cell of step t. A row of Wh has the four gates of one unit of h, so a
 * thread reads four rows. dz and dzNext are different rows: other threads read dzNext.
 */
const stepBackwardOf = (kind: AdapterKind, tile: StepTile): Kernel => {
  const rows = ROWS[tile];
  return {
    ...TOGETHER,
    name: `dz·Whᵀ with lstmCellBackward, ${tile}, ${kind}`,
    threads: THREADS_TOGETHER[kind],
    whole: ['B', 'H4', 'dz', 'dc', 'dcPrev', 'dh', 'gates', 'c', 'cPrev', 'dzNext', 'Wh'],
    body: `
  ${indicesTogether(rows)}
  ${times(rows, (r) => `var dh${r} = memory[p.dh + row${r} * p.H4 + unit];`, ' ')}
  let w = p.Wh + 16 * unit * p.H4;
  let K = 4 * p.H4;
  for (var k = 0u; k < K; k++) {
    ${times(4, (j) => `let t${j} = memory[w + ${j}u * K + k];`, ' ')}
    ${times(4, (lane) => `let w${lane} = vec4f(${times(4, (j) => `t${j}.${LANES[lane]}`, ', ')});`, ' ')}
    ${times(
      rows,
      (r) => `{
      let dz = memory[p.dzNext + row${r} * K + k];
      ${times(4, (lane) => `dh${r} = fma(vec4f(dz.${LANES[lane]}), w${lane}, dh${r});`, ' ')}
    }`,
    )}
  }
  ${listOf('sums', times(rows, (r) => `dh${r}`, ',').split(','))}
  for (var r = 0u; r < ${rows}u && row + r < p.B; r++) {
    let at = (row + r) * p.H4 + unit;
    let gate = (row + r) * K + unit;
    ${times(4, (g) => `let ${GATES[g]} = memory[p.gates + gate + ${g}u * p.H4];`, ' ')}
    let dh = sums[r]; let dcNext = memory[p.dc + at];
    let c = memory[p.c + at]; let cPrev = memory[p.cPrev + at];
    ${BACKWARD}
    memory[p.dh + at] = dh;
    memory[p.dc + at] = dC;
    memory[p.dcPrev + at] = fma(dC, f, memory[p.dcPrev + at]); // (3′)
    ${times(4, (g) => `memory[p.dz + gate + ${g}u * p.H4] = dz${GATES[g]};`, ' ')}
  }`,
  };
};

const kernelsOf = (pass: CellStep['pass'], kind: AdapterKind): Readonly<Partial<Record<StepTile, Kernel>>> => {
  const make = pass === 'forward' ? stepForwardOf : stepBackwardOf;
  return Object.fromEntries(STEP_TILES[pass].map((tile) => [tile, make(kind, tile)]));
};
const KERNELS = {
  forward: { software: kernelsOf('forward', 'software'), gpu: kernelsOf('forward', 'gpu') },
  backward: { software: kernelsOf('backward', 'software'), gpu: kernelsOf('backward', 'gpu') },
};

/** The kernel and the workgroups of a step in a tile of its pass. */
export function stepInTile(tile: StepTile, { pass, kind, B, H }: CellStep): Pick<Launch, 'kernel' | 'groups'> {
  const kernel = KERNELS[pass][kind][tile];
  if (!kernel) throw new Error(`webgpu: the ${pass} pass has no tile ${tile}`);
  return { kernel, groups: Math.ceil((Math.ceil(B / ROWS[tile]) * H) / 4 / kernel.threads) };
}

function step(
  pass: CellStep['pass'],
  kind: AdapterKind,
  { rows: B, pitch: H4 }: Place,
  whole: Launch['whole'],
): Launch {
  const tiled = { pass, kind, B, H: 4 * H4 };
  return { ...stepInTile(USUAL_STEP_TILE[pass][kind], tiled), whole: { ...whole, B, H4 }, tiled };
}

/** H must be in groups of four. */
export function stepForward(
  kind: AdapterKind,
  places: ForwardPlaces & Record<'hPrev' | 'Wh', Place>,
  forgetBias: Datum,
  storesZ: boolean,
): Launch {
  const { h, hPrev } = places;
  const whole = { ...addresses(places), K: hPrev.columns, hPitch: hPrev.pitch, storesZ: Number(storesZ) };
  return { ...step('forward', kind, h, whole), real: { forgetBias } };
}

/** H must be in groups of four, and Wh of H rows. */
export const stepBackward = (kind: AdapterKind, places: BackwardPlaces & Record<'dzNext' | 'Wh', Place>): Launch =>
  step('backward', kind, places.dh, addresses(places));
