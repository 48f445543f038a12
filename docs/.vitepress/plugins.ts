/** What the site's build adds to VitePress's. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import sirv from 'sirv';
import type { UserConfig } from 'vitepress';
import { LICENCES_FILE, licencesOf } from '../../build/licences.mjs';
import { project } from './source-pages.js';

export type Plugin = Extract<NonNullable<NonNullable<UserConfig['vite']>['plugins']>[number], { name: string }>;

/** KaTeX's stylesheet names its fonts in three formats; WOFF2 is enough. Inter's stylesheet names a font for each script; the documents use Latin and Greek. */
export const oneFontFormat = (): Plugin => ({
  name: 'one-font-format',
  enforce: 'pre',
  transform(code, id) {
    if (!/\/(katex(\.min)?|inter\/index)\.css$/.test(id)) return null;
    const used = code.replace(/@font-face\s*\{[^}]*\}/g, (face) =>
      /inter-(?!(latin|greek)-wght)/.test(face) ? '' : face,
    );
    return used.replace(/,\s*url\([^)]*\.(woff|ttf)\)\s*format\([^)]*\)/g, '');
  },
});

/** Writes the licences of the packages in the site to a file of the site. Vite builds the workers first. */
export function licences(): { forWorkers: () => Plugin; forSite: () => Plugin } {
  const files = new Set<string>();
  const note = (ids: Iterable<string>): void => {
    for (const id of ids) files.add(id.replace(/^\0/, '').replace(/\?.*$/, ''));
  };
  return {
    forWorkers: () => ({
      name: 'licences-in-workers',
      generateBundle() {
        note(this.getModuleIds());
      },
    }),
    forSite: () => ({
      name: 'licences-in-site',
      apply: (_, { isSsrBuild }) => isSsrBuild !== true,
      generateBundle() {
        note(this.getModuleIds());
        this.emitFile({ type: 'asset', fileName: LICENCES_FILE, source: licencesOf([...files]) });
      },
    }),
  };
}

/** `npm run site` serves the page as well, and builds it first if it is missing. */
export const servePlay = (): Plugin => ({
  name: 'serve-play',
  configureServer({ middlewares }) {
    const folder = path.join(project, 'dist/site/play');
    if (!existsSync(path.join(folder, 'index.html')))
      spawnSync('npm', ['run', 'page:build'], { cwd: project, stdio: 'inherit', shell: process.platform === 'win32' });
    middlewares.use('/play', sirv(folder, { dev: true }));
  },
});
