/**
 * minGRU and minLSTM: their gates, (27) to (29), and the scan, (26), of all steps in one job. A chunk is a part of the rows and of the
 * units, and goes through all steps. So what a thread has written at one step, it reads at the next from its own cache. A loop has
 * at most three outputs: see cell.ts.
 */
import { MinGruBackward, MinGruForward, MinLstmBackward, MinLstmForward } from './cell-jobs';
import { flushTiny, min, multiplyAdd, storePart } from './math';
import { sigmoidRow } from './cell';
import { jobOf } from './threads';

/** The bytes of n numbers. */
// @ts-ignore: decorator
@inline
function bytes(n: i32): usize {
  return <usize>n << 2;
}

/** The row that step t reads: of the step before it, or `first`, that before all steps. */
// @ts-ignore: decorator
@inline
function before(rows: usize, first: usize, t: i32, T: i32, row: usize, reverse: i32): usize {
  const previous = reverse ? t + 1 : t - 1;
  return previous < 0 || previous == T ? first : rows + <usize>previous * row;
}

export function minGruForwardChunk(chunk: i32): void {
  const job = jobOf<MinGruForward>();
  const H = job.H, parts = (H + job.columns - 1) / job.columns;
  const firstRow = (chunk / parts) * job.rows, end = min(firstRow + job.rows, job.B);
  const n = (chunk % parts) * job.columns, count = min(job.columns, H - n);
  const ofStep = bytes(job.B * H);
  for (let step = 0; step < job.T; step++) {
    const t = job.reverse ? job.T - 1 - step : step;
    const hPrev = before(job.h, job.hPrev, t, job.T, ofStep, job.reverse);
    for (let b = firstRow; b < end; b++) {
      const at = bytes(b * H + n), u = job.gates + <usize>t * 2 * ofStep + bytes(2 * b * H + n);
      sigmoidRow(u, u, 0, count);
      minGruRow(job.h + <usize>t * ofStep + at, u, u + bytes(H), hPrev + at, <f32>job.signed, count);
    }
  }
}

/** h = a*hPrev + u*j, with a = 1-u, or 1-u - u if `signed` is 1. */
export function minGruRow(h: usize, u: usize, j: usize, hPrev: usize, signed: f32, count: i32): void {
  const one = f32x4.splat(1), twice = f32x4.splat(signed);
  for (; count >= 8; count -= 8) {
    const u0 = v128.load(u), u1 = v128.load(u, 16);
    const a0 = f32x4.sub(f32x4.sub(one, u0), f32x4.mul(twice, u0)), a1 = f32x4.sub(f32x4.sub(one, u1), f32x4.mul(twice, u1));
    const h0 = multiplyAdd(a0, v128.load(hPrev), f32x4.mul(u0, v128.load(j)));
    const h1 = multiplyAdd(a1, v128.load(hPrev, 16), f32x4.mul(u1, v128.load(j, 16)));
    v128.store(h, h0); v128.store(h, h1, 16);
    h += 32; u += 32; j += 32; hPrev += 32;
  }
  for (; count > 0; count -= 4) {
    const u0 = v128.load(u);
    const a0 = f32x4.sub(f32x4.sub(one, u0), f32x4.mul(twice, u0));
    storePart(h, multiplyAdd(a0, v128.load(hPrev), f32x4.mul(u0, v128.load(j))), count);
    h += 16; u += 16; j += 16; hPrev += 16;
  }
}

