/** The programs of docs/learn/programs run in a worker of the site as they are: what they use of Node is here. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { project } from './source-pages.js';

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
