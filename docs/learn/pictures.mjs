/**
 * Draws the pictures of the chapters, from the functions that compute their numbers.
 *
 *     node docs/learn/pictures.mjs
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { normsPicture } from './pictures/gradient-norms.mjs';
import { lengthsPicture, networksPicture } from './pictures/networks.mjs';
import { cachesPicture, speedsPicture, tilesPicture } from './pictures/tiles.mjs';
import { pathsPicture } from './pictures/two-paths.mjs';

export const PICTURES = {
  'gradient-norms.svg': normsPicture,
  'two-paths.svg': pathsPicture,
  'networks.svg': networksPicture,
  'lengths.svg': lengthsPicture,
  'tiles.svg': tilesPicture,
  'caches.svg': cachesPicture,
  'speeds.svg': speedsPicture,
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, draw] of Object.entries(PICTURES)) writeFileSync(new URL(name, import.meta.url), draw());
}
