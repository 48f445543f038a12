/**
 * The LSTM, forward and backward through time.
 *
 * Forward, one step:
 *   (1) z = x·Wx + hPrev·Wh + b
 *   (2) i = σ(zi);  j = tanh(zj);  f = σ(zf + forgetBias);  o = σ(zo)
 *   (3) c = f*cPrev + i*j
 *   (4) h = o*tanh(c)
 *
 * Backward, one step, in reverse order:
 *   (4′) do = dh*tanh(c);  dc += dh*o*(1-tanh²c)
 *   (3′) di = dc*j;  dj = dc*i;  df = dc*cPrev;  dcPrev += dc*f
 *   (2′) dzi = di*i*(1-i);  dzj = dj*(1-j²);  dzf = df*f*(1-f);  dzo = do*o*(1-o)
 *   (1′) dhPrev += dz·Whᵀ;  dx += dz·Wxᵀ;  dWh += hPrevᵀ·dz;  dWx += xᵀ·dz;  db += Σ dz
 *
 * x can be several tensors or class indices: lstm-input.ts computes x·Wx. The sequences of a batch can have different lengths:
 * ended-sequences.ts has (14), which keeps a state after its sequence's end. projection.ts has (16): then the h of (4) is m.
 *
 * T steps, B sequences in a batch, I inputs, H hidden units. Gates are in the order i, j, f, o, as in TensorFlow 1.x's
 * BasicLSTMCell; j is the candidate, which other texts call g. `dAny` is ∂loss/∂any, with the shape of any.
 * docs/derivation.md derives the equations. lstm-tensors.ts has the tensors, lstm-step-views.ts their views for each step, and
 * src/network/network.ts stacks LSTMs.
 */
import type { AccumulateOptions, Backend } from '../core/backend.js';
import type { Tensor } from '../core/tensor.js';
import { keepState, keepStateBackward } from './ended-sequences.js';
import { inputBackward, inputForward } from './lstm-input.js';
import type { RunningRows } from './lstm-step-views.js';
import type { Lstm } from './lstm-tensors.js';
import { projectBackward, projectForward } from './projection.js';

const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));

/** Equations (2)–(4) for one step: h, c, cPrev `[B,H]`; gates, z `[B,4H]`. */
export function lstmCellForward(
  h: Tensor,
  c: Tensor,
  gates: Tensor,
  z: Tensor,
  cPrev: Tensor,
  forgetBias: number,
): void {
  const [B, H] = h.shape;
  for (let b = 0; b < B; b++) {
    for (let n = 0; n < H; n++) {
      // (2) the gates
      const i = sigmoid(z.get(b, n));
      const j = Math.tanh(z.get(b, H + n));
      const f = sigmoid(z.get(b, 2 * H + n) + forgetBias);
      const o = sigmoid(z.get(b, 3 * H + n));
      gates.set(b, n, i);
      gates.set(b, H + n, j);
      gates.set(b, 2 * H + n, f);
      gates.set(b, 3 * H + n, o);

      // (3) what the cell keeps, plus what it adds
      const cNew = f * cPrev.get(b, n) + i * j;
      c.set(b, n, cNew);

      // (4) the output
      h.set(b, n, o * Math.tanh(cNew));
    }
  }
}

/**
 * Equations (4′)–(2′) for one step, the forward lines in reverse: dh, dc, dcPrev, c, cPrev `[B,H]`; dz, gates
 * `[B,4H]`. On entry dc holds the gradient from step t+1 and from outside the LSTM; on return, the complete ∂loss/∂c.
 *
 * In the code, dh and dc are tensors. dC, dI, dJ, dF and dO are numbers: ∂loss/∂c, ∂loss/∂i, … at (b, n). Their names
 * have a capital letter because `do` is a reserved word.
 */
export function lstmCellBackward(
  dz: Tensor,
  dc: Tensor,
  dcPrev: Tensor,
  dh: Tensor,
  gates: Tensor,
  c: Tensor,
  cPrev: Tensor,
): void {
  const [B, H] = dh.shape;
  for (let b = 0; b < B; b++) {
    for (let n = 0; n < H; n++) {
      const i = gates.get(b, n);
      const j = gates.get(b, H + n);
      const f = gates.get(b, 2 * H + n);
      const o = gates.get(b, 3 * H + n);

      // (4′) from  h = o*tanh(c):  we add, because c is used twice: by h, and by step t+1, whose gradient is in dc
      const tanhC = Math.tanh(c.get(b, n));
      const dO = dh.get(b, n) * tanhC;
      const dC = dc.get(b, n) + dh.get(b, n) * o * (1 - tanhC * tanhC);
      dc.set(b, n, dC);

      // (3′) from  c = f*cPrev + i*j
      const dI = dC * j;
      const dJ = dC * i;
      const dF = dC * cPrev.get(b, n);
      dcPrev.set(b, n, dcPrev.get(b, n) + dC * f);

      // (2′) from  i,f,o = σ(z), σ′ = σ·(1-σ);  j = tanh(z), tanh′ = 1-tanh²
      dz.set(b, n, dI * i * (1 - i));
      dz.set(b, H + n, dJ * (1 - j * j));
      dz.set(b, 2 * H + n, dF * f * (1 - f));
      dz.set(b, 3 * H + n, dO * o * (1 - o));
    }
  }
}

