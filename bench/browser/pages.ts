/** `--browser`: every candidate in a page of its own, in a renderer process of its own, cross-origin isolated. */
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { LeftOutError } from '../candidate.js';
import type { Entrant } from '../entrants.js';
import type { Peak } from '../peak.js';
import type { Contender, Place } from '../place.js';
import type { Hello } from '../processes.js';
import { PATIENCE_MS } from '../processes.js';
import type { Answers, Request } from '../protocol.js';
import type { Site } from './bundle.js';
import { bundleSite, PAGE_PROGRAMS } from './bundle.js';
import { launchChromiumOnGpu } from './chromium.js';
import type { Page as PageGlobals } from './page/page.js';
import type { Message } from './page/worker.js';

/** Without them there is no shared memory, so no threads, and a coarse clock. */
const ISOLATING = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
};

export async function browserPlace(): Promise<Place> {
  const browser = await launchChromiumOnGpu();
  const server = await serve(await bundleSite());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/index.html`;
  const engine = `Chromium ${browser.version()}`;
  return {
    kind: 'page',
    engine,
    peak: await peakIn(browser, url),
    open: async (entrant) => {
      const isForPages = PAGE_PROGRAMS.includes(entrant.program) && entrant.mode !== 'headlessgl';
      if (!isForPages) throw new LeftOutError('does not run in a page');
      const [page, hello] = await CandidatePage.start(entrant, browser, url);
      return [page, { ...hello, engine }];
    },
    close: async () => {
      await browser.close();
      server.close();
    },
  };
}

async function serve(site: Site): Promise<Server> {
  const server = createServer((request, response) => {
    const file = site.get(request.url ?? '');
    response.writeHead(file ? 200 : 404, { ...ISOLATING, ...(file && { 'content-type': file.type }) });
    response.end(file?.contents);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
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

class CandidatePage implements Contender {
  private constructor(
    private readonly context: BrowserContext,
    private readonly page: Page,
  ) {}

  static async start(entrant: Entrant, browser: Browser, url: string): Promise<[CandidatePage, Hello]> {
    const { program, mode, threads } = entrant;
    const context = await browser.newContext(); // pages of one context may share a process
    const page = await context.newPage();
    const candidate = new CandidatePage(context, page);
    try {
      await page.goto(url);
      await page.waitForFunction('globalThis.ask');
      return [candidate, (await candidate.send({ program, options: { mode, threads } })) as Hello];
    } catch (error) {
      candidate.close();
      throw error;
    }
  }

  async ask<Ask extends Request['ask']>(request: Request & { ask: Ask }): Promise<Answers[Ask]> {
    return (await this.send(request)) as Answers[Ask];
  }

  close(): void {
    this.context.close().catch(() => {}); // it is gone already
  }

  private async send(message: Message): Promise<Answers[keyof Answers]> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        this.close();
        reject(new LeftOutError(`no answer within ${PATIENCE_MS / 1000} s`));
      }, PATIENCE_MS);
    });
    const answer = this.page.evaluate((sent) => (globalThis as unknown as PageGlobals).ask(sent), message);
    try {
      const received = await Promise.race([answer, late]);
      if ('failure' in received) throw new LeftOutError(received.failure);
      return received;
    } finally {
      clearTimeout(timer);
    }
  }
}
