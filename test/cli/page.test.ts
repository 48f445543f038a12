/** `longhand page`: what it serves, and to whom. The tests page-*.test.ts visit the page. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { type AddressInfo, connect, createServer } from 'node:net';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { FILES, packagedDirectory } from '../../src/data/mnist-files.js';
import { packagedText } from '../../src/data/text-files.js';
import { longhand, misused, refused, start, words } from '../helpers/longhand.js';
import { MAIN } from '../helpers/longhand-process.js';

const running: ReturnType<typeof start>[] = [];
afterAll(() => Promise.all(running.map(({ interrupt, code }) => (interrupt('SIGTERM'), code))));

const PRINTED = /^The page is at (http:\/\/localhost:\d+\/) \(Ctrl-C stops the server\)\n$/;

async function serve(...args: string[]) {
  const server = start(['page', '--no-open', ...args]);
  await server.stdout.has('\n');
  return { address: PRINTED.exec(server.stdout.text)![1], ...server };
}

/** The address of a server that stops after the tests. */
async function addressOf(...args: string[]): Promise<string> {
  const { address, ...server } = await serve(...args);
  running.push(server);
  return address;
}

const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

test('longhand page serves the page cross-origin isolated, the worker with its own policy, and its data', async () => {
  const address = await addressOf('--port', '0');
  const page = await fetch(address);
  expect(page.status).toBe(200);
  expect(page.headers.get('cross-origin-opener-policy')).toBe('same-origin');
  expect(page.headers.get('cross-origin-embedder-policy')).toBe('require-corp');
  const html = await page.text();
  const policy = /http-equiv="Content-Security-Policy"\s+content="([^"]+)"/.exec(html)![1];
  expect(policy).toContain("script-src 'self';");
  expect(policy).not.toMatch(/unsafe/);

  const script = await fetch(new URL(/src="(\.\/assets\/[^"]+\.js)"/.exec(html)![1], address));
  const name = /engine-[\w-]+\.js/.exec(await script.text())![0];
  const worker = await fetch(new URL(`assets/${name}`, address));
  expect(worker.headers.get('content-security-policy')).toContain("script-src 'self' 'unsafe-eval'; worker-src blob:");
  expect(worker.headers.get('cross-origin-embedder-policy')).toBe('require-corp');

  const files = new Map([
    // without the 47 MB of the training images, which the tests of the page load
    ...Object.values(FILES)
      .filter((name) => !name.startsWith('train-images'))
      .map((name) => [name, path.join(packagedDirectory(), name)] as const),
    ['moby-dick.txt', packagedText()],
  ]);
  for (const [name, file] of files) {
    const answer = await fetch(new URL(`data/${name}.gz`, address));
    const [headers, body] = [Object.fromEntries(answer.headers), Buffer.from(await answer.arrayBuffer())];
    expect(headers).toMatchObject({
      'content-type': 'application/gzip',
      'content-length': String(body.length),
      'cache-control': 'no-cache',
      'x-content-type-options': 'nosniff',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
      'cross-origin-resource-policy': 'same-origin',
    });
    expect(headers).not.toHaveProperty('content-encoding'); // the browser would unpack it before the page does
    expect(digestOf(gunzipSync(body))).toBe(digestOf(readFileSync(file)));
  }
});

test.each([
  ['an unknown Expect header', 'GET / HTTP/1.1\r\nHost: localhost\r\nExpect: tea\r\nConnection: close\r\n\r\n', 200],
  ['a text that is not a request', 'nonsense\r\n\r\n', 400],
])('the server answers %s with nosniff', async (_, text, status) => {
  const { port } = new URL(await addressOf('--port', '0'));
  const socket = connect(Number(port), '127.0.0.1').setEncoding('utf8');
  let answer = '';
  socket.on('data', (part: string) => (answer += part)).write(text);
  await once(socket, 'close');
  expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  expect(answer.toLowerCase()).toContain('\r\nx-content-type-options: nosniff\r\n');
});

/** The answer to a path, which is sent without normalising it. */
async function answerTo(
  address: string,
  path: string,
  { method = 'GET', headers = {} }: { method?: string; headers?: Record<string, string> } = {},
): Promise<{ status: number | undefined; headers: IncomingHttpHeaders; body: string }> {
  const sent = request(address, { path, method, headers }).end();
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  let body = '';
  for await (const text of answer.setEncoding('utf8')) body += text as string;
  return { status: answer.statusCode, headers: answer.headers, body };
}

