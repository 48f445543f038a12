/** The page as its visitors have it: served by `longhand page`, in a Chromium; and what must never happen on it. */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { MAIN } from '../longhand-process.js';
import { openBrowser } from './chromium.js';

export class LonghandPage {
  private constructor(
    readonly address: string,
    private readonly server: ChildProcess,
    private readonly browser: Browser,
  ) {}

  static async serve(): Promise<LonghandPage> {
    const server = spawn(process.execPath, [MAIN, 'page', '--port', '0', '--no-open'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(server.stdout, 'data')) as [Buffer];
    return new LonghandPage(/http:\S+/.exec(line.toString())![0], server, await openBrowser());
  }

  /** As when a driver crashes. */
  async killGpu(): Promise<void> {
    const session = await this.browser.newBrowserCDPSession();
    const { processInfo } = await session.send('SystemInfo.getProcessInfo');
    process.kill(processInfo.find(({ type }) => type === 'GPU')!.id, 'SIGKILL');
  }

  async close(): Promise<void> {
    await this.browser.close();
    this.server.kill();
  }

  /** A visit that has begun: the images are there, and a run stands at step 0. */
  async visit(query = '', options: VisitOptions = {}): Promise<Visit> {
    const visit = await this.open(query, options);
    await visit.page.waitForSelector('#play:enabled');
    return visit;
  }

  async open(query: string, { prepare, ...context }: VisitOptions = {}): Promise<Visit> {
    const page = await (await this.browser.newContext(context)).newPage();
    const visit = new Visit(page, new URL(this.address).origin);
    await prepare?.(page);
    await page.goto(this.address + query);
    return visit;
  }
}

interface VisitOptions extends BrowserContextOptions {
  readonly prepare?: (page: Page) => Promise<unknown>;
}

export class Visit {
  /** Errors on the console or in the page, and requests to others. */
  readonly faults: string[] = [];

  constructor(
    readonly page: Page,
    origin: string,
  ) {
    page.setDefaultTimeout(15_000);
    page.on('console', (message) => {
      if (message.type() === 'error') this.faults.push(message.text());
    });
    page.on('pageerror', (error) => this.faults.push(error.message));
    page.on('request', (request) => {
      const { protocol, origin: asked } = new URL(request.url());
      if (asked !== origin && !['blob:', 'data:'].includes(protocol)) this.faults.push(`asks ${request.url()}`);
    });
  }

  text(selector: string): Promise<string> {
    return this.page.innerText(selector);
  }

  /** Presses Play, and waits until the run pauses at the step that the address says. */
  async playToTheEnd(): Promise<void> {
    await this.page.click('#play');
    await this.page.waitForFunction(() => /\d\.\d+/.test(document.querySelector('#test-accuracy')?.textContent ?? ''));
  }

  /** Waits until the look inside is that of the network after `step` steps. */
  async seen(step: number): Promise<void> {
    await this.page.waitForFunction(
      (text) => document.querySelector('#says-after')?.textContent.includes(text),
      `after ${step} steps`,
    );
  }

  async close(): Promise<void> {
    await this.page.context().close();
  }
}
