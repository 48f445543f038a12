/** The page in a real Chromium, as visitors see it. Errors and requests to other origins are recorded as faults. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import sirv from 'sirv';
import { launchChromium } from '../../bench/browser/chromium.js';
import { counted } from '../../src/core/arguments.js';
import { type Tensor, valuesOf } from '../../src/core/tensor.js';
import { parseCheckpoint } from '../../src/training/checkpoint.js';
import { connectToChromium, PATIENCE_MS, sharedAddress, testInBrowser } from './chromium.js';

export class LonghandPage {
  private constructor(
    readonly address: string,
    private readonly stop: () => void,
    private readonly browser: Browser,
  ) {}

  /** Served by `longhand page`. */
  static async serve(): Promise<LonghandPage> {
    return new LonghandPage(await sharedAddress('page'), () => undefined, await connectToChromium());
  }

  /** Served by `longhand page` to a browser of its own, whose processes can be killed. */
  static async serveAlone(): Promise<LonghandPage> {
    return new LonghandPage(await sharedAddress('page'), () => undefined, await launchChromium());
  }

  /** Served by a plain host: the folder under a path, without the headers that isolate the page. */
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
    return new LonghandPage(`http://127.0.0.1:${port}${PREFIX}/`, stop, await connectToChromium());
  }

  /** Kills the browser's GPU process, as a crash of the driver would. */
  async killGpu(): Promise<void> {
    const session = await this.browser.newBrowserCDPSession();
    const { processInfo } = await session.send('SystemInfo.getProcessInfo');
    process.kill(processInfo.find(({ type }) => type === 'GPU')!.id, 'SIGKILL');
  }

  async close(): Promise<void> {
    await this.browser.close();
    this.stop();
  }

  /** A visit whose images are loaded, with a run at step 0. */
  async visit(query = '', options: VisitOptions = {}): Promise<Visit> {
    const visit = await this.open(query, options);
    await Promise.race([visit.page.waitForSelector('#play:enabled'), visit.firstError]);
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
  /** Errors on the console or in the page, and requests to other origins. */
  readonly faults: string[] = [];
  /** Rejects with the first error that no code of the page catches. */
  readonly firstError: Promise<never>;

  constructor(
    readonly page: Page,
    origin: string,
  ) {
    page.setDefaultTimeout(PATIENCE_MS);
    page.on('console', (message) => {
      if (message.type() === 'error') this.faults.push(message.text());
    });
    this.firstError = new Promise((_, reject) =>
      page.on('pageerror', (error) => {
        this.faults.push(error.message);
        reject(error);
      }),
    );
    this.firstError.catch(() => undefined); // a test that expects errors does not wait for it
    page.on('request', (request) => {
      const { protocol, origin: asked } = new URL(request.url());
      if (asked !== origin && !['blob:', 'data:'].includes(protocol)) this.faults.push(`asks ${request.url()}`);
    });
  }

  text(selector: string): Promise<string> {
    return this.page.innerText(selector);
  }

  /** Waits until the element's text is `text`. */
  async waitForText(selector: string, text: string): Promise<void> {
    await this.page.waitForFunction(([found, expected]) => document.querySelector(found)?.textContent === expected, [
      selector,
      text,
    ] as const);
  }

  /** Waits until the run has made exactly `step` steps. */
  waitForStep(step: number): Promise<void> {
    return this.waitForText('#step', String(step));
  }

  /** Waits until the run has made at least `step` steps. */
  async waitForStepAfter(step: number): Promise<void> {
    await this.page.waitForFunction((least) => Number(document.querySelector('#step')?.textContent) >= least, step);
  }

  /** Unfolds the settings of a network on digits or a text. */
  async openSettings(): Promise<void> {
    if ((await this.page.getAttribute('#settings-fold', 'open')) === null)
      await this.page.click('#settings-fold summary');
  }

  /** Types a setting, and leaves its field. */
  async set(name: string, value: string): Promise<void> {
    await this.openSettings();
    await this.page.fill(`[name=${name}]`, value);
    await this.page.press(`[name=${name}]`, 'Tab');
  }

  /** Saves the run's checkpoint into a folder. Returns its file, which has the name that the page suggests. */
  async save(folder: string): Promise<string> {
    const download = this.page.waitForEvent('download');
    await this.page.click('#save:enabled');
    const file = path.join(folder, (await download).suggestedFilename());
    await (await download).saveAs(file);
    return file;
  }

  /** Pastes a text for the subject “Text”. */
  async paste(text: string): Promise<void> {
    await this.page.click('#paste');
    await this.page.fill('#own-text', text);
    await this.page.click('#use-text');
  }

  /** Presses Play, and waits until the run pauses and its test is done. */
  async playToTheEnd(): Promise<void> {
    await this.page.click('#play');
    await this.waitForTest();
  }

  /** Waits for the accuracy on the test images. */
  async waitForTest(): Promise<void> {
    await this.page.waitForFunction(() => /\d\.\d+/.test(document.querySelector('#test-result')?.textContent ?? ''));
  }

  /** Waits until “Look inside” shows the network after `step` steps. */
  async inspected(step: number): Promise<void> {
    await this.page.waitForFunction(
      (text) => document.querySelector('#prediction-after')?.textContent.includes(text),
      `after ${counted(step, 'training step')}`,
    );
  }

  /** The text of the error box, once it is shown. */
  async error(): Promise<string> {
    await this.page.waitForSelector('#error:not([hidden])');
    return this.text('#error-text');
  }

  /** Presses one of the buttons that the error box offers. */
  async act(label: string): Promise<void> {
    await this.page.click(`#error-actions button:text("${label}")`);
  }

  /** The kind of the question that the browser asks at `action`. The answer is to stay. */
  async askedBefore(action: (page: Page) => Promise<unknown>): Promise<string> {
    const asked = new Promise<string>((resolve) => {
      this.page.once('dialog', (dialog) => void dialog.dismiss().then(() => resolve(dialog.type())));
    });
    await action(this.page);
    return asked;
  }

  /** Drops the faults that a test causes on purpose. */
  forgive(words: RegExp): void {
    const others = this.faults.filter((fault) => !words.test(fault));
    this.faults.splice(0, Infinity, ...others);
  }

  async close(): Promise<void> {
    await this.page.context().close();
  }
}