export function minGruBackwardChunk(chunk: i32): void {
  const job = jobOf<MinGruBackward>();
  const H = job.H, parts = (H + job.columns - 1) / job.columns;
  const firstRow = (chunk / parts) * job.rows, end = min(firstRow + job.rows, job.B);
  const n = (chunk % parts) * job.columns, count = min(job.columns, H - n);
  const ofStep = bytes(job.B * H);
  for (let step = job.T - 1; step >= 0; step--) {
    const t = job.reverse ? job.T - 1 - step : step;
    const hPrev = before(job.h, job.hPrev, t, job.T, ofStep, job.reverse);
    const dhPrev = before(job.dh, job.dhPrev, t, job.T, ofStep, job.reverse);
    for (let b = firstRow; b < end; b++) {
      const at = bytes(b * H + n), ofGates = <usize>t * 2 * ofStep + bytes(2 * b * H + n);
      minGruBackwardRow(
        job.dz + ofGates, dhPrev + at, job.dh + <usize>t * ofStep + at, job.gates + ofGates, hPrev + at, bytes(H), <f32>job.signed, count,
      );
    }
  }
}

/** (26′), (28′) and (27′): dzU, dzJ = dzU + `gate` bytes, and dhPrev. */
export function minGruBackwardRow(
  dzU: usize, dhPrev: usize, dh: usize, u: usize, hPrev: usize, gate: usize, signed: f32, count: i32,
): void {
  const one = f32x4.splat(1), twice = f32x4.splat(signed), factor = f32x4.splat(1 + signed);
  for (; count > 0; count -= 4) {
    const g = flushTiny(v128.load(dh)), u0 = v128.load(u), kept = f32x4.sub(one, u0);
    const dA0 = f32x4.mul(f32x4.mul(factor, g), v128.load(hPrev));
    const dU = f32x4.sub(f32x4.mul(g, v128.load(u + gate)), dA0);
    const a = f32x4.sub(kept, f32x4.mul(twice, u0));
    storePart(dzU, f32x4.mul(f32x4.mul(dU, u0), kept), count);
    storePart(dzU + gate, f32x4.mul(g, u0), count);
    storePart(dhPrev, multiplyAdd(g, a, v128.load(dhPrev)), count);
    dzU += 16; dhPrev += 16; dh += 16; u += 16; hPrev += 16;
  }
}

export function minLstmForwardChunk(chunk: i32): void {
  const job = jobOf<MinLstmForward>();
  const H = job.H, parts = (H + job.columns - 1) / job.columns;
  const firstRow = (chunk / parts) * job.rows, end = min(firstRow + job.rows, job.B);
  const n = (chunk % parts) * job.columns, count = min(job.columns, H - n);
  const ofStep = bytes(job.B * H), gate = bytes(H);
  for (let step = 0; step < job.T; step++) {
    const t = job.reverse ? job.T - 1 - step : step;
    const hPrev = before(job.h, job.hPrev, t, job.T, ofStep, job.reverse);
    for (let b = firstRow; b < end; b++) {
      const at = bytes(b * H + n), i = job.gates + <usize>t * 3 * ofStep + bytes(3 * b * H + n);
      minLstmRaiseRow(i, gate, job.forgetBias, count);
      sigmoidRow(i, i, 0, count);
      sigmoidRow(i + 2 * gate, i + 2 * gate, job.forgetBias, count);
      minLstmRow(job.h + <usize>t * ofStep + at, i, hPrev + at, gate, <f32>job.signed, count);
    }
  }
}

/** If zi and zf + forgetBias are both below -40, raises both until the larger one is -40: f/(f+i) stays, and is not 0/0. */
export function minLstmRaiseRow(i: usize, gate: usize, forgetBias: f32, count: i32): void {
  const zero = f32x4.splat(0), least = f32x4.splat(-40), bias = f32x4.splat(forgetBias);
  for (; count > 0; count -= 4) {
    const zi = v128.load(i), zf = v128.load(i + 2 * gate);
    const raise = f32x4.max(zero, f32x4.sub(least, f32x4.max(zi, f32x4.add(zf, bias))));
    storePart(i, f32x4.add(zi, raise), count);
    storePart(i + 2 * gate, f32x4.add(zf, raise), count);
    i += 16;
  }
}

