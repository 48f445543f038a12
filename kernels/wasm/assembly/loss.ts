/**
 * The losses: softmax cross-entropy, (5) and (5′), and those of outputs that are numbers, (13) and (17) to (19). A chunk is a range
 * of rows.
 *
 * A row of few classes is computed one number at a time in f64. With many classes exp would take as long as a product, so
 * four f32 numbers are computed at a time; only their sum and its logarithm are in f64.
 */
import { ABSOLUTE, CrossEntropyBackward, CrossEntropyForward, ErrorBackward, ErrorForward, HUBER, SQUARED } from './jobs';
import { exp, firstLanes, loadPart, min, storePart } from './math';
import { jobOf } from './threads';

/** Rows of more classes than this are computed four numbers at a time. */
const FEW_CLASSES: i32 = 16;

// @ts-ignore: decorator
@inline
function at(row: usize, k: i32): f32 {
  return load<f32>(row + (<usize>k << 2));
}

/**
 * y of class k in one row. `numbers`: the address of the row, or 0 if the class `chosen` gives it: 1 at this class, else 0. The
 * class -1 has a row of zeros.
 */
// @ts-ignore: decorator
@inline
function label(numbers: usize, chosen: i32, k: i32): f32 {
  return numbers != 0 ? at(numbers, k) : k == chosen ? 1 : 0;
}

/** `label` of the classes k … k+3, of which `left` exist. */
// @ts-ignore: decorator
@inline
function fourLabels(numbers: usize, chosen: i32, k: i32, left: i32): v128 {
  if (numbers != 0) return loadPart(numbers + (<usize>k << 2), left);
  return v128.and(i32x4.eq(i32x4.splat(chosen - k), i32x4(0, 1, 2, 3)), f32x4.splat(1));
}

export function crossEntropyForwardChunk(chunk: i32): void {
  const job = jobOf<CrossEntropyForward>();
  const C = job.C;
  const end = min((chunk + 1) * job.rows, job.B);
  for (let b = chunk * job.rows; b < end; b++) {
    const row = <usize>(b * C) << 2, loss = job.losses + (<usize>b << 2);
    const probabilities = job.probabilities + row, logits = job.logits + row;
    const numbers = job.areRows ? job.labels + row : 0;
    const chosen = job.areRows ? -1 : <i32>at(job.labels, b);
    if (C <= FEW_CLASSES) fewClasses(loss, probabilities, logits, numbers, chosen, C);
    else manyClasses(loss, probabilities, logits, numbers, chosen, C);
  }
}

function fewClasses(loss: usize, probabilities: usize, logits: usize, numbers: usize, chosen: i32, C: i32): void {
  let largest = at(logits, 0);
  for (let k = 1; k < C; k++) if (at(logits, k) > largest) largest = at(logits, k);
  const max = <f64>largest;
  let sum: f64 = 0;
  for (let k = 0; k < C; k++) sum += NativeMath.exp(<f64>at(logits, k) - max);
  const logSum = NativeMath.log(sum);
  let total: f64 = 0;
  for (let k = 0; k < C; k++) {
    const logP = <f64>at(logits, k) - max - logSum;
    store<f32>(probabilities + (<usize>k << 2), <f32>NativeMath.exp(logP));
    total -= <f64>label(numbers, chosen, k) * logP;
  }
  store<f32>(loss, <f32>total);
}

/** With d = logits - max:  p = eᵈ / Σ eᵈ;  -Σ y*log p = Σy·log Σ eᵈ - Σ y*d */
function manyClasses(loss: usize, probabilities: usize, logits: usize, numbers: usize, chosen: i32, C: i32): void {
  const largest = largestOf(logits, C);
  expRow(probabilities, logits, largest, C);
  const max = f32x4.splat(largest);
  let sum = f64x2.splat(0), sumOfY = f32x4.splat(0), sumOfYD = f32x4.splat(0);
  for (let k = 0; k < C; k += 4) {
    const offset = <usize>k << 2, left = C - k;
    const power = loadPart(probabilities + offset, left);
    let d = f32x4.sub(loadPart(logits + offset, left), max);
    if (left < 4) d = v128.and(d, firstLanes(left));
    const y = fourLabels(numbers, chosen, k, left);
    sum = f64x2.add(sum, f64x2.promote_low_f32x4(power));
    sum = f64x2.add(sum, f64x2.promote_low_f32x4(v128.shuffle<i64>(power, power, 1, 1)));
    sumOfY = f32x4.add(sumOfY, y);
    sumOfYD = f32x4.add(sumOfYD, f32x4.mul(y, d));
  }
  const total = f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
  store<f32>(loss, <f32>(sumOfLanes(sumOfY) * NativeMath.log(total) - sumOfLanes(sumOfYD)));
  divideRow(probabilities, probabilities, <f32>(1 / total), 1, C); // a division by 1 changes no bit
}

/** out = exp(x - max), C numbers. */
export function expRow(out: usize, x: usize, max: f32, C: i32): void {
  const subtracted = f32x4.splat(max);
  for (; C >= 8; C -= 8) {
    const low = exp(f32x4.sub(v128.load(x), subtracted)), high = exp(f32x4.sub(v128.load(x, 16), subtracted));
    v128.store(out, low); v128.store(out, high, 16);
    x += 32; out += 32;
  }
  for (; C > 0; C -= 4) {
    storePart(out, exp(f32x4.sub(v128.load(x), subtracted)), C);
    x += 16; out += 16;
  }
}

