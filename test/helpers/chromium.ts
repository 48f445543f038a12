/** A real Chromium, and the pages that tests show it. */
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { chromium } from 'playwright-core';

const BROWSERS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const executablePath = process.env.LONGHAND_BROWSER ?? BROWSERS.find((file) => existsSync(file));
const ARGUMENTS = [
  '--no-sandbox', // CI runs as root
  '--enable-unsafe-swiftshader', // WebGL on the CPU
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

// A machine may lack a browser; CI may not.
export const testInBrowser = executablePath || process.env.CI ? test : test.skip;

export const openBrowser = (): Promise<Browser> =>
  chromium.launch({ ...(executablePath && { executablePath }), args: ARGUMENTS });

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
  const browser = await openBrowser();
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
