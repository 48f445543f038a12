/**
 * The LSTM with switches: forward and backward, without a library. docs/learn/gates.md explains it.
 *
 * T steps, B sequences, I inputs, H units. A tensor is one Float64Array in row order. x `[T,B,I]`; h and c `[T+1,B,H]`: row 0 is the
 * initial state, and row t+1 the state after step t. Wx `[I,4H]`, Wh `[H,4H]`, b `[4H]`, in blocks i, j, f, o. The peepholes P `[3H]`, in
 * blocks i, f, o, are optional. The initial states h0 and c0 `[B,H]` are optional, too; without them, they are zero.
 * dX is ∂loss/∂X, and has the shape of X.
 */

/** The full LSTM. Each variant changes one switch. */
export const FULL = {
  inputGate: true, //  false: i = 1
  forgetGate: true, // false: f = 1
  outputGate: true, // false: o = 1
  inputTanh: true, //  false: j = zj
  outputTanh: true, // false: h = o*c
  coupled: false, //   true:  i = 1 - f
};

const zeros = (size) => new Float64Array(size);
const sigmoid = (z) => 1 / (1 + Math.exp(-z));

/** (1) to (4): the states h and c, and the gates `[T,B,4H]`. Without peepholes, P is zero. */
export function lstmForward(x, parameters, { T, B, I, H }, switches = FULL) {
  const { Wx, Wh, b, P = zeros(3 * H), h0 = zeros(B * H), c0 = zeros(B * H) } = parameters;
  const { inputGate, forgetGate, outputGate, inputTanh, outputTanh, coupled } = switches;
  const [h, c, gates] = [zeros((T + 1) * B * H), zeros((T + 1) * B * H), rowsOf(b, T * B)];
  h.set(h0);
  c.set(c0);
  addProduct(gates, x, Wx, I, 4 * H); // (1) z = x·Wx + hPrev·Wh + b, and x·Wx for all steps at once
  for (let t = 0; t < T; t++) {
    const [z, hPrev, hNew, cPrev, cNew] = [
      at(gates, t, T),
      at(h, t, T + 1),
      at(h, t + 1, T + 1),
      at(c, t, T + 1),
      at(c, t + 1, T + 1),
    ];
    addProduct(z, hPrev, Wh, H, 4 * H);
    for (let s = 0; s < B * H; s++) {
      const n = s % H; // s is unit n of one sequence, and k its first column in z
      const k = 4 * (s - n) + n;
      const f = forgetGate ? sigmoid(z[k + 2 * H] + P[H + n] * cPrev[s]) : 1; // (2) f = σ(zf + pf*cPrev)
      const i = coupled ? 1 - f : inputGate ? sigmoid(z[k] + P[n] * cPrev[s]) : 1; // (2) i = σ(zi + pi*cPrev)
      const j = inputTanh ? Math.tanh(z[k + H]) : z[k + H]; // (2) j = tanh(zj)
      const cs = f * cPrev[s] + i * j; // (3) c = f*cPrev + i*j
      const o = outputGate ? sigmoid(z[k + 3 * H] + P[2 * H + n] * cs) : 1; // (2) o = σ(zo + po*c)
      hNew[s] = o * (outputTanh ? Math.tanh(cs) : cs); // (4) h = o*tanh(c)
      cNew[s] = cs;
      z[k] = i;
      z[k + H] = j;
      z[k + 2 * H] = f;
      z[k + 3 * H] = o;
    }
  }
  return { h, c, gates };
}

