/**
 * Which test file begins when. Without the times of an earlier run, Jest begins with the largest files. Those that take long
 * begin first, so that a worker is not left alone with one of them at the end. Building the site needs half a minute, and up
 * to 1.4 GB. Others that open the site or need much memory begin later: until then they would only wait, or add to the peak.
 */
import Sequencer from '@jest/test-sequencer';

const FIRST = [
  ...[/kernels\/gpu-pages/, /docs\/figures/, /slow\/kernels\/backends/, /slow\/kernels\/wasm/], // no second one in the browser
  /docs\/site/,
].map((name) => new RegExp(`${name.source}\\.test\\.ts$`));
const LATER = [/docs\/site-exercises\.test\.ts$|page\/page\.test\.ts$/, /bench\/bench\.test\.ts$/];

/** The number of files that begin before those of each group of LATER. */
const BETWEEN = 9;

export default class extends Sequencer {
  async sort(tests) {
    const order = await super.sort(tests);
    const first = FIRST.flatMap((name) => order.filter(({ path }) => name.test(path)));
    const isLater = ({ path }) => LATER.some((name) => name.test(path));
    const rest = order.filter((one) => !first.includes(one) && !isLater(one));
    const later = LATER.flatMap((name) => [...rest.splice(0, BETWEEN), ...order.filter(({ path }) => name.test(path))]);
    return [...first, ...later, ...rest];
  }
}
