/** The flags that choose a backend, and the creation of that backend. Each GPU backend is loaded only if it is chosen. */
import { MODES } from '../../kernels/gpu/gpu-js.js';
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { createWasmBackend, MOST_THREADS } from '../../kernels/wasm/index.js';
import { disableWideVectors, enableRelaxedSimd, enableWideVectors } from '../../kernels/wasm/node-flags.js';
import { isOptionSet, isTested, REVECTORIZE } from '../../kernels/wasm/wide-vectors.js';
import { type Command, Option } from 'commander';
import type { Backend } from '../core/backend.js';
import { untilInterrupted } from './current-run.js';
import { isGiven, wholeNumber } from './flag-values.js';

export const BACKENDS = ['wasm', 'webgpu', 'reference', 'gpu'] as const;

export const GPU_MODES = ['auto', ...MODES] as const;

/** Bits of V8's vectors. */
const VECTORS = ['128'] as const;

export interface BackendFlags {
  readonly backend: (typeof BACKENDS)[number];
  readonly gpuMode: (typeof GPU_MODES)[number];
  readonly threads?: number;
  readonly deterministic: boolean;
  readonly vectors?: (typeof VECTORS)[number];
}

/** Adds the flags that choose a backend. */
export function withBackendOptions(command: Command): Command {
  return command
    .addOption(new Option('--backend <name>', 'backend that runs the network').choices(BACKENDS).default('wasm'))
    .option('--threads <count>', 'threads of --backend wasm (default: one per core)', wholeNumber(1, MOST_THREADS))
    .option('--deterministic', 'with --backend wasm: bit-identical results on every computer', false)
    .addOption(new Option('--vectors <bits>', 'with --backend wasm: 128 turns off 256-bit vectors').choices(VECTORS))
    .addOption(new Option('--gpu-mode <mode>', 'GPU.js mode of --backend gpu').choices(GPU_MODES).default('auto'));
}

/** Runs `work` on the backend that the flags choose, until it ends or is interrupted, and disposes of the backend. */
export async function withBackend<Result>(
  flags: BackendFlags,
  command: Command,
  work: (backend: Backend, signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  if (isGiven(command, 'gpuMode') && flags.backend !== 'gpu') command.error('error: --gpu-mode needs --backend gpu');
  const ofWasm = (['threads', 'deterministic', 'vectors'] as const).find((name) => flags[name]);
  if (ofWasm && flags.backend !== 'wasm') command.error(`error: --${ofWasm} needs --backend wasm`);
  const backend = await createBackend(flags);
  try {
    return await untilInterrupted((signal) => work(backend, signal));
  } finally {
    await backend.dispose();
  }
}

/** What a training says about its backend. On a version of V8 that is not tested with 256-bit vectors, it says how to try them. */
export function backendLine({ name, description }: Backend, vectors: BackendFlags['vectors'] | undefined): string {
  const { v8, node } = process.versions;
  const canTry = name === 'wasm' && !vectors && process.arch === 'x64' && Number.parseInt(node) >= 24;
  const narrow = canTry && !isTested(v8) && !isOptionSet();
  const why = `V8 ${v8} is not tested with 256-bit vectors: to try them, start Node with --${REVECTORIZE}`;
  return `backend ${description}${narrow ? `, 128-bit because ${why}` : ''}`;
}

/** A run that began on the portable build resumes on that build, even if this engine has relaxed SIMD: the bits stay the same. */
export function withRecordedBuild(flags: BackendFlags, recorded: string): BackendFlags {
  const isPortable = /^wasm: .*\bportable SIMD\b/.test(recorded);
  return flags.backend === 'wasm' && isPortable ? { ...flags, deterministic: true } : flags;
}

async function createBackend({ backend, gpuMode, threads, deterministic, vectors }: BackendFlags): Promise<Backend> {
  if (backend === 'reference') return createReferenceBackend();
  if (backend === 'wasm') {
    if (!deterministic) enableRelaxedSimd();
    if (vectors) disableWideVectors();
    else enableWideVectors();
    return createWasmBackend({ deterministic, ...(threads && { threads }) });
  }
  if (backend === 'webgpu') {
    const { createWebGpuBackend } = await import('../../kernels/webgpu/index.js');
    return createWebGpuBackend();
  }
  const { createGpuBackend } = await import('../../kernels/gpu/index.js');
  return createGpuBackend({ mode: gpuMode });
}
