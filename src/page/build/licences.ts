/** The licences of the packages in the page, as a file of the page, so they are copied with the page. */
import type { Plugin } from 'vite';
import { LICENCES_FILE, licencesOf } from '../../../build/licences.mjs';

/** One for the page and one for its workers, which Vite builds first. */
export function licences(): { forWorkers: () => Plugin; forPage: () => Plugin } {
  const files = new Set<string>();
  return {
    forWorkers: () => ({
      name: 'licences-in-workers',
      generateBundle() {
        for (const id of this.getModuleIds()) files.add(fileOf(id));
      },
    }),
    forPage: () => ({
      name: 'licences-in-page',
      generateBundle() {
        for (const id of this.getModuleIds()) files.add(fileOf(id));
        this.emitFile({ type: 'asset', fileName: LICENCES_FILE, source: licencesOf([...files]) });
      },
    }),
  };
}

/** Without the marks of Vite's plugins. */
const fileOf = (id: string): string => id.replace(/^\0/, '').replace(/\?.*$/, '');