/**
 * For a test file: its visits of a site, by default the page that `longhand page` serves. Each test's visits are closed after
 * the test, which fails if one of them had a fault.
 */
export function servePage(serve = () => LonghandPage.serve()) {
  let site: LonghandPage;
  let visits: Visit[] = [];
  const shared: Visit[] = [];
  const record = (visit: Visit): Visit => {
    visits.push(visit);
    return visit;
  };
  const willRun = testInBrowser === test;
  beforeAll(async () => {
    if (willRun) site = await serve();
  });
  afterAll(async () => {
    if (willRun) await site.close();
  });
  afterEach(async () => {
    const faults = [...visits, ...shared].flatMap((visit) => visit.faults.splice(0));
    await Promise.all(visits.map((visit) => visit.close()));
    visits = [];
    expect(faults).toEqual([]);
  });
  return {
    address: () => site.address,
    open: async (...args: Parameters<LonghandPage['open']>) => record(await site.open(...args)),
    visit: async (...args: Parameters<LonghandPage['visit']>) => record(await site.visit(...args)),
    /** One visit for all tests of a `describe`: loading the images takes longer than most tests. */
    shareVisit: (query: string, options: VisitOptions = {}): (() => Visit) => {
      let visit: Visit;
      beforeAll(async () => {
        if (!willRun) return;
        visit = await site.visit(query, options);
        shared.push(visit);
      });
      afterAll(async () => {
        if (willRun) await visit.close();
      });
      return () => visit;
    },
  };
}

/** Before the page opens: its worker, whose globals cannot be reached from here, runs `script` before the engine. */
export const beforeEngine = (page: Page, script: string): Promise<unknown> =>
  page.route('**/engine-*.js', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `${script};${await response.text()}` });
  });

/** A script for `beforeEngine`. */
export const NO_WEBGPU = `Object.defineProperty(navigator, 'gpu', { value: undefined })`;

/** A network and batches that train quickly, on one thread: several would wait for each other most of the time. */
export const SMALL = '?threads=1&hidden=16&batchSize=32';

/** Makes a list of what a page requests. */
export const recordRequests = (requested: string[]): VisitOptions => ({
  prepare: async (page) => void page.on('request', (request) => requested.push(request.url())),
});

/** What the checkpoint of a run holds, as numbers that can be compared. */
export function numbersIn(file: string) {
  const { model, training } = parseCheckpoint(readFileSync(file), file);
  const { means, squares, states, step } = training!;
  const values = (tensors: Readonly<Record<string, Tensor>>) =>
    Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, [...valuesOf(tensor)]]));
  const [parameters, ...others] = [model.parameters, means, squares, states].map(values);
  return { step, vocabulary: model.vocabulary, parameters, others };
}
