/** GPU.js's browser modes in a real Chromium: the engine's own modules, bundled, train in a page. */
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import type { PageResult } from './setup/browser-page.js';

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

async function bundlePage(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('setup/browser-page.ts', import.meta.url))],
    bundle: true,
    format: 'esm',
    platform: 'browser',
    minify: true, // minifiers must not break the kernels
    write: false,
    logLevel: 'silent',
  });
  return outputFiles[0].text;
}

/** Opens the page, runs `trainOn(mode)` in it, and returns its result and what the console complained of. */
async function trainInPage(mode: string): Promise<PageResult> {
  const script = await bundlePage();
  const server = createServer((request, response) => {
    const isScript = request.url === '/page.js';
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
    response.end(isScript ? script : '<!doctype html><script type="module" src="/page.js"></script>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const browser = await chromium.launch({ ...(executablePath && { executablePath }), args: ARGUMENTS });
  try {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await page.waitForFunction('globalThis.trainOn');
    return await page.evaluate<PageResult>(`trainOn('${mode}')`);
  } finally {
    await browser.close();
    server.close();
  }
}

// A machine may lack a browser; CI may not.
const testInBrowser = executablePath || process.env.CI ? test : test.skip;

testInBrowser.each(['webgl2', 'webgpu', 'webasm'])(
  'in Chromium, GPU.js mode %s: 30 training steps have the reference’s losses',
  async (mode) => {
    const { description, losses, expected } = await trainInPage(mode);
    expect(description).toMatch(new RegExp(`^gpu: GPU\\.js, mode ${mode}, .`));
    expect(losses).toHaveLength(30);
    losses.forEach((loss, step) => expect(Math.abs(loss / expected[step] - 1)).toBeLessThan(1e-3));
  },
);
