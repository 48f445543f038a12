/**
 * minGRU: a GRU whose gate reads only x, so that its state is a scan. From Feng et al. 2024, "Were RNNs all we needed?", arXiv
 * 2410.01201, in its vanilla form: the candidate is linear in x, and nothing is computed in logarithms. The paper's z is u here.
 *
 * Forward:
 *   (1)  z = x·Wx + b, of all steps in one product
 *   (27) u = σ(zu);  j = zj;  a₀ = 1-u;  b = u*j
 *   (28) a = a₀, or with signed factors 2·a₀ - 1: see scan.ts
 *   (26) h = a*hPrev + b
 *
 * Backward, in reverse order:
 *   (26′) da = dh*hPrev;  db = dh;  dhPrev += dh*a
 *   (28′) da₀ = da, or 2·da
 *   (27′) dzj = db*u;  dzu = (db*j - da₀)*u*(1-u)
 *   (1′)  dx += dz·Wxᵀ;  dWx += xᵀ·dz;  db += Σ dz, each of all steps in one
 */
import type { BackendWith } from '../core/backend.js';
import type { Tensor } from '../core/tensor.js';
import type { Block, Scan } from './scan-blocks.js';
import { scanInputBackward, scanInputForward } from './scan-blocks.js';
import { scanBackward, scanForward, stretched, stretchedBackward } from './scan.js';

const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));

/**
 * Equations (27), (28) and (26) of all steps: h `[T,B,H]` from the state before, hPrev `[B,H]`. On entry gates `[T,B,2H]` hold zu and zj;
 * on return, u and j. `signed`: factors from -1 to 1; `reverse`: from the last step to the first.
 */
export function minGruForward(h: Tensor, gates: Tensor, hPrev: Tensor, signed: boolean, reverse: boolean): void {
  const [T, B, H] = h.shape;
  for (let t = 0; t < T; t++) {
    for (let b = 0; b < B; b++) {
      for (let n = 0; n < H; n++) gates.set(t, b, n, sigmoid(gates.get(t, b, n))); // (27) u; j is zj
    }
  }
  const bAt = (t: number, b: number, n: number): number => gates.get(t, b, n) * gates.get(t, b, H + n); // (27) u*j
  scanForward(h, hPrev, factorOf(gates, signed), bAt, reverse);
}

/**
 * Equations (26′), (28′) and (27′) of all steps: dz, gates `[T,B,2H]`; dh, h `[T,B,H]`; dhPrev, hPrev `[B,H]`. On entry dh holds what
 * reaches h from outside; on return, the complete ∂loss/∂h. Adds the gradient of hPrev to dhPrev.
 */
export function minGruBackward(
  dz: Tensor,
  dh: Tensor,
  dhPrev: Tensor,
  gates: Tensor,
  h: Tensor,
  hPrev: Tensor,
  signed: boolean,
  reverse: boolean,
): void {
  const [, , H] = h.shape;
  const toGates = (t: number, b: number, n: number, dA: number, dB: number): void => {
    const u = gates.get(t, b, n);
    const j = gates.get(t, b, H + n);
    const dA0 = stretchedBackward(dA, signed); // (28′)

    // (27′) from  u = σ(zu);  j = zj;  a₀ = 1-u;  b = u*j
    dz.set(t, b, n, (dB * j - dA0) * u * (1 - u));
    dz.set(t, b, H + n, dB * u);
  };
  scanBackward(dh, dhPrev, h, hPrev, factorOf(gates, signed), toGates, reverse);
}

/** (27) and (28): a from a₀ = 1-u. */
const factorOf =
  (gates: Tensor, signed: boolean) =>
  (t: number, b: number, n: number): number =>
    stretched(1 - gates.get(t, b, n), signed);

/** Equations (1), (27), (28) and (26) for a block of steps. */
export function minGruBlockForward(backend: BackendWith<'minGruForward'>, scan: Scan, block: Block): void {
  scanInputForward(backend, scan, block); // (1)
  backend.minGruForward(block.h, block.gates, block.hPrev, scan.signed, scan.reverse); // (27), (28), (26)
}

/** Equations (26′), (28′), (27′) and (1′) for a block of steps. */
export function minGruBlockBackward(backend: BackendWith<'minGruBackward'>, scan: Scan, block: Block): void {
  const { dz, dh, dhPrev, gates, h, hPrev } = block;
  backend.minGruBackward(dz, dh, dhPrev, gates, h, hPrev, scan.signed, scan.reverse); // (26′), (28′), (27′)
  scanInputBackward(backend, scan, block); // (1′)
}
