/** `longhand page`: serves the page in dist/page, with Moby-Dick and MNIST, to this computer only. */
import { Command } from 'commander';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import open from 'open';
import type { RequestHandler } from 'sirv';
import sirv from 'sirv';
import { DataError } from '../../core/errors.js';
import { FILES, packagedDirectory } from '../../data/mnist-files.js';
import { TEXT_NAME } from '../../data/text-files.js';
import { wholeNumber } from '../flag-values.js';
import { print } from '../print.js';
import { untilInterrupted } from '../current-run.js';

const DEFAULT_PORT = 8028;
const site = path.join(path.dirname(createRequire(import.meta.url).resolve('longhand/package.json')), 'dist/page');

/** Shared memory, and so threads, need a page that is cross-origin isolated. */
const HEADERS = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
};

/** The worker's policy: ndarray and GPU.js compile functions from text, and threads start from blobs. The page's is stricter. */
const WORKER_POLICY =
  "default-src 'none'; script-src 'self' 'unsafe-eval'; worker-src blob:; connect-src 'self'; base-uri 'none'";

export function pageCommand(): Command {
  return new Command('page')
    .description('Open a page that trains the network in the browser, and shows its states and gradients.')
    .option(
      '--port <number>',
      `port of the server (default: ${DEFAULT_PORT}, or a free port if ${DEFAULT_PORT} is in use)`,
      wholeNumber(0, 65535),
    )
    .option('--no-open', 'do not open a browser')
    .addHelpText(
      'after',
      `
Examples:
  longhand page
  longhand page --port 3000 --no-open`,
    )
    .action(({ port, open: mustOpen }: { port?: number; open: boolean }) =>
      untilInterrupted(async (signal) => {
        const server = await servePage(port);
        const address = `http://localhost:${(server.address() as AddressInfo).port}/`;
        print(`The page is at ${address} (Ctrl-C stops the server)`);
        if (mustOpen) await open(address).catch(() => {}); // without a desktop the printed address is enough
        if (!signal.aborted) await once(signal, 'abort');
        server.close();
        server.closeAllConnections();
        signal.throwIfAborted();
      }),
    );
}

/** The server, once it listens. Rejects with a DataError if the port is in use. */
async function servePage(port: number | undefined): Promise<Server> {
  if (!existsSync(path.join(site, 'index.html')))
    throw new DataError(`${site}: the page is missing: run npm run build`);
  packagedDirectory(); // throws if MNIST is missing, which the page needs
  // not above: in Node 22 an import of node:http compiles WebAssembly, also for commands that serve nothing
  const { createServer } = await import('node:http');
  const handler = handlerOf(sirv(site, { setHeaders, onNoMatch: (_, response) => refuse(response, 404) }));
  const server = createServer(handler)
    .on('checkExpectation', handler) // without listeners Node answers these two cases itself, without the headers
    .on('clientError', (_, socket) => {
      if (socket.writable) socket.end(BAD_REQUEST);
    });
  const listen = (wanted: number): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(wanted, '127.0.0.1', resolve);
    });
  try {
    await listen(port ?? DEFAULT_PORT);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'EADDRINUSE')
      throw new DataError(`port ${port ?? DEFAULT_PORT}: ${message}: choose another with --port`);
    if (port !== undefined) throw new DataError(`port ${port} is in use: choose another with --port`);
    await listen(0);
  }
  return server;
}

const BAD_REQUEST = 'HTTP/1.1 400 Bad Request\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n';

/**
 * This computer's names, with any port. Other names are refused, against DNS rebinding: another site could give its own
 * name this computer's address, and then read what is served here.
 */
const THIS_COMPUTER = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i;

function handlerOf(serveFile: RequestHandler) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    const packedData = DATA.get(request.url ?? '');
    if (!THIS_COMPUTER.test(request.headers.host ?? '')) refuse(response, 421);
    else if (request.method !== 'GET' && request.method !== 'HEAD')
      refuse(response.setHeader('allow', 'GET, HEAD'), 405);
    else if (packedData) void sendData(packedData, response);
    else {
      delete request.headers.range; // a malformed range would throw in sirv's stream
      serveFile(request, response);
    }
  };
}

const REFUSALS = {
  404: 'Not Found',
  405: 'Method Not Allowed',
  421: 'Misdirected Request',
  500: 'Internal Server Error',
};

function refuse(response: ServerResponse, status: keyof typeof REFUSALS): void {
  response.writeHead(status, { 'content-type': 'text/plain' }).end(`${status} ${REFUSALS[status]}\n`);
}

function setHeaders(response: ServerResponse, file: string): void {
  response.setHeader('cache-control', 'no-cache');
  if (file.endsWith('.js')) response.setHeader('content-security-policy', WORKER_POLICY);
}

/** How to get a gzipped file. */
type Packed = () => Promise<Buffer>;

/**
 * The data files, by their path on the server. The build has packed the text; MNIST comes from its own package. The page
 * unpacks them itself, so they have no Content-Encoding. sirv would add one.
 */
const DATA = new Map<string, Packed>([
  [`/data/${TEXT_NAME}.gz`, () => readFile(path.join(site, 'data', `${TEXT_NAME}.gz`))],
  ...Object.values(FILES).map((name) => [`/data/${name}.gz`, () => packedMnist(name)] as const),
]);

async function packedMnist(name: string): Promise<Buffer> {
  return promisify(gzip)(await readFile(path.join(packagedDirectory(), name)), { level: 1 });
}

/** Each file is read and packed once. */
const read = new Map<Packed, Promise<Buffer>>();

async function sendData(packed: Packed, response: ServerResponse): Promise<void> {
  try {
    const bytes = read.get(packed) ?? packed();
    read.set(packed, bytes);
    const body = await bytes;
    const headers = { 'content-type': 'application/gzip', 'content-length': body.length, 'cache-control': 'no-cache' };
    response.writeHead(200, headers).end(body);
  } catch {
    read.delete(packed);
    refuse(response, 500);
  }
}
