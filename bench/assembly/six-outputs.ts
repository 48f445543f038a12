/**
 * The cell's forward equations (2) to (4) as one loop, within the loop over rows: eight units in a turn, and six outputs stored in pairs. No backend
 * uses it: under V8's option for 256-bit vectors, such a function ended a process of Node 26.10. test/kernels/merging.test.ts runs it.
 */
import { multiplyAdd, sigmoid, tanh } from '../../kernels/wasm/assembly/math';

/** h, c and cPrev `[B,H]`; gates and z `[B,4H]`, with i, j, f and o side by side. H is a multiple of 8. */
export function forward(h: usize, c: usize, gates: usize, z: usize, cPrev: usize, forgetBias: f32, B: i32, H: i32): void {
  const gate = <usize>H << 2, bias = f32x4.splat(forgetBias);
  for (; B > 0; B--) {
    let zJ = z + gate, zF = zJ + gate, zO = zF + gate;
    let i = gates, j = i + gate, f = j + gate, o = f + gate;
    for (let left = H; left > 0; left -= 8) {
      const i0 = sigmoid(v128.load(z)), i1 = sigmoid(v128.load(z, 16));
      const j0 = tanh(v128.load(zJ)), j1 = tanh(v128.load(zJ, 16));
      const f0 = sigmoid(f32x4.add(v128.load(zF), bias)), f1 = sigmoid(f32x4.add(v128.load(zF, 16), bias));
      const o0 = sigmoid(v128.load(zO)), o1 = sigmoid(v128.load(zO, 16));
      const c0 = multiplyAdd(f0, v128.load(cPrev), f32x4.mul(i0, j0));
      const c1 = multiplyAdd(f1, v128.load(cPrev, 16), f32x4.mul(i1, j1));
      const h0 = f32x4.mul(o0, tanh(c0)), h1 = f32x4.mul(o1, tanh(c1));
      v128.store(i, i0); v128.store(i, i1, 16);
      v128.store(j, j0); v128.store(j, j1, 16);
      v128.store(f, f0); v128.store(f, f1, 16);
      v128.store(o, o0); v128.store(o, o1, 16);
      v128.store(c, c0); v128.store(c, c1, 16);
      v128.store(h, h0); v128.store(h, h1, 16);
      z += 32; zJ += 32; zF += 32; zO += 32; cPrev += 32;
      i += 32; j += 32; f += 32; o += 32; c += 32; h += 32;
    }
    z += 3 * gate;
    gates = o;
  }
}
