/** What is done element by element: the LSTM cell's equations (2)–(4) and (4′)–(2′), Adam's (6), sums, fill and copy. */
import { flushTiny, loadPart, multiplyAdd, sigmoid, storePart, tanh } from './math';
import { parameter } from './threads';

// @ts-ignore: decorator
@inline
function min(a: i32, b: i32): i32 {
  return a < b ? a : b;
}

/** Parameters: h, c, gates, z, cPrev, forgetBias (f32 bits), B, H, rows a chunk. */
export function cellForwardChunk(chunk: i32): void {
  const B = <i32>parameter(7), H = <i32>parameter(8), rows = <i32>parameter(9);
  const end = min((chunk + 1) * rows, B);
  for (let b = chunk * rows; b < end; b++) cellForwardRow(b, H);
}

function cellForwardRow(b: i32, H: i32): void {
  const row = <usize>(b * H) << 2;
  const gate = <usize>H << 2;
  const forgetBias = f32x4.splat(reinterpret<f32>(<i32>parameter(6)));
  let h = parameter(1) + row, c = parameter(2) + row, gates = parameter(3) + 4 * row;
  let z = parameter(4) + 4 * row, cPrev = parameter(5) + row;
  let n = 0;
  for (; n + 4 <= H; n += 4) {
    cellForward(h, c, gates, z, cPrev, gate, forgetBias, 4);
    h += 16; c += 16; gates += 16; z += 16; cPrev += 16;
  }
  if (n < H) cellForward(h, c, gates, z, cPrev, gate, forgetBias, H - n);
}

/** `count` hidden units, at most 4. */
// @ts-ignore: decorator
@inline
function cellForward(
  h: usize, c: usize, gates: usize, z: usize, cPrev: usize, gate: usize, forgetBias: v128, count: i32,
): void {
  // (2)
  const i = sigmoid(loadPart(z, count));
  const j = tanh(loadPart(z + gate, count));
  const f = sigmoid(f32x4.add(loadPart(z + 2 * gate, count), forgetBias));
  const o = sigmoid(loadPart(z + 3 * gate, count));
  storePart(gates, i, count);
  storePart(gates + gate, j, count);
  storePart(gates + 2 * gate, f, count);
  storePart(gates + 3 * gate, o, count);
  // (3), (4)
  const cNew = multiplyAdd(f, loadPart(cPrev, count), f32x4.mul(i, j));
  storePart(c, cNew, count);
  storePart(h, f32x4.mul(o, tanh(cNew)), count);
}

/** Parameters: dz, dc, dcPrev, dh, gates, c, cPrev, B, H, rows a chunk. */
export function cellBackwardChunk(chunk: i32): void {
  const B = <i32>parameter(8), H = <i32>parameter(9), rows = <i32>parameter(10);
  const end = min((chunk + 1) * rows, B);
  for (let b = chunk * rows; b < end; b++) cellBackwardRow(b, H);
}

function cellBackwardRow(b: i32, H: i32): void {
  const row = <usize>(b * H) << 2;
  const gate = <usize>H << 2;
  let dz = parameter(1) + 4 * row, dc = parameter(2) + row, dcPrev = parameter(3) + row, dh = parameter(4) + row;
  let gates = parameter(5) + 4 * row, c = parameter(6) + row, cPrev = parameter(7) + row;
  let n = 0;
  for (; n + 4 <= H; n += 4) {
    cellBackward(dz, dc, dcPrev, dh, gates, c, cPrev, gate, 4);
    dz += 16; dc += 16; dcPrev += 16; dh += 16; gates += 16; c += 16; cPrev += 16;
  }
  if (n < H) cellBackward(dz, dc, dcPrev, dh, gates, c, cPrev, gate, H - n);
}

/** `count` hidden units, at most 4. */
// @ts-ignore: decorator
@inline
function cellBackward(
  dz: usize, dc: usize, dcPrev: usize, dh: usize, gates: usize, c: usize, cPrev: usize, gate: usize, count: i32,
): void {
  const one = f32x4.splat(1);
  const i = loadPart(gates, count), j = loadPart(gates + gate, count);
  const f = loadPart(gates + 2 * gate, count), o = loadPart(gates + 3 * gate, count);
  // (4′)
  const tanhC = tanh(loadPart(c, count));
  const dH = flushTiny(loadPart(dh, count));
  const dO = f32x4.mul(dH, tanhC);
  const slope = f32x4.sub(one, f32x4.mul(tanhC, tanhC));
  const dC = flushTiny(multiplyAdd(f32x4.mul(dH, o), slope, loadPart(dc, count)));
  storePart(dc, dC, count);
  // (3′)
  const dI = f32x4.mul(dC, j);
  const dJ = f32x4.mul(dC, i);
  const dF = f32x4.mul(dC, loadPart(cPrev, count));
  storePart(dcPrev, multiplyAdd(dC, f, loadPart(dcPrev, count)), count);
  // (2′)
  storePart(dz, f32x4.mul(f32x4.mul(dI, i), f32x4.sub(one, i)), count);
  storePart(dz + gate, f32x4.mul(dJ, f32x4.sub(one, f32x4.mul(j, j))), count);
  storePart(dz + 2 * gate, f32x4.mul(f32x4.mul(dF, f), f32x4.sub(one, f)), count);
  storePart(dz + 3 * gate, f32x4.mul(f32x4.mul(dO, o), f32x4.sub(one, o)), count);
}

