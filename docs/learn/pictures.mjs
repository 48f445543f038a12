/**
 * Draws the pictures of the chapters, from the functions that compute their numbers.
 *
 *     node docs/learn/pictures.mjs
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { cellPicture } from './pictures/cell.mjs';
import { clippingPicture } from './pictures/clipping.mjs';
import { normsPicture } from './pictures/gradient-norms.mjs';
import { lstmNormsPicture } from './pictures/lstm-norms.mjs';
import { numericPicture } from './pictures/numeric-error.mjs';
import { reachPicture } from './pictures/reach.mjs';
import { spikePicture } from './pictures/spike.mjs';
import { lengthsPicture, networksPicture } from './pictures/networks.mjs';
import { cachesPicture, speedsPicture, tilesPicture } from './pictures/tiles.mjs';
import { pathsPicture } from './pictures/two-paths.mjs';
import { unrolledPicture } from './pictures/unrolled.mjs';

export const PICTURES = {
  'cell.svg': cellPicture,
  'clipping.svg': clippingPicture,
  'gradient-norms.svg': normsPicture,
  'lstm-norms.svg': lstmNormsPicture,
  'numeric-error.svg': numericPicture,
  'reach.svg': reachPicture,
  'spike.svg': spikePicture,
  'two-paths.svg': pathsPicture,
  'unrolled.svg': unrolledPicture,
  'gradient-norms.svg': normsPicture,
  'two-paths.svg': pathsPicture,
  'networks.svg': networksPicture,
  'lengths.svg': lengthsPicture,
  'tiles.svg': tilesPicture,
  'caches.svg': cachesPicture,
  'speeds.svg': speedsPicture,
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, draw] of Object.entries(PICTURES)) writeFileSync(new URL(name, import.meta.url), await draw());
}
