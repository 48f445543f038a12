import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { dataFiles, mnistInSite, textInSite } from './build/data-files.js';
import { equationsInPage } from './build/equations-in-page.js';
import { usedFonts } from './build/fonts.js';
import { isolation } from './build/isolation.js';
import { licences } from './build/licences.js';
import { plantedMistakes } from './build/planted-mistakes.js';
import { settingsInPage } from './build/settings-in-page.js';

const { forPage, forWorkers } = licences();
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
    settingsInPage(),
    equationsInPage(),
    usedFonts(),
    forPage(),
    textInSite(),
    ...(mode === 'site' ? [mnistInSite(), isolation()] : []),
  ],
}));