/** Columns whose sums one chunk computes. */
export const SUM_COLUMNS: i32 = 256;

/** Row after row is added to `out`, four at a time, so that a is read as it lies in memory. Parameters: out, a, M, N, accumulate. */
export function columnSumsChunk(chunk: i32): void {
  const M = <i32>parameter(3), N = <i32>parameter(4);
  const first = chunk * SUM_COLUMNS;
  const columns = min(SUM_COLUMNS, N - first);
  const row = <usize>N << 2;
  const out = parameter(1) + (<usize>first << 2);
  let a = parameter(2) + (<usize>first << 2);
  if (parameter(5) == 0) memory.fill(out, 0, <usize>columns << 2);
  let m = 0;
  for (; m + 4 <= M; m += 4) {
    let n = 0;
    for (; n + 4 <= columns; n += 4) addFourRows(out, a, row, n, 4);
    if (n < columns) addFourRows(out, a, row, n, columns - n);
    a += 4 * row;
  }
  for (; m < M; m++) {
    for (let n = 0; n < columns; n += 4) {
      const at = <usize>n << 2;
      storePart(out + at, f32x4.add(loadPart(out + at, columns - n), loadPart(a + at, columns - n)), columns - n);
    }
    a += row;
  }
}

// @ts-ignore: decorator
@inline
function addFourRows(out: usize, a: usize, row: usize, n: i32, count: i32): void {
  const at = <usize>n << 2;
  let sum = f32x4.add(loadPart(out + at, count), loadPart(a + at, count));
  sum = f32x4.add(sum, loadPart(a + at + row, count));
  sum = f32x4.add(sum, loadPart(a + at + 2 * row, count));
  sum = f32x4.add(sum, loadPart(a + at + 3 * row, count));
  storePart(out + at, sum, count);
}

/** Elements that one chunk of adam, fill and copy does. */
export const ELEMENTS: i32 = 16384;

/** (6) Parameters: p, m, v, g, size, then rate, 1-β₁, 1-β₂, ε (f32 bits). */
export function adamChunk(chunk: i32): void {
  const size = <i32>parameter(5);
  const rate = f32x4.splat(reinterpret<f32>(<i32>parameter(6)));
  const towardsMean = f32x4.splat(reinterpret<f32>(<i32>parameter(7)));
  const towardsSquare = f32x4.splat(reinterpret<f32>(<i32>parameter(8)));
  const epsilon = f32x4.splat(reinterpret<f32>(<i32>parameter(9)));
  const end = min((chunk + 1) * ELEMENTS, size);
  for (let n = chunk * ELEMENTS; n < end; n += 4) {
    const at = <usize>n << 2;
    const left = end - n;
    const p = parameter(1) + at, m = parameter(2) + at, v = parameter(3) + at;
    const g = loadPart(parameter(4) + at, left);
    const mean = multiplyAdd(f32x4.sub(g, loadPart(m, left)), towardsMean, loadPart(m, left));
    const square = multiplyAdd(f32x4.sub(f32x4.mul(g, g), loadPart(v, left)), towardsSquare, loadPart(v, left));
    storePart(m, mean, left);
    storePart(v, square, left);
    const step = f32x4.div(f32x4.mul(rate, mean), f32x4.add(f32x4.sqrt(square), epsilon));
    storePart(p, f32x4.sub(loadPart(p, left), step), left);
  }
}

/** Parameters: out, size, value (f32 bits). */
export function fillChunk(chunk: i32): void {
  const bits = <i32>parameter(3);
  const first = chunk * ELEMENTS;
  const end = min(first + ELEMENTS, <i32>parameter(2));
  if (bits == 0) {
    memory.fill(parameter(1) + (<usize>first << 2), 0, <usize>(end - first) << 2); // writes without reading first
    return;
  }
  const value = i32x4.splat(bits);
  for (let n = first; n < end; n += 4) storePart(parameter(1) + (<usize>n << 2), value, end - n);
}

/** Parameters: out, a, size. */
export function copyChunk(chunk: i32): void {
  const first = chunk * ELEMENTS;
  const end = min(first + ELEMENTS, <i32>parameter(3));
  memory.copy(parameter(1) + (<usize>first << 2), parameter(2) + (<usize>first << 2), <usize>(end - first) << 2);
}
