/**
 * The LSTM cell's element-wise part: equations (2)–(4) and (4′)–(2′). A chunk is a range of rows.
 *
 * A loop computes two vectors side by side, and stores each output as a pair: V8 can merge such operations into one of eight numbers. A
 * turn of the gates has two pairs: a division takes long, and meanwhile the processor computes the other pair. Each function has at most
 * three outputs: one loop with all six of the forward cell ended a process of Node 26.10 on an Intel Xeon.
 *
 * The vector at a row's end is loaded whole, for which ../heap.ts leaves room, and only the row's own numbers are stored.
 */
import { LstmCellBackward, LstmCellForward } from './cell-jobs';
import { flushTiny, min, multiplyAdd, sigmoid, storePart, tanh } from './math';
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
  const gates = job.gates + 4 * row, z = job.z + 4 * row;
  // (2)
  sigmoidRow(gates, z, 0, H);
  tanhRow(gates + gate, z + gate, H);
  sigmoidRow(gates + 2 * gate, z + 2 * gate, job.forgetBias, H);
  sigmoidRow(gates + 3 * gate, z + 3 * gate, 0, H);
  // (3), (4)
  stateRow(job.h + row, job.c + row, gates, gate, job.cPrev + row, H);
}

/** out = σ(x + bias), H numbers. */
export function sigmoidRow(out: usize, x: usize, bias: f32, H: i32): void {
  const added = f32x4.splat(bias);
  for (; H >= 16; H -= 16) {
    const x0 = sigmoid(f32x4.add(v128.load(x), added)), x1 = sigmoid(f32x4.add(v128.load(x, 16), added));
    const x2 = sigmoid(f32x4.add(v128.load(x, 32), added)), x3 = sigmoid(f32x4.add(v128.load(x, 48), added));
    v128.store(out, x0); v128.store(out, x1, 16); v128.store(out, x2, 32); v128.store(out, x3, 48);
    x += 64; out += 64;
  }
  for (; H > 0; H -= 4) {
    storePart(out, sigmoid(f32x4.add(v128.load(x), added)), H);
    x += 16; out += 16;
  }
}

/** out = tanh(x), H numbers. */
export function tanhRow(out: usize, x: usize, H: i32): void {
  for (; H >= 16; H -= 16) {
    const x0 = tanh(v128.load(x)), x1 = tanh(v128.load(x, 16)), x2 = tanh(v128.load(x, 32)), x3 = tanh(v128.load(x, 48));
    v128.store(out, x0); v128.store(out, x1, 16); v128.store(out, x2, 32); v128.store(out, x3, 48);
    x += 64; out += 64;
  }
  for (; H > 0; H -= 4) {
    storePart(out, lastTanh(v128.load(x)), H);
    x += 16; out += 16;
  }
}

/** tanh of a row's last numbers: a call is shorter than the formula, and a page loads this code. */
export function lastTanh(x: v128): v128 {
  return tanh(x);
}

/** c = f*cPrev + i*j; h = o*tanh(c), H numbers each. The gates are `gate` bytes apart. */
export function stateRow(h: usize, c: usize, i: usize, gate: usize, cPrev: usize, H: i32): void {
  let j = i + gate, f = j + gate, o = f + gate;
  for (; H >= 8; H -= 8) {
    const c0 = multiplyAdd(v128.load(f), v128.load(cPrev), f32x4.mul(v128.load(i), v128.load(j)));
    const c1 = multiplyAdd(v128.load(f, 16), v128.load(cPrev, 16), f32x4.mul(v128.load(i, 16), v128.load(j, 16)));
    const h0 = f32x4.mul(v128.load(o), tanh(c0)), h1 = f32x4.mul(v128.load(o, 16), tanh(c1));
    v128.store(c, c0); v128.store(c, c1, 16);
    v128.store(h, h0); v128.store(h, h1, 16);
    h += 32; c += 32; i += 32; j += 32; f += 32; o += 32; cPrev += 32;
  }
  for (; H > 0; H -= 4) {
    const cOne = multiplyAdd(v128.load(f), v128.load(cPrev), f32x4.mul(v128.load(i), v128.load(j)));
    storePart(c, cOne, H);
    storePart(h, f32x4.mul(v128.load(o), lastTanh(cOne)), H);
    h += 16; c += 16; i += 16; j += 16; f += 16; o += 16; cPrev += 16;
  }
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
  const dz = job.dz + 4 * row, dc = job.dc + row, gates = job.gates + 4 * row, cPrev = job.cPrev + row;
  stateBackwardRow(dz + 3 * gate, dc, job.dcPrev + row, job.dh + row, gates + 3 * gate, gates + 2 * gate, job.c + row, H);
  gatesBackwardRow(dz, dc, gates, gate, cPrev, H);
}

