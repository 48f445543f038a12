/**
 * The element-wise parts of the other cells: (20) of the RNN, (22) and (23) of the GRU, and their backward lines. A chunk is a range of
 * rows. The loops have the form of those in cell.ts, which says why.
 */
import { lastTanh, sigmoidBackward, tanhBackward, tanhRow } from './cell';
import { GruCellBackward, GruCellForward, TanhBackward, TanhForward } from './cell-jobs';
import { flushTiny, min, multiplyAdd, sigmoid, storePart, tanh } from './math';
import { jobOf } from './threads';

/** The address of row b of a tensor `[B,N]`. */
// @ts-ignore: decorator
@inline
function rowAt(tensor: usize, b: i32, N: i32): usize {
  return tensor + (<usize>(b * N) << 2);
}

export function tanhForwardChunk(chunk: i32): void {
  const job = jobOf<TanhForward>();
  const end = min((chunk + 1) * job.rows, job.B);
  for (let b = chunk * job.rows; b < end; b++) tanhRow(rowAt(job.h, b, job.H), rowAt(job.a, b, job.H), job.H);
}

export function tanhBackwardChunk(chunk: i32): void {
  const job = jobOf<TanhBackward>();
  const end = min((chunk + 1) * job.rows, job.B);
  for (let b = chunk * job.rows; b < end; b++) {
    tanhBackwardRow(rowAt(job.da, b, job.H), rowAt(job.dh, b, job.H), rowAt(job.h, b, job.H), job.H);
  }
}

/** (20′) da = dh*(1-h²), H numbers. */
export function tanhBackwardRow(da: usize, dh: usize, h: usize, H: i32): void {
  for (; H >= 8; H -= 8) {
    const da0 = tanhBackward(flushTiny(v128.load(dh)), v128.load(h));
    const da1 = tanhBackward(flushTiny(v128.load(dh, 16)), v128.load(h, 16));
    v128.store(da, da0); v128.store(da, da1, 16);
    da += 32; dh += 32; h += 32;
  }
  for (; H > 0; H -= 4) {
    storePart(da, tanhBackward(flushTiny(v128.load(dh)), v128.load(h)), H);
    da += 16; dh += 16; h += 16;
  }
}

export function gruCellForwardChunk(chunk: i32): void {
  const job = jobOf<GruCellForward>();
  const H = job.H;
  const end = min((chunk + 1) * job.rows, job.B);
  for (let b = chunk * job.rows; b < end; b++) {
    const gates = rowAt(job.gates, b, 4 * H), ax = rowAt(job.ax, b, 3 * H), ah = rowAt(job.ah, b, 3 * H);
    sigmoidOfSumRow(gates, ax, ah, 2 * H); // r and z
    gruStateRow(rowAt(job.h, b, H), gates, <usize>H << 2, ax, ah, rowAt(job.hPrev, b, H), H);
  }
}

/** (22) out = σ(a + b), N numbers. */
export function sigmoidOfSumRow(out: usize, a: usize, b: usize, N: i32): void {
  for (; N >= 16; N -= 16) {
    const s0 = sigmoid(f32x4.add(v128.load(a), v128.load(b))), s1 = sigmoid(f32x4.add(v128.load(a, 16), v128.load(b, 16)));
    const s2 = sigmoid(f32x4.add(v128.load(a, 32), v128.load(b, 32))), s3 = sigmoid(f32x4.add(v128.load(a, 48), v128.load(b, 48)));
    v128.store(out, s0); v128.store(out, s1, 16); v128.store(out, s2, 32); v128.store(out, s3, 48);
    out += 64; a += 64; b += 64;
  }
  for (; N > 0; N -= 4) {
    storePart(out, sigmoid(f32x4.add(v128.load(a), v128.load(b))), N);
    out += 16; a += 16; b += 16;
  }
}

/** (22) n = tanh(axn + r*ahn), with a copy of ahn; (23) h = (1-z)*n + z*hPrev. Blocks are `gate` bytes apart. */
export function gruStateRow(h: usize, r: usize, gate: usize, ax: usize, ah: usize, hPrev: usize, H: i32): void {
  let z = r + gate, n = z + gate, kept = n + gate;
  ax += 2 * gate; ah += 2 * gate;
  for (; H >= 8; H -= 8) {
    const ah0 = v128.load(ah), ah1 = v128.load(ah, 16), z0 = v128.load(z), z1 = v128.load(z, 16);
    const n0 = tanh(multiplyAdd(v128.load(r), ah0, v128.load(ax))), n1 = tanh(multiplyAdd(v128.load(r, 16), ah1, v128.load(ax, 16)));
    const h0 = mixed(z0, n0, v128.load(hPrev)), h1 = mixed(z1, n1, v128.load(hPrev, 16));
    v128.store(kept, ah0); v128.store(kept, ah1, 16);
    v128.store(n, n0); v128.store(n, n1, 16);
    v128.store(h, h0); v128.store(h, h1, 16);
    h += 32; r += 32; z += 32; n += 32; kept += 32; ax += 32; ah += 32; hPrev += 32;
  }
  for (; H > 0; H -= 4) {
    const ahOne = v128.load(ah), nOne = lastTanh(multiplyAdd(v128.load(r), ahOne, v128.load(ax)));
    const hOne = mixed(v128.load(z), nOne, v128.load(hPrev));
    storePart(kept, ahOne, H);
    storePart(n, nOne, H);
    storePart(h, hOne, H);
    h += 16; r += 16; z += 16; n += 16; kept += 16; ax += 16; ah += 16; hPrev += 16;
  }
}

