/**
 * The sLSTM: an LSTM whose input gate is an exponential, so that a new input can outweigh all that the cell has kept. From Beck et al. 2024,
 * "xLSTM: Extended long short-term memory", arXiv 2405.04517, with the forget gate σ. The paper's z is j here.
 *
 * The normaliser n adds up the weights with which c adds up its candidates, so c/n is their weighted mean. An exponential can overflow.
 * Therefore c and n are stored divided by eᵐ: the stabiliser m is the logarithm of the largest weight, and cancels in c/n.
 *
 * Forward, one step; z as in (1) of lstm.ts:
 *   (30) k = log σ(zf + forgetBias) + mPrev;  m = max(k, zi), and zi as long as nPrev = 0
 *   (31) i = exp(zi - m);  j = tanh(zj);  f = exp(k - m);  o = σ(zo)
 *   (32) c = f*cPrev + i*j;  n = f*nPrev + i
 *   (33) h = o*c/n
 *
 * Backward, one step, in reverse order:
 *   (33′) do = dh*c/n;  dc += dh*o/n;  dn -= dh*o*c/n²
 *   (32′) di = dc*j + dn;  dj = dc*i;  df = dc*cPrev + dn*nPrev;  dcPrev += dc*f;  dnPrev += dn*f
 *   (31′) dzi = di*i;  dzj = dj*(1-j²);  dzf = df*f*(1-s) with s = σ(zf + forgetBias);  dzo = do*o*(1-o)
 * (30) has no gradient: h does not depend on m, so the terms through m in (31) and (32) add up to 0. This holds as long as the loss reads h
 * alone. The stored c and n do depend on m, so gradients from outside for the last c and n are refused.
 */
import type { BackendWith } from '../core/backend.js';
import type { Tensor } from '../core/tensor.js';
import { inputBackward, inputForward } from './lstm-input.js';
import type { Recurrence, StepRows } from './recurrence.js';
import { productBackward } from './rnn.js';

const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));
/** log σ(z), without a logarithm of 0. */
const logSigmoid = (z: number): number => Math.min(z, 0) - Math.log1p(Math.exp(-Math.abs(z)));

/** The largest exponent in f. Only while nPrev = 0 it is above 0: without a limit f would overflow in f32, and ∞*0 is NaN. */
const MOST_EXPONENT = 80;

/**
 * Equations (30)–(33) for one step: h, c, n, m, cPrev, nPrev, mPrev `[B,H]`; z `[B,4H]`: i, j, f, o; gates `[B,5H]`: i, j, f, o, and
 * s, which (31′) reads. n and nPrev are 0 or more.
 */
export function slstmCellForward(
  h: Tensor,
  c: Tensor,
  n: Tensor,
  m: Tensor,
  gates: Tensor,
  z: Tensor,
  cPrev: Tensor,
  nPrev: Tensor,
  mPrev: Tensor,
  forgetBias: number,
): void {
  const [B, H] = h.shape;
  for (let b = 0; b < B; b++) {
    for (let u = 0; u < H; u++) {
      // (30) the stabiliser: the larger exponent. As long as nothing is kept, m = zi, so that n is 1 and later never below 1
      const zi = z.get(b, u);
      const zf = z.get(b, 2 * H + u) + forgetBias;
      const logF = logSigmoid(zf);
      const mNew = nPrev.get(b, u) === 0 ? zi : Math.max(logF + mPrev.get(b, u), zi);
      m.set(b, u, mNew);

      // (31) the gates. mPrev - m comes first, so that f has the rounding of m
      const i = Math.exp(zi - mNew);
      const j = Math.tanh(z.get(b, H + u));
      const f = Math.exp(Math.min(mPrev.get(b, u) - mNew + logF, MOST_EXPONENT));
      const o = sigmoid(z.get(b, 3 * H + u));
      gates.set(b, u, i);
      gates.set(b, H + u, j);
      gates.set(b, 2 * H + u, f);
      gates.set(b, 3 * H + u, o);
      gates.set(b, 4 * H + u, sigmoid(zf));

      // (32) what the cell keeps, plus what it adds; and the weights of both
      const cNew = f * cPrev.get(b, u) + i * j;
      const nNew = f * nPrev.get(b, u) + i;
      c.set(b, u, cNew);
      n.set(b, u, nNew);

      // (33) the output
      h.set(b, u, (o * cNew) / nNew);
    }
  }
}

