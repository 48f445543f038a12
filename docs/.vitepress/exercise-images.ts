/** A file of the site with the images that the exercises train on, and `virtual:exercise-images`, its address. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { parseLabelledImages, sliceImages } from '../../src/data/mnist.js';
import { FILES, packagedDirectory } from '../../src/data/mnist-files.js';
import type { Plugin } from './plugins.js';
import { project } from './source-pages.js';
import { IMAGE_COUNT } from './theme/exercises/images.js';

const NAME = 'virtual:exercise-images';
const FILE = path.join(project, 'dist/exercises/images.gz');

export const exerciseImages = (): Plugin => ({
  name: 'exercise-images',
  resolveId: (id) => (id === NAME ? `\0${NAME}` : null),
  load(id) {
    if (id !== `\0${NAME}`) return null;
    mkdirSync(path.dirname(FILE), { recursive: true });
    writeFileSync(FILE, gzipSync(firstImages(), { level: 9 }));
    return `export { default } from ${JSON.stringify(`${FILE}?url`)};`;
  },
});

/** The labels, then the pixels. */
function firstImages(): Uint8Array {
  const read = (name: string) => ({ name, bytes: readFileSync(path.join(packagedDirectory(), name)) });
  const all = parseLabelledImages(read(FILES.trainImages), read(FILES.trainLabels));
  const { labels, pixels } = sliceImages(all, 0, IMAGE_COUNT);
  return Buffer.concat([labels, pixels]);
}
