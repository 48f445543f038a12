/** Trains the LSTM of chapter 1 on the text at an address, and reports to the page what it writes. */
import { createWasmBackend } from '../../../kernels/wasm/index.js';
import { learnToWrite } from '../../learn/programs/first-text.mjs';

/** What the worker reports: an update, perhaps with what the network then writes; or a text, why it cannot go further. */
export interface Progress {
  readonly update: number;
  readonly text?: string;
}

globalThis.onmessage = ({ data }: MessageEvent<string>): void => {
  work(data).catch((error: unknown) => globalThis.postMessage(String(error)));
};

async function work(address: string): Promise<void> {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`the text could not be loaded: the server answers ${response.status}`);
  const backend = await createWasmBackend({ threads: 1 });
  const report = (progress: Progress): void => globalThis.postMessage(progress);
  await learnToWrite(backend, await response.text(), report, (update: number) => {
    if (update % 10 === 0) report({ update });
  });
  await backend.dispose();
}
