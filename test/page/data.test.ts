/** The page's text, as it arrives from a server: the whole text, or an error that names the file and what happened to it. */
import { jest } from '@jest/globals';
import { readFileSync } from 'node:fs';
import type { IncomingHttpHeaders, RequestListener, Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { DataError } from '../../src/core/errors.js';
import { loadText, packagedText } from '../../src/data/text-files.js';
import { dataFiles } from '../../src/page/build/assets.js';
import { failureOf } from '../helpers/failures.js';

/** The modules that the page's build makes; here the same plugin makes them. */
for (const name of ['virtual:mnist-files', 'virtual:text-file']) {
  const { load } = dataFiles() as { load: (id: string) => string };
  const [, contents] = /^export default (.*);\n$/.exec(load(`\0${name}`))!;
  jest.unstable_mockModule(name, () => ({ default: JSON.parse(contents) as unknown }), { virtual: true });
}
const { fetchText } = await import('../../src/page/fetch-data.js');

const packed = readFileSync(fileURLToPath(new URL('../../dist/page/data/moby-dick.txt.gz', import.meta.url)));
const text = gunzipSync(packed);

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

test('the packed text does not contain the time of the build, so every build packs the same bytes', () => {
  expect(packed.readUInt32LE(4)).toBe(0);
});

/** The folder `data/` of a server that answers so. */
async function folderOf(listener: RequestListener): Promise<URL> {
  server = createServer(listener);
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/data/`);
}

test.each([
  ['as a file', {}],
  ['unpacked on the way', { 'content-encoding': 'gzip' }],
])('the text arrives %s, with its progress', async (_, headers) => {
  const paths: (string | undefined)[] = [];
  const folder = await folderOf(({ url }, response) => {
    paths.push(url);
    response.writeHead(200, headers).end(packed);
  });
  const shares: number[] = [];
  expect((await fetchText(folder, false, (share) => shares.push(share))) === loadText(packagedText())).toBe(true);
  expect(paths).toEqual(['/data/moby-dick.txt.gz']);
  expect(shares.length).toBeGreaterThan(1);
  expect(shares).toEqual([...shares].sort((a, b) => a - b));
  expect(shares.at(-1)).toBe(1);
});

test('a second attempt does not accept a cached copy', async () => {
  const asked: IncomingHttpHeaders[] = [];
  const folder = await folderOf(({ headers }, response) => {
    asked.push(headers);
    response.end(packed);
  });
  for (const bypassCache of [false, true]) await fetchText(folder, bypassCache, () => {});
  expect(asked.map((headers) => headers['cache-control'])).toEqual([undefined, 'no-cache']);
});

test('on an origin that is not secure, which has no SHA-256 of the browser, a text is checked as well', async () => {
  Object.defineProperty(crypto, 'subtle', { value: undefined, configurable: true });
  try {
    const whole = await folderOf((_, response) => response.end(packed));
    expect((await fetchText(whole, false, () => {})).length).toBeGreaterThan(1_000_000);
    server!.close();
    const folder = await folderOf((_, response) => response.end(gzipSync(damaged)));
    await expectRefusal(folder, /damaged/);
  } finally {
    Reflect.deleteProperty(crypto, 'subtle');
  }
});

/** The text with one letter changed. */
const damaged = flipped(text, 600_000);

test.each<[string, Buffer, RegExp]>([
  ['is damaged', gzipSync(damaged), /^moby-dick\.txt: damaged \(its SHA-256 differs\)$/],
  ['ends early', gzipSync(text.subarray(0, 1000)), /^moby-dick\.txt: ends after 1000 of \d+ bytes$/],
  ['is too long', gzipSync(Buffer.concat([text, text])), /^moby-dick\.txt: longer than \d+ bytes$/],
  ['is empty', Buffer.alloc(0), /^moby-dick\.txt: ends after 0 of \d+ bytes$/],
  ['is another file', Buffer.from('<title>Welcome</title>'), /^moby-dick\.txt: ends after 22 of \d+ bytes$/],
  ['is not gzip behind its first bytes', Buffer.of(0x1f, 0x8b, 1, 2), /^moby-dick\.txt\.gz: cannot be loaded \(/],
  ['is cut', packed.subarray(0, -9), /^moby-dick\.txt\.gz: cannot be loaded \(/],
  ['has a changed bit', flipped(packed, 200_000), /^moby-dick\.txt(\.gz: cannot be loaded \(|: )/],
])('a text that %s is refused, and the message names the file', async (_, bytes, message) => {
  const folder = await folderOf((_request, response) => response.end(bytes));
  await expectRefusal(folder, message);
});

function flipped(bytes: Buffer, place: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[place] ^= 1;
  return copy;
}

test('a server that answers 404, or breaks the connection, is an error that names the file', async () => {
  const missing = await folderOf((_, response) => response.writeHead(404).end());
  await expectRefusal(missing, /^moby-dick\.txt\.gz: the server answers 404$/);
  server!.close();
  const broken = await folderOf((_, response) => {
    response.writeHead(200, { 'content-length': packed.length }).write(packed.subarray(0, 100_000));
    setTimeout(() => response.destroy(), 50);
  });
  await expectRefusal(broken, /^moby-dick\.txt\.gz: cannot be loaded \(.+\)$/);
});

async function expectRefusal(folder: URL, message: RegExp): Promise<void> {
  const error = await failureOf(fetchText(folder, false, () => {}));
  expect(error).toBeInstanceOf(DataError);
  expect((error as DataError).message).toMatch(message);
}
