/**
 * The gated recurrent unit (Cho et al. 2014), as PyTorch, cuDNN and Keras compute it: the reset gate multiplies after the product, so
 * x and h have a bias each.
 *
 * Forward, one step:
 *   (21) ax = x·Wx + b;  ah = hPrev·Wh + bRecurrent
 *   (22) r = σ(axr + ahr);  z = σ(axz + ahz);  n = tanh(axn + r*ahn)
 *   (23) h = (1-z)*n + z*hPrev
 *
 * Backward, one step, in reverse order:
 *   (23′) dn = dh*(1-z);  dz = dh*(hPrev-n);  dhPrev += dh*z
 *   (22′) daxn = dn*(1-n²);  dahn = daxn*r;  dr = daxn*ahn;  daxr = dahr = dr*r*(1-r);  daxz = dahz = dz*z*(1-z)
 *   (21′) dhPrev += dah·Whᵀ;  dWh += hPrevᵀ·dah;  dbRecurrent += Σ dah;  dx += dax·Wxᵀ;  dWx += xᵀ·dax;  db += Σ dax
 *
 * h is `[B,H]`; ax and ah are `[B,3H]`, blocks of H columns for r, z and n, PyTorch's order. z keeps: where it is 1, h stays. The
 * kernel `[I+H,3H]` has Wx and Wh as its rows, those of x first; b and bRecurrent `[3H]`. Beside the gates, the backward pass needs ahn: `gates`
 * `[B,4H]` has r, z, n and ahn. recurrence.ts runs the steps.
 */
import type { BackendWith } from '../core/backend.js';
import type { Tensor } from '../core/tensor.js';
import { inputBackward, inputForward } from './lstm-input.js';
import type { Recurrence, StepRows } from './recurrence.js';
import { productBackward } from './rnn.js';

const sigmoid = (a: number): number => 1 / (1 + Math.exp(-a));

/** Equations (22) and (23) for one step: h, hPrev `[B,H]`; ax, ah `[B,3H]`; gates `[B,4H]`. */
export function gruCellForward(h: Tensor, gates: Tensor, ax: Tensor, ah: Tensor, hPrev: Tensor): void {
  const [B, H] = h.shape;
  for (let b = 0; b < B; b++) {
    for (let k = 0; k < H; k++) {
      // (22) the gates
      const ahn = ah.get(b, 2 * H + k);
      const r = sigmoid(ax.get(b, k) + ah.get(b, k));
      const z = sigmoid(ax.get(b, H + k) + ah.get(b, H + k));
      const n = Math.tanh(ax.get(b, 2 * H + k) + r * ahn);
      gates.set(b, k, r);
      gates.set(b, H + k, z);
      gates.set(b, 2 * H + k, n);
      gates.set(b, 3 * H + k, ahn);

      // (23) what is new, and what stays
      h.set(b, k, (1 - z) * n + z * hPrev.get(b, k));
    }
  }
}

/**
 * Equations (23′) and (22′) for one step, the forward lines in reverse: dh, dhPrev, hPrev `[B,H]`; dax, dah `[B,3H]`; gates `[B,4H]`. dR,
 * dZ and dN are numbers: ∂loss/∂r, … at (b, k).
 */
export function gruCellBackward(
  dax: Tensor,
  dah: Tensor,
  dhPrev: Tensor,
  dh: Tensor,
  gates: Tensor,
  hPrev: Tensor,
): void {
  const [B, H] = dh.shape;
  for (let b = 0; b < B; b++) {
    for (let k = 0; k < H; k++) {
      const r = gates.get(b, k);
      const z = gates.get(b, H + k);
      const n = gates.get(b, 2 * H + k);
      const ahn = gates.get(b, 3 * H + k);

      // (23′) from  h = (1-z)*n + z*hPrev:  we add to dhPrev, because ah uses hPrev too
      const dN = dh.get(b, k) * (1 - z);
      const dZ = dh.get(b, k) * (hPrev.get(b, k) - n);
      dhPrev.set(b, k, dhPrev.get(b, k) + dh.get(b, k) * z);

      // (22′) from  n = tanh(axn + r*ahn), tanh′ = 1-tanh²
      const daxn = dN * (1 - n * n);
      const dR = daxn * ahn;
      dax.set(b, 2 * H + k, daxn);
      dah.set(b, 2 * H + k, daxn * r);

      // (22′) from  r = σ(axr + ahr);  z = σ(axz + ahz), σ′ = σ·(1-σ):  both sums have the same gradient
      const dar = dR * r * (1 - r);
      const daz = dZ * z * (1 - z);
      dax.set(b, k, dar);
      dah.set(b, k, dar);
      dax.set(b, H + k, daz);
      dah.set(b, H + k, daz);
    }
  }
}

type Rows = StepRows<'h' | 'hPrev' | 'hPrevTransposed' | 'dh' | 'dhPrev' | 'gates' | 'ax' | 'ah' | 'dax' | 'dah'>;

/** Equations (21) to (23) for one step of the sequence. */
export function gruStepForward(
  backend: BackendWith<'gruCellForward'>,
  { Wx, Wh, values }: Recurrence,
  step: Rows,
): void {
  const { x, hPrev, ax, ah, gates, h } = step;

  // (21) ax = x·Wx + b;  ah = hPrev·Wh + bRecurrent
  inputForward(backend, ax, x, Wx, values.bias);
  backend.matmul(ah, hPrev, Wh, { bias: values.recurrentBias });

  backend.gruCellForward(h, gates, ax, ah, hPrev); // (22), (23)
}

/** Equations (23′) to (21′) for one step of the sequence. */
export function gruStepBackward(
  backend: BackendWith<'gruCellBackward'>,
  recurrence: Recurrence,
  { dax, dah, dh, dhPrev, gates, hPrev, hPrevTransposed, dx, xTransposed }: Rows,
): void {
  const { WxTransposed, WhTransposed, dWx, dWh, gradients } = recurrence;

  backend.gruCellBackward(dax, dah, dhPrev, dh, gates, hPrev); // (23′), (22′)

  // (21′) from  ah = hPrev·Wh + bRecurrent
  productBackward(backend, dah, { dhPrev, WhTransposed, dWh, hPrevTransposed, db: gradients.recurrentBias });

  // (21′) from  ax = x·Wx + b
  inputBackward(backend, dx, dWx, dax, xTransposed, WxTransposed); // dx += dax·Wxᵀ;  dWx += xᵀ·dax
  backend.columnSums(gradients.bias, dax, { accumulate: true }); // db += Σ dax
}
