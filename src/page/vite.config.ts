import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { dataFiles, dataInSite } from './build/data.js';
import { equationsInPage } from './build/equations-in-page.js';
import { katexFonts } from './build/katex-fonts.js';
import { licences } from './build/licences.js';
import { plantedMistakes } from './build/planted-mistakes.js';

const { forPage, forWorkers } = licences();
const here = path.dirname(fileURLToPath(import.meta.url));

/** `--mode site`: with the data, for any host; else for `longhand page`, which has them from their own package. */
export default defineConfig(({ mode }) => ({
  root: here,
  base: './', // any folder of any host
  build: {
    outDir: path.join(here, '../../dist', mode === 'site' ? 'site' : 'page'),
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: { polyfill: false },
    rolldownOptions: { checks: { bundlerTimings: false } }, // no warning if the build is slow
    assetsInlineLimit: 0, // a strict Content-Security-Policy knows no data: scripts or fonts
  },
  worker: {
    format: 'es',
    plugins: () => [plantedMistakes(), dataFiles(), forWorkers()],
    rolldownOptions: { external: ['webgpu'] }, // GPU.js's own in Node
  },
  plugins: [plantedMistakes(), equationsInPage(), katexFonts(), forPage(), ...(mode === 'site' ? [dataInSite()] : [])],
}));
