/** Trains a network of chapter 1 or of the gap experiment, and reports to the page. */
import type { Backend } from '../../../src/core/backend.js';
import { createWasmBackend } from '../../../kernels/wasm/index.js';
import { learnToWrite } from '../../learn/programs/first-text.mjs';
import { gapRun, NETWORKS } from '../../learn/programs/gap.mjs';

/** A network of the gap experiment. */
export interface GapJob {
  /** The index of one of `NETWORKS`. */
  readonly network: number;
  /** T: steps of a sequence. */
  readonly steps: number;
  readonly seed: number;
  readonly updates: number;
}

/** What to train: the LSTM of chapter 1, on the text at this address, or a network of the gap. */
type Job = string | GapJob;

/** What the worker reports of a gap. Of any job, a text says why it cannot go further. */
export interface GapLine {
  readonly update: number;
  readonly loss: number;
  /** Of 56 answers. */
  readonly correct: number;
}

/** What it reports of chapter 1: an update, perhaps with what the network then writes. */
export interface Written {
  readonly update: number;
  readonly text?: string;
}

globalThis.onmessage = ({ data }: MessageEvent<Job>): void => {
  work(data).catch((error: unknown) => globalThis.postMessage(String(error)));
};

async function work(job: Job): Promise<void> {
  const backend = await createWasmBackend({ threads: 1 });
  await (typeof job === 'string' ? write(backend, job) : fillGap(backend, job));
  await backend.dispose();
}

async function write(backend: Backend, address: string): Promise<void> {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`the text could not be loaded: the server answers ${response.status}`);
  const report = (written: Written): void => globalThis.postMessage(written);
  await learnToWrite(backend, await response.text(), report, (update: number) => {
    if (update % 10 === 0) report({ update });
  });
}

async function fillGap(backend: Backend, { network, steps, seed, updates }: GapJob): Promise<void> {
  const report = (line: GapLine): void => globalThis.postMessage(line);
  await gapRun(backend, NETWORKS[network], steps, seed, updates, report);
}
