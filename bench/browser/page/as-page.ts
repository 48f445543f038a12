/** For Benchmark.js, which while it is loaded looks for a page's global object with lodash in it, also in a Web Worker. */
import lodash from 'lodash';

Object.assign(globalThis, { window: globalThis, _: lodash });

/** When it has been loaded: others would take a worker with a window for a page. */
export function noLongerAsPage(): void {
  Reflect.deleteProperty(globalThis, 'window');
}
