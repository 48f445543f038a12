/** The system's Chrome or Chromium, driven by playwright-core: one launcher for benchmarks, tests and screenshots. */
import { existsSync } from 'node:fs';
import type { Browser, BrowserServer, BrowserType, LaunchOptions } from 'playwright-core';

/** No browser can be started. The message says what to install. */
export class NoBrowserError extends Error {
  override readonly name = 'NoBrowserError';
}

const LINUX = ['/usr/bin/google-chrome', '/usr/bin/chromium', '/usr/bin/chromium-browser'];
/** Chromium without its windows: the same engine, with less memory, and a quarter less time for a test's pages. */
const HEADLESS_SHELL = '/usr/bin/chromium-headless-shell';

const ARGUMENTS = [
  ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), // Chromium refuses to run as root with its sandbox
  '--enable-unsafe-swiftshader', // WebGL on the CPU if there is no GPU
  '--enable-unsafe-webgpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
/** WebGPU on the CPU. */
const SOFTWARE_ADAPTER = '--use-webgpu-adapter=swiftshader';

/** Whether LONGHAND_BROWSER is set, or a browser lies where Linux distributions install it. */
export function hasBrowser(): boolean {
  return programs().length > 0;
}

/** Which of the programs are installed, in the order in which they are tried. */
function programs(candidates = [...LINUX, HEADLESS_SHELL]): string[] {
  const { LONGHAND_BROWSER: chosen } = process.env;
  return chosen === undefined ? candidates.filter((file) => existsSync(file)) : [chosen];
}

/** With WebGPU on the CPU, so that it computes the same on every computer; without windows if possible. */
export function launchChromium(): Promise<Browser> {
  return start((chromium, options) => chromium.launch(options), [...ARGUMENTS, SOFTWARE_ADAPTER], withoutWindows());
}

/** The same for several processes, which `chromium.connect` to its `wsEndpoint()`. */
export function launchChromiumServer(): Promise<BrowserServer> {
  const args = [...ARGUMENTS, SOFTWARE_ADAPTER];
  return start((chromium, options) => chromium.launchServer(options), args, withoutWindows());
}

const withoutWindows = (): string[] => programs([HEADLESS_SHELL, ...LINUX]);

/** With WebGPU on this computer's GPU, or on the CPU if there is none. */
export async function launchChromiumOnGpu(): Promise<Browser> {
  const browser = await start((chromium, options) => chromium.launch(options), ARGUMENTS);
  if (await hasWebGpu(browser)) return browser;
  await browser.close();
  return launchChromium();
}

async function start<Started>(
  startWith: (chromium: BrowserType, options: LaunchOptions) => Promise<Started>,
  args: string[],
  candidates = programs(),
): Promise<Started> {
  const chromium = await loadPlaywright();
  const places: LaunchOptions[] = hasBrowser()
    ? candidates.map((executablePath) => ({ executablePath }))
    : [{ channel: 'chrome' }, {}]; // Chrome on other systems, or a browser that playwright has downloaded
  let reason = '';
  for (const place of places) {
    try {
      // With playwright's own handlers, this process would survive SIGTERM and SIGHUP.
      return await startWith(chromium, { ...place, args, handleSIGTERM: false, handleSIGHUP: false });
    } catch (error) {
      reason ||= error instanceof Error ? error.message.split('\n')[0] : String(error);
    }
  }
  throw new NoBrowserError(
    `no Chromium can be started (${reason}). Install Chrome or Chromium (Debian: apt-get install chromium), or set the ` +
      'environment variable LONGHAND_BROWSER to the path of its program',
  );
}

async function loadPlaywright() {
  try {
    const { chromium } = await import('playwright-core');
    return chromium;
  } catch {
    throw new NoBrowserError('playwright-core is not installed: run npm ci in the project');
  }
}

async function hasWebGpu(browser: Browser): Promise<boolean> {
  const page = await browser.newPage();
  try {
    // `navigator.gpu` exists on secure origins only, such as a page of the browser's own.
    await page.goto('chrome://version');
    return await page.evaluate<boolean>('navigator.gpu?.requestAdapter().then((adapter) => adapter !== null) ?? false');
  } finally {
    await page.close();
  }
}
