/** Vite plugins of the site: files that components fetch, programs in a worker, and the figures' files in a page's head. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { HeadConfig } from 'vitepress';
import { parseCache } from 'vue/compiler-sfc';
import { bringUpToDate } from '../../build/part.mjs';
import { FILES as MNIST, packagedDirectory } from '../../src/data/mnist-files.js';
import { parseLabelledImages, sliceImages } from '../../src/data/mnist.js';
import { IMAGE_COUNT } from '../../src/exercises/train.js';
import { project } from './source-pages.js';
import { PLACES, type FigureName } from './theme/places.js';

/** A file that the build of the site writes: the module `virtual:NAME` is the address of `file`, whose contents `make` returns when a component imports it. */
export const asset = (name: string, file: string, make: () => Uint8Array | string) => ({
  name,
  resolveId: (id: string) => (id === `virtual:${name}` ? `\0${id}` : null),
  load(id: string) {
    if (id !== `\0virtual:${name}`) return null;
    const place = path.join(project, 'dist/site-assets', file);
    mkdirSync(path.dirname(place), { recursive: true });
    writeFileSync(place, make());
    return `export { default } from ${JSON.stringify(`${place}?url`)};`;
  },
});

/** A Vite plugin: `virtual:exercise-images` is the address of a file with the images that the exercises train on. */
export const exerciseImages = () => asset('exercise-images', 'images.gz', () => gzipSync(firstImages(), { level: 9 }));

/** The labels, then the pixels. */
function firstImages(): Uint8Array {
  const read = (name: string) => ({ name, bytes: readFileSync(path.join(packagedDirectory(), name)) });
  const all = parseLabelledImages(read(MNIST.trainImages), read(MNIST.trainLabels));
  const { labels, pixels } = sliceImages(all, 0, IMAGE_COUNT);
  return Buffer.concat([labels, pixels]);
}

/** A hook that makes something before the build holds the whole site in memory. A server makes it when it is asked for. */
const beforeBuild = (make: () => Promise<unknown>) =>
  async function (this: { readonly meta: { readonly watchMode: boolean } }): Promise<void> {
    if (!this.meta.watchMode) await make();
  };

const NETWORKS = 'dist/site-assets/networks';
/** What their training runs. */
const ENGINE = [
  ...['cells', 'core', 'data', 'door', 'equations', 'files', 'network', 'training'].map((room) => `src/${room}`),
  ...['kernels/reference', 'kernels/wasm'],
];

/**
 * A Vite plugin: `virtual:saved-networks` has the addresses of the networks that docs/learn/why-57.md reads with, and of the test images. The
 * first build trains them, which takes half a minute; later ones find them.
 */
export function savedNetworks() {
  const name = 'saved-networks';
  const programs = ['paths', 'reach'].map((program) => `docs/learn/programs/${program}.mjs`);
  const make = async (): Promise<void> => {
    rmSync(path.join(project, NETWORKS), { recursive: true, force: true });
    execFileSync(process.execPath, [programs[0], '--networks', NETWORKS], { cwd: project });
  };
  let made: Promise<void> | undefined; // the browser's build and the server's need it
  const makeOnce = (): Promise<void> =>
    (made ??= bringUpToDate({ name, inputs: [...ENGINE, ...programs], outputs: [NETWORKS], make }));
  return {
    name,
    buildStart: beforeBuild(makeOnce),
    resolveId: (id: string) => (id === `virtual:${name}` ? `\0${id}` : null),
    async load(id: string) {
      if (id !== `\0virtual:${name}`) return null;
      await makeOnce();
      const files = readdirSync(path.join(project, NETWORKS));
      const imports = files.map(
        (file, n) => `import file${n} from ${JSON.stringify(`${path.join(project, NETWORKS, file)}?url`)};`,
      );
      const entries = files.map((file, n) => `${JSON.stringify(path.parse(file).name)}: file${n}`);
      return `${imports.join('\n')}\nexport default { ${entries.join(', ')} };`;
    },
  };
}

