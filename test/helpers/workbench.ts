/** Runs cases of the backend suite that have several operations in a row, on a backend and on the formulas. */
import type { Backend } from '../../src/core/backend.js';
import { fillRandom, Random } from '../../src/core/rng.js';
import type { Tensor } from '../../src/core/tensor.js';
import { transposeOf, valuesOf } from '../../src/core/tensor.js';
import { createFormulaBackend } from './formula-backend.js';
import { expectClose } from './guarded.js';

/** Makes the tensors of a case. The same case gets the same numbers on every backend. */
export class Workbench {
  private readonly random: Random;

  constructor(
    readonly backend: Backend,
    seed: number,
  ) {
    this.random = new Random(seed);
  }

  /** Numbers of the host, of size about 1. */
  uploaded(...shape: number[]): Tensor {
    const tensor = this.backend.allocate(shape);
    this.write(tensor);
    return tensor;
  }

  /** Overwrites rows of a tensor with numbers of the host. */
  write(tensor: Tensor): void {
    fillRandom(tensor, () => Math.fround(this.random.normal(0, 0.7)));
    this.backend.upload(tensor);
  }

  /** A product, computed on the backend. */
  product(M: number, N: number): Tensor {
    const out = this.backend.allocate([M, N]);
    this.multiplyInto(out);
    return out;
  }

  /** Overwrites rows of a tensor with a product, or adds a product to them. */
  multiplyInto(out: Tensor, { K = 3, accumulate = false, aTransposed = false, bTransposed = false } = {}): void {
    const [M, N] = out.shape;
    const a = aTransposed ? transposeOf(this.uploaded(K, M)) : this.uploaded(M, K);
    const b = bTransposed ? transposeOf(this.uploaded(N, K)) : this.uploaded(K, N);
    this.backend.matmul(out, a, b, { accumulate });
  }

  /** left·right in a new tensor. */
  productOf(left: Tensor, right: Tensor): Tensor {
    const out = this.backend.allocate([left.shape[0], right.shape[1]]);
    this.backend.matmul(out, left, right);
    return out;
  }
}

export interface LongCase {
  readonly name: string;
  /** Computes tensors to compare. */
  readonly run: (workbench: Workbench) => Tensor[] | Promise<Tensor[]>;
}

/** A few f32 operations in a row, on numbers of size about 1: sums of up to 130 terms. */
const TOLERANCE = 2e-5;

async function resultsOn(backend: Backend, seed: number, { run }: LongCase): Promise<Float64Array[]> {
  const tensors = await run(new Workbench(backend, 100 + seed));
  for (const tensor of tensors) await backend.download(tensor);
  return tensors.map(valuesOf);
}

export function expectedOfLongCase(seed: number, one: LongCase): Promise<Float64Array[]> {
  return resultsOn(createFormulaBackend(), seed, one);
}

export async function runLongCase(
  backend: Backend,
  expected: readonly Float64Array[],
  seed: number,
  one: LongCase,
): Promise<void> {
  const actual = await resultsOn(backend, seed, one);
  for (const [n, values] of expected.entries()) {
    expect(values.some((value) => value !== 0)).toBe(true);
    expectClose(actual[n], values, TOLERANCE);
  }
}
