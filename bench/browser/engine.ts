/** `--browser`: each candidate in a page and a renderer process of its own, cross-origin isolated. */
import type { Browser, BrowserContext, JSHandle } from 'playwright-core';
import type { Candidate } from '../candidates.js';
import { type Engine, TIMEOUT_MS } from '../measure/engine.js';
import type { Peak } from '../measure/peak.js';
import type { Answers, CandidateProcess, Failure, Request, Started } from '../measure/protocol.js';
import { LeftOutError } from '../program.js';
import { launchChromiumOnGpu } from './chromium.js';
import type { Message } from './page/worker.js';
import { bundleSite, PAGE_PROGRAMS, serve } from './site.js';

export async function chromiumEngine(): Promise<Engine> {
  const browser = await launchChromiumOnGpu();
  const { site } = await bundleSite();
  const server = await serve(site);
  const { url } = server;
  const name = `Chromium ${browser.version()}`;
  return {
    kind: 'page',
    name,
    peak: await peakIn(browser, url),
    start: async (candidate) => {
      const isForPages = PAGE_PROGRAMS.includes(candidate.program) && candidate.mode !== 'headlessgl';
      if (!isForPages) throw new LeftOutError('does not run in a page');
      const { process, hello } = await PageProcess.start(candidate, browser, url);
      return { process, hello: { ...hello, engine: name } };
    },
    close: async () => {
      await browser.close();
      server.close();
    },
  };
}

async function peakIn(browser: Browser, url: string): Promise<Peak> {
  const page = await browser.newPage();
  await page.goto(url);
  const peak = await page.evaluate<Peak>(`(async () => {
    const bytes = async (name) => new Uint8Array(await (await fetch('/peak/' + name + '.wasm')).arrayBuffer());
    const { measurePeak } = await import('/peak.js');
    return measurePeak({ portable: await bytes('portable'), relaxed: await bytes('relaxed') });
  })()`);
  await page.close();
  return peak;
}

/** A page with one Web Worker, in which a candidate computes: only workers may wait on an atomic. */
class PageProcess implements CandidateProcess {
  private constructor(
    private readonly context: BrowserContext,
    private readonly worker: JSHandle<Worker>,
  ) {}

  static async start({ program, mode, threads }: Candidate, browser: Browser, url: string): Promise<Started> {
    const context = await browser.newContext(); // pages of one context may share a process
    try {
      const page = await context.newPage();
      await page.goto(url);
      const worker = await page.evaluateHandle(() => new Worker('/worker.js', { type: 'module' }));
      const process = new PageProcess(context, worker);
      const hello = await process.send({ program, options: { mode, threads } });
      return { process, hello: hello as Answers['hello'] };
    } catch (error) {
      await context.close().catch(() => {}); // if it has closed already
      throw error;
    }
  }

  async ask<Ask extends Request['ask']>(request: Request & { ask: Ask }): Promise<Answers[Ask]> {
    return (await this.send(request)) as Answers[Ask];
  }

  close(): void {
    this.context.close().catch(() => {}); // if it has closed already
  }

  private async send(message: Message): Promise<Answers[keyof Answers]> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        this.close();
        reject(new LeftOutError(`no answer within ${TIMEOUT_MS / 1000} s`));
      }, TIMEOUT_MS);
    });
    const answer = this.worker.evaluate(
      (worker, sent) =>
        new Promise<Answers[keyof Answers] | Failure>((resolve, reject) => {
          worker.onmessage = ({ data }) => resolve(data as Answers[keyof Answers] | Failure);
          worker.onerror = (event) => reject(new Error(event.message || 'its Web Worker does not start'));
          worker.postMessage(sent);
        }),
      message,
    );
    try {
      const received = await Promise.race([answer, late]);
      if ('failure' in received) throw new LeftOutError(received.failure);
      return received;
    } finally {
      clearTimeout(timer);
    }
  }
}
