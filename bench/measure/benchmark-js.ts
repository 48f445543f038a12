/** Benchmark.js, timed with Node's clock. Pages use browser/page/benchmark-js.ts instead. */
export { default } from 'benchmark';
