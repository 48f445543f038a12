/** Directories that hold given files, until `remove`. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export function temporaryDirectories() {
  const root = mkdtempSync(path.join(tmpdir(), 'longhand-'));
  return {
    directoryOf: (files: Readonly<Record<string, Uint8Array>>): string => {
      const directory = mkdtempSync(path.join(root, 'data-'));
      for (const [name, bytes] of Object.entries(files)) writeFileSync(path.join(directory, name), bytes);
      return directory;
    },
    remove: (): void => rmSync(root, { recursive: true }),
  };
}
