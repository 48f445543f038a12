/** The entry point that chooses a backend by name. GPU.js is loaded only when it is asked for. */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { createWasmBackend, MOST_THREADS } from '../../kernels/wasm/index.js';
import { enableRelaxedSimd } from '../../kernels/wasm/relaxed-in-node.js';
import { type Command, Option } from 'commander';
import type { Backend } from '../backend.js';
import { wholeNumber } from './flag-values.js';

export const BACKENDS = ['wasm', 'reference', 'gpu'] as const;
export type BackendName = (typeof BACKENDS)[number];

export const GPU_MODES = ['auto', 'webgpu', 'webgl2', 'headlessgl', 'webasm', 'cpu'] as const;
export type GpuMode = (typeof GPU_MODES)[number];

export interface BackendFlags {
  readonly backend: BackendName;
  readonly gpuMode?: GpuMode;
  readonly threads?: number;
  readonly deterministic: boolean;
}

/** The options that choose a backend, on every command that computes. */
export function withBackendOptions(command: Command): Command {
  return command
    .addOption(new Option('--backend <name>', 'what computes').choices(BACKENDS).default('wasm'))
    .option('--threads <count>', 'with --backend wasm (default: one a core)', wholeNumber(1, MOST_THREADS))
    .option('--deterministic', 'with --backend wasm: the same bits on every computer', false)
    .addOption(new Option('--gpu-mode <mode>', 'with --backend gpu (default: auto)').choices(GPU_MODES));
}

/** Runs `work` on the backend that the flags choose, and disposes of it. */
export async function withBackend<Result>(
  flags: BackendFlags,
  command: Command,
  work: (backend: Backend) => Promise<Result>,
): Promise<Result> {
  if (flags.gpuMode && flags.backend !== 'gpu') command.error('error: --gpu-mode needs --backend gpu');
  if (flags.threads && flags.backend !== 'wasm') command.error('error: --threads needs --backend wasm');
  if (flags.deterministic && flags.backend !== 'wasm') command.error('error: --deterministic needs --backend wasm');
  const backend = await createBackend(flags);
  try {
    return await work(backend);
  } finally {
    await backend.dispose();
  }
}

/** A run that was recorded on the portable build continues on it, bit for bit, also if this engine has relaxed SIMD. */
export function continuing(flags: BackendFlags, recorded: string): BackendFlags {
  const isPortable = /^wasm: .*\bportable SIMD\b/.test(recorded);
  return flags.backend === 'wasm' && isPortable ? { ...flags, deterministic: true } : flags;
}

async function createBackend({ backend, gpuMode = 'auto', threads, deterministic }: BackendFlags): Promise<Backend> {
  if (backend === 'reference') return createReferenceBackend();
  if (backend === 'wasm') {
    if (!deterministic) enableRelaxedSimd();
    return createWasmBackend({ deterministic, ...(threads && { threads }) });
  }
  const { createGpuBackend } = await import('../../kernels/gpu/index.js');
  return createGpuBackend({ mode: gpuMode });
}
