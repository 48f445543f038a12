/**
 * The plain recurrent network (Elman 1990), as PyTorch's nn.RNN with tanh computes it, with one bias for its two.
 *
 * Forward, one step:
 *   (20) a = x·Wx + hPrev·Wh + b;  h = tanh(a)
 *
 * Backward, one step:
 *   (20′) da = dh*(1-h²);  dhPrev += da·Whᵀ;  dx += da·Wxᵀ;  dWh += hPrevᵀ·da;  dWx += xᵀ·da;  db += Σ da
 *
 * h and a are `[B,H]`; the kernel `[I+H,H]` has Wx and Wh as its rows, those of x first; b `[H]`. recurrence.ts runs the steps.
 */
import type { Backend, BackendWith } from '../core/backend.js';
import type { Tensor } from '../core/tensor.js';
import { inputBackward, inputForward } from './lstm-input.js';
import type { Recurrence, StepRows } from './recurrence.js';

/** h = tanh(a), of one shape `[B,H]`. */
export function tanhForward(h: Tensor, a: Tensor): void {
  const [B, H] = h.shape;
  for (let b = 0; b < B; b++) {
    for (let n = 0; n < H; n++) h.set(b, n, Math.tanh(a.get(b, n)));
  }
}

/** From  h = tanh(a), tanh′ = 1-tanh²:  da = dh*(1-h²), of one shape `[B,H]`. */
export function tanhBackward(da: Tensor, dh: Tensor, h: Tensor): void {
  const [B, H] = h.shape;
  for (let b = 0; b < B; b++) {
    for (let n = 0; n < H; n++) da.set(b, n, dh.get(b, n) * (1 - h.get(b, n) ** 2));
  }
}

type Rows = StepRows<'h' | 'hPrev' | 'hPrevTransposed' | 'dh' | 'dhPrev' | 'a' | 'da'>;

/** Equation (20) for one step of the sequence. */
export function rnnStepForward(backend: BackendWith<'tanhForward'>, { Wx, Wh, values }: Recurrence, step: Rows): void {
  const { x, hPrev, a, h } = step;

  // (20) a = x·Wx + hPrev·Wh + b
  inputForward(backend, a, x, Wx, values.bias); // a = x·Wx + b
  backend.matmul(a, hPrev, Wh, { accumulate: true }); // a += hPrev·Wh

  backend.tanhForward(h, a); // h = tanh(a)
}

/** Equation (20′) for one step of the sequence. */
export function rnnStepBackward(
  backend: BackendWith<'tanhBackward'>,
  recurrence: Recurrence,
  { da, dh, h, dhPrev, hPrevTransposed, dx, xTransposed }: Rows,
): void {
  const { WxTransposed, WhTransposed, dWx, dWh, gradients } = recurrence;

  // from  h = tanh(a)
  backend.tanhBackward(da, dh, h); // da = dh*(1-h²)

  // from  a = x·Wx + hPrev·Wh + b
  productBackward(backend, da, { dhPrev, WhTransposed, dWh, hPrevTransposed, db: gradients.bias });
  inputBackward(backend, dx, dWx, da, xTransposed, WxTransposed); // dx += da·Wxᵀ;  dWx += xᵀ·da
}

/** From  a = hPrev·Wh + b:  dhPrev `[B,H]` += da·Whᵀ;  dWh `[H,N]` += hPrevᵀ·da;  db `[N]` += Σ da. We add, because other steps have the same terms. */
export function productBackward(
  backend: Backend,
  da: Tensor,
  product: {
    /** ∂loss/∂hPrev, `[B,H]`. */ readonly dhPrev: Tensor;
    /** Whᵀ, `[N,H]`. */ readonly WhTransposed: Tensor;
    /** ∂loss/∂Wh, `[H,N]`. */ readonly dWh: Tensor;
    /** hPrevᵀ, `[H,B]`. */ readonly hPrevTransposed: Tensor;
    /** ∂loss/∂b, `[N]`. */ readonly db: Tensor;
  },
): void {
  const { dhPrev, WhTransposed, dWh, hPrevTransposed, db } = product;
  backend.matmul(dhPrev, da, WhTransposed, { accumulate: true }); // dhPrev += da·Whᵀ
  backend.matmul(dWh, hPrevTransposed, da, { accumulate: true }); // dWh += hPrevᵀ·da
  backend.columnSums(db, da, { accumulate: true }); // db += Σ da
}
