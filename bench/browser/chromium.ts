/** The system's Chrome or Chromium, driven by playwright-core. */
import { existsSync } from 'node:fs';
import type { Browser, LaunchOptions } from 'playwright-core';

/** There is none. The message says what to install. */
export class NoBrowserError extends Error {
  override readonly name = 'NoBrowserError';
}

const LINUX = ['/usr/bin/google-chrome', '/usr/bin/chromium', '/usr/bin/chromium-browser'];

const ARGUMENTS = [
  ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), // as root it starts only without
  '--enable-unsafe-swiftshader', // WebGL on the CPU where there is no GPU
  '--enable-unsafe-webgpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
/** WebGPU on the CPU. */
const SOFTWARE_ADAPTER = '--use-webgpu-adapter=swiftshader';

/** With WebGPU: that of the machine, or where that has none, one on the CPU. */
export async function launchChromium(): Promise<Browser> {
  const browser = await launch(ARGUMENTS);
  if (await hasWebGpu(browser)) return browser;
  await browser.close();
  return launch([...ARGUMENTS, SOFTWARE_ADAPTER]);
}

async function launch(args: string[]): Promise<Browser> {
  const chromium = await loadPlaywright();
  const { LONGHAND_BROWSER: wanted } = process.env;
  const candidates: LaunchOptions[] =
    wanted === undefined
      ? [
          ...LINUX.filter((file) => existsSync(file)).map((executablePath) => ({ executablePath })),
          { channel: 'chrome' },
          {}, // one that playwright has downloaded
        ]
      : [{ executablePath: wanted }];
  let reason = '';
  for (const candidate of candidates) {
    try {
      return await chromium.launch({ ...candidate, args, ...{ handleSIGTERM: false, handleSIGHUP: false } });
    } catch (error) {
      reason ||= error instanceof Error ? error.message.split('\n')[0] : String(error);
    }
  }
  throw new NoBrowserError(
    `no Chromium starts (${reason}). Install Chrome or Chromium (Debian: apt-get install chromium), or name its ` +
      'program in the environment variable LONGHAND_BROWSER',
  );
}

async function loadPlaywright() {
  try {
    const { chromium } = await import('playwright-core');
    return chromium;
  } catch {
    throw new NoBrowserError('--browser needs playwright-core: run npm ci in the project');
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
