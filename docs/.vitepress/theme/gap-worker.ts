/** Trains one network of the gap experiment, and reports its lines to the page. */
import { createWasmBackend } from '../../../kernels/wasm/index.js';
import { gapRun, NETWORKS } from '../../learn/programs/gap.mjs';

/** What to train. */
export interface GapJob {
  /** The index of one of `NETWORKS`. */
  readonly network: number;
  /** T: steps of a sequence. */
  readonly steps: number;
  readonly seed: number;
  readonly updates: number;
}

/** What the worker reports. A text says why it cannot. */
export interface GapLine {
  readonly update: number;
  readonly loss: number;
  /** Of 56 answers. */
  readonly correct: number;
}

globalThis.onmessage = ({ data }: MessageEvent<GapJob>): void => {
  work(data).catch((error: unknown) => globalThis.postMessage(String(error)));
};

async function work({ network, steps, seed, updates }: GapJob): Promise<void> {
  const backend = await createWasmBackend({ threads: 1 });
  const report = (line: GapLine): void => globalThis.postMessage(line);
  await gapRun(backend, NETWORKS[network], steps, seed, updates, report);
  await backend.dispose();
}
