/** Web Workers in Node, as far as jax-js needs them. Without Web Workers, jax-js computes on one thread. */
import { resolveObjectURL } from 'node:buffer';
import { Worker } from 'node:worker_threads';

/** The globals of a Web Worker. */
const SURROUNDINGS = `
  const { parentPort } = require('node:worker_threads');
  globalThis.self = globalThis;
  globalThis.postMessage = (data) => parentPort.postMessage(data);
  parentPort.on('message', (data) => globalThis.onmessage({ data }));
`;

class WebWorker {
  onmessage?: (event: { data: unknown }) => void;
  onerror?: (error: Error) => void;
  private readonly worker: Promise<Worker>;

  constructor(url: string) {
    this.worker = this.start(url);
    this.worker.catch((error: unknown) => this.onerror?.(error as Error));
  }

  postMessage(message: unknown): void {
    void this.worker.then((worker) => worker.postMessage(message));
  }

  private async start(url: string): Promise<Worker> {
    const source = await resolveObjectURL(url)?.text();
    if (source === undefined) throw new Error(`no source at ${url}`);
    const worker = new Worker(SURROUNDINGS + source, { eval: true });
    worker.on('message', (data: unknown) => this.onmessage?.({ data }));
    worker.on('error', (error) => this.onerror?.(error));
    worker.unref();
    return worker;
  }
}

/** Sets the globals `Worker` and `navigator.hardwareConcurrency` for several threads; does nothing for one. */
export function provideWebWorkers(threads: number): void {
  if (threads === 1) return;
  Object.assign(globalThis, { Worker: WebWorker });
  Object.defineProperty(globalThis, 'navigator', { value: { hardwareConcurrency: threads }, configurable: true });
}
