/** Benchmark.js, which takes its samples with Node's clock. Pages have a module of their own instead. */
export { default } from 'benchmark';
