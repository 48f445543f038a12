/** Pages that tests open in a real Chromium. */
import { build } from 'esbuild';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { fileURLToPath } from 'node:url';
import { hasBrowser } from '../../bench/browser/chromium.js';
import { needs } from './needs.js';

/** `test` if this computer has a browser. */
export const testInBrowser = needs(
  'Chromium',
  hasBrowser(),
  'apt-get install chromium (Debian), or set LONGHAND_BROWSER',
);

/** Time limits in the browser only end what hangs. They are below testTimeout, so that a message says what a test waited for. */
export const PATIENCE_MS = 250_000;

/** What all files of a run share (global-setup.js): the address of its Chromium, or that of `longhand page`. */
export async function sharedAddress(of: 'chromium' | 'page'): Promise<string> {
  const answer = await fetch(process.env.LONGHAND_SHARED! + of);
  if (!answer.ok) throw new Error(await answer.text());
  return answer.text();
}

/** The Chromium that all files of a run share. `close` closes the contexts of this connection, and leaves the browser. */
export async function connectToChromium(): Promise<Browser> {
  const { chromium } = await import('playwright-core'); // half a second, and some files skip their tests
  return chromium.connect(await sharedAddress('chromium'));
}

/** Before the page opens: keeps what its workers send to it, for `untilWorkerSends`. */
export const keepMessages = (page: Page): Promise<unknown> =>
  page.addInitScript(() => {
    const fromWorkers: unknown[] = [];
    const Original = Worker;
    class Kept extends Original {
      constructor(...settings: ConstructorParameters<typeof Worker>) {
        super(...settings);
        this.addEventListener('message', ({ data }) => fromWorkers.push(data));
      }
    }
    const OriginalChannel = MessageChannel;
    class KeptChannel extends OriginalChannel {
      constructor() {
        super();
        this.port1.addEventListener('message', ({ data }) => fromWorkers.push(data));
      }
    }
    Object.assign(globalThis, { fromWorkers, Worker: Kept, MessageChannel: KeptChannel });
  });

/** Waits for a message of a worker that contains `text` as JSON. */
export const untilWorkerSends = (page: Page, text: string): Promise<unknown> =>
  page.waitForFunction(
    (part) => JSON.stringify((globalThis as unknown as { fromWorkers: unknown[] }).fromWorkers).includes(part),
    text,
  );

const TYPES: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript' };

export interface Site {
  /** By path; the page is `/index.html`, and its script sets `globalThis.trainOn`. */
  readonly files: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
}

const bundled = new Map<string, Promise<Site>>();

/** A site whose page has a script of this folder, bundled with the engine's own modules. */
export function bundledPage(script: string): Promise<Site> {
  if (!bundled.has(script)) bundled.set(script, bundle(script));
  return bundled.get(script)!;
}

async function bundle(script: string): Promise<Site> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(script, import.meta.url))],
    bundle: true,
    format: 'esm',
    platform: 'browser',
    minify: true, // minifiers must not break the kernels
    write: false,
    logLevel: 'silent',
  });
  return {
    files: {
      '/index.html': '<!doctype html><script type="module" src="/page.js"></script>',
      '/page.js': outputFiles[0].text,
    },
  };
}

/** Opens the site's page in a context of its own, and waits until the expression `ready` is true there. */
export async function openSite({ files, headers = {} }: Site, ready: string) {
  const server = createServer((request, response) => {
    const name = request.url ?? '';
    if (!(name in files)) return response.writeHead(404).end();
    response.writeHead(200, { ...headers, 'content-type': TYPES[path.extname(name)] });
    return response.end(files[name]);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const browser = await connectToChromium();
  const close = async (): Promise<void> => {
    await browser.close();
    server.close();
  };
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    const failure = new Promise<never>((_, reject) => page.on('pageerror', reject));
    failure.catch(() => undefined); // a caller may wait for it later, or not at all
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/index.html`);
    await Promise.race([page.waitForFunction(ready), failure]);
    return { page, failure, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Opens the site's page and returns what `trainOn(argument)` resolves to there. An error in the page is thrown here. */
export async function trainInPage<Result>(site: Site, argument: unknown): Promise<Result> {
  const { page, failure, close } = await openSite(site, 'globalThis.trainOn');
  try {
    return await Promise.race([page.evaluate<Result>(`trainOn(${JSON.stringify(argument)})`), failure]);
  } finally {
    await close();
  }
}
