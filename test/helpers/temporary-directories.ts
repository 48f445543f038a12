/** Folders and files of a test file, until its tests have ended. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const root = mkdtempSync(path.join(tmpdir(), 'longhand-'));
afterAll(() => rmSync(root, { recursive: true }));

/** A new folder that holds these files. */
export function directoryOf(files: Readonly<Record<string, Uint8Array>> = {}): string {
  const directory = mkdtempSync(path.join(root, 'data-'));
  for (const [name, bytes] of Object.entries(files)) writeFileSync(path.join(directory, name), bytes);
  return directory;
}

/** One folder for the whole test file. */
export const folder = directoryOf();
export const inFolder = (name: string): string => path.join(folder, name);

export const inNewFolder = (name = 'run.safetensors'): string => path.join(directoryOf(), name);

/** Writes the lines into a file of the folder. Returns its path. */
export function linesInFolder(name: string, lines: readonly string[]): string {
  writeFileSync(inFolder(name), `${lines.join('\n')}\n`);
  return inFolder(name);
}
