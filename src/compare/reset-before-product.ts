/**
 * The GRU of Cho et al. (2014), to name what differs: r multiplies hPrev, not hPrev·Whn. Beside src/equations/gru.ts, whose (21) to (23)
 * are the same otherwise:
 *
 *   n = tanh(axn + ahn);  ahn = (r*hPrev)·Whn + bRecurrent
 *
 * Backward, s = r*hPrev:
 *   dan = dn*(1-n²);  ds = dan·Whnᵀ;  dWhn += sᵀ·dan;  dr = ds*hPrev;  dhPrev += ds*r
 *
 * It is computed with the functions of the tensors on the host, so on the reference backend only.
 */
import { cellOf } from '../cells/cells.js';
import { stepCell } from '../cells/step-cell.js';
import type { BackendWith } from '../core/backend.js';
import { type Tensor, transposeOf } from '../core/tensor.js';
import { inputBackward, inputForward } from '../equations/lstm-input.js';
import type { Recurrence, StepRows } from '../equations/recurrence.js';
import { productBackward } from '../equations/rnn.js';

type Name = 'h' | 'hPrev' | 'dh' | 'dhPrev' | 'gates' | 'n' | 's' | 'ds' | 'ax' | 'ah' | 'dax' | 'dn';

/** Columns `from` … `to` of a matrix, or elements of a vector. */
const part = (tensor: Tensor, from: number, to: number): Tensor =>
  tensor.dimension === 1 ? tensor.hi(to).lo(from) : tensor.hi(-1, to).lo(0, from);
const sigmoid = (a: number): number => 1 / (1 + Math.exp(-a));

function stepForward(backend: BackendWith<'tanhForward'>, { Wx, Wh, values }: Recurrence, step: StepRows<Name>): void {
  const { x, hPrev, ax, ah, gates, n, s, h } = step;
  const [B, H] = h.shape;
  const recurrent = (from: number, to: number) => ({ bias: part(values.recurrentBias, from, to) });
  inputForward(backend, ax, x, Wx, values.bias);
  backend.matmul(part(ah, 0, 2 * H), hPrev, part(Wh, 0, 2 * H), recurrent(0, 2 * H));
  for (let b = 0; b < B; b++) {
    for (let k = 0; k < H; k++) {
      for (const column of [k, H + k]) gates.set(b, column, sigmoid(ax.get(b, column) + ah.get(b, column))); // r, z
      s.set(b, k, gates.get(b, k) * hPrev.get(b, k));
    }
  }
  const an = part(ah, 2 * H, 3 * H);
  backend.matmul(an, s, part(Wh, 2 * H, 3 * H), recurrent(2 * H, 3 * H));
  backend.add(an, part(ax, 2 * H, 3 * H));
  backend.tanhForward(n, an);
  for (let b = 0; b < B; b++) {
    for (let k = 0; k < H; k++) {
      const z = gates.get(b, H + k);
      h.set(b, k, (1 - z) * n.get(b, k) + z * hPrev.get(b, k));
    }
  }
}

function stepBackward(backend: BackendWith<'tanhBackward'>, recurrence: Recurrence, step: StepRows<Name>): void {
  const { WxTransposed, WhTransposed, dWx, dWh, gradients } = recurrence;
  const { xTransposed, hPrev, dh, dhPrev, gates, n, s, ds, dax, dn, dx } = step;
  const [B, H] = dh.shape;
  const product = (from: number, to: number) => ({
    WhTransposed: WhTransposed.hi(to).lo(from),
    dWh: part(dWh, from, to),
    db: part(gradients.recurrentBias, from, to),
  });
  const dan = part(dax, 2 * H, 3 * H);
  // from  h = (1-z)*n + z*hPrev;  n = tanh(axn + ahn)
  for (let b = 0; b < B; b++) {
    for (let k = 0; k < H; k++) {
      const z = gates.get(b, H + k);
      dn.set(b, k, dh.get(b, k) * (1 - z));
      dax.set(b, H + k, dh.get(b, k) * (hPrev.get(b, k) - n.get(b, k)) * z * (1 - z));
      dhPrev.set(b, k, dhPrev.get(b, k) + dh.get(b, k) * z);
    }
  }
  backend.tanhBackward(dan, dn, n);
  // from  ahn = s·Whn + bRecurrent
  backend.fill(ds, 0);
  productBackward(backend, dan, { dhPrev: ds, hPrevTransposed: transposeOf(s), ...product(2 * H, 3 * H) });
  // from  s = r*hPrev
  for (let b = 0; b < B; b++) {
    for (let k = 0; k < H; k++) {
      const r = gates.get(b, k);
      dax.set(b, k, ds.get(b, k) * hPrev.get(b, k) * r * (1 - r));
      dhPrev.set(b, k, dhPrev.get(b, k) + ds.get(b, k) * r);
    }
  }
  // from  ah = hPrev·Wh + bRecurrent, for r and z;  ax = x·Wx + b
  productBackward(backend, part(dax, 0, 2 * H), { dhPrev, hPrevTransposed: transposeOf(hPrev), ...product(0, 2 * H) });
  inputBackward(backend, dx, dWx, dax, xTransposed, WxTransposed);
  backend.columnSums(gradients.bias, dax, { accumulate: true });
}

/** A GRU with the parameters and states of the other one. */
export const resetBeforeProduct = stepCell<Name>({
  ...cellOf('gru'),
  name: 'gru, reset before the product',
  operations: ['tanhForward', 'tanhBackward'],
  otherShapes: ({ T, B, H }) => ({
    ...{ gates: [T, B, 2 * H], n: [T, B, H], s: [T, B, H], ax: [B, 3 * H], ah: [B, 3 * H] },
    ...{ dax: [B, 3 * H], dn: [B, H], ds: [B, H] },
  }),
  stepForward,
  stepBackward,
});