/** (1-z)*n + z*hPrev */
// @ts-ignore: decorator
@inline
function mixed(z: v128, n: v128, hPrev: v128): v128 {
  return multiplyAdd(z, hPrev, f32x4.mul(f32x4.sub(f32x4.splat(1), z), n));
}

export function gruCellBackwardChunk(chunk: i32): void {
  const job = jobOf<GruCellBackward>();
  const H = job.H;
  const gate = <usize>H << 2;
  const end = min((chunk + 1) * job.rows, job.B);
  for (let b = chunk * job.rows; b < end; b++) {
    const gates = rowAt(job.gates, b, 4 * H), dax = rowAt(job.dax, b, 3 * H), dah = rowAt(job.dah, b, 3 * H);
    const dh = rowAt(job.dh, b, H);
    gruNewBackwardRow(dax + 2 * gate, dah + 2 * gate, rowAt(job.dhPrev, b, H), dh, gates, gate, H);
    gruGatesBackwardRow(dax, gate, dh, gates, rowAt(job.hPrev, b, H), H);
    memory.copy(dah, dax, 2 * gate); // both sums of (22) have the same gradient
  }
}

/** (23′) dn and dhPrev, (22′) of n: daxn, dahn and the sum dhPrev, H numbers each. */
export function gruNewBackwardRow(daxn: usize, dahn: usize, dhPrev: usize, dh: usize, r: usize, gate: usize, H: i32): void {
  let z = r + gate, n = z + gate;
  for (; H >= 8; H -= 8) {
    const dh0 = flushTiny(v128.load(dh)), dh1 = flushTiny(v128.load(dh, 16)), z0 = v128.load(z), z1 = v128.load(z, 16);
    const da0 = tanhBackward(f32x4.mul(dh0, f32x4.sub(f32x4.splat(1), z0)), v128.load(n));
    const da1 = tanhBackward(f32x4.mul(dh1, f32x4.sub(f32x4.splat(1), z1)), v128.load(n, 16));
    const dahn0 = f32x4.mul(da0, v128.load(r)), dahn1 = f32x4.mul(da1, v128.load(r, 16));
    const sum0 = multiplyAdd(dh0, z0, v128.load(dhPrev)), sum1 = multiplyAdd(dh1, z1, v128.load(dhPrev, 16));
    v128.store(daxn, da0); v128.store(daxn, da1, 16);
    v128.store(dahn, dahn0); v128.store(dahn, dahn1, 16);
    v128.store(dhPrev, sum0); v128.store(dhPrev, sum1, 16);
    daxn += 32; dahn += 32; dhPrev += 32; dh += 32; r += 32; z += 32; n += 32;
  }
  for (; H > 0; H -= 4) {
    const dhOne = flushTiny(v128.load(dh)), zOne = v128.load(z);
    const da = tanhBackward(f32x4.mul(dhOne, f32x4.sub(f32x4.splat(1), zOne)), v128.load(n));
    const dahnOne = f32x4.mul(da, v128.load(r)), sum = multiplyAdd(dhOne, zOne, v128.load(dhPrev));
    storePart(daxn, da, H);
    storePart(dahn, dahnOne, H);
    storePart(dhPrev, sum, H);
    daxn += 16; dahn += 16; dhPrev += 16; dh += 16; r += 16; z += 16; n += 16;
  }
}

/** (23′) dz and (22′) of r and z, from daxn, which is in dax. Blocks are `gate` bytes apart. */
export function gruGatesBackwardRow(dax: usize, gate: usize, dh: usize, r: usize, hPrev: usize, H: i32): void {
  let daz = dax + gate, daxn = daz + gate, z = r + gate, n = z + gate, ahn = n + gate;
  for (; H >= 8; H -= 8) {
    const dr0 = f32x4.mul(v128.load(daxn), v128.load(ahn)), dr1 = f32x4.mul(v128.load(daxn, 16), v128.load(ahn, 16));
    const dz0 = f32x4.mul(flushTiny(v128.load(dh)), f32x4.sub(v128.load(hPrev), v128.load(n)));
    const dz1 = f32x4.mul(flushTiny(v128.load(dh, 16)), f32x4.sub(v128.load(hPrev, 16), v128.load(n, 16)));
    const dar0 = sigmoidBackward(dr0, v128.load(r)), dar1 = sigmoidBackward(dr1, v128.load(r, 16));
    const daz0 = sigmoidBackward(dz0, v128.load(z)), daz1 = sigmoidBackward(dz1, v128.load(z, 16));
    v128.store(dax, dar0); v128.store(dax, dar1, 16);
    v128.store(daz, daz0); v128.store(daz, daz1, 16);
    dax += 32; daz += 32; daxn += 32; dh += 32; r += 32; z += 32; n += 32; ahn += 32; hPrev += 32;
  }
  for (; H > 0; H -= 4) {
    const dr = f32x4.mul(v128.load(daxn), v128.load(ahn));
    const dz = f32x4.mul(flushTiny(v128.load(dh)), f32x4.sub(v128.load(hPrev), v128.load(n)));
    const dazOne = sigmoidBackward(dz, v128.load(z));
    storePart(dax, sigmoidBackward(dr, v128.load(r)), H);
    storePart(daz, dazOne, H);
    dax += 16; daz += 16; daxn += 16; dh += 16; r += 16; z += 16; n += 16; ahn += 16; hPrev += 16;
  }
}
