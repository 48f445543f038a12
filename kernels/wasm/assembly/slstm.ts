/** The element-wise part of the sLSTM: (30) to (33), and their gradients. A chunk is a range of rows. See cell.ts. */
import { sigmoidBackward, sigmoidRow, tanhBackward, tanhRow } from './cell';
import { SlstmCellBackward, SlstmCellForward } from './cell-jobs';
import { exp, flushTiny, logSigmoid, min, multiplyAdd, storePart } from './math';
import { jobOf } from './threads';

/** As in src/equations/slstm.ts. */
const MOST_EXPONENT: f32 = 80;

export function slstmCellForwardChunk(chunk: i32): void {
  const job = jobOf<SlstmCellForward>();
  const H = job.H, gate = <usize>H << 2;
  const end = min((chunk + 1) * job.rows, job.B);
  for (let b = chunk * job.rows; b < end; b++) {
    const row = <usize>b * gate;
    const gates = job.gates + 5 * row, z = job.z + 4 * row, c = job.c + row, n = job.n + row;
    // (30) and (31)
    weightRow(job.m + row, gates, z, gate, job.nPrev + row, job.mPrev + row, job.forgetBias, H);
    tanhRow(gates + gate, z + gate, H);
    sigmoidRow(gates + 3 * gate, z + 3 * gate, 0, H);
    sigmoidRow(gates + 4 * gate, z + 2 * gate, job.forgetBias, H);
    // (32) and (33)
    meanRow(job.h + row, c, n, gates, gate, job.cPrev + row, job.nPrev + row, H);
  }
}

/** m, i, and f, which is 2·`gate` bytes behind i as in z. */
export function weightRow(
  m: usize, i: usize, z: usize, gate: usize, nPrev: usize, mPrev: usize, forgetBias: f32, H: i32,
): void {
  const added = f32x4.splat(forgetBias), most = f32x4.splat(MOST_EXPONENT), zero = f32x4.splat(0);
  for (; H > 0; H -= 4) {
    const zi = v128.load(z), logF = logSigmoid(f32x4.add(v128.load(z + 2 * gate), added)), before = v128.load(mPrev);
    const larger = f32x4.max(f32x4.add(logF, before), zi);
    const mOne = v128.bitselect(zi, larger, f32x4.eq(v128.load(nPrev), zero));
    storePart(m, mOne, H);
    storePart(i, exp(f32x4.sub(zi, mOne)), H);
    storePart(i + 2 * gate, exp(f32x4.pmin(f32x4.add(f32x4.sub(before, mOne), logF), most)), H);
    m += 16; i += 16; z += 16; nPrev += 16; mPrev += 16;
  }
}

/** h, c and n. The gates are `gate` bytes apart. */
export function meanRow(h: usize, c: usize, n: usize, i: usize, gate: usize, cPrev: usize, nPrev: usize, H: i32): void {
  for (; H > 0; H -= 4) {
    const iOne = v128.load(i), f = v128.load(i + 2 * gate);
    const cOne = multiplyAdd(f, v128.load(cPrev), f32x4.mul(iOne, v128.load(i + gate)));
    const nOne = multiplyAdd(f, v128.load(nPrev), iOne);
    storePart(c, cOne, H);
    storePart(n, nOne, H);
    storePart(h, f32x4.div(f32x4.mul(v128.load(i + 3 * gate), cOne), nOne), H);
    h += 16; c += 16; n += 16; i += 16; cPrev += 16; nPrev += 16;
  }
}

export function slstmCellBackwardChunk(chunk: i32): void {
  const job = jobOf<SlstmCellBackward>();
  const H = job.H, gate = <usize>H << 2;
  const end = min((chunk + 1) * job.rows, job.B);
  for (let b = chunk * job.rows; b < end; b++) {
    const row = <usize>b * gate;
    const dz = job.dz + 4 * row, gates = job.gates + 5 * row, dc = job.dc + row, dn = job.dn + row;
    meanBackwardRow(dz + 3 * gate, dc, dn, job.dh + row, gates + 3 * gate, job.c + row, job.n + row, H);
    keptBackwardRow(job.dcPrev + row, job.dnPrev + row, dc, dn, gates + 2 * gate, H);
    weightBackwardRow(dz, dc, dn, gates, gate, job.cPrev + row, job.nPrev + row, H);
  }
}

/** (33′), and (31′) of o: dzO, dc and dn. */
export function meanBackwardRow(dzO: usize, dc: usize, dn: usize, dh: usize, o: usize, c: usize, n: usize, H: i32): void {
  for (; H > 0; H -= 4) {
    const dhOne = flushTiny(v128.load(dh)), oOne = v128.load(o), nOne = v128.load(n), mean = f32x4.div(v128.load(c), nOne);
    const dMean = f32x4.div(f32x4.mul(dhOne, oOne), nOne);
    storePart(dzO, sigmoidBackward(f32x4.mul(dhOne, mean), oOne), H);
    storePart(dc, flushTiny(f32x4.add(v128.load(dc), dMean)), H);
    storePart(dn, flushTiny(f32x4.sub(v128.load(dn), f32x4.mul(dMean, mean))), H);
    dzO += 16; dc += 16; dn += 16; dh += 16; o += 16; c += 16; n += 16;
  }
}

/** The sums of (32′): dcPrev += dc*f; dnPrev += dn*f. */
export function keptBackwardRow(dcPrev: usize, dnPrev: usize, dc: usize, dn: usize, f: usize, H: i32): void {
  for (; H > 0; H -= 4) {
    const fOne = v128.load(f);
    storePart(dcPrev, multiplyAdd(v128.load(dc), fOne, v128.load(dcPrev)), H);
    storePart(dnPrev, multiplyAdd(v128.load(dn), fOne, v128.load(dnPrev)), H);
    dcPrev += 16; dnPrev += 16; dc += 16; dn += 16; f += 16;
  }
}

/** (32′) and (31′) of i, j and f; the gates, and their gradients, are `gate` bytes apart. */
export function weightBackwardRow(dzI: usize, dc: usize, dn: usize, i: usize, gate: usize, cPrev: usize, nPrev: usize, H: i32): void {
  const one = f32x4.splat(1);
  for (; H > 0; H -= 4) {
    const dcOne = v128.load(dc), dnOne = v128.load(dn), iOne = v128.load(i), j = v128.load(i + gate);
    const dI = multiplyAdd(dcOne, j, dnOne);
    const dF = multiplyAdd(dcOne, v128.load(cPrev), f32x4.mul(dnOne, v128.load(nPrev)));
    storePart(dzI, f32x4.mul(dI, iOne), H);
    storePart(dzI + gate, tanhBackward(f32x4.mul(dcOne, iOne), j), H);
    storePart(dzI + 2 * gate, f32x4.mul(f32x4.mul(dF, v128.load(i + 2 * gate)), f32x4.sub(one, v128.load(i + 4 * gate))), H);
    dzI += 16; dc += 16; dn += 16; i += 16; cPrev += 16; nPrev += 16;
  }
}
