/** The LSTM cell's element-wise part: equations (2)–(4) and (4′)–(2′). A chunk is a range of rows. */
import { LstmCellBackward, LstmCellForward } from './jobs';
import { flushTiny, loadPart, min, multiplyAdd, sigmoid, storePart, tanh } from './math';
import { jobOf } from './threads';

export function lstmCellForwardChunk(chunk: i32): void {
  const job = jobOf<LstmCellForward>();
  const end = min((chunk + 1) * job.rows, job.B);
  for (let b = chunk * job.rows; b < end; b++) cellForwardRow(b, job.H);
}

function cellForwardRow(b: i32, H: i32): void {
  const job = jobOf<LstmCellForward>();
  const row = <usize>(b * H) << 2;
  const gate = <usize>H << 2;
  const forgetBias = f32x4.splat(job.forgetBias);
  let h = job.h + row, c = job.c + row, gates = job.gates + 4 * row;
  let z = job.z + 4 * row, cPrev = job.cPrev + row;
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

export function lstmCellBackwardChunk(chunk: i32): void {
  const job = jobOf<LstmCellBackward>();
  const end = min((chunk + 1) * job.rows, job.B);
  for (let b = chunk * job.rows; b < end; b++) cellBackwardRow(b, job.H);
}

function cellBackwardRow(b: i32, H: i32): void {
  const job = jobOf<LstmCellBackward>();
  const row = <usize>(b * H) << 2;
  const gate = <usize>H << 2;
  let dz = job.dz + 4 * row, dc = job.dc + row, dcPrev = job.dcPrev + row, dh = job.dh + row;
  let gates = job.gates + 4 * row, c = job.c + row, cPrev = job.cPrev + row;
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
  const dTanhC = f32x4.sub(one, f32x4.mul(tanhC, tanhC)); // tanh′(c)
  const dC = flushTiny(multiplyAdd(f32x4.mul(dH, o), dTanhC, loadPart(dc, count)));
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
