/**
 * The page's data: MNIST and Moby-Dick, as files `data/NAME.gz` of the site. `virtual:mnist-files` and `virtual:text-file`
 * are their names, sizes and checksums. With these the page reports its progress and verifies the files.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';
import { FILES, packagedDirectory } from '../../data/mnist-files.js';
import { packagedText, TEXT_NAME } from '../../data/text-files.js';
import type { DataFile } from '../fetch-data.js';

const readMnist = (name: string): Buffer => readFileSync(path.join(packagedDirectory(), name));
const readText = (): Buffer => readFileSync(packagedText());

/** The default export of each virtual module. */
const MODULES = new Map<string, () => unknown>([
  [
    'virtual:mnist-files',
    () => Object.fromEntries(Object.entries(FILES).map(([key, name]) => [key, described(name, readMnist(name))])),
  ],
  ['virtual:text-file', () => described(TEXT_NAME, readText())],
]);

/** Makes the virtual modules. */
export function dataFiles(): Plugin {
  return {
    name: 'data-files',
    resolveId: (id) => (MODULES.has(id) ? `\0${id}` : null),
    load(id) {
      const contents = id.startsWith('\0') ? MODULES.get(id.slice(1)) : undefined;
      return contents ? `export default ${JSON.stringify(contents())};\n` : null;
    },
  };
}

function described(name: string, bytes: Uint8Array): DataFile {
  return { name, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
}

/** Moby-Dick as a file of the site. Its package is not needed at run time. */
export function textInSite(): Plugin {
  return {
    name: 'text-in-site',
    generateBundle() {
      this.emitFile({ type: 'asset', fileName: `data/${TEXT_NAME}.gz`, source: gzipSync(readText(), { level: 9 }) });
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
