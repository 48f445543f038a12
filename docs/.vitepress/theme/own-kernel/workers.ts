/** The page's side of the workers: the reader's kernel, and what /measure measures with, if this site has it. */
import { withBase } from 'vitepress';
import { type Asked, RunError, tooLong } from '../../../../bench/kernel/drive.js';
import { Rival } from '../../../../bench/kernel/rival.js';
import type { Answers, Ask, Refused } from '../../../../bench/kernel/session.js';
import type { CandidateProcess, Started } from '../../../../bench/measure/protocol.js';
import type { Limits } from './tasks.js';

type Answer = Answers[keyof Answers] | Refused;

/** A page can end its worker, but not the browser's process that computes for the GPU. */
const STILL =
  'The browser may still compute a kernel that does not end: if the next run does not begin, close the browser, and open it again.';

/** Started when it is first asked, and again after it had to be ended. */
export class KernelWorker implements Asked {
  private worker: Worker | undefined;
  private fail: ((error: RunError) => void) | undefined;

  async ask(ask: Ask, limitMs: number): Promise<Answer> {
    const worker = (this.worker ??= new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' }));
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      return await new Promise<Answer>((resolve, reject) => {
        this.fail = reject;
        timer = setTimeout(() => this.end(`${tooLong(ask, limitMs)} ${STILL}`), limitMs);
        worker.onmessage = ({ data }: MessageEvent<Answer>) => resolve(data);
        worker.onerror = (event) => {
          event.preventDefault(); // it is shown on the page
          this.end(
            `The kernel’s worker failed: ${event.message || 'it could not be loaded'}. Try again, or reload the page.`,
          );
        };
        worker.postMessage(ask);
      });
    } finally {
      clearTimeout(timer);
      this.fail = undefined;
    }
  }

  /** No message stops a kernel that does not end. */
  end(why: string): void {
    this.worker?.terminate();
    this.worker = undefined;
    this.fail?.(new RunError(why));
  }
}

/** Ten seconds, as for a kernel. */
const LIMIT_MS = 10_000;

/** A worker of /measure: bench/browser/page/worker.ts, as the build of the site bundles it. */
class MeasureWorker implements CandidateProcess {
  private readonly worker = new Worker(withBase('/measure/files/worker.js'), { type: 'module' });

  ask<Result>(request: object): Promise<Result> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.close();
        reject(new Error(`it did not answer within ${LIMIT_MS / 1000} seconds`));
      }, LIMIT_MS);
      this.worker.onmessage = ({ data }: MessageEvent<Result & { readonly failure?: string }>) => {
        clearTimeout(timer);
        if (data.failure === undefined) resolve(data);
        else reject(new Error(data.failure));
      };
      this.worker.onerror = (event) => {
        event.preventDefault();
        clearTimeout(timer);
        reject(new Error(event.message || 'this site has no files for it'));
      };
      this.worker.postMessage(request);
    });
  }

  close(): void {
    this.worker.terminate();
  }
}

export const tensorflow = (): Rival =>
  new Rival('tensorflow-webgpu', async () => {
    const process = new MeasureWorker();
    const hello = await process.ask<Started['hello']>({
      program: 'tensorflow',
      options: { mode: 'webgpu', threads: 1 },
    });
    return { process, hello };
  });

/** undefined if this site, or the device, does not say. */
export async function limitsOfDevice(): Promise<Limits | undefined> {
  const process = new MeasureWorker();
  try {
    return await process.ask<Limits>({ limit: 'webgpu' });
  } catch {
    return undefined;
  } finally {
    process.close();
  }
}
