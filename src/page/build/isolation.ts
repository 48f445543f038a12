/** The page as a part of the site: a link back, and a service worker that isolates the page. Threads need isolation. */
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
      handler: (html) => ({
        html: html.replace('<h1>Longhand</h1>', '<h1><a href="../">Longhand</a></h1>'), // back to the documents
        tags: [{ tag: 'script', attrs: { src: './isolate.js' }, injectTo: 'head' }],
      }),
    },
  };
}