/** h = a*hPrev + i/(f+i)*j, with a = f/(f+i), or (f-i)/(f+i) if `signed` is 1. */
export function minLstmRow(h: usize, i: usize, hPrev: usize, gate: usize, signed: f32, count: i32): void {
  const twice = f32x4.splat(signed);
  for (; count > 0; count -= 4) {
    const iOne = v128.load(i), f = v128.load(i + 2 * gate), total = f32x4.add(f, iOne);
    const kept = f32x4.div(f, total), added = f32x4.div(iOne, total);
    const a = f32x4.sub(kept, f32x4.mul(twice, added));
    storePart(h, multiplyAdd(a, v128.load(hPrev), f32x4.mul(added, v128.load(i + gate))), count);
    h += 16; i += 16; hPrev += 16;
  }
}

export function minLstmBackwardChunk(chunk: i32): void {
  const job = jobOf<MinLstmBackward>();
  const H = job.H, parts = (H + job.columns - 1) / job.columns;
  const firstRow = (chunk / parts) * job.rows, end = min(firstRow + job.rows, job.B);
  const n = (chunk % parts) * job.columns, count = min(job.columns, H - n);
  const ofStep = bytes(job.B * H), gate = bytes(H);
  for (let step = job.T - 1; step >= 0; step--) {
    const t = job.reverse ? job.T - 1 - step : step;
    const hPrev = before(job.h, job.hPrev, t, job.T, ofStep, job.reverse);
    const dhPrev = before(job.dh, job.dhPrev, t, job.T, ofStep, job.reverse);
    for (let b = firstRow; b < end; b++) {
      const at = bytes(b * H + n), ofGates = <usize>t * 3 * ofStep + bytes(3 * b * H + n);
      const dh = job.dh + <usize>t * ofStep + at, i = job.gates + ofGates;
      minLstmGatesBackwardRow(job.dz + ofGates, dh, i, hPrev + at, gate, <f32>job.signed, count);
      minLstmScanBackwardRow(dhPrev + at, dh, i, gate, <f32>job.signed, count);
    }
  }
}

/** (28′) and (29′): dzI; dzJ and dzF are `gate` bytes apart. */
export function minLstmGatesBackwardRow(
  dzI: usize, dh: usize, i: usize, hPrev: usize, gate: usize, signed: f32, count: i32,
): void {
  const one = f32x4.splat(1), factor = f32x4.splat(1 + signed);
  for (; count > 0; count -= 4) {
    const g = flushTiny(v128.load(dh)), iOne = v128.load(i), f = v128.load(i + 2 * gate), total = f32x4.add(f, iOne);
    const kept = f32x4.div(f, total), added = f32x4.div(iOne, total);
    const dA0 = f32x4.mul(f32x4.mul(factor, g), v128.load(hPrev));
    const dRatio = f32x4.mul(f32x4.mul(f32x4.sub(dA0, f32x4.mul(g, v128.load(i + gate))), kept), added);
    storePart(dzI, f32x4.mul(dRatio, f32x4.sub(iOne, one)), count);
    storePart(dzI + gate, f32x4.mul(g, added), count);
    storePart(dzI + 2 * gate, f32x4.mul(dRatio, f32x4.sub(one, f)), count);
    dzI += 16; dh += 16; i += 16; hPrev += 16;
  }
}

/** (26′): dhPrev += dh*a */
export function minLstmScanBackwardRow(dhPrev: usize, dh: usize, i: usize, gate: usize, signed: f32, count: i32): void {
  const twice = f32x4.splat(signed);
  for (; count > 0; count -= 4) {
    const g = flushTiny(v128.load(dh)), iOne = v128.load(i), f = v128.load(i + 2 * gate), total = f32x4.add(f, iOne);
    const a = f32x4.sub(f32x4.div(f, total), f32x4.mul(twice, f32x4.div(iOne, total)));
    storePart(dhPrev, multiplyAdd(g, a, v128.load(dhPrev)), count);
    dhPrev += 16; dh += 16; i += 16;
  }
}
