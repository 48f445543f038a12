import type { AccumulateOptions } from './backend.js';
import type { Tensor } from './tensor.js';

/** out `[N]` = the sum of the rows of a `[M,N]` (+ out): the gradient of a bias that was added to every row. */
export function columnSums(out: Tensor, a: Tensor, { accumulate = false }: AccumulateOptions = {}): void {
  const [M, N] = a.shape;
  for (let n = 0; n < N; n++) {
    let sum = accumulate ? out.get(n) : 0;
    for (let m = 0; m < M; m++) sum += a.get(m, n);
    out.set(n, sum);
  }
}
