/** Benchmark.js needs lodash; as-page.ts gives it to it. */
declare module 'lodash' {
  const lodash: object;
  export default lodash;
}
