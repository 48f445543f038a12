/**
 * minLSTM: an LSTM whose gates read only x, so that its state is a scan. From Feng et al. 2024, "Were RNNs all we needed?", arXiv
 * 2410.01201, in its vanilla form: the candidate is linear in x, the two gates are divided by their sum, and nothing is computed in
 * logarithms. It has no output gate, and its c is h. The paper has no forget bias: there it is 0.
 *
 * Forward:
 *   (1)  z = x·Wx + b, of all steps in one product
 *   (29) i = σ(zi);  j = zj;  f = σ(zf + forgetBias);  a₀ = f/(f+i);  b = i/(f+i)*j
 *   (28) a = a₀, or with signed factors 2·a₀ - 1: see scan.ts
 *   (26) h = a*hPrev + b
 *
 * Backward, in reverse order:
 *   (26′) da = dh*hPrev;  db = dh;  dhPrev += dh*a
 *   (28′) da₀ = da, or 2·da
 *   (29′) dzj = db*(1-a₀);  dRatio = (da₀ - db*j)*a₀*(1-a₀);  dzi = -dRatio*(1-i);  dzf = dRatio*(1-f)
 *   (1′)  dx += dz·Wxᵀ;  dWx += xᵀ·dz;  db += Σ dz, each of all steps in one
 */
import type { BackendWith } from '../core/backend.js';
import type { Tensor } from '../core/tensor.js';
import type { Block, Scan } from './scan-blocks.js';
import { scanInputBackward, scanInputForward } from './scan-blocks.js';
import { scanBackward, scanForward, stretched, stretchedBackward } from './scan.js';

/**
 * Below this z, σ(z) is eᶻ to the last digit of f64. If zi and zf + forgetBias are both below it, adding the same number to both keeps
 * f/(f+i). Without this, both gates become 0, and 0/0 is NaN: in f32 below -104, in f64 below -745.
 */
const EXPONENTIAL = -40;

const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));

/**
 * Equations (29), (28) and (26) of all steps: h `[T,B,H]` from the state before, hPrev `[B,H]`. On entry gates `[T,B,3H]` hold zi, zj and
 * zf; on return, i, j and f. `signed`: factors from -1 to 1; `reverse`: from the last step to the first.
 */
export function minLstmForward(
  h: Tensor,
  gates: Tensor,
  hPrev: Tensor,
  forgetBias: number,
  signed: boolean,
  reverse: boolean,
): void {
  const [T, B, H] = h.shape;
  for (let t = 0; t < T; t++) {
    for (let b = 0; b < B; b++) {
      for (let n = 0; n < H; n++) {
        // (29) i and f; j is zj. If both z are below -40, they are raised until the larger one is -40
        const zi = gates.get(t, b, n);
        const zf = gates.get(t, b, 2 * H + n) + forgetBias;
        const raise = Math.max(0, EXPONENTIAL - Math.max(zi, zf));
        gates.set(t, b, n, sigmoid(zi + raise));
        gates.set(t, b, 2 * H + n, sigmoid(zf + raise));
      }
    }
  }
  const a0At = keptOf(gates, H);
  const bAt = (t: number, b: number, n: number): number => (1 - a0At(t, b, n)) * gates.get(t, b, H + n); // i/(f+i)*j
  scanForward(h, hPrev, (t, b, n) => stretched(a0At(t, b, n), signed), bAt, reverse);
}

/**
 * Equations (26′), (28′) and (29′) of all steps: dz, gates `[T,B,3H]`; dh, h `[T,B,H]`; dhPrev, hPrev `[B,H]`. On entry dh holds what
 * reaches h from outside; on return, the complete ∂loss/∂h. Adds the gradient of hPrev to dhPrev.
 */
export function minLstmBackward(
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
  const a0At = keptOf(gates, H);
  const toGates = (t: number, b: number, n: number, dA: number, dB: number): void => {
    const i = gates.get(t, b, n);
    const j = gates.get(t, b, H + n);
    const f = gates.get(t, b, 2 * H + n);
    const a0 = a0At(t, b, n);
    const dA0 = stretchedBackward(dA, signed); // (28′)

    // (29′) from  a₀ = f/(f+i);  b = (1-a₀)*j:  ∂a₀/∂f = i/(f+i)² = a₀*(1-a₀)/f, and ∂f/∂zf = f*(1-f); i in the same way
    const dRatio = (dA0 - dB * j) * a0 * (1 - a0);
    dz.set(t, b, n, -dRatio * (1 - i));
    dz.set(t, b, H + n, dB * (1 - a0));
    dz.set(t, b, 2 * H + n, dRatio * (1 - f));
  };
  scanBackward(dh, dhPrev, h, hPrev, (t, b, n) => stretched(a0At(t, b, n), signed), toGates, reverse);
}

/** (29) a₀ = f/(f+i), so i/(f+i) is 1-a₀. */
const keptOf =
  (gates: Tensor, H: number) =>
  (t: number, b: number, n: number): number => {
    const [i, f] = [gates.get(t, b, n), gates.get(t, b, 2 * H + n)];
    return f / (f + i);
  };

/** Equations (1), (29), (28) and (26) for a block of steps. */
export function minLstmBlockForward(backend: BackendWith<'minLstmForward'>, scan: Scan, block: Block): void {
  scanInputForward(backend, scan, block); // (1)
  backend.minLstmForward(block.h, block.gates, block.hPrev, scan.forgetBias, scan.signed, scan.reverse); // (29), (28), (26)
}

/** Equations (26′), (28′), (29′) and (1′) for a block of steps. */
export function minLstmBlockBackward(backend: BackendWith<'minLstmBackward'>, scan: Scan, block: Block): void {
  const { dz, dh, dhPrev, gates, h, hPrev } = block;
  backend.minLstmBackward(dz, dh, dhPrev, gates, h, hPrev, scan.signed, scan.reverse); // (26′), (28′), (29′)
  scanInputBackward(backend, scan, block); // (1′)
}
