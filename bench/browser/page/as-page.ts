/** While Benchmark.js is loaded, it looks for a page's `window` with lodash in it, even in a Web Worker. */
// @ts-expect-error: lodash has no types here
import lodash from 'lodash';

Object.assign(globalThis, { window: globalThis, _: lodash as object });

/** Called after Benchmark.js has been loaded: other libraries would mistake a worker with a `window` for a page. */
export function noLongerAsPage(): void {
  Reflect.deleteProperty(globalThis, 'window');
}
