/**
 * A backward pass in plain numbers with a switch for each path. With all of them open, it computes the engine's dc and dx. paths.mjs measures
 * with it, and the page of docs/learn/why-57.md computes with it in the browser.
 */

/**
 * Which paths are open. `direct`: dcPrev += dc*f. A gate: its block of dz passes Whᵀ to dhPrev.
 * @typedef {Readonly<Record<'direct' | 'i' | 'j' | 'f' | 'o', boolean>>} Open
 *
 * What the forward pass of one sequence has computed: gates (T rows of i, j, f, o) and c (T+1 rows of H numbers). dhLast is the gradient of the last h,
 * and dc is the engine's.
 * @typedef {{ gates: Float64Array[], c: Float64Array[], dc: Float64Array[], Wx: Float64Array[], Wh: Float64Array[], dhLast: Float64Array }} Sequence
 */

/** The networks that are saved: after these updates of training. */
export const STEPS = [1, 100, 300, 781];

/** @type {readonly ('i' | 'j' | 'f' | 'o')[]} */
export const GATES = ['i', 'j', 'f', 'o'];
/** @type {Open} */
export const OPEN = { direct: true, i: true, j: true, f: true, o: true };
/** @type {Open} */
export const DIRECT = { direct: true, i: false, j: false, f: false, o: false };

/** @type {Readonly<Record<string, Open>>} */
export const CASES = {
  all: OPEN,
  direct: DIRECT,
  ...Object.fromEntries(GATES.map((gate) => [`direct and ${gate}`, { ...DIRECT, [gate]: true }])),
  ...Object.fromEntries(GATES.map((gate) => [`without ${gate}`, { ...OPEN, [gate]: false }])),
  'without direct': { ...OPEN, direct: false },
};

/**
 * The gradients of one sequence, back along the open paths: dc, T+1 rows of H numbers, of which row 0 is the initial state's, and dz, T rows of 4H.
 * @param {Open} open
 * @param {Sequence} sequence
 */
export function backwardAlong(open, { gates, c, Wh, dhLast }) {
  const H = dhLast.length;
  const dc = c.map(() => new Float64Array(H));
  const dz = gates.map((row) => new Float64Array(row.length));
  const columns = GATES.flatMap((gate, k) => (open[gate] ? [[k * H, (k + 1) * H]] : [])); // of the open gates
  let dh = dhLast;
  for (let t = gates.length - 1; t >= 0; t--) {
    for (let n = 0; n < H; n++) {
      const [i, j, f, o] = [gates[t][n], gates[t][H + n], gates[t][2 * H + n], gates[t][3 * H + n]];
      // (4′) from  h = o*tanh(c)
      const tanhC = Math.tanh(c[t + 1][n]);
      const dO = dh[n] * tanhC;
      dc[t + 1][n] += dh[n] * o * (1 - tanhC * tanhC);
      const dC = dc[t + 1][n];
      // (3′) from  c = f*cPrev + i*j:  the direct path
      if (open.direct) dc[t][n] = dC * f;
      // (3′) and (2′): to the gates
      dz[t][n] = dC * j * i * (1 - i);
      dz[t][H + n] = dC * i * (1 - j * j);
      dz[t][2 * H + n] = dC * c[t][n] * f * (1 - f);
      dz[t][3 * H + n] = dO * o * (1 - o);
    }
    // (1′) from  z = x·Wx + hPrev·Wh + b:  dhPrev = dz·Whᵀ, through the open gates
    dh = Float64Array.from(Wh, (row) => dot(row, dz[t], columns));
  }
  return { dc, dz };
}

/** (1′) dx = dz·Wxᵀ, T rows: at a row, the gradient reaches x through all four gates. @param {Open} open @param {Sequence} sequence */
export const inputGradients = (open, sequence) =>
  backwardAlong(open, sequence).dz.map((dz) => Float64Array.from(sequence.Wx, (row) => dot(row, dz)));

/** Of the columns from `first` to `end` of each pair. @param {Float64Array} a @param {Float64Array} b */
export function dot(a, b, columns = [[0, a.length]]) {
  let sum = 0;
  for (const [first, end] of columns) for (let k = first; k < end; k++) sum += a[k] * b[k];
  return sum;
}

