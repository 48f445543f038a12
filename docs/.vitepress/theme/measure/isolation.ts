/** Threads need shared memory: the script of /play loads the page once more, isolated by a service worker of this folder. */
import isolate from '../../../../src/page/isolation/isolate.js?url';

/** Resolves if the page is not going to load once more, which would end what the visitor has begun. */
export const pageStays: Promise<void> =
  typeof document === 'undefined' || crossOriginIsolated ? Promise.resolve() : new Promise(tryToIsolate);

function tryToIsolate(resolve: () => void): void {
  const script = document.createElement('script');
  script.src = isolate;
  script.onload = () => {
    if (!('reloads' in script.dataset)) resolve();
  };
  script.onerror = resolve;
  document.head.append(script);
}
