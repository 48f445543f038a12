/**
 * The losses: softmax cross-entropy, (5) and (5′), and the squared error, (13) and (13′). A chunk is a range of rows.
 *
 * A row of few classes is computed one number at a time in f64. With many classes exp would take as long as a product, so
 * four f32 numbers are computed at a time; only their sum and its logarithm are in f64.
 */
import { CrossEntropyBackward, CrossEntropyForward, SquaredErrorBackward, SquaredErrorForward } from './jobs';
import { exp, firstLanes, loadPart, min, storePart } from './math';
import { jobOf } from './threads';

/** Rows of more classes than this are computed four numbers at a time. */
const FEW_CLASSES: i32 = 16;

// @ts-ignore: decorator
@inline
function at(row: usize, k: i32): f32 {
  return load<f32>(row + (<usize>k << 2));
}

export function crossEntropyForwardChunk(chunk: i32): void {
  const job = jobOf<CrossEntropyForward>();
  const C = job.C;
  const end = min((chunk + 1) * job.rows, job.B);
  for (let b = chunk * job.rows; b < end; b++) {
    const row = <usize>(b * C) << 2, one = <usize>b << 2;
    const probabilities = job.probabilities + row, logits = job.logits + row, y = job.y + row;
    if (C <= FEW_CLASSES) fewClasses(job.losses + one, job.correct + one, probabilities, logits, y, C);
    else manyClasses(job.losses + one, job.correct + one, probabilities, logits, y, C);
  }
}

function fewClasses(loss: usize, correct: usize, probabilities: usize, logits: usize, y: usize, C: i32): void {
  let predicted = 0, labelled = 0;
  for (let k = 1; k < C; k++) {
    if (at(logits, k) > at(logits, predicted)) predicted = k;
    if (at(y, k) > at(y, labelled)) labelled = k;
  }
  store<f32>(correct, predicted == labelled ? 1 : 0);

  const max = <f64>at(logits, predicted);
  let sum: f64 = 0;
  for (let k = 0; k < C; k++) sum += NativeMath.exp(<f64>at(logits, k) - max);
  const logSum = NativeMath.log(sum);
  let total: f64 = 0;
  for (let k = 0; k < C; k++) {
    const logP = <f64>at(logits, k) - max - logSum;
    store<f32>(probabilities + (<usize>k << 2), <f32>NativeMath.exp(logP));
    total -= <f64>at(y, k) * logP;
  }
  store<f32>(loss, <f32>total);
}

/** With d = logits - max:  p = eᵈ / Σ eᵈ;  -Σ y*log p = Σy·log Σ eᵈ - Σ y*d */
function manyClasses(loss: usize, correct: usize, probabilities: usize, logits: usize, y: usize, C: i32): void {
  const largest = largestOf(logits, C);
  const isCorrect = firstPlace(logits, largest, C) == firstPlace(y, largestOf(y, C), C);
  store<f32>(correct, isCorrect ? 1 : 0);

  const max = f32x4.splat(largest);
  let sum = f64x2.splat(0), sumOfY = f32x4.splat(0), sumOfYD = f32x4.splat(0);
  for (let k = 0; k < C; k += 4) {
    const offset = <usize>k << 2, left = C - k;
    let d = f32x4.sub(loadPart(logits + offset, left), max);
    let power = exp(d);
    if (left < 4) {
      d = v128.and(d, firstLanes(left));
      power = v128.and(power, firstLanes(left));
    }
    const label = loadPart(y + offset, left);
    storePart(probabilities + offset, power, left);
    sum = f64x2.add(sum, f64x2.promote_low_f32x4(power));
    sum = f64x2.add(sum, f64x2.promote_low_f32x4(v128.shuffle<i64>(power, power, 1, 1)));
    sumOfY = f32x4.add(sumOfY, label);
    sumOfYD = f32x4.add(sumOfYD, f32x4.mul(label, d));
  }
  const total = f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
  store<f32>(loss, <f32>(sumOfLanes(sumOfY) * NativeMath.log(total) - sumOfLanes(sumOfYD)));

  const scale = f32x4.splat(<f32>(1 / total));
  for (let k = 0; k < C; k += 4) {
    const p = probabilities + (<usize>k << 2);
    storePart(p, f32x4.mul(loadPart(p, C - k), scale), C - k);
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

/** The place of the first of C numbers that is `value`; C if none is, because all are NaN. */
function firstPlace(row: usize, value: f32, C: i32): i32 {
  const wanted = f32x4.splat(value);
  for (let k = 0; k < C; k += 4) {
    // Lanes beyond the last number hold 0. They follow every number, so they are found only if no number is.
    const found = i32x4.bitmask(f32x4.eq(loadPart(row + (<usize>k << 2), C - k), wanted));
    if (found != 0) return k + ctz(found);
  }
  return C;
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
  const count = f32x4.splat(job.count);
  const end = min((chunk + 1) * job.rows, job.B);
  for (let b = chunk * job.rows; b < end; b++) {
    const row = <usize>(b * C) << 2;
    const y = job.y + row;
    const sumOfY = f32x4.splat(sumOf(y, C));
    for (let k = 0; k < C; k += 4) {
      const offset = <usize>k << 2, left = C - k;
      const p = loadPart(job.probabilities + row + offset, left);
      const difference = f32x4.sub(f32x4.mul(p, sumOfY), loadPart(y + offset, left));
      storePart(job.dLogits + row + offset, f32x4.div(difference, count), left);
    }
  }
}

export function squaredErrorForwardChunk(chunk: i32): void {
  const job = jobOf<SquaredErrorForward>();
  const C = job.C;
  const end = min((chunk + 1) * job.rows, job.B);
  for (let b = chunk * job.rows; b < end; b++) {
    const row = <usize>(b * C) << 2;
    let sum: f64 = 0;
    for (let k = 0; k < C; k++) {
      const difference = <f64>at(job.outputs + row, k) - <f64>at(job.targets + row, k);
      sum += difference * difference;
    }
    store<f32>(job.losses + (<usize>b << 2), <f32>(<f64>at(job.counted, b) * sum / <f64>C));
  }
}

export function squaredErrorBackwardChunk(chunk: i32): void {
  const job = jobOf<SquaredErrorBackward>();
  const C = job.C;
  const divisor = <f32>C * job.count;
  const end = min((chunk + 1) * job.rows, job.B);
  for (let b = chunk * job.rows; b < end; b++) {
    const row = <usize>(b * C) << 2;
    const factor = <f32>2 * at(job.counted, b);
    for (let k = 0; k < C; k++) {
      const difference = at(job.outputs + row, k) - at(job.targets + row, k);
      store<f32>(job.dOutputs + row + (<usize>k << 2), factor * difference / divisor);
    }
  }
}
