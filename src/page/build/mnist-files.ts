/**
 * MNIST as files of the site, `data/NAME.gz`, and `virtual:mnist-files`: their names, sizes and checksums. With these the
 * page reports its progress and verifies the files.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';
import { FILES, packagedDirectory } from '../../data/mnist-files.js';
import type { DataFile } from '../fetch-mnist.js';

const NAME = 'virtual:mnist-files';
const read = (name: string): Buffer => readFileSync(path.join(packagedDirectory(), name));

export function mnistFiles(): Plugin {
  return {
    name: 'mnist-files',
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

export function mnistInSite(): Plugin {
  return {
    name: 'mnist-in-site',
    generateBundle() {
      for (const name of Object.values(FILES)) {
        this.emitFile({ type: 'asset', fileName: `data/${name}.gz`, source: gzipSync(read(name), { level: 6 }) });
      }
    },
  };
}
