/**
 * Which test file begins when. Without the times of an earlier run, Jest begins with the largest files. Those that take long
 * begin first, so that a worker is not left alone with one of them at the end. One of them builds the site, which needs one to
 * two minutes and 1.5 GB. The others that open the site begin last: until it is built, they would only wait, each on a worker.
 * Others that need much memory begin later, because they would add to the peak.
 */
import Sequencer from '@jest/test-sequencer';
import { readFileSync } from 'node:fs';

const FIRST = [
  ...[/kernels\/gpu-pages/, /slow\/kernels\/backends/, /slow\/kernels\/wasm/], // no second one in the browser
  /docs\/site/,
].map((name) => new RegExp(`${name.source}\\.test\\.ts$`));
const LATER = [
  /docs\/figures/,
  /(bench\/bench|page\/page)/,
  /slow\/docs\/measure/,
  /slow\/cells\/cells-gpu/,
  /page\/compute/,
  /bench\/steps/,
].map((name) => new RegExp(`${name.source}\\.test\\.ts$`));

/** The number of files that begin before those of each group of LATER. */
const BETWEEN = 7;

/** Its text calls the function that builds the site, or waits for it. */
const opensSite = ({ path }) => readFileSync(path, 'utf8').includes('builtSite');

export default class extends Sequencer {
  async sort(tests) {
    const order = await super.sort(tests);
    const first = FIRST.flatMap((name) => order.filter(({ path }) => name.test(path)));
    const isLater = ({ path }) => LATER.some((name) => name.test(path));
    const last = order.filter((one) => !first.includes(one) && !isLater(one) && opensSite(one));
    const rest = order.filter((one) => !first.includes(one) && !last.includes(one) && !isLater(one));
    const small = [...rest, ...last];
    const later = LATER.flatMap((name) => [
      ...small.splice(0, BETWEEN),
      ...order.filter(({ path }) => name.test(path)),
    ]);
    return [...first, ...later, ...small];
  }
}