/**
 * Every sequence of an LSTM that has made both passes, as plain lists.
 * @param {import('longhand').Lstm} lstm
 * @returns {Sequence[]}
 */
export function listsOf({ gates, c, dc, dh, kernel }) {
  const [T, B, columns] = gates.shape;
  const H = columns / 4;
  const list = (count, valueOf) => Float64Array.from({ length: count }, (_, n) => valueOf(n));
  const rows = (count, rowOf) => Array.from({ length: count }, (_, t) => rowOf(t));
  const weights = rows(kernel.shape[0], (m) => list(4 * H, (n) => kernel.get(m, n)));
  return rows(B, (b) => ({
    gates: rows(T, (t) => list(4 * H, (n) => gates.get(t, b, n))),
    c: rows(T + 1, (t) => list(H, (n) => c.get(t, b, n))),
    dc: rows(T + 1, (t) => list(H, (n) => dc.get(t, b, n))),
    Wx: weights.slice(0, -H),
    Wh: weights.slice(-H),
    dhLast: list(H, (n) => dh.get(T, b, n)),
  }));
}

/** The largest difference between the split with all paths open and the engine, divided by the largest gradient. @param {Sequence} sequence */
export function differenceFromEngine(sequence) {
  const own = backwardAlong(OPEN, sequence).dc;
  const largest = (valueOf) => Math.max(...own.flatMap((row, t) => Array.from(row, (_, n) => Math.abs(valueOf(t, n)))));
  return largest((t, n) => own[t][n] - sequence.dc[t][n]) / largest((t, n) => sequence.dc[t][n]);
}

/** Every sequence of a network that has made both passes. Throws an Error if the split differs from the engine. @param {import('longhand').Network} network */
export function sequencesOf({ layers }) {
  const sequences = listsOf(layers[0][0]);
  const difference = Math.max(...sequences.map(differenceFromEngine));
  if (!(difference <= 1e-12)) throw new Error(`dc differs from the engine's by ${difference}`);
  return sequences;
}

/** @param {readonly number[]} values */
export const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
/** @param {number} value */
export const rounded = (value) => Number(value.toPrecision(3));

/**
 * ‖dc‖ after each of `rows`, divided by that after the last row: the mean over the sequences.
 * @param {Open} open
 * @param {readonly Sequence[]} sequences
 * @param {readonly number[]} rows
 */
export function normsOf(open, sequences, rows) {
  const all = sequences.map((sequence) => backwardAlong(open, sequence).dc.map((row) => Math.hypot(...row)));
  return rows.map((t) => rounded(mean(all.map((norms) => norms[t] / norms[norms.length - 1]))));
}

/**
 * How f is distributed: counts in 50 bins of width 0.02 from 0 to 1, for the mean of each unit, and for every single f.
 * @param {readonly Sequence[]} sequences
 */
export function forgetGates(sequences) {
  const H = sequences[0].dhLast.length;
  const ofUnit = (n) => sequences.flatMap(({ gates }) => gates.map((row) => row[2 * H + n]));
  const single = Array.from({ length: H }, (_, n) => ofUnit(n));
  const units = single.map(mean);
  return {
    mean: rounded(mean(units)),
    range: [rounded(Math.min(...units)), rounded(Math.max(...units))],
    units: histogram(units),
    single: histogram(single.flat()),
  };
}

/** @param {readonly number[]} values @returns {number[]} */
function histogram(values) {
  const counts = Array(50).fill(0);
  for (const value of values) counts[Math.min(49, Math.floor(50 * value))]++;
  return counts;
}

/**
 * The sequences, but in Wh the block of j is that of `early`: their backward pass mixes two networks, their forward pass does not.
 * @param {readonly Sequence[]} sequences
 * @param {readonly Sequence[]} early
 */
export function withCandidateOf(early, sequences) {
  const [{ Wh: earlyWh }] = early;
  const [{ Wh }] = sequences;
  const mixed = Wh.map((row, m) =>
    row.map((value, k) => (Math.floor((k * 4) / row.length) === 1 ? earlyWh[m][k] : value)),
  );
  return sequences.map((sequence) => ({ ...sequence, Wh: mixed }));
}
