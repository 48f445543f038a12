/** The types of network-problem.mjs. */
import type { createReferenceBackend } from '../../kernels/reference/index.js';
import type { copyInto, tensorFrom, valuesOf } from '../../src/core/tensor.js';
import type { CompleteSizes } from '../../src/network/config.js';
import type { Network } from '../../src/network/network.js';

/** The functions of the library that the comparison needs. */
export interface Library {
  readonly Network: typeof Network;
  readonly createReferenceBackend: typeof createReferenceBackend;
  readonly copyInto: typeof copyInto;
  readonly tensorFrom: typeof tensorFrom;
  readonly valuesOf: typeof valuesOf;
}

type Flat = readonly number[];
type ByName = Readonly<Record<string, Flat>>;

/** A `problem` of test/fixtures/network.py. */
export interface Problem {
  readonly network: CompleteSizes;
  readonly T: number;
  readonly B: number;
  readonly lengths: Flat;
  readonly parameters: ByName;
  readonly x: Flat;
  readonly h0: ByName;
  readonly c0: ByName;
  readonly labels?: Flat;
  readonly targets?: Flat;
  readonly masks?: ByName;
}

/** The `results` of test/fixtures/network.py. */
export interface PyTorchResults extends Record<'logits' | 'h', Flat>, Record<'hLast' | 'cLast' | 'gradients', ByName> {
  readonly loss: number;
}

export type Results = Readonly<Record<string, ArrayLike<number>>>;

export function networkOf(library: Library, problem: Problem): Network;
export function resultsOf(library: Library, problem: Problem, network: Network): Promise<Results>;
export function expectedOf(problem: Problem, results: PyTorchResults): Readonly<Record<string, Flat>>;
export function errorsOf(actual: Results, expected: Readonly<Record<string, Flat>>): { name: string; error: number }[];
