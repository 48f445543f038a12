/**
 * The LSTM with peepholes: its gates also read the cell state, each unit its own. From Gers & Schmidhuber 2000, "Recurrent nets that
 * time and count"; as TensorFlow 1.x's LSTMCell computes it with `use_peepholes`.
 *
 * Forward, one step; (1), (3) and (4) are those of lstm.ts:
 *   (1)  z = x·Wx + hPrev·Wh + b
 *   (24) i = σ(zi + pi*cPrev);  j = tanh(zj);  f = σ(zf + pf*cPrev + forgetBias)
 *   (3)  c = f*cPrev + i*j
 *   (25) o = σ(zo + po*c)
 *   (4)  h = o*tanh(c)
 *
 * Backward, one step, in reverse order:
 *   (4′)  do = dh*tanh(c);  dc += dh*o*(1-tanh²c)
 *   (25′) dzo = do*o*(1-o);  dc += dzo*po;  dpo += Σ dzo*c
 *   (3′)  di = dc*j;  dj = dc*i;  df = dc*cPrev;  dcPrev += dc*f
 *   (24′) dzi = di*i*(1-i);  dzj = dj*(1-j²);  dzf = df*f*(1-f);  dcPrev += dzi*pi + dzf*pf;  dpi += Σ dzi*cPrev;  dpf += Σ dzf*cPrev
 *   (1′)  as in lstm.ts
 *
 * The peepholes p `[3H]` are in the blocks i, f, o. o reads the new c, so it is computed after (3), and its gradient comes before (3′).
 */
import type { BackendWith } from '../core/backend.js';
import type { Tensor } from '../core/tensor.js';
import { inputBackward, inputForward } from './lstm-input.js';
import type { Recurrence, StepRows } from './recurrence.js';
import { productBackward } from './rnn.js';

const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));

/** Equations (24), (3), (25) and (4) for one step: h, c, cPrev `[B,H]`; gates, z `[B,4H]`: i, j, f, o; p `[3H]`: i, f, o. */
export function peepholeCellForward(
  h: Tensor,
  c: Tensor,
  gates: Tensor,
  z: Tensor,
  cPrev: Tensor,
  p: Tensor,
  forgetBias: number,
): void {
  const [B, H] = h.shape;
  for (let b = 0; b < B; b++) {
    for (let n = 0; n < H; n++) {
      // (24) the gates that read the old cell
      const i = sigmoid(z.get(b, n) + p.get(n) * cPrev.get(b, n));
      const j = Math.tanh(z.get(b, H + n));
      const f = sigmoid(z.get(b, 2 * H + n) + p.get(H + n) * cPrev.get(b, n) + forgetBias);

      // (3) what the cell keeps, plus what it adds
      const cNew = f * cPrev.get(b, n) + i * j;
      c.set(b, n, cNew);

      // (25) the gate that reads the new cell
      const o = sigmoid(z.get(b, 3 * H + n) + p.get(2 * H + n) * cNew);
      gates.set(b, n, i);
      gates.set(b, H + n, j);
      gates.set(b, 2 * H + n, f);
      gates.set(b, 3 * H + n, o);

      // (4) the output
      h.set(b, n, o * Math.tanh(cNew));
    }
  }
}

/**
 * Equations (4′), (25′), (3′) and (24′) for one step: dh, dc, dcPrev, c, cPrev `[B,H]`; dz, gates `[B,4H]`; p `[3H]`. On entry dc holds
 * the gradient from step t+1 and from outside; on return, the complete ∂loss/∂c. terms `[B,3H]`: the term of each sequence in dp, which
 * is the sum of its rows.
 */