test('the server answers 404 for other paths, and survives malformed requests', async () => {
  const address = await addressOf('--port', '0');
  const absent = ['/nothing.js', '/data/other.gz', '/data/moby-dick.txt'];
  const outside = ['/../package.json', '/..%2fsrc/cli/main.js', '/%2e%2e/src/cli/main.js', '/%'];
  for (const name of [...absent, ...outside]) {
    const { status, headers, body } = await answerTo(address, name);
    expect([name, status, body]).toEqual([name, 404, '404 Not Found\n']);
    expect(headers['x-content-type-options']).toBe('nosniff');
  }
  await answerTo(address, '/index.html', { headers: { range: 'bytes=5-2' } });
  expect((await answerTo(address, '/')).status).toBe(200);
});

const DATA_PATHS = [`/data/${FILES.testLabels}.gz`, '/data/moby-dick.txt.gz'];

test('the server answers GET and HEAD; other methods get 405', async () => {
  const address = await addressOf('--port', '0');
  for (const path of ['/', ...DATA_PATHS]) {
    const [got, head] = [await answerTo(address, path), await answerTo(address, path, { method: 'HEAD' })];
    expect([got.status, head.status, head.body]).toEqual([200, 200, '']);
    expect(head.headers['content-length']).toBe(got.headers['content-length']);
    expect(head.headers['x-content-type-options']).toBe('nosniff');
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND']) {
      const { status, headers, body } = await answerTo(address, path, { method });
      expect([method, status, headers.allow, body]).toEqual([method, 405, 'GET, HEAD', '405 Method Not Allowed\n']);
      expect(headers['x-content-type-options']).toBe('nosniff');
    }
  }
});

test('the server answers requests for the names of this computer, with any port; others get 421', async () => {
  const address = await addressOf('--port', '0');
  const statusAt = async (host: string, path: string): Promise<unknown[]> => {
    const { status, headers } = await answerTo(address, path, { headers: { host } });
    return [host, status, headers['x-content-type-options']];
  };
  for (const host of ['localhost', 'LocalHost:1234', '127.0.0.1', '127.0.0.1:80', '127.8.9.10', '[::1]', '[::1]:99'])
    expect(await statusAt(host, '/')).toEqual([host, 200, 'nosniff']);
  const others = 'evil.example evil.example:8028 localhost.evil.example evil.localhost 127.0.0.1.evil.example';
  const malformed = '128.0.0.1 0.0.0.0 [::2] ::1 me@localhost localhost/ localhost:';
  for (const host of `${others} ${malformed}`.split(' ')) {
    for (const path of ['/', ...DATA_PATHS]) expect(await statusAt(host, path)).toEqual([host, 421, 'nosniff']);
  }
});

/** A visitor who is connected. */
async function visitorOf(address: string) {
  const visitor = connect(Number(new URL(address).port), '127.0.0.1').on('error', () => {});
  await once(visitor, 'connect');
  return visitor;
}

test('SIGTERM ends the server with exit code 143, even if a visitor is connected', async () => {
  const { address, interrupt, code } = await serve('--port', '0');
  const visitor = await visitorOf(address);
  interrupt('SIGTERM');
  expect(await code).toBe(143);
  await once(visitor, 'close');
});

test('its process finds the page, and ends with a visitor connected', async () => {
  const args = [MAIN, 'page', '--no-open', '--port', '0'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const stderr = text(child.stderr);
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const address = PRINTED.exec(line.toString())![1];
  expect((await fetch(address)).status).toBe(200);
  await visitorOf(address);
  child.kill('SIGINT');
  expect(await once(child, 'exit')).toEqual([130, null]);
  expect(await stderr).toBe('longhand: stopped by SIGINT\n');
});

test('the server ends if it cannot print its address', async () => {
  const { code, stderr } = await longhand(['page', '--no-open', '--port', '0'], { stdout: 'full' });
  expect([code, stderr]).toEqual([1, 'longhand: standard output: cannot be written (the disk is full)\n']);
});

test('a port in use is an error if --port names it; without --port the server chooses another', async () => {
  const other = createServer().listen(8028, '127.0.0.1');
  await once(other, 'listening').catch(() => {}); // if another process uses it already, it is in use as well
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const { port } = taken.address() as AddressInfo;
  const stderr = await refused(words`page --no-open --port ${port}`);
  expect(stderr).toBe(`longhand: port ${port} is in use: choose another with --port\n`);
  expect(await addressOf()).not.toContain(':8028/');
  other.close();
  taken.close();
});

test('a port out of range is wrong usage', () => misused(words`page --port 70000`));
