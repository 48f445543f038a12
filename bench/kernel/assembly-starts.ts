/** Kernels in AssemblyScript to begin with. docs/kernels.md explains the steps that they follow. */

export const LOOPS = `// Three loops, one number at a time. Addresses and distances are in bytes.
export function product(out: usize, a: usize, b: usize, M: i32, K: i32, N: i32): void {
  for (let m = 0; m < M; m++) {
    for (let n = 0; n < N; n++) {
      let sum: f32 = 0;
      for (let k = 0; k < K; k++) {
        sum += load<f32>(a + ((m * K + k) << 2)) * load<f32>(b + ((k * N + n) << 2));
      }
      store<f32>(out + ((m * N + n) << 2), sum);
    }
  }
}
`;

export const TILE = `// A tile of 2 rows and 16 columns: its sums stay in 8 registers of four numbers while k runs.
// A separate function: the engine makes a function fast that is called often, not a loop that runs.
function tile2x16(out: usize, a: usize, b: usize, K: i32, N: i32): void {
  const nextA = K << 2, nextRow = N << 2; // bytes to the next row
  let s00 = f32x4.splat(0), s01 = s00, s02 = s00, s03 = s00;
  let s10 = s00, s11 = s00, s12 = s00, s13 = s00;
  for (let k = 0; k < K; k++) {
    const b0 = v128.load(b), b1 = v128.load(b, 16), b2 = v128.load(b, 32), b3 = v128.load(b, 48);
    let x = v128.load32_splat(a);
    s00 = multiplyAdd(x, b0, s00); s01 = multiplyAdd(x, b1, s01);
    s02 = multiplyAdd(x, b2, s02); s03 = multiplyAdd(x, b3, s03);
    x = v128.load32_splat(a + nextA);
    s10 = multiplyAdd(x, b0, s10); s11 = multiplyAdd(x, b1, s11);
    s12 = multiplyAdd(x, b2, s12); s13 = multiplyAdd(x, b3, s13);
    a += 4;
    b += nextRow;
  }
  v128.store(out, s00); v128.store(out, s01, 16); v128.store(out, s02, 32); v128.store(out, s03, 48);
  out += nextRow;
  v128.store(out, s10); v128.store(out, s11, 16); v128.store(out, s12, 32); v128.store(out, s13, 48);
}

// x*y + sum: fused, with one rounding, if the engine has relaxed SIMD.
// @ts-ignore: decorator
@inline
function multiplyAdd(x: v128, y: v128, sum: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(x, y, sum);
  return f32x4.add(f32x4.mul(x, y), sum);
}

// One number, for the rows and columns that fill no tile.
function single(out: usize, a: usize, b: usize, K: i32, N: i32): void {
  let sum: f32 = 0;
  for (let k = 0; k < K; k++) sum += load<f32>(a + (k << 2)) * load<f32>(b + ((k * N) << 2));
  store<f32>(out, sum);
}

export function product(out: usize, a: usize, b: usize, M: i32, K: i32, N: i32): void {
  const inTiles = M & ~1; // the rows of whole tiles
  for (let n = 0; n < N; ) {
    const isWhole = n + 16 <= N;
    for (let m = 0; m < M; ) {
      const to = out + ((m * N + n) << 2), from = a + ((m * K) << 2);
      if (isWhole && m < inTiles) {
        tile2x16(to, from, b + (n << 2), K, N);
        m += 2;
      } else {
        const columns = isWhole ? 16 : 1;
        for (let s = 0; s < columns; s++) single(to + (s << 2), from, b + ((n + s) << 2), K, N);
        m += 1;
      }
    }
    n += isWhole ? 16 : 1;
  }
}
`;
