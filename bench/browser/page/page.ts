/** A page with one Web Worker, in which a candidate computes: only workers may wait on an atomic. */
import type { Answers, Failure } from '../../measure/protocol.js';
import type { Message } from './worker.js';

export interface Page {
  ask(message: Message): Promise<Answers[keyof Answers] | Failure>;
}

const worker = new Worker('/worker.js', { type: 'module' });

const page: Page = {
  ask: (message) =>
    new Promise((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<Answers[keyof Answers] | Failure>) => resolve(data);
      worker.onerror = ({ message }) => reject(new Error(message || 'its Web Worker does not start'));
      worker.postMessage(message);
    }),
};
Object.assign(globalThis, page);
