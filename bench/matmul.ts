/**
 * `npm run bench`: the products of a training step on every backend that needs no GPU.
 * Every result is checked against a plain triple loop in f64 before it is timed. GFLOPS count 2·M·N·K a product.
 */
import Benchmark from 'benchmark';
import { createGpuBackend } from '../kernels/gpu/index.js';
import { createReferenceBackend } from '../kernels/reference/index.js';
import { createWasmBackend } from '../kernels/wasm/index.js';
import type { Backend } from '../src/backend.js';
import { fillRandom, Random } from '../src/rng.js';
import type { Tensor } from '../src/tensor.js';
import { transposeOf } from '../src/tensor.js';

const isQuick = process.argv.includes('--quick');
const isSlow = (backend: Backend): boolean => backend.name === 'gpu';

interface Case {
  readonly name: string;
  readonly M: number;
  readonly K: number;
  readonly N: number;
  readonly aTransposed?: boolean;
  readonly bTransposed?: boolean;
}

const CASES: Case[] = [
  { name: 'x·Wx   A·B  ', M: 3584, K: 28, N: 512 },
  { name: 'h·Wh   A·B  ', M: 128, K: 128, N: 512 },
  { name: 'dz·Whᵀ A·Bᵀ ', M: 128, K: 512, N: 128, bTransposed: true },
  { name: 'hᵀ·dz  Aᵀ·B ', M: 128, K: 3584, N: 512, aTransposed: true },
];

function operands(backend: Backend, { M, K, N, aTransposed, bTransposed }: Case): [Tensor, Tensor, Tensor] {
  const random = new Random(1);
  const [out, a, b] = [
    backend.allocate([M, N]),
    backend.allocate(aTransposed ? [K, M] : [M, K]),
    backend.allocate(bTransposed ? [N, K] : [K, N]),
  ];
  for (const tensor of [a, b]) {
    fillRandom(tensor, () => Math.fround(random.uniform(-1, 1)));
    backend.upload(tensor);
  }
  return [out, aTransposed ? transposeOf(a) : a, bTransposed ? transposeOf(b) : b];
}

/** The largest error of `out`, in units of what K products and K sums of size ≤ 4, each rounded to f32, may add up to. */
function errorOf(out: Tensor, a: Tensor, b: Tensor): number {
  const [M, K] = a.shape;
  const N = b.shape[1];
  let largest = 0;
  for (let m = 0; m < M; m += 7) {
    for (let n = 0; n < N; n += 5) {
      let sum = 0;
      for (let k = 0; k < K; k++) sum += a.get(m, k) * b.get(k, n);
      largest = Math.max(largest, Math.abs(out.get(m, n) - sum) / (4 * K * 2 ** -24));
    }
  }
  return largest;
}

async function measure(backend: Backend, one: Case): Promise<string> {
  const [out, a, b] = operands(backend, one);
  backend.matmul(out, a, b);
  await backend.download(out);
  const error = errorOf(out, a, b);
  if (!(error <= 1)) return `WRONG by ${error.toFixed(1)} times the bound of 4K·2⁻²⁴`;

  const seconds = await medianSeconds(async () => {
    backend.matmul(out, a, b);
    if (isSlow(backend)) await backend.download(out);
  });
  const { M, K, N } = one;
  return `${(seconds * 1e3).toFixed(2).padStart(9)} ms ${((2 * M * N * K) / seconds / 1e9).toFixed(2).padStart(7)} GFLOPS`;
}

function medianSeconds(work: () => Promise<void>): Promise<number> {
  return new Promise((resolve, reject) => {
    new Benchmark({
      defer: true,
      fn: (deferred: { resolve(): void }) => void work().then(() => deferred.resolve(), reject),
      maxTime: isQuick ? 0.1 : 3,
      minSamples: isQuick ? 1 : 15,
      onComplete: ({ currentTarget }: { currentTarget: Benchmark }) => {
        const samples = [...(currentTarget.stats.sample as number[])].sort((first, second) => first - second);
        resolve(samples[Math.floor(samples.length / 2)]);
      },
    }).run({ async: true });
  });
}

const backends = [
  await createWasmBackend({ threads: 1 }),
  await createWasmBackend({ threads: 2 }),
  createReferenceBackend(),
  await createGpuBackend({ mode: 'webasm' }),
  await createGpuBackend({ mode: 'cpu' }),
];
for (const backend of backends) {
  console.log(`\n${backend.description}`);
  for (const one of CASES) {
    console.log(`  ${one.name} [${one.M},${one.K}]·[${one.K},${one.N}]  ${await measure(backend, one)}`);
  }
  await backend.dispose();
}
