/** The element-wise part of the LSTM with peepholes: (24), (3), (25) and (4), and their gradients. A chunk is a range of rows. See cell.ts. */
import { gatesBackwardRow, sigmoidBackward, tanhRow } from './cell';
import { PeepholeCellBackward, PeepholeCellForward } from './cell-jobs';
import { flushTiny, min, multiplyAdd, sigmoid, storePart, tanh } from './math';
import { jobOf } from './threads';

export function peepholeCellForwardChunk(chunk: i32): void {
  const job = jobOf<PeepholeCellForward>();
  const H = job.H, gate = <usize>H << 2;
  const end = min((chunk + 1) * job.rows, job.B);
  for (let b = chunk * job.rows; b < end; b++) {
    const row = <usize>b * gate;
    const gates = job.gates + 4 * row, z = job.z + 4 * row, c = job.c + row, cPrev = job.cPrev + row;
    peepholeRow(gates, z, job.p, cPrev, 0, H); // (24)
    tanhRow(gates + gate, z + gate, H);
    peepholeRow(gates + 2 * gate, z + 2 * gate, job.p + gate, cPrev, job.forgetBias, H);
    keepRow(c, gates, gate, cPrev, H); // (3)
    peepholeRow(gates + 3 * gate, z + 3 * gate, job.p + 2 * gate, c, 0, H); // (25)
    showRow(job.h + row, gates + 3 * gate, c, H); // (4)
  }
}

/** out = σ(z + p*c + bias), H numbers. */
export function peepholeRow(out: usize, z: usize, p: usize, c: usize, bias: f32, H: i32): void {
  const added = f32x4.splat(bias);
  for (; H > 0; H -= 4) {
    const sum = multiplyAdd(v128.load(p), v128.load(c), f32x4.add(v128.load(z), added));
    storePart(out, sigmoid(sum), H);
    out += 16; z += 16; p += 16; c += 16;
  }
}

/** c = f*cPrev + i*j, H numbers. The gates are `gate` bytes apart. */
export function keepRow(c: usize, i: usize, gate: usize, cPrev: usize, H: i32): void {
  for (; H > 0; H -= 4) {
    const added = f32x4.mul(v128.load(i), v128.load(i + gate));
    storePart(c, multiplyAdd(v128.load(i + 2 * gate), v128.load(cPrev), added), H);
    c += 16; i += 16; cPrev += 16;
  }
}

/** h = o*tanh(c), H numbers. */
export function showRow(h: usize, o: usize, c: usize, H: i32): void {
  for (; H > 0; H -= 4) {
    storePart(h, f32x4.mul(v128.load(o), tanh(v128.load(c))), H);
    h += 16; o += 16; c += 16;
  }
}

export function peepholeCellBackwardChunk(chunk: i32): void {
  const job = jobOf<PeepholeCellBackward>();
  const H = job.H, gate = <usize>H << 2;
  const end = min((chunk + 1) * job.rows, job.B);
  for (let b = chunk * job.rows; b < end; b++) {
    const row = <usize>b * gate;
    const dz = job.dz + 4 * row, terms = job.terms + 3 * row, gates = job.gates + 4 * row;
    const dc = job.dc + row, cPrev = job.cPrev + row;
    outputBackwardRow(dz + 3 * gate, terms + 2 * gate, dc, job.dh + row, gates + 3 * gate, job.c + row, job.p + 2 * gate, H);
    gatesBackwardRow(dz, dc, gates, gate, cPrev, H);
    peepholeBackwardRow(terms, job.dcPrev + row, dz, dc, gates + 2 * gate, job.p, gate, cPrev, H);
  }
}

/** (4′) and (25′): dzO, the terms of dpo, and dc. */
export function outputBackwardRow(dzO: usize, terms: usize, dc: usize, dh: usize, o: usize, c: usize, p: usize, H: i32): void {
  const one = f32x4.splat(1);
  for (; H > 0; H -= 4) {
    const dhOne = flushTiny(v128.load(dh)), oOne = v128.load(o), cOne = v128.load(c), shown = tanh(cOne);
    const dz = sigmoidBackward(f32x4.mul(dhOne, shown), oOne);
    const through = multiplyAdd(f32x4.mul(dhOne, oOne), f32x4.sub(one, f32x4.mul(shown, shown)), v128.load(dc));
    storePart(dzO, dz, H);
    storePart(terms, f32x4.mul(dz, cOne), H);
    storePart(dc, flushTiny(multiplyAdd(dz, v128.load(p), through)), H);
    dzO += 16; terms += 16; dc += 16; dh += 16; o += 16; c += 16; p += 16;
  }
}

/** The sums of (3′) and (24′): the terms of dpi, and `gate` bytes behind them those of dpf, and dcPrev. */
export function peepholeBackwardRow(
  terms: usize, dcPrev: usize, dzI: usize, dc: usize, f: usize, p: usize, gate: usize, cPrev: usize, H: i32,
): void {
  for (; H > 0; H -= 4) {
    const i = v128.load(dzI), forget = v128.load(dzI + 2 * gate), c = v128.load(cPrev);
    const direct = multiplyAdd(v128.load(dc), v128.load(f), v128.load(dcPrev));
    storePart(terms, f32x4.mul(i, c), H);
    storePart(terms + gate, f32x4.mul(forget, c), H);
    storePart(dcPrev, multiplyAdd(forget, v128.load(p + gate), multiplyAdd(i, v128.load(p), direct)), H);
    terms += 16; dcPrev += 16; dzI += 16; dc += 16; f += 16; p += 16; cPrev += 16;
  }
}
