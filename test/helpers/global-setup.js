/** What the test files of a run share. */
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';

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

/*
 * One Chromium and one `longhand page` for all test files and workers of a run. They belong to Jest's own process. They
 * start when a test first asks for their address, and end with Jest, also if it is killed: Chromium ends when its pipe closes.
 */

/** Puts the address where tests ask into LONGHAND_SHARED. */
async function shareBrowser() {
  const started = new Map();
  const server = createServer(async ({ url }, response) => {
    response.setHeader('connection', 'close'); // a worker that is busy for long would reuse a connection that has timed out
    try {
      if (!started.has(url)) started.set(url, STARTERS[url]());
      response.end((await started.get(url)).address);
    } catch (error) {
      response.writeHead(500).end(`${error}`);
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  process.env.LONGHAND_SHARED = `http://127.0.0.1:${server.address().port}/`;

  return {
    async end() {
      server.close();
      server.closeAllConnections();
      const all = await Promise.allSettled(started.values());
      await Promise.all(all.map(({ value }) => value?.end()));
    },
  };
}

const STARTERS = { '/chromium': startChromium, '/page': startPage };

async function startChromium() {
  const { launchChromiumServer } = await import('../../dist/bench/browser/chromium.js');
  const browser = await launchChromiumServer();
  return { address: browser.wsEndpoint(), end: () => browser.close() };
}

/** A process whose stdin is a pipe ends as soon as the process that started it has ended. */
const END_WITH_PARENT = `data:text/javascript,process.stdin.resume().on('close', () => process.exit());`;

async function startPage() {
  const program = ['--import', END_WITH_PARENT, 'dist/cli/main.js'];
  const child = spawn(process.execPath, [...program, 'page', '--port', '0', '--no-open'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    return { address: /http:\S+/.exec(line)[0], end: () => child.stdin.end() };
  }
  throw new Error('longhand page has ended before it printed its address');
}
