/** Benchmark.js needs lodash; as-page.ts provides it. */
declare module 'lodash' {
  const lodash: object;
  export default lodash;
}