/** Equations (1)–(4) for one step of the sequence. */
export function lstmStepForward(backend: Backend, { Wx, Wh, bias, forgetBias }: Lstm, step: RunningRows): void {
  const { x, hPrev, cPrev, z, gates, c, h } = step;

  // (1) z = x·Wx + hPrev·Wh + b
  inputForward(backend, z, x, Wx, bias); // z = x·Wx + b
  backend.matmul(z, hPrev, Wh, { accumulate: true }); // z += hPrev·Wh

  backend.lstmCellForward(h, c, gates, z, cPrev, forgetBias); // (2)–(4)
}

/** Equations (4′)–(1′) for one step of the sequence. */
export function lstmStepBackward(backend: Backend, lstm: Lstm, step: RunningRows): void {
  const { WxTransposed, WhTransposed, dWx, dWh, dBias } = lstm;
  const { dz, dc, dcPrev, dh, gates, c, cPrev, dhPrev, hPrevTransposed, dx, xTransposed } = step;

  backend.lstmCellBackward(dz, dc, dcPrev, dh, gates, c, cPrev); // (4′)–(2′)

  // (1′) from  z = x·Wx + hPrev·Wh + b
  backend.matmul(dhPrev, dz, WhTransposed, { accumulate: true }); // dhPrev += dz·Whᵀ
  backend.matmul(dWh, hPrevTransposed, dz, { accumulate: true }); // dWh += hPrevᵀ·dz
  backend.columnSums(dBias, dz, { accumulate: true }); // db += Σ dz
  inputBackward(backend, dx, dWx, dz, xTransposed, WxTransposed); // dx += dz·Wxᵀ;  dWx += xᵀ·dz
}

/** The whole sequence forward: fills gates and the states after every step, from the inputs, the initial state, kernel and bias. */
export function lstmForward(backend: Backend, lstm: Lstm): void {
  for (const { running, projected, ended } of lstm.steps) {
    if (running) lstmStepForward(backend, lstm, running);
    if (projected) projectForward(backend, projected); // (16)
    if (ended) keepState(backend, ended); // (14)
  }
}

/**
 * The whole sequence backward, after `lstmForward`. dhUpstream and dcUpstream hold the gradients that reach h and c from
 * outside the LSTM. For example, the output layer writes row T of dhUpstream. If nothing outside the LSTM reads a state,
 * its row is zero.
 *
 * Computes dKernel and dBias, and dWr of (16) and dInputs if the LSTM has them. Computes the complete ∂loss/∂h and ∂loss/∂c in dh and dc;
 * in the row of the initial state, they are its gradient. `accumulate`: adds to dInputs, which two directions share.
 */
export function lstmBackward(backend: Backend, lstm: Lstm, { accumulate = false }: AccumulateOptions = {}): void {
  const { dh, dc, dhUpstream, dcUpstream, dKernel, dBias, projection, dInputs, steps } = lstm;

  // Every step adds to dh and dc of the step before, so both start as the gradients from outside.
  backend.copy(dh, dhUpstream);
  if (dcUpstream) backend.copy(dc, dcUpstream);
  else backend.fill(dc, 0);

  // Every step uses the same parameters, so their gradients are sums over the steps.
  backend.fill(dKernel, 0);
  backend.fill(dBias, 0);
  if (projection) backend.fill(projection.dWr, 0);
  if (!accumulate) for (const dInput of dInputs) backend.fill(dInput, 0);

  for (let n = steps.length - 1; n >= 0; n--) {
    const { running, projected, ended } = steps[n];
    if (ended) keepStateBackward(backend, ended); // (14′)
    if (projected) projectBackward(backend, projected); // (16′)
    if (running) lstmStepBackward(backend, lstm, running);
  }
}

/** Streaming: copies the last state into the initial one, so that the next call continues from it. */
export function carryState(backend: Backend, { initial, final }: Lstm): void {
  backend.copy(initial.h, final.h);
  backend.copy(initial.c, final.c);
}
