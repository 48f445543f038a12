/**
 * Which test file begins when. Building the site needs half a gigabyte and most of a minute. So the file that builds it begins
 * first. Others that open the site or need much memory begin later: until then they would only wait, or add to the peak.
 */
import Sequencer from '@jest/test-sequencer';

const FIRST = /docs\/site\.test\.ts$/;
const LATER = /bench\/bench\.test\.ts$|docs\/site-exercises\.test\.ts$|page\/page\.test\.ts$/;

/** The number of files that begin before the later ones. */
const BEFORE = 12;

export default class extends Sequencer {
  async sort(tests) {
    const order = await super.sort(tests);
    const rest = order.filter(({ path }) => !FIRST.test(path) && !LATER.test(path));
    const later = order.filter(({ path }) => LATER.test(path));
    return [...order.filter(({ path }) => FIRST.test(path)), ...rest.slice(0, BEFORE), ...later, ...rest.slice(BEFORE)];
  }
}
