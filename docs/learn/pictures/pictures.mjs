/**
 * Draws the pictures of the chapters, from the functions that compute their numbers.
 *
 *     node docs/learn/pictures/pictures.mjs
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterSpike, SPIKE } from '../programs/one-spike.mjs';
import { adamUpdates } from '../programs/updates.mjs';
import { BUGS } from '../programs/find-bugs.mjs';
import { cellPicture } from './cell.mjs';
import { clippingPicture } from './clipping.mjs';
import { spikePicture } from './diagrams.mjs';
import { findBugPicture } from './find-bugs.mjs';
import { lengthsPicture, networksPicture, pathsPicture, readersPicture } from './graphs.mjs';
import { lstmNormsPicture, normsPicture, numericPicture } from './norms.mjs';
import { OTHER_CELLS } from './other-cells.mjs';
import { gapPicture, pathsOfGradientPicture, reachPicture } from './results.mjs';
import { cachesPicture, speedsPicture, tilesPicture, workgroupPicture } from './tiles.mjs';
import { unrolledPicture } from './unrolled.mjs';

export const PICTURES = {
  'caches.svg': cachesPicture,
  'cell.svg': cellPicture,
  ...OTHER_CELLS,
  'clipping.svg': clippingPicture,
  ...Object.fromEntries(BUGS.map(({ name }, n) => [`find-bug-${n + 1}.svg`, () => findBugPicture(name)])),
  'gap.svg': gapPicture,
  'gradient-norms.svg': normsPicture,
  'lengths.svg': lengthsPicture,
  'lstm-norms.svg': lstmNormsPicture,
  'networks.svg': networksPicture,
  'numeric-error.svg': numericPicture,
  'paths.svg': pathsOfGradientPicture,
  'reach.svg': reachPicture,
  'speeds.svg': speedsPicture,
  'spike.svg': () => spikePicture(afterSpike(SPIKE, adamUpdates)),
  'tiles.svg': tilesPicture,
  'two-paths.svg': pathsPicture,
  'two-readers.svg': readersPicture,
  'unrolled.svg': unrolledPicture,
  'workgroup.svg': workgroupPicture,
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, draw] of Object.entries(PICTURES)) writeFileSync(new URL(name, import.meta.url), await draw());
}
