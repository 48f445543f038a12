/** In pages, replaces bench/programs/web-worker.ts: for one thread it hides Web Workers, otherwise it sets their number. */
export function provideWebWorkers(threads: number): void {
  if (threads === 1) Object.assign(globalThis, { Worker: undefined });
  else Object.defineProperty(navigator, 'hardwareConcurrency', { value: threads });
}
