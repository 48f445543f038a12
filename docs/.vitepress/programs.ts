/** The programs of docs/learn/programs run in a worker of the site as they are: what they use of Node is here. */
import path from 'node:path';
import { project } from './source-pages.js';

const FOLDER = path.posix.join(project.split(path.sep).join('/'), 'docs/learn/programs/');

const MODULES: Readonly<Record<string, string>> = {
  'node:url': 'export const fileURLToPath = (address) => new URL(address).pathname;',
  'node:fs': `export const readFileSync = (file) => { throw new Error('A browser has no file ' + file); };`,
};

/** A Vite plugin. Each program keeps an address of its own, by which it finds out whether it was started or imported. */
export const programsInBrowser = () => ({
  name: 'programs-in-browser',
  enforce: 'pre' as const,
  resolveId: (id: string, importer?: string) =>
    id in MODULES && importer?.startsWith(FOLDER) ? `\0program:${id}` : null,
  load: (id: string) => MODULES[id.replace('\0program:', '')] ?? null,
  transform(code: string, id: string) {
    if (!id.startsWith(FOLDER)) return null;
    return { code: code.replaceAll('import.meta.url', `'file:///${path.posix.basename(id)}'`), map: null };
  },
});
