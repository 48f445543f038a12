/** The page as its visitors have it, in a Chromium; and what must never happen on it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import sirv from 'sirv';
import { launchChromium } from '../../bench/browser/chromium.js';
import { MAIN } from './longhand-process.js';

export class LonghandPage {
  private constructor(
    readonly address: string,
    private readonly stop: () => void,
    private readonly browser: Browser,
  ) {}

  /** Served by `longhand page`. */
  static async serve(): Promise<LonghandPage> {
    const server = spawn(process.execPath, [MAIN, 'page', '--port', '0', '--no-open'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(server.stdout, 'data')) as [Buffer];
    return new LonghandPage(/http:\S+/.exec(line.toString())![0], () => server.kill(), await launchChromium());
  }

  /** From a host that knows nothing of it: the folder under a path, no header that isolates the page. */
  static async host(folder: string): Promise<LonghandPage> {
    const PREFIX = '/some/where';
    const files = sirv(folder);
    const server = createServer((request, response) => {
      request.url = request.url?.replace(PREFIX, '') ?? '';
      files(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const stop = (): void => {
      server.closeAllConnections();
      server.close();
    };
    return new LonghandPage(`http://127.0.0.1:${port}${PREFIX}/`, stop, await launchChromium());
  }

  /** As when a driver crashes. */
  async killGpu(): Promise<void> {
    const session = await this.browser.newBrowserCDPSession();
    const { processInfo } = await session.send('SystemInfo.getProcessInfo');
    process.kill(processInfo.find(({ type }) => type === 'GPU')!.id, 'SIGKILL');
  }

  async close(): Promise<void> {
    await this.browser.close();
    this.stop();
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
