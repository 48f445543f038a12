/** In pages, replaces the package benchmark: loads Benchmark.js in a Web Worker. */
import { noLongerAsPage } from './as-page.js'; // first
import Benchmark from 'benchmark';

noLongerAsPage();

/** Node's clock, as Benchmark.js calls it. In a page it would otherwise choose a clock that counts whole milliseconds. */
function hrtime([seconds, nanoseconds]: readonly [number, number] = [0, 0]): [number, number] {
  const ms = performance.now() - seconds * 1000 - nanoseconds / 1e6;
  return [Math.floor(ms / 1000), (ms % 1000) * 1e6];
}

export default Benchmark.runInContext({ process: { hrtime } }) as typeof Benchmark;