export function peepholeCellBackward(
  dz: Tensor,
  terms: Tensor,
  dc: Tensor,
  dcPrev: Tensor,
  dh: Tensor,
  gates: Tensor,
  c: Tensor,
  cPrev: Tensor,
  p: Tensor,
): void {
  const [B, H] = dh.shape;
  for (let b = 0; b < B; b++) {
    for (let n = 0; n < H; n++) {
      const i = gates.get(b, n);
      const j = gates.get(b, H + n);
      const f = gates.get(b, 2 * H + n);
      const o = gates.get(b, 3 * H + n);

      // (4′) from  h = o*tanh(c):  we add, because c is used by h, by o, and by step t+1, whose gradient is in dc
      const tanhC = Math.tanh(c.get(b, n));
      const dO = dh.get(b, n) * tanhC;
      const dThroughH = dc.get(b, n) + dh.get(b, n) * o * (1 - tanhC * tanhC);

      // (25′) from  o = σ(zo + po*c)
      const dzo = dO * o * (1 - o);
      const dC = dThroughH + dzo * p.get(2 * H + n);
      dc.set(b, n, dC);
      terms.set(b, 2 * H + n, dzo * c.get(b, n));

      // (3′) from  c = f*cPrev + i*j
      const dI = dC * j;
      const dJ = dC * i;
      const dF = dC * cPrev.get(b, n);

      // (24′) from  i = σ(zi + pi*cPrev);  j = tanh(zj);  f = σ(zf + pf*cPrev + forgetBias)
      const dzi = dI * i * (1 - i);
      const dzf = dF * f * (1 - f);
      terms.set(b, n, dzi * cPrev.get(b, n));
      terms.set(b, H + n, dzf * cPrev.get(b, n));
      dz.set(b, n, dzi);
      dz.set(b, H + n, dJ * (1 - j * j));
      dz.set(b, 2 * H + n, dzf);
      dz.set(b, 3 * H + n, dzo);

      // (3′) and (24′):  cPrev is used by c, i and f
      dcPrev.set(b, n, dcPrev.get(b, n) + dC * f + dzi * p.get(n) + dzf * p.get(H + n));
    }
  }
}

type States = 'h' | 'hPrev' | 'hPrevTransposed' | 'c' | 'cPrev' | 'dh' | 'dhPrev' | 'dc' | 'dcPrev';
type Rows = StepRows<States | 'z' | 'gates' | 'dz' | 'terms'>;

/** Equations (1), (24), (3), (25) and (4) for one step of the sequence. */
export function peepholeStepForward(
  backend: BackendWith<'peepholeCellForward'>,
  { Wx, Wh, values, forgetBias }: Recurrence,
  { x, hPrev, cPrev, z, gates, c, h }: Rows,
): void {
  // (1) z = x·Wx + hPrev·Wh + b
  inputForward(backend, z, x, Wx, values.bias); // z = x·Wx + b
  backend.matmul(z, hPrev, Wh, { accumulate: true }); // z += hPrev·Wh

  backend.peepholeCellForward(h, c, gates, z, cPrev, values.peepholes, forgetBias); // (24), (3), (25), (4)
}

/** Equations (4′), (25′), (3′), (24′) and (1′) for one step of the sequence. */
export function peepholeStepBackward(
  backend: BackendWith<'peepholeCellBackward'>,
  { values, gradients, WxTransposed, WhTransposed, dWx, dWh }: Recurrence,
  { dz, terms, dc, dcPrev, dh, gates, c, cPrev, dhPrev, hPrevTransposed, dx, xTransposed }: Rows,
): void {
  backend.peepholeCellBackward(dz, terms, dc, dcPrev, dh, gates, c, cPrev, values.peepholes); // (4′), (25′), (3′), (24′)
  backend.columnSums(gradients.peepholes, terms, { accumulate: true }); // dp += Σ of the terms

  // (1′) from  z = x·Wx + hPrev·Wh + b
  productBackward(backend, dz, { dhPrev, WhTransposed, dWh, hPrevTransposed, db: gradients.bias });
  inputBackward(backend, dx, dWx, dz, xTransposed, WxTransposed); // dx += dz·Wxᵀ;  dWx += xᵀ·dz
}
