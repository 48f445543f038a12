/** For pages, in place of bench/benchmark-js.ts: Benchmark.js as it has to be loaded in a Web Worker. */
import type BenchmarkJs from 'benchmark';
import lodash from 'lodash';

/** Node's clock, as Benchmark.js asks for it; of a page's own it would take the one that counts whole milliseconds. */
function hrtime([seconds, nanoseconds]: readonly [number, number] = [0, 0]): [number, number] {
  const ms = performance.now() - seconds * 1000 - nanoseconds / 1e6;
  return [Math.floor(ms / 1000), (ms % 1000) * 1e6];
}

// While it is loaded it looks for a page's global object with lodash in it; others would take a worker for a page then.
Object.assign(globalThis, { window: globalThis, _: lodash });
const { default: loaded } = await import('benchmark');
Reflect.deleteProperty(globalThis, 'window');

export default loaded.runInContext({ process: { hrtime } }) as typeof BenchmarkJs;
