/** Softmax cross-entropy, equations (5) and (5′), one number at a time: there are few of them. */
import { CrossEntropyBackward, CrossEntropyForward } from './jobs';
import { jobOf } from './threads';

// @ts-ignore: decorator
@inline
function at(row: usize, k: i32): f32 {
  return load<f32>(row + (<usize>k << 2));
}

/** The whole batch in one chunk. */
export function crossEntropyForwardChunk(_chunk: i32): void {
  const job = jobOf<CrossEntropyForward>();
  const B = job.B, C = job.C;
  for (let b = 0; b < B; b++) {
    const row = <usize>(b * C) << 2;
    const probabilities = job.probabilities + row, logits = job.logits + row, y = job.y + row;
    let predicted = 0, labelled = 0;
    for (let k = 1; k < C; k++) {
      if (at(logits, k) > at(logits, predicted)) predicted = k;
      if (at(y, k) > at(y, labelled)) labelled = k;
    }
    store<f32>(job.correct + (<usize>b << 2), predicted == labelled ? 1 : 0);

    const max = <f64>at(logits, predicted);
    let sum: f64 = 0;
    for (let k = 0; k < C; k++) sum += NativeMath.exp(<f64>at(logits, k) - max);
    const logSum = NativeMath.log(sum);
    let loss: f64 = 0;
    for (let k = 0; k < C; k++) {
      const logP = <f64>at(logits, k) - max - logSum;
      store<f32>(probabilities + (<usize>k << 2), <f32>NativeMath.exp(logP));
      loss -= <f64>at(y, k) * logP;
    }
    store<f32>(job.losses + (<usize>b << 2), <f32>loss);
  }
}

export function crossEntropyBackwardChunk(_chunk: i32): void {
  const job = jobOf<CrossEntropyBackward>();
  const B = job.B, C = job.C;
  for (let b = 0; b < B; b++) {
    const row = <usize>(b * C) << 2;
    const dLogits = job.dLogits + row, probabilities = job.probabilities + row, y = job.y + row;
    let sum: f32 = 0;
    for (let k = 0; k < C; k++) sum += at(y, k);
    for (let k = 0; k < C; k++) {
      store<f32>(dLogits + (<usize>k << 2), (at(probabilities, k) * sum - at(y, k)) / <f32>B);
    }
  }
}
