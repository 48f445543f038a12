/** For hosts that do not isolate the page: a script and a service worker that do. Threads need isolation. */
import { readFileSync } from 'node:fs';
import type { Plugin } from 'vite';

const FILES = ['isolate.js', 'isolating-worker.js'];

export function isolation(): Plugin {
  return {
    name: 'isolation',
    generateBundle() {
      for (const fileName of FILES) {
        const source = readFileSync(new URL(`../isolation/${fileName}`, import.meta.url), 'utf8');
        this.emitFile({ type: 'asset', fileName, source });
      }
    },
    transformIndexHtml: {
      order: 'post', // Vite would bundle the script
      handler: () => [{ tag: 'script', attrs: { src: './isolate.js' }, injectTo: 'head' }],
    },
  };
}