/** (4′) to (1′). On entry dh `[T+1,B,H]` has what reaches h from outside; the gradient of every later step is added. */
export function lstmBackward(dh, x, parameters, { h, c, gates }, { T, B, I, H }, switches = FULL) {
  const { Wx, Wh, P = zeros(3 * H) } = parameters;
  const { inputTanh, outputTanh, coupled } = switches;
  const [dc, dz, dP] = [zeros((T + 1) * B * H), zeros(T * B * 4 * H), zeros(3 * H)];
  for (let t = T - 1; t >= 0; t--) {
    const [gate, dzRow, dhNew] = [at(gates, t, T), at(dz, t, T), at(dh, t + 1, T + 1)];
    const [cPrev, cNew, dcPrev, dcNew] = [at(c, t, T + 1), at(c, t + 1, T + 1), at(dc, t, T + 1), at(dc, t + 1, T + 1)];
    for (let s = 0; s < B * H; s++) {
      const n = s % H;
      const k = 4 * (s - n) + n;
      const [i, j, f, o] = [gate[k], gate[k + H], gate[k + 2 * H], gate[k + 3 * H]];
      const shown = outputTanh ? Math.tanh(cNew[s]) : cNew[s];
      const dzo = dhNew[s] * shown * o * (1 - o); // (4′), (2′) from h = o*tanh(c), o = σ(zo + po*c)
      let dcs = dcNew[s] + dhNew[s] * o * (outputTanh ? 1 - shown * shown : 1); // (4′) from h = o*tanh(c)
      dcs += dzo * P[2 * H + n]; // from o = σ(zo + po*c)
      const di = dcs * j; // (3′) from c = f*cPrev + i*j
      const dj = dcs * i;
      const df = dcs * cPrev[s] - (coupled ? di : 0); // and from i = 1 - f
      const dzi = coupled ? 0 : di * i * (1 - i); // (2′) from i = σ(zi + pi*cPrev)
      const dzf = df * f * (1 - f); // from f = σ(zf + pf*cPrev)
      dcPrev[s] = dcs * f + dzi * P[n] + dzf * P[H + n]; // (3′), and the peepholes of i and f
      dP[n] += dzi * cPrev[s];
      dP[H + n] += dzf * cPrev[s];
      dP[2 * H + n] += dzo * cNew[s];
      dzRow[k] = dzi;
      dzRow[k + H] = inputTanh ? dj * (1 - j * j) : dj; // (2′) from j = tanh(zj)
      dzRow[k + 2 * H] = dzf;
      dzRow[k + 3 * H] = dzo;
    }
    addTimesTransposed(at(dh, t, T + 1), dzRow, Wh, H, 4 * H); // (1′) dhPrev += dz·Whᵀ
  }
  const [dWx, dWh, dx] = [zeros(I * 4 * H), zeros(H * 4 * H), zeros(x.length)];
  addTransposedTimes(dWx, x, dz, I, 4 * H); // (1′) dWx = xᵀ·dz, all steps at once
  addTransposedTimes(dWh, h.subarray(0, T * B * H), dz, H, 4 * H); // (1′) dWh = hPrevᵀ·dz
  addTimesTransposed(dx, dz, Wx, I, 4 * H); // (1′) dx = dz·Wxᵀ
  return { Wx: dWx, Wh: dWh, b: sumOfRows(dz, 4 * H), P: dP, x: dx, h0: at(dh, 0, T + 1), c0: at(dc, 0, T + 1) };
}

/** Row t of a tensor with that many rows: a view, not a copy. */
const at = (tensor, t, rows) => tensor.subarray((t * tensor.length) / rows, ((t + 1) * tensor.length) / rows);

/** A matrix with `count` rows, each of them `row`. */
function rowsOf(row, count) {
  const matrix = zeros(count * row.length);
  for (let r = 0; r < count; r++) matrix.set(row, r * row.length);
  return matrix;
}

/** The sum of the rows of a matrix. */
function sumOfRows(matrix, columns) {
  const sum = zeros(columns);
  for (let e = 0; e < matrix.length; e++) sum[e % columns] += matrix[e];
  return sum;
}

/** out += a·W: a `[rows,inner]`, W `[inner,columns]`. */
export function addProduct(out, a, W, inner, columns) {
  for (let r = 0, e = 0; e < a.length; r++)
    for (let k = 0; k < inner; k++, e++) {
      const factor = a[e];
      const [to, from] = [r * columns, k * columns];
      for (let n = 0; n < columns; n++) out[to + n] += factor * W[from + n];
    }
}

/** dW += aᵀ·dOut, for out = a·W. */
export function addTransposedTimes(dW, a, dOut, inner, columns) {
  for (let r = 0, e = 0; e < a.length; r++)
    for (let k = 0; k < inner; k++, e++) {
      const factor = a[e];
      const [to, from] = [k * columns, r * columns];
      for (let n = 0; n < columns; n++) dW[to + n] += factor * dOut[from + n];
    }
}

/** da += dOut·Wᵀ, for out = a·W. */
export function addTimesTransposed(da, dOut, W, inner, columns) {
  for (let r = 0, e = 0; e < da.length; r++)
    for (let k = 0; k < inner; k++, e++) {
      let sum = 0;
      const [from, row] = [r * columns, k * columns];
      for (let n = 0; n < columns; n++) sum += dOut[from + n] * W[row + n];
      da[e] += sum;
    }
}
