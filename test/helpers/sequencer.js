/**
 * Which test file begins when. Without the times of an earlier run, Jest begins with the largest files. Here those that take long have
 * a place early, so that a worker is not left alone with one of them at the end; and those that need more than 0.8 GB have places so
 * far apart that no two of them run together. One of these builds the site, which needs one to two minutes, and up to 1.7 GB. The
 * others that open the site begin last: until it is built, they would only wait, each on a worker.
 */
import Sequencer from '@jest/test-sequencer';
import { readFileSync } from 'node:fs';

/** A file's place: the number of files that begin before it and are not in this table. First those of `npm test`, then those of `npm run test:slow`. */
const PLACES = [
  ['test/docs/site', 0],
  ['test/docs/figures', 9],
  ['test/page/page', 18],
  ['test/bench/bench', 27],
  ['test/slow/bench/bench', 0],
  ['test/slow/kernels/gpu-pages', 0],
  ['test/slow/kernels/wasm', 0],
  ['test/slow/kernels/backends', 4],
  ['test/slow/docs/site', 9],
  ['test/slow/exercises/exercises', 16],
  ['test/slow/docs/figures', 24],
];

const textOf = ({ path }) => readFileSync(path, 'utf8');
/** It calls the function that builds the site, or waits for it. */
const opensSite = (test) => textOf(test).includes('builtSite');
/** Its pages need two to four times the memory of another file. */
const opensPages = (test) => /helpers\/(chromium|longhand-page|gpu-page)\.js/.test(textOf(test));

export default class extends Sequencer {
  async sort(tests) {
    const order = await super.sort(tests);
    const placed = PLACES.map(([name, before]) => [
      order.find(({ path }) => path.endsWith(`/${name}.test.ts`)),
      before,
    ]);
    const others = order.filter((one) => !placed.some(([test]) => test === one));
    const last = others.filter(opensSite);
    const pages = others.filter((one) => opensPages(one) && !last.includes(one));
    const sorted = others.filter((one) => !pages.includes(one) && !last.includes(one));
    const [start, rest] = [sorted.slice(0, EARLY), sorted.slice(EARLY)];
    const placedAt = (n) => placed.filter(([, before]) => Math.min(before, start.length) === n).map(([test]) => test);
    const begin = [...start, undefined].flatMap((one, n) => [...placedAt(n), one]);
    return [...begin, ...inTurns([...pages, ...last], rest)].filter((test) => test !== undefined);
  }
}

/** The files after which the last one of PLACES begins. */
const EARLY = Math.max(...PLACES.map(([, before]) => before));

/** The two lists in one: as long as both have files, one of each. */
const inTurns = (one, other) =>
  Array.from({ length: Math.max(one.length, other.length) }, (_, n) => [one[n], other[n]]).flat();
