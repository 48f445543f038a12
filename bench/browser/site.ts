/**
 * The site of the pages: its files, bundled by esbuild, and the server. Programs are as in Node, with the modules of page/ in
 * place of those that need Node.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'esbuild';
import { compilePeak } from '../assemblyscript.js';
import { revision } from '../measure/environment.js';
import { rivalFile, rivalVersion } from '../programs/rivals.js';
import { packageVersion, project, projectVersion } from '../versions.js';
import { launchChromiumOnGpu } from './chromium.js';

interface File {
  readonly type: string;
  readonly contents: Uint8Array | string;
}

/** Files by their paths on the server. */
type Site = ReadonlyMap<string, File>;

const bench = fileURLToPath(new URL('..', import.meta.url));

/** The programs that run in a page, by their files in programs/. */
export const PAGE_PROGRAMS: readonly string[] = ['longhand', 'tensorflow', 'jax', 'gpujs'];

const TENSORFLOW_WASM = '@tensorflow/tfjs-backend-wasm';
const RIVALS = ['@tensorflow/tfjs', TENSORFLOW_WASM, '@tensorflow/tfjs-backend-webgpu', '@jax-js/jax'];

const TYPES: Record<string, string> = { '.js': 'text/javascript', '.wasm': 'application/wasm', '.html': 'text/html' };

/** With the files that it is made of, whose packages have licences. `others`: more modules, by their names below the site's root. */
export async function bundleSite(
  others: readonly [name: string, file: string][] = [],
): Promise<{ readonly site: Site; readonly sources: readonly string[] }> {
  const rivals = RIVALS.filter((name) => existsSync(rivalFile(name)));
  const peak = await compilePeak();
  const { outputs, sources } = await bundlePrograms(rivals, others);
  const files: [string, File['contents']][] = [
    ['/peak/portable.wasm', peak.portable],
    ['/peak/relaxed.wasm', peak.relaxed],
    ...(rivals.includes(TENSORFLOW_WASM) ? binariesOf(TENSORFLOW_WASM) : []),
    ...outputs,
  ];
  return { site: siteOf(files), sources };
}

/** A page with a module of steps/. */
async function bundleSteps(module: string): Promise<Site> {
  const { outputs } = await bundle([[module, path.join(bench, 'steps', `${module}.js`)]]);
  return siteOf(outputs);
}

function siteOf(files: readonly [string, File['contents']][]): Site {
  const all: typeof files = [['/index.html', '<!doctype html>'], ...files];
  return new Map(all.map(([name, contents]) => [name, { type: TYPES[path.extname(name)], contents }]));
}

function binariesOf(rival: string): [string, Uint8Array][] {
  const folder = rivalFile(rival, 'dist');
  const names = readdirSync(folder).filter((name) => name.endsWith('.wasm'));
  return names.map((name) => [`/rivals/${rival}/dist/${name}`, readFileSync(path.join(folder, name))]);
}

function bundlePrograms(rivals: readonly string[], others: readonly [string, string][]): Promise<Bundle> {
  const entries: [string, string][] = [
    ...['worker', 'laboratory'].map((name): [string, string] => [name, path.join(pageFolder, `${name}.js`)]),
    ['peak', path.join(bench, 'measure', 'peak.js')],
    ...PAGE_PROGRAMS.map((name): [string, string] => [`programs/${name}`, path.join(bench, 'programs', `${name}.js`)]),
    ...rivals.map((name): [string, string] => [`rivals/${name}`, name]),
    ...others,
  ];
  const versions = {
    longhand: projectVersion(),
    revision: revision(),
    'gpu.js': packageVersion('gpu.js'),
    ...Object.fromEntries(rivals.map((name) => [name, rivalVersion(name)])),
  };
  return bundle(entries, { VERSIONS: JSON.stringify(versions) });
}

interface Bundle {
  readonly outputs: [string, Uint8Array][];
  readonly sources: readonly string[];
}

/** Not minified: GPU.js and TensorFlow.js read the source of functions. */
async function bundle(
  entries: readonly [name: string, file: string][],
  define: Record<string, string> = {},
): Promise<Bundle> {
  const { build, stop } = await import('esbuild');
  const absWorkingDir = path.join(project, 'bench', 'rivals');
  const { outputFiles, metafile } = await build({
    entryPoints: entries.map(([out, file]) => ({ in: file, out })),
    absWorkingDir,
    metafile: true,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'browser',
    external: ['fs', 'module', 'path', 'url', 'node:module'], // AssemblyScript's compiler imports them in Node only
    target: 'es2022',
    define,
    plugins: [pageModules],
    outdir: '/',
    write: false,
    logLevel: 'error',
  });
  await stop(); // its process holds 250 MB, which would stay as long as the benchmark runs
  return {
    outputs: outputFiles.map(({ path: file, contents }) => [file.slice(path.parse(file).root.length - 1), contents]),
    sources: Object.keys(metafile.inputs).map((file) => path.join(absWorkingDir, file)),
  };
}

const pageFolder = path.join(bench, 'browser', 'page');
const [benchmarkInPage, inPage] = ['benchmark-js.js', 'in-page.js'].map((name) => path.join(pageFolder, name));

/** Replaces the modules of bench/ that need Node, and Benchmark.js, with those of page/. */
const pageModules: Plugin = {
  name: 'page-modules',
  setup(build) {
    build.onResolve({ filter: /^(benchmark|\.\.?\/(rivals|versions)\.js)$/ }, ({ importer, path: file }) => {
      if (!importer.startsWith(bench) || importer === benchmarkInPage) return undefined;
      return { path: file === 'benchmark' ? benchmarkInPage : inPage };
    });
  },
};

/** Without these headers a page has no shared memory, so no threads, and a coarse clock. */
const ISOLATING = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
};

/** Returns the address of the site's index.html. */
export async function serve(site: Site): Promise<{ readonly url: string; close(): void }> {
  const server = createServer((request, response) => {
    const file = site.get(request.url ?? '');
    response.writeHead(file ? 200 : 404, { ...ISOLATING, ...(file && { 'content-type': file.type }) });
    response.end(file?.contents);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/index.html`, close: () => server.close() };
}

/** A page of Chrome or Chromium that runs the steps of a document: a module of steps/. */
export interface StepsPage<News> {
  /** With its version. */
  readonly name: string;
  /** Calls the module's function with `given` and a function that passes on what it reports. */
  call(name: string, given: readonly unknown[], report: (news: News) => void): Promise<void>;
  close(): Promise<void>;
}

export async function openStepsPage<News>(module: string): Promise<StepsPage<News>> {
  const browser = await launchChromiumOnGpu();
  const server = await serve(await bundleSteps(module));
  return {
    name: `Chromium ${browser.version()}`,
    async call(name, given, report) {
      const page = await browser.newPage();
      await page.exposeFunction('report', report);
      await page.goto(server.url);
      const values = given.map((value) => JSON.stringify(value)).join(', ');
      await page.evaluate(`import('/${module}.js').then(({ ${name} }) => ${name}(${values}, report))`);
      await page.close();
    },
    async close() {
      await browser.close();
      server.close();
    },
  };
}
