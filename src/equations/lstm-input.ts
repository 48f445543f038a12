/**
 * What a step of an LSTM reads besides its own state: x of equation (1), and its product with Wx.
 *
 * Most LSTMs read one tensor of numbers. A layer above a bidirectional one reads two, as if they stood side by side. Then
 * x·Wx = Σ xₖ·Wxₖ, and Wxₖ is the rows of Wx that belong to xₖ. If x is class indices, x·Wx is a row of Wx: see embedding.ts,
 * (15).
 */
import type { Backend } from '../core/backend.js';
import type { Tensor } from '../core/tensor.js';

/** z `[B,4H]` = x·Wx + b: xₖ `[B,Iₖ]` or one tensor of class indices `[B]`, Wxₖ `[Iₖ,4H]`, b `[4H]`. */
export function inputForward(
  backend: Backend,
  z: Tensor,
  x: readonly Tensor[],
  Wx: readonly Tensor[],
  b: Tensor,
): void {
  x.forEach((xk, k) => {
    if (isIndices(xk))
      backend.embeddingForward(z, Wx[k], xk, b); // (15)
    else backend.matmul(z, xk, Wx[k], k === 0 ? { bias: b } : { accumulate: true });
  });
}

/**
 * From  z = x·Wx + b:  dxₖ `[B,Iₖ]` += dz·Wxₖᵀ;  dWxₖ `[Iₖ,4H]` += xₖᵀ·dz. `dx` is empty if the gradient of x is not computed.
 * `WxTransposed` and `xTransposed` are views: Wxₖᵀ `[4H,Iₖ]`, xₖᵀ `[Iₖ,B]` or class indices as they are.
 */
export function inputBackward(
  backend: Backend,
  dx: readonly Tensor[],
  dWx: readonly Tensor[],
  dz: Tensor,
  xTransposed: readonly Tensor[],
  WxTransposed: readonly Tensor[],
): void {
  dx.forEach((dxk, k) => backend.matmul(dxk, dz, WxTransposed[k], { accumulate: true }));
  dWx.forEach((dWxk, k) => {
    if (isIndices(xTransposed[k]))
      backend.embeddingBackward(dWxk, xTransposed[k], dz); // (15′)
    else backend.matmul(dWxk, xTransposed[k], dz, { accumulate: true });
  });
}

/** One step's input: numbers `[B,I]`, or class indices `[B]`. */
const isIndices = (x: Tensor): boolean => x.dimension === 1;