/** The largest of C numbers. */
function largestOf(row: usize, C: i32): f32 {
  const least = f32x4.splat(-Infinity);
  let largest = least;
  for (let k = 0; k < C; k += 4) {
    let part = loadPart(row + (<usize>k << 2), C - k);
    if (C - k < 4) part = v128.bitselect(part, least, firstLanes(C - k));
    largest = f32x4.pmax(largest, part);
  }
  largest = f32x4.pmax(largest, v128.shuffle<i32>(largest, largest, 2, 3, 0, 1));
  largest = f32x4.pmax(largest, v128.shuffle<i32>(largest, largest, 1, 0, 3, 2));
  return f32x4.extract_lane(largest, 0);
}

function sumOfLanes(x: v128): f64 {
  return (<f64>f32x4.extract_lane(x, 0) + <f64>f32x4.extract_lane(x, 1)) +
    (<f64>f32x4.extract_lane(x, 2) + <f64>f32x4.extract_lane(x, 3));
}

function sumOf(row: usize, C: i32): f32 {
  if (C <= FEW_CLASSES) {
    let sum: f32 = 0;
    for (let k = 0; k < C; k++) sum += at(row, k);
    return sum;
  }
  let sum = f32x4.splat(0);
  for (let k = 0; k < C; k += 4) sum = f32x4.add(sum, loadPart(row + (<usize>k << 2), C - k));
  return <f32>sumOfLanes(sum);
}

export function crossEntropyBackwardChunk(chunk: i32): void {
  const job = jobOf<CrossEntropyBackward>();
  const C = job.C;
  const end = min((chunk + 1) * job.rows, job.B);
  for (let b = chunk * job.rows; b < end; b++) {
    const row = <usize>(b * C) << 2;
    const dLogits = job.dLogits + row, probabilities = job.probabilities + row;
    if (job.areRows) labelledRow(dLogits, probabilities, job.labels + row, job.count, C);
    else {
      const chosen = <i32>at(job.labels, b);
      const p: f32 = chosen < 0 ? 0 : at(probabilities, chosen); // before the row, which may be that of probabilities
      divideRow(dLogits, probabilities, chosen < 0 ? 0 : 1, job.count, C);
      if (chosen >= 0) store<f32>(dLogits + (<usize>chosen << 2), (p - 1) / job.count);
    }
  }
}

/** (p*Σy - y)/count */
function labelledRow(dLogits: usize, probabilities: usize, numbers: usize, count: f32, C: i32): void {
  const sumOfY = sumOf(numbers, C);
  for (let k = 0; k < C; k++) store<f32>(dLogits + (<usize>k << 2), (at(probabilities, k) * sumOfY - at(numbers, k)) / count);
}

/** out = x*factor/count, C numbers. */
export function divideRow(out: usize, x: usize, factor: f32, count: f32, C: i32): void {
  const scale = f32x4.splat(factor), divisor = f32x4.splat(count);
  for (; C >= 8; C -= 8) {
    const low = f32x4.div(f32x4.mul(v128.load(x), scale), divisor), high = f32x4.div(f32x4.mul(v128.load(x, 16), scale), divisor);
    v128.store(out, low); v128.store(out, high, 16);
    x += 32; out += 32;
  }
  for (; C > 0; C -= 4) {
    storePart(out, f32x4.div(f32x4.mul(v128.load(x), scale), divisor), C);
    x += 16; out += 16;
  }
}

/** What the error r costs: (13), (17), (18) or (19). */
// @ts-ignore: decorator
@inline
function costOf(cost: i32, r: f64, delta: f64, q: f64): f64 {
  const size = abs(r);
  if (cost == SQUARED) return r * r;
  if (cost == ABSOLUTE) return size;
  if (cost == HUBER) return size <= delta ? r * r / 2 : delta * (size - delta / 2);
  return r < 0 ? -q * r : (1 - q) * r;
}

/** Its derivative: (13′), (17′), (18′) or (19′). */
// @ts-ignore: decorator
@inline
function slopeOf(cost: i32, r: f32, delta: f32, q: f32): f32 {
  if (cost == SQUARED) return 2 * r;
  if (cost == HUBER) return f32.max(-delta, f32.min(r, delta));
  if (r == 0) return 0;
  if (cost == ABSOLUTE) return r < 0 ? -1 : 1;
  return r < 0 ? -q : 1 - q;
}

export function errorForwardChunk(chunk: i32): void {
  const job = jobOf<ErrorForward>();
  const C = job.C;
  const end = min((chunk + 1) * job.rows, job.B);
  for (let b = chunk * job.rows; b < end; b++) {
    const row = <usize>(b * C) << 2;
    let sum: f64 = 0;
    for (let k = 0; k < C; k++) {
      const r = <f64>at(job.outputs + row, k) - <f64>at(job.targets + row, k);
      const q: f64 = job.quantiles != 0 ? at(job.quantiles, k) : 0;
      sum += <f64>at(job.mask + row, k) * costOf(job.cost, r, job.delta, q);
    }
    store<f32>(job.losses + (<usize>b << 2), <f32>sum);
  }
}

export function errorBackwardChunk(chunk: i32): void {
  const job = jobOf<ErrorBackward>();
  const C = job.C;
  const end = min((chunk + 1) * job.rows, job.B);
  for (let b = chunk * job.rows; b < end; b++) {
    const row = <usize>(b * C) << 2;
    for (let k = 0; k < C; k++) {
      const r = at(job.outputs + row, k) - at(job.targets + row, k);
      const q: f32 = job.quantiles != 0 ? at(job.quantiles, k) : 0;
      const slope = slopeOf(job.cost, r, job.delta, q);
      store<f32>(job.dOutputs + row + (<usize>k << 2), at(job.mask + row, k) * slope / job.count);
    }
  }
}
