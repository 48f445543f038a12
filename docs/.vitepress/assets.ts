/** Files that the build of the site writes, for the components that fetch them. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { project } from './source-pages.js';

/** A Vite plugin: the module `virtual:NAME` is the address of `file`, whose contents `make` returns when a component imports it. */
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
