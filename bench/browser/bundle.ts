/** Bundles the files of the pages with esbuild: the programs as in Node, with the modules of page/ in place of those that need Node. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'esbuild';
import { compilePeak } from '../assemblyscript.js';
import { rivalFile, rivalVersion } from '../programs/rivals.js';
import { packageVersion, project, projectVersion } from '../versions.js';
import type { File, Site } from './server.js';

const bench = fileURLToPath(new URL('..', import.meta.url));

/** The programs that run in a page, by their files in programs/. */
export const PAGE_PROGRAMS: readonly string[] = ['longhand', 'loops', 'tensorflow', 'jax', 'gpujs'];

const TENSORFLOW_WASM = '@tensorflow/tfjs-backend-wasm';
const RIVALS = ['@tensorflow/tfjs', TENSORFLOW_WASM, '@tensorflow/tfjs-backend-webgpu', '@jax-js/jax'];

const TYPES: Record<string, string> = { '.js': 'text/javascript', '.wasm': 'application/wasm', '.html': 'text/html' };

export async function bundleSite(): Promise<Site> {
  const rivals = RIVALS.filter((name) => existsSync(rivalFile(name)));
  const peak = await compilePeak();
  const files: [string, File['contents']][] = [
    ['/index.html', '<!doctype html><script type="module" src="/page.js"></script>'],
    ['/peak/portable.wasm', peak.portable],
    ['/peak/relaxed.wasm', peak.relaxed],
    ...(rivals.includes(TENSORFLOW_WASM) ? binariesOf(TENSORFLOW_WASM) : []),
    ...(await bundlePrograms(rivals)),
  ];
  return siteOf(files);
}

/** A page with the steps of docs/kernels.md, "On a GPU". */
export async function bundleGpuSteps(): Promise<Site> {
  const measure = path.join(bench, 'steps', 'gpu-measure.js');
  return siteOf([['/index.html', '<!doctype html>'], ...(await bundle([['gpu-measure', measure]]))]);
}

function siteOf(files: readonly [string, File['contents']][]): Site {
  return new Map(files.map(([name, contents]) => [name, { type: TYPES[path.extname(name)], contents }]));
}

function binariesOf(rival: string): [string, Uint8Array][] {
  const folder = rivalFile(rival, 'dist');
  const names = readdirSync(folder).filter((name) => name.endsWith('.wasm'));
  return names.map((name) => [`/rivals/${rival}/dist/${name}`, readFileSync(path.join(folder, name))]);
}

function bundlePrograms(rivals: readonly string[]): Promise<[string, Uint8Array][]> {
  const entries: [string, string][] = [
    ...['page', 'worker'].map((name): [string, string] => [name, path.join(bench, 'browser', 'page', `${name}.js`)]),
    ['peak', path.join(bench, 'measure', 'peak.js')],
    ...PAGE_PROGRAMS.map((name): [string, string] => [`programs/${name}`, path.join(bench, 'programs', `${name}.js`)]),
    ...rivals.map((name): [string, string] => [`rivals/${name}`, name]),
  ];
  const versions = {
    longhand: projectVersion(),
    'gpu.js': packageVersion('gpu.js'),
    ...Object.fromEntries(rivals.map((name) => [name, rivalVersion(name)])),
  };
  return bundle(entries, { VERSIONS: JSON.stringify(versions) });
}

/** Not minified: GPU.js and TensorFlow.js read the source of functions. */
async function bundle(
  entries: readonly [name: string, file: string][],
  define: Record<string, string> = {},
): Promise<[string, Uint8Array][]> {
  const { build, stop } = await import('esbuild');
  const { outputFiles } = await build({
    entryPoints: entries.map(([out, file]) => ({ in: file, out })),
    absWorkingDir: path.join(project, 'bench', 'rivals'),
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    define,
    plugins: [pageModules],
    outdir: '/',
    write: false,
    logLevel: 'error',
  });
  await stop(); // its process holds 250 MB, which would stay as long as the benchmark runs
  return outputFiles.map(({ path: file, contents }) => [file.slice(path.parse(file).root.length - 1), contents]);
}

/** Replaces the modules of bench/ that need Node with those of the same name in page/. */
const pageModules: Plugin = {
  name: 'page-modules',
  setup(build) {
    build.onResolve({ filter: /^\.\.?\/(rivals|versions|web-worker|benchmark-js)\.js$/ }, ({ importer, path: file }) =>
      importer.startsWith(bench) ? { path: path.join(bench, 'browser', 'page', path.basename(file)) } : undefined,
    );
  },
};
