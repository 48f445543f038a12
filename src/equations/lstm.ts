/**
 * The LSTM, forward and backward through time.
 *
 * Forward, one step:
 *   (1) z = Σ inputₖ·Wₖ + b;  the last input is hPrev
 *   (2) i = σ(zi);  j = tanh(zj);  f = σ(zf + forgetBias);  o = σ(zo)
 *   (3) c = f*cPrev + i*j
 *   (4) h = o*tanh(c)
 *
 * Backward, one step, in reverse order:
 *   (4′) do = dh*tanh(c);  dc += dh*o*(1-tanh²c)
 *   (3′) di = dc*j;  dj = dc*i;  df = dc*cPrev;  dcPrev += dc*f
 *   (2′) dzi = di*i*(1-i);  dzj = dj*(1-j²);  dzf = df*f*(1-f);  dzo = do*o*(1-o)
 *   (1′) dinputₖ += dz·Wₖᵀ;  dWₖ += inputₖᵀ·dz;  db += Σ dz
 *
 * With x as the only other input, (1) is z = x·Wx + hPrev·Wh + b. A layer above a bidirectional one reads two inputs and hPrev. If x is
 * class indices, x·Wx is a row of Wx: see src/equations/embedding.ts, (15).
 *
 * Sequences of a batch can have different lengths:
 *   (14) after its end, a sequence keeps its state:  h = hPrev;  c = cPrev      (14′) dhPrev += dh;  dcPrev += dc
 *
 * T steps, B sequences in a batch, I inputs, H hidden units. Gates are in the order i, j, f, o, as in TensorFlow 1.x's
 * BasicLSTMCell; j is the candidate, which other texts call g. `dAny` is ∂loss/∂any, with the shape of any.
 * docs/derivation.md derives the equations. src/equations/lstm-tensors.ts has the tensors, and src/network/network.ts stacks LSTMs.
 */
import type { AccumulateOptions, Backend } from '../core/backend.js';
import type { Tensor } from '../core/tensor.js';
import type { InferenceLstm, Lstm } from './lstm-tensors.js';

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

/** The whole sequence forward: fills gates and the states after every step, from the inputs, the initial state, kernel and bias. */
export function lstmForward(backend: Backend, lstm: InferenceLstm): void {
  const { W, bias, forgetBias } = lstm;

  for (const { running, ended } of lstm.steps) {
    if (running) {
      const { inputs, cPrev, z, h, c, gates } = running;

      // (1) z = Σ inputₖ·Wₖ + b
      inputs.forEach((input, k) => {
        if (k > 0) backend.matmul(z, input, W[k], { accumulate: true });
        else if (isIndices(input))
          backend.gatherRows(z, W[k], input, bias); // (15)
        else backend.matmul(z, input, W[k], { bias });
      });

      backend.lstmCellForward(h, c, gates, z, cPrev, forgetBias); // (2)–(4)
    }
    if (ended) {
      // (14) h = hPrev;  c = cPrev
      backend.copy(ended.h, ended.hPrev);
      backend.copy(ended.c, ended.cPrev);
    }
  }
}

/**
 * The whole sequence backward, after `lstmForward`. dhOutside and dcOutside hold the gradients that reach h and c from
 * outside the LSTM. For example, the output layer writes row T of dhOutside. If nothing outside the LSTM reads a state,
 * its row is zero.
 *
 * Computes dKernel and dBias, and dInputs if the LSTM has them. Computes the complete ∂loss/∂h and ∂loss/∂c in dh and dc;
 * in the row of the initial state, they are its gradient. `accumulate`: adds to dInputs, which two directions share.
 */
export function lstmBackward(backend: Backend, lstm: Lstm, { accumulate = false }: AccumulateOptions = {}): void {
  const { dhOutside, dcOutside, dKernel, dBias, WTransposed, dW } = lstm;

  // Every step adds to dh and dc of the step before, so both start as the gradients from outside.
  backend.copy(lstm.dh, dhOutside);
  if (dcOutside) backend.copy(lstm.dc, dcOutside);
  else backend.fill(lstm.dc, 0);

  // Every step uses the same parameters, so their gradients are sums over the steps.
  backend.fill(dKernel, 0);
  backend.fill(dBias, 0);
  if (!accumulate) for (const dInput of lstm.dInputs) backend.fill(dInput, 0);

  for (let n = lstm.steps.length - 1; n >= 0; n--) {
    const { running, ended } = lstm.steps[n];
    if (ended) {
      // (14′) from  h = hPrev;  c = cPrev
      backend.add(ended.dhPrev, ended.dh);
      backend.add(ended.dcPrev, ended.dc);
    }
    if (running) {
      const { dz, dc, dcPrev, dh, gates, c, cPrev, inputs, inputsTransposed, dInputs } = running;
      backend.lstmCellBackward(dz, dc, dcPrev, dh, gates, c, cPrev); // (4′)–(2′)

      // (1′) from  z = Σ inputₖ·Wₖ + b
      for (let k = inputs.length - 1; k >= 0; k--) {
        const dInput = dInputs[k];
        if (dInput) backend.matmul(dInput, dz, WTransposed[k], { accumulate: true });
        if (isIndices(inputs[k]))
          backend.scatterAddRows(dW[k], inputs[k], dz); // (15′)
        else backend.matmul(dW[k], inputsTransposed[k], dz, { accumulate: true });
      }
      backend.columnSums(dBias, dz, { accumulate: true });
    }
  }
}

/** Streaming: copies the last state into the initial one, so that the next call continues from it. */
export function carryState(backend: Backend, { initial, final }: InferenceLstm): void {
  backend.copy(initial.h, final.h);
  backend.copy(initial.c, final.c);
}

/** One step's input: numbers `[B,I]`, or class indices `[B]`. */
const isIndices = (input: Tensor): boolean => input.dimension === 1;