/**
 * Equations (33′)–(31′) for one step: dh, dc, dn, dcPrev, dnPrev, c, n, cPrev, nPrev `[B,H]`; dz `[B,4H]`; gates `[B,5H]`. On entry dc
 * and dn hold the gradients from step t+1; on return, the complete ones.
 */
export function slstmCellBackward(
  dz: Tensor,
  dc: Tensor,
  dn: Tensor,
  dcPrev: Tensor,
  dnPrev: Tensor,
  dh: Tensor,
  gates: Tensor,
  c: Tensor,
  n: Tensor,
  cPrev: Tensor,
  nPrev: Tensor,
): void {
  const [B, H] = dh.shape;
  for (let b = 0; b < B; b++) {
    for (let u = 0; u < H; u++) {
      const i = gates.get(b, u);
      const j = gates.get(b, H + u);
      const f = gates.get(b, 2 * H + u);
      const o = gates.get(b, 3 * H + u);
      const s = gates.get(b, 4 * H + u);

      // (33′) from  h = o*c/n:  we add, because c and n are also used by step t+1
      const mean = c.get(b, u) / n.get(b, u);
      const dMean = (dh.get(b, u) * o) / n.get(b, u);
      const dO = dh.get(b, u) * mean;
      const dC = dc.get(b, u) + dMean;
      const dN = dn.get(b, u) - dMean * mean;
      dc.set(b, u, dC);
      dn.set(b, u, dN);

      // (32′) from  c = f*cPrev + i*j;  n = f*nPrev + i
      const dI = dC * j + dN;
      const dJ = dC * i;
      const dF = dC * cPrev.get(b, u) + dN * nPrev.get(b, u);
      dcPrev.set(b, u, dcPrev.get(b, u) + dC * f);
      dnPrev.set(b, u, dnPrev.get(b, u) + dN * f);

      // (31′) from  i = exp(zi - m);  j = tanh(zj);  f = σ(zf + forgetBias)*exp(mPrev - m);  o = σ(zo)
      dz.set(b, u, dI * i);
      dz.set(b, H + u, dJ * (1 - j * j));
      dz.set(b, 2 * H + u, dF * f * (1 - s));
      dz.set(b, 3 * H + u, dO * o * (1 - o));
    }
  }
}

type Kept = 'c' | 'cPrev' | 'n' | 'nPrev' | 'm' | 'mPrev' | 'dc' | 'dcPrev' | 'dn' | 'dnPrev';
type Rows = StepRows<Kept | 'h' | 'hPrev' | 'hPrevTransposed' | 'dh' | 'dhPrev' | 'z' | 'gates' | 'dz'>;

/** Equations (1) and (30) to (33) for one step of the sequence. */
export function slstmStepForward(
  backend: BackendWith<'slstmCellForward'>,
  { Wx, Wh, values, forgetBias }: Recurrence,
  { x, hPrev, cPrev, nPrev, mPrev, z, gates, h, c, n, m }: Rows,
): void {
  // (1) z = x·Wx + hPrev·Wh + b
  inputForward(backend, z, x, Wx, values.bias); // z = x·Wx + b
  backend.matmul(z, hPrev, Wh, { accumulate: true }); // z += hPrev·Wh

  backend.slstmCellForward(h, c, n, m, gates, z, cPrev, nPrev, mPrev, forgetBias); // (30) to (33)
}

/** Equations (33′) to (31′) and (1′) for one step of the sequence. */
export function slstmStepBackward(
  backend: BackendWith<'slstmCellBackward'>,
  { gradients, WxTransposed, WhTransposed, dWx, dWh }: Recurrence,
  { dz, dc, dn, dcPrev, dnPrev, dh, gates, c, n, cPrev, nPrev, dhPrev, hPrevTransposed, dx, xTransposed }: Rows,
): void {
  backend.slstmCellBackward(dz, dc, dn, dcPrev, dnPrev, dh, gates, c, n, cPrev, nPrev); // (33′) to (31′)

  // (1′) from  z = x·Wx + hPrev·Wh + b
  productBackward(backend, dz, { dhPrev, WhTransposed, dWh, hPrevTransposed, db: gradients.bias });
  inputBackward(backend, dx, dWx, dz, xTransposed, WxTransposed); // dx += dz·Wxᵀ;  dWx += xᵀ·dz
}
