/** What Benchmark.js is built on, for no use but to be given to it. */
declare module 'lodash' {
  const lodash: object;
  export default lodash;
}
