/**
 * The list of candidates. Four words have one meaning each in bench/:
 *
 * - candidate: what is measured, that is a program in one mode on a number of threads;
 * - program: a file of programs/, which computes tasks;
 * - process: a running candidate: a process of Node or of Python, or a page;
 * - rival: another project's package, which a program calls.
 */
import { type Mode, MODES } from '../kernels/gpu/gpu-js.js';
import type { Kind } from './tasks.js';

export interface Candidate {
  /** As in `--backends` and the reports, without the number of threads. */
  readonly name: string;
  readonly threads: number;
  readonly kinds: readonly Kind[];
  /** A file of programs/ without its ending, or PyTorch's script. */
  readonly program: string;
  readonly mode: string;
  /** The module of its process of Node, if it is that of another revision. */
  readonly child?: string;
}

export type EngineKind = 'node' | 'page';

/** One candidate, or one for each number of threads on the engines that give it threads. */
type ListEntry = Omit<Candidate, 'threads'> & { readonly threadedIn?: readonly EngineKind[] };

const ANY_ENGINE: readonly EngineKind[] = ['node', 'page'];

const CELL: readonly Kind[] = ['cellForward', 'cellBackward'];
const TUTORIAL: readonly Kind[] = ['matmul', ...CELL, 'forward', 'step'];
const ALL: readonly Kind[] = [...TUTORIAL, 'network'];
const WITH_CELLS: readonly Kind[] = [...ALL, 'anyCell'];

/** Where a driver computes on the CPU, the other modes need seconds for one step of a network, and longer for the first. */
const NETWORK_MODES: readonly Mode[] = ['webgl2', 'webasm'];

const CANDIDATES: readonly ListEntry[] = [
  { name: 'longhand-wasm', program: 'longhand', mode: 'wasm', kinds: WITH_CELLS, threadedIn: ANY_ENGINE },
  {
    name: 'longhand-wasm-portable',
    program: 'longhand',
    mode: 'wasm-portable',
    kinds: WITH_CELLS,
    threadedIn: ANY_ENGINE,
  },
  { name: 'longhand-reference', program: 'longhand', mode: 'reference', kinds: WITH_CELLS },
  ...MODES.map((mode) => ({
    name: `longhand-gpu-${mode}`,
    program: 'longhand',
    mode,
    kinds: NETWORK_MODES.includes(mode) ? ALL : TUTORIAL,
  })),
  { name: 'longhand-webgpu', program: 'longhand', mode: 'wgsl', kinds: ALL },
  { name: 'loops', program: 'longhand', mode: 'loops', kinds: TUTORIAL },
  { name: 'tensorflow-wasm', program: 'tensorflow', mode: 'wasm', kinds: ALL, threadedIn: ['page'] },
  { name: 'tensorflow-webgpu', program: 'tensorflow', mode: 'webgpu', kinds: TUTORIAL },
  { name: 'tensorflow-webgl', program: 'tensorflow', mode: 'webgl', kinds: TUTORIAL },
  { name: 'tensorflow-cpu', program: 'tensorflow', mode: 'cpu', kinds: TUTORIAL },
  { name: 'jax-wasm', program: 'jax', mode: 'wasm', kinds: ALL, threadedIn: ANY_ENGINE },
  { name: 'jax-webgpu', program: 'jax', mode: 'webgpu', kinds: ALL },
  ...MODES.map((mode) => ({ name: `gpujs-${mode}`, program: 'gpujs', mode, kinds: ['matmul'] as const })),
  { name: 'onnxruntime', program: 'onnxruntime', mode: '', kinds: ['forward'], threadedIn: ANY_ENGINE },
  { name: 'pytorch', program: 'pytorch.py', mode: '', kinds: WITH_CELLS, threadedIn: ANY_ENGINE },
  { name: 'pytorch-cuda', program: 'pytorch.py', mode: 'cuda', kinds: ALL },
];

/** Candidates whose name is one of `wanted` or begins with it (all if it is empty), one for each number of threads. */
export function candidatesFor(wanted: readonly string[], threads: readonly number[], engine: EngineKind): Candidate[] {
  const isWanted = (name: string): boolean =>
    wanted.length === 0 || wanted.some((one) => name === one || name.startsWith(`${one}-`));
  return CANDIDATES.filter(({ name }) => isWanted(name)).flatMap(({ threadedIn = [], ...rest }) =>
    (threadedIn.includes(engine) ? threads : [1]).map((count) => ({ ...rest, threads: count })),
  );
}

/** The candidate that all others are compared with. */
export const BASELINE = 'longhand-wasm';

export function candidateNames(): string[] {
  return CANDIDATES.map(({ name }) => name);
}

/** `longhand-wasm ×2`: the name, and the number of threads if there are several. */
export function labelOf({ candidate, threads }: { candidate: string; threads: number }): string {
  return threads > 1 ? `${candidate} ×${threads}` : candidate;
}
