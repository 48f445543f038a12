/** Pages that tests open in a real Chromium. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { hasBrowser, launchChromium } from '../../bench/browser/chromium.js';

// A developer's computer may lack a browser; CI may not.
export const testInBrowser = hasBrowser() || process.env.CI ? test : test.skip;

const TYPES: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript' };

export interface Site {
  /** By path; the page is `/index.html`, and its script sets `globalThis.trainOn`. */
  readonly files: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Opens the site's page and returns what `trainOn(argument)` resolves to there. An error in the page is thrown here. */
export async function trainInPage<Result>({ files, headers = {} }: Site, argument: unknown): Promise<Result> {
  const server = createServer((request, response) => {
    const name = request.url ?? '';
    if (!(name in files)) return response.writeHead(404).end();
    response.writeHead(200, { ...headers, 'content-type': TYPES[path.extname(name)] });
    return response.end(files[name]);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const browser = await launchChromium();
  try {
    const page = await browser.newPage();
    const failure = new Promise<never>((_, reject) => page.on('pageerror', reject));
    const result = async (): Promise<Result> => {
      await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/index.html`);
      await page.waitForFunction('globalThis.trainOn');
      return page.evaluate<Result>(`trainOn(${JSON.stringify(argument)})`);
    };
    return await Promise.race([result(), failure]);
  } finally {
    await browser.close();
    server.close();
  }
}
