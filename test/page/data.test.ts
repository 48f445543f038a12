/** The page's text, as it arrives from a server: the whole text, or an error that names the file and what happened to it. */
import { readFileSync } from 'node:fs';
import { type IncomingHttpHeaders, type RequestListener, type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { jest } from '@jest/globals';
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { createWasmBackend } from '../../kernels/wasm/index.js';
import type { Backend } from '../../src/core/backend.js';
import { loadText, packagedText } from '../../src/data/text-files.js';
import { lstmCellBackward, lstmCellForward } from '../../src/equations/lstm.js';
import { dataFiles, EXPERIMENT_WORDS, experimentsInPage } from '../../src/page/build/plugins.js';
import { type Cells, createBackend, withCells } from '../../src/page/choose-backend.js';
import { EXPERIMENTS, settingsFor } from '../../src/page/experiments.js';
import { ImageInspector } from '../../src/page/inspect-image.js';
import { fromQuery, linkTo, toQuery } from '../../src/page/link.js';
import { DEFAULTS, settingsOf } from '../../src/page/settings.js';
import { optionsOf, SubjectData } from '../../src/page/subject-data.js';
import { newRun } from '../../src/training/run-data.js';
import { Training } from '../../src/training/training.js';
import { dataErrorOf } from '../helpers/failures.js';
import { smallImages } from '../helpers/small-data.js';

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
  expect(await dataErrorOf(fetchText(folder, false, () => {}))).toMatch(message);
}

/* The guided experiments of the page: their settings and words, and the runs that train with a planted mistake. */

describe.each(EXPERIMENTS.map((experiment) => [experiment.id, experiment] as const))('%s', (id, experiment) => {
  test('each of its runs is repeated by a link, and differs from the others', () => {
    const all = experiment.runs.map((_, n) => settingsFor(experiment, n, { threads: 2 }));
    for (const settings of all) {
      const state = { ...DEFAULTS[experiment.subject], ...settings, experiment: id };
      expect(fromQuery(toQuery(state))).toEqual(state);
      expect(settings.threads).toBe(2);
    }
    expect(new Set(all.map((settings) => JSON.stringify(settings))).size).toBe(all.length);
  });

  test('a link to it shows it, on the page of its subject', () => {
    const { search, hash } = new URL(linkTo(experiment, { threads: 2 }), 'https://host/play/');
    const { subject } = experiment;
    expect(hash).toBe('#start');
    expect(fromQuery(search)).toEqual({ ...DEFAULTS[subject], experiment: id, threads: 2 });
  });
});

test('the build writes the words of each, with links to the chapters in a site alone', () => {
  expect(Object.keys(EXPERIMENT_WORDS)).toEqual(EXPERIMENTS.map(({ id }) => id));
  const html = (isInSite: boolean): string => {
    const { transformIndexHtml } = experimentsInPage(isInSite) as unknown as {
      transformIndexHtml: (html: string) => string;
    };
    return transformIndexHtml('<!-- experiments --><!-- experiment --><!-- other-cells -->');
  };
  expect(html(true).match(/<a href="\.\.\/learn\/[\w-]+\.html#[^"]+">chapter \d/g)).toHaveLength(5);
  expect(html(false)).not.toContain('<a ');
  const buttons = [...html(true).matchAll(/<button id="([\w-]+)" data-run="([\w-]+ \d)"/g)];
  expect(buttons).toHaveLength(EXPERIMENTS.flatMap(({ runs }) => runs).length);
  expect(new Set(buttons.map(([, id]) => id)).size).toBe(buttons.length);
});

test('the forget bias and the characters of a text are settings of a run', () => {
  expect(optionsOf(fromQuery('?forgetBias=-2.5')).forgetBias).toBe(-2.5);
  const short = fromQuery('?subject=text&characters=5000');
  expect(optionsOf(short).validateEvery).toBe(50);
  const data = new SubjectData();
  data.setText('Some words, and more. '.repeat(100));
  const { train, test: last } = data.forSettings({ ...settingsOf(short), characters: 300, T: 5 });
  expect('characters' in train && 'characters' in last && train.characters.length + last.characters.length).toBe(300);
});

/** The cells of src/equations/lstm.ts with the mistake `no-memory`: dc begins with 0 at each step. */
const NO_MEMORY: Cells = {
  lstmCellForward,
  lstmCellBackward(dz, dc, ...others) {
    for (let b = 0; b < dc.shape[0]; b++) for (let n = 0; n < dc.shape[1]; n++) dc.set(b, n, 0);
    lstmCellBackward(dz, dc, ...others);
  },
};

const images = smallImages(40, 6, 5);

async function lossesOn(backend: Backend): Promise<number[]> {
  const data = { train: images, validation: images, test: images };
  const options = { ...optionsOf(DEFAULTS.digits), hidden: 4, batchSize: 8, learningRate: 0.1 };
  const training = Training.start(backend, newRun(data, options));
  const losses: number[] = [];
  for (let step = 0; step < 6; step++) {
    await training.makeStep();
    losses.push((await training.line()).loss);
  }
  await backend.dispose();
  return losses;
}

test('a run trains with the cells that it is given, in WebAssembly as in plain TypeScript', async () => {
  // `check`: each product compares its operand with what was packed, so that a write without `upload` cannot hide
  const wasm = (): Promise<Backend> => createWasmBackend({ threads: 1, check: true });
  const right = await lossesOn(await wasm());
  const same = await lossesOn(withCells(await wasm(), { lstmCellForward, lstmCellBackward }));
  const mistaken = await lossesOn(withCells(await wasm(), NO_MEMORY));
  const inTypeScript = await lossesOn(withCells(createReferenceBackend(), NO_MEMORY));
  right.forEach((loss, n) => expect(same[n]).toBeCloseTo(loss, 4));
  mistaken.forEach((loss, n) => expect(inTypeScript[n]).toBeCloseTo(loss, 4));
  expect(Math.abs(mistaken[5] - right[5])).toBeGreaterThan(0.01);
});

test('a backend whose tensors are elsewhere refuses a mistake, and no mistake changes nothing', () => {
  const backend = { ...createReferenceBackend(), isOnHost: false };
  expect(() => withCells(backend, NO_MEMORY)).toThrow('only WebAssembly and plain TypeScript can train with a mistake');
  const before = { ...backend };
  expect(withCells(backend, undefined)).toEqual(before);
});

test('a GPU refuses a mistake before a backend is created', async () => {
  // in Node neither exists, which would be another error
  for (const name of ['webgpu', 'webgl2'] as const)
    await expect(createBackend(name, null, NO_MEMORY)).rejects.toThrow(
      'only WebAssembly and plain TypeScript can train with a mistake',
    );
  expect(await createBackend('reference', null, undefined)).toMatchObject({ isOnHost: true });
});

test('“Look inside” shows the gradients that the run trains with', async () => {
  const backend = createReferenceBackend();
  const data = { train: images, validation: images, test: images };
  const training = Training.start(backend, newRun(data, { ...optionsOf(DEFAULTS.digits), hidden: 4, batchSize: 8 }));
  const inspector = new ImageInspector();
  const firstNorm = async (cells?: Cells): Promise<number> =>
    (await inspector.inspect(training, images, { image: 0 }, cells)).cells[0].norms.c[1];
  const right = await firstNorm();
  expect(await firstNorm(NO_MEMORY)).toBeLessThan(0.5 * right);
  expect(await firstNorm()).toBe(right);
});
