/**
 * A plain RNN, forward and backward, without a library. docs/learn/plain-rnn.md derives its equations, (a) to (e′).
 *
 * T steps, B sequences, I inputs, H units, C classes. x `[T][B,I]`; Wx `[I,H]`, Wh `[H,H]`, bias `[1,H]`, Wy `[H,C]`, biasY
 * `[1,C]`. A matrix is an array of rows. h `[T+1][B,H]`: h[0] is the initial state; h[t+1] is the state after step t. start
 * `[1,H]` is optional: without it, the initial state is zero.
 */

/** A matrix of zeros, or of the numbers that `entry` gives. */
export const matrix = (rows, columns, entry = () => 0) =>
  Array.from({ length: rows }, (_, r) => new Float64Array(columns).map((_, c) => entry(r, c)));

/** (e), (a) to (c): h and logits `[B,C]`. */
export function forward(x, { Wx, Wh, bias, Wy, biasY, start = matrix(1, Wh.length) }) {
  const [T, B, I, H, C] = [x.length, x[0].length, Wx.length, Wh.length, biasY[0].length];
  const h = Array.from({ length: T + 1 }, () => matrix(B, H));
  for (let b = 0; b < B; b++) h[0][b].set(start[0]); // (e) h[0] = start, for every sequence
  for (let t = 0; t < T; t++) {
    for (let b = 0; b < B; b++) {
      for (let n = 0; n < H; n++) {
        let z = bias[0][n]; // (a) z = x·Wx + hPrev·Wh + bias
        for (let k = 0; k < I; k++) z += x[t][b][k] * Wx[k][n];
        for (let m = 0; m < H; m++) z += h[t][b][m] * Wh[m][n];
        h[t + 1][b][n] = Math.tanh(z); // (b) h = tanh(z)
      }
    }
  }
  // (c) logits = h·Wy + biasY, from the last h
  const logits = matrix(B, C, (b, k) => h[T][b].reduce((sum, value, n) => sum + value * Wy[n][k], biasY[0][k]));
  return { h, logits };
}

/** (d) p = softmax(logits), loss = -Σ log p[label] / B. The labels are class indices, one for each sequence. */
export function crossEntropy(logits, labels) {
  const p = logits.map((row) => {
    const powers = row.map((logit) => Math.exp(logit - Math.max(...row))); // at most 1, so nothing overflows
    const sum = powers.reduce((total, power) => total + power);
    return powers.map((power) => power / sum);
  });
  return { p, loss: -labels.reduce((sum, label, b) => sum + Math.log(p[b][label]), 0) / labels.length };
}

/** (d′) to (a′), (e′): the gradient of every parameter, and dh `[T+1][B,H]`. */
export function backward(x, labels, { Wx, Wh, Wy }, { h, p }) {
  const [T, B, I, H, C] = [x.length, x[0].length, Wx.length, Wh.length, Wy[0].length];
  const [dWx, dWh, dBias, dWy, dBiasY] = [matrix(I, H), matrix(H, H), matrix(1, H), matrix(H, C), matrix(1, C)];
  const dStart = matrix(1, H);
  const dh = h.map(() => matrix(B, H));
  for (let b = 0; b < B; b++) {
    for (let k = 0; k < C; k++) {
      const dLogit = (p[b][k] - (labels[b] === k ? 1 : 0)) / B; // (d′) from loss = -Σ log p[label] / B
      dBiasY[0][k] += dLogit; // (c′) from logits = h·Wy + biasY
      for (let n = 0; n < H; n++) {
        dWy[n][k] += h[T][b][n] * dLogit;
        dh[T][b][n] += dLogit * Wy[n][k];
      }
    }
  }
  for (let t = T - 1; t >= 0; t--) {
    for (let b = 0; b < B; b++) {
      for (let n = 0; n < H; n++) {
        const dz = dh[t + 1][b][n] * (1 - h[t + 1][b][n] ** 2); // (b′) from h = tanh(z)
        dBias[0][n] += dz; // (a′) from z = x·Wx + hPrev·Wh + bias
        for (let k = 0; k < I; k++) dWx[k][n] += x[t][b][k] * dz;
        for (let m = 0; m < H; m++) {
          dWh[m][n] += h[t][b][m] * dz;
          dh[t][b][m] += dz * Wh[m][n];
        }
      }
    }
  }
  for (let b = 0; b < B; b++) {
    for (let n = 0; n < H; n++) dStart[0][n] += dh[0][b][n]; // (e′) from h[0] = start
  }
  return { gradients: { Wx: dWx, Wh: dWh, bias: dBias, Wy: dWy, biasY: dBiasY, start: dStart }, dh };
}
