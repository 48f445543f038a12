/** For pages, in place of bench/programs/web-worker.ts: workers are there, but not always wanted. */
export function provideWebWorkers(threads: number): void {
  if (threads === 1) Object.assign(globalThis, { Worker: undefined });
  else Object.defineProperty(navigator, 'hardwareConcurrency', { value: threads });
}
