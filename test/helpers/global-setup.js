/** What the test files of a run share. */
import { spawn } from 'node:child_process';
import { shareBrowser } from './shared-browser.js';

export default async function provideAll() {
  await provideDisplay();
  globalThis.longhandShared = await shareBrowser();
}

/**
 * For GPU modes: headless-gl needs an X display. Without one, the tests start their own if Xvfb is installed. Without a GPU,
 * Mesa compiles every kernel for the CPU: optimising it takes longer than running it.
 */
async function provideDisplay() {
  process.env.GALLIVM_PERF ??= 'nopt';
  if (process.env.DISPLAY) return;
  const server = spawn('Xvfb', ['-displayfd', '1', '-screen', '0', '640x480x24'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const display = await new Promise((resolve) => {
    server.on('error', () => resolve(undefined)); // not installed: the tests that need it report it
    server.on('exit', () => resolve(undefined));
    server.stdout.on('data', (number) => resolve(String(number).trim()));
  });
  if (display === undefined) return;
  process.env.DISPLAY = `:${display}`;
  globalThis.longhandDisplay = server;
}