/**
 * Below `/measure/`: the modules and binaries of the benchmark's pages, the workers of the reader's kernel, and what isolates the page. A
 * worker from elsewhere does not start in an isolated page.
 */
async function filesOfMeasure(): Promise<{ files: Map<string, string | Uint8Array>; sources: readonly string[] }> {
  const compiled = pathToFileURL(path.join(project, 'dist/bench/browser/site.js')).href;
  const { bundleSite } = (await import(compiled)) as typeof import('../../bench/browser/site.js');
  const ownKernel = (name: string): [string, string] => [
    `own-kernel/${name}`,
    path.join(project, `docs/.vitepress/theme/own-kernel/${name}.ts`),
  ];
  const compiler = path.join(project, 'node_modules/assemblyscript/dist/asc.js');
  const { site, sources } = await bundleSite([
    ...['run', 'worker'].map(ownKernel),
    ['own-kernel/assemblyscript', compiler],
  ]);
  const files = new Map([...site].map(([name, { contents }]) => [`files${name}`, contents]));
  files.delete('files/index.html');
  files.set('isolating-worker.js', readFileSync(path.join(project, 'src/page/isolation/isolating-worker.js')));
  return { files, sources };
}

/** A Vite plugin: the files that only /measure loads. `addLicences`: of the packages that these sources belong to. */
export function measureFiles(addLicences: (sources: readonly string[]) => void) {
  let made: ReturnType<typeof filesOfMeasure> | undefined;
  return {
    name: 'measure-files',
    buildStart: beforeBuild(() => (made ??= filesOfMeasure())), // esbuild needs 0.4 GB for them
    async generateBundle(this: {
      emitFile(file: { type: 'asset'; fileName: string; source: string | Uint8Array }): string;
    }) {
      const { files, sources } = await (made ??= filesOfMeasure());
      addLicences(sources);
      for (const [name, source] of files) this.emitFile({ type: 'asset', fileName: `measure/${name}`, source });
    },
    apply: (_: unknown, { isSsrBuild }: { isSsrBuild?: boolean | undefined }) => isSsrBuild !== true,
    configureServer({ middlewares }: { middlewares: { use(path: string, handler: Handler): unknown } }) {
      middlewares.use('/measure', (request, response, next) => {
        made ??= filesOfMeasure();
        made.then(({ files }) => {
          const contents = files.get(decodeURIComponent(request.url ?? '').slice(1));
          if (contents === undefined) {
            next();
            return;
          }
          response.setHeader('content-type', request.url?.endsWith('.wasm') ? 'application/wasm' : 'text/javascript');
          response.end(contents);
        }, next);
      });
    },
  };
}
type Handler = (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void;

/** The programs of docs/learn/programs run in a worker of the site as they are: what they use of Node is here. */
const FOLDER = path.posix.join(project.split(path.sep).join('/'), 'docs/learn/programs/');

/** The file that a program reads. */
const FILES: Readonly<Record<string, string>> = {
  'gates.mjs': 'docs/learn/programs/gates.json',
  'fitting-mistake.mjs': 'test/fixtures/pytorch.json',
};

/** What a program imports from Node, by the names of the module and of the program. */
const MODULES: Readonly<Record<string, (program: string) => string>> = {
  'node:url': () => 'export const fileURLToPath = (address) => new URL(address).pathname;',
  'node:fs': (program) => {
    const file = FILES[program] as string | undefined;
    const own = file === undefined ? [] : [[`/${path.basename(file)}`, readFileSync(path.join(project, file), 'utf8')]];
    return `export const readFileSync = (file) => {
      for (const [name, text] of ${JSON.stringify(own)}) if (String(file).endsWith(name)) return text;
      throw new Error('A browser has no file ' + file);
    };`;
  },
};
const PREFIX = '\0program:';

/** A Vite plugin. Each program keeps an address of its own, by which it finds out whether it was started or imported. */
export const programsInBrowser = () => ({
  name: 'programs-in-browser',
  enforce: 'pre' as const,
  resolveId: (id: string, importer?: string) =>
    id in MODULES && importer?.startsWith(FOLDER) ? `${PREFIX}${id}:${path.posix.basename(importer)}` : null,
  load(id: string) {
    if (!id.startsWith(PREFIX)) return null;
    const end = id.lastIndexOf(':');
    return MODULES[id.slice(PREFIX.length, end)](id.slice(end + 1));
  },
  transform(code: string, id: string) {
    if (!id.startsWith(FOLDER)) return null;
    return { code: code.replaceAll('import.meta.url', `'file:///${path.posix.basename(id)}'`), map: null };
  },
});

/** The figures of a page are fetched together with its text. What the plugin reads of a file of the built site. */
interface Chunk {
  readonly fileName: string;
  readonly name?: string;
  readonly isEntry?: boolean;
  readonly facadeModuleId?: string | null;
  /** The files that it imports at once. */
  readonly imports?: readonly string[];
}
type Bundle = Readonly<Record<string, Chunk>>;

const NAMES = Object.keys(PLACES) as FigureName[];

/** `file`, and all files that it needs. */
const withImports = (file: string, bundle: Bundle, found = new Set<string>()): Set<string> => {
  if (found.has(file)) return found;
  found.add(file);
  for (const imported of bundle[file].imports ?? []) withImports(imported, bundle, found);
  return found;
};

/** The files of each figure. Those that every page loads anyway are left out. */
export function filesOfFigures(bundle: Bundle): ReadonlyMap<FigureName, readonly string[]> {
  const chunks = Object.values(bundle);
  const app = chunks.find(({ isEntry, name }) => isEntry && name === 'app');
  if (!app) throw new Error('the site has no app');
  const everywhere = withImports(app.fileName, bundle);
  return new Map(
    NAMES.map((figure) => {
      const chunk = chunks.find(({ facadeModuleId }) => facadeModuleId?.endsWith(`/theme/${figure}.ts`));
      if (!chunk) throw new Error(`the site has no file for the figure ${figure}`);
      return [figure, [...withImports(chunk.fileName, bundle)].filter((file) => !everywhere.has(file))];
    }),
  );
}

/** A Vite plugin that finds the figures' files, and what a page's head has for those of its HTML. */
export function preloadedFigures() {
  let files: ReturnType<typeof filesOfFigures> = new Map();
  const plugin = {
    name: 'figure-files',
    apply: (_: unknown, { command, isSsrBuild }: { command: string; isSsrBuild?: boolean }) =>
      command === 'build' && !isSsrBuild,
    generateBundle: (_: unknown, bundle: unknown) => void (files = filesOfFigures(bundle as Bundle)),
  };
  const links = (html: string, base: string): HeadConfig[] => {
    const shown = NAMES.filter((figure) => PLACES[figure].html.test(html)).flatMap((figure) => files.get(figure) ?? []);
    return [...new Set(shown)].map((file) => ['link', { rel: 'modulepreload', href: base + file }]);
  };
  return { plugin, links };
}

/** A Vite plugin: a page's parsed template is freed as soon as the page is compiled. Otherwise those of all pages stay in memory, 0.7 GB. */
export function freedTemplates() {
  let freed = 0;
  return {
    name: 'freed-templates',
    apply: 'build' as const,
    enforce: 'post' as const, // after the plugin that compiles
    transform(_code: string, id: string) {
      if (!id.endsWith('.md')) return;
      for (const { descriptor } of parseCache.values()) {
        if (!descriptor.template?.ast) continue;
        delete descriptor.template.ast;
        freed++;
      }
      parseCache.clear();
    },
    buildEnd(error?: Error) {
      if (!error && freed === 0)
        throw new Error('Vue keeps templates elsewhere: docs/.vitepress/plugins.ts must change');
    },
  };
}