/** (4′), the sum dcPrev of (3′), and (2′) of o; dzO, dc and dcPrev have H numbers each. */
export function stateBackwardRow(
  dzO: usize, dc: usize, dcPrev: usize, dh: usize, o: usize, f: usize, c: usize, H: i32,
): void {
  for (; H >= 8; H -= 8) {
    const dh0 = flushTiny(v128.load(dh)), dh1 = flushTiny(v128.load(dh, 16));
    const o0 = v128.load(o), o1 = v128.load(o, 16);
    const tanh0 = tanh(v128.load(c)), tanh1 = tanh(v128.load(c, 16));
    const dc0 = dcOf(dh0, o0, tanh0, v128.load(dc)), dc1 = dcOf(dh1, o1, tanh1, v128.load(dc, 16));
    const dcPrev0 = multiplyAdd(dc0, v128.load(f), v128.load(dcPrev));
    const dcPrev1 = multiplyAdd(dc1, v128.load(f, 16), v128.load(dcPrev, 16));
    const dz0 = sigmoidBackward(f32x4.mul(dh0, tanh0), o0), dz1 = sigmoidBackward(f32x4.mul(dh1, tanh1), o1);
    v128.store(dc, dc0); v128.store(dc, dc1, 16);
    v128.store(dcPrev, dcPrev0); v128.store(dcPrev, dcPrev1, 16);
    v128.store(dzO, dz0); v128.store(dzO, dz1, 16);
    dzO += 32; dc += 32; dcPrev += 32; dh += 32; o += 32; f += 32; c += 32;
  }
  for (; H > 0; H -= 4) {
    const dhOne = flushTiny(v128.load(dh)), oOne = v128.load(o), tanhC = lastTanh(v128.load(c));
    const dcOne = dcOf(dhOne, oOne, tanhC, v128.load(dc));
    storePart(dc, dcOne, H);
    storePart(dcPrev, multiplyAdd(dcOne, v128.load(f), v128.load(dcPrev)), H);
    storePart(dzO, sigmoidBackward(f32x4.mul(dhOne, tanhC), oOne), H);
    dzO += 16; dc += 16; dcPrev += 16; dh += 16; o += 16; f += 16; c += 16;
  }
}

/** (3′) and (2′) of i, j and f, from the dc of (4′). The gates, and their gradients, are `gate` bytes apart. */
export function gatesBackwardRow(dzI: usize, dc: usize, i: usize, gate: usize, cPrev: usize, H: i32): void {
  let dzJ = dzI + gate, dzF = dzJ + gate, j = i + gate, f = j + gate;
  for (; H >= 8; H -= 8) {
    const dc0 = v128.load(dc), dc1 = v128.load(dc, 16);
    const i0 = v128.load(i), i1 = v128.load(i, 16), j0 = v128.load(j), j1 = v128.load(j, 16);
    const dzI0 = sigmoidBackward(f32x4.mul(dc0, j0), i0), dzI1 = sigmoidBackward(f32x4.mul(dc1, j1), i1);
    const dzJ0 = tanhBackward(f32x4.mul(dc0, i0), j0), dzJ1 = tanhBackward(f32x4.mul(dc1, i1), j1);
    const dzF0 = sigmoidBackward(f32x4.mul(dc0, v128.load(cPrev)), v128.load(f));
    const dzF1 = sigmoidBackward(f32x4.mul(dc1, v128.load(cPrev, 16)), v128.load(f, 16));
    v128.store(dzI, dzI0); v128.store(dzI, dzI1, 16);
    v128.store(dzJ, dzJ0); v128.store(dzJ, dzJ1, 16);
    v128.store(dzF, dzF0); v128.store(dzF, dzF1, 16);
    dzI += 32; dzJ += 32; dzF += 32; dc += 32; i += 32; j += 32; f += 32; cPrev += 32;
  }
  for (; H > 0; H -= 4) {
    const dcOne = v128.load(dc), iOne = v128.load(i), jOne = v128.load(j);
    storePart(dzI, sigmoidBackward(f32x4.mul(dcOne, jOne), iOne), H);
    storePart(dzJ, tanhBackward(f32x4.mul(dcOne, iOne), jOne), H);
    storePart(dzF, sigmoidBackward(f32x4.mul(dcOne, v128.load(cPrev)), v128.load(f)), H);
    dzI += 16; dzJ += 16; dzF += 16; dc += 16; i += 16; j += 16; f += 16; cPrev += 16;
  }
}

/** dc += dh*o*tanh′(c) */
// @ts-ignore: decorator
@inline
function dcOf(dh: v128, o: v128, tanhC: v128, dc: v128): v128 {
  const dTanhC = f32x4.sub(f32x4.splat(1), f32x4.mul(tanhC, tanhC)); // tanh′(c)
  return flushTiny(multiplyAdd(f32x4.mul(dh, o), dTanhC, dc));
}

/** dz = dgate*gate*(1-gate) */
// @ts-ignore: decorator
@inline
export function sigmoidBackward(dGate: v128, gate: v128): v128 {
  return f32x4.mul(f32x4.mul(dGate, gate), f32x4.sub(f32x4.splat(1), gate));
}

/** dz = dgate*(1-gate²) */
// @ts-ignore: decorator
@inline
export function tanhBackward(dGate: v128, gate: v128): v128 {
  return f32x4.mul(dGate, f32x4.sub(f32x4.splat(1), f32x4.mul(gate, gate)));
}
