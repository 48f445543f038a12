/** `longhand page` as a process: what it serves, and to whom. test/page.test.ts visits it. */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { FILES, packagedDirectory } from '../src/mnist-files.js';
import { longhand, MAIN } from './longhand-process.js';

const running: ChildProcess[] = [];
afterAll(() => running.forEach((child) => child.kill()));

async function serve(...args: string[]): Promise<string> {
  const child = spawn(process.execPath, [MAIN, 'page', '--no-open', ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  running.push(child);
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return /^The page is at (http:\/\/localhost:\d+\/) \(Ctrl-C ends it\)\n$/.exec(line.toString())![1];
}

const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

test('serves the page isolated, its worker under a policy of its own, and MNIST', async () => {
  const address = await serve('--port', '0');
  const page = await fetch(address);
  expect(page.status).toBe(200);
  expect(page.headers.get('cross-origin-opener-policy')).toBe('same-origin');
  expect(page.headers.get('cross-origin-embedder-policy')).toBe('require-corp');
  const html = await page.text();
  const policy = /http-equiv="Content-Security-Policy"\s+content="([^"]+)"/.exec(html)![1];
  expect(policy).toContain("script-src 'self';");
  expect(policy).not.toMatch(/unsafe/);

  const script = await fetch(new URL(/src="(\.\/assets\/[^"]+\.js)"/.exec(html)![1], address));
  const name = /worker-[\w-]+\.js/.exec(await script.text())![0];
  const worker = await fetch(new URL(`assets/${name}`, address));
  expect(worker.headers.get('content-security-policy')).toContain("script-src 'self' 'unsafe-eval'; worker-src blob:");
  expect(worker.headers.get('cross-origin-embedder-policy')).toBe('require-corp');

  for (const file of Object.values(FILES)) {
    const data = await fetch(new URL(`data/${file}.gz`, address));
    expect(data.headers.get('content-type')).toBe('application/gzip');
    const unpacked = gunzipSync(new Uint8Array(await data.arrayBuffer()));
    expect(digestOf(unpacked)).toBe(digestOf(readFileSync(path.join(packagedDirectory(), file))));
  }
});

/** The status of a path that is sent as it stands. */
async function statusOf(
  address: string,
  path: string,
  headers: Record<string, string> = {},
): Promise<number | undefined> {
  const sent = request(address, { path, headers }).end();
  const [{ statusCode }] = (await once(sent, 'response')) as [IncomingMessage];
  return statusCode;
}

test('serves nothing else, and bears odd requests', async () => {
  const address = await serve('--port', '0');
  for (const name of [
    '/nothing.js',
    '/data/other.gz',
    '/../package.json',
    '/..%2fsrc/cli/main.js',
    '/%2e%2e/src/cli/main.js',
    '/%',
  ]) {
    expect([name, await statusOf(address, name)]).toEqual([name, 404]);
  }
  await statusOf(address, '/index.html', { range: 'bytes=5-2' });
  expect(await statusOf(address, '/')).toBe(200);
});

test('a port that is taken: an error where it was asked for, else another one', async () => {
  const other = createServer().listen(8028, '127.0.0.1');
  await once(other, 'listening').catch(() => {}); // taken by somebody else is as good
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const { port } = taken.address() as AddressInfo;
  const { code, stderr } = await longhand(['page', '--no-open', '--port', String(port)]);
  expect({ code, stderr }).toEqual({ code: 1, stderr: `longhand: port ${port} is taken; --port chooses another\n` });
  expect(await serve()).not.toContain(':8028/');
  other.close();
  taken.close();
});

test('a port that is none is wrong usage', async () => {
  expect((await longhand(['page', '--port', '70000'])).code).toBe(2);
});
