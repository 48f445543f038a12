/** What test/kernels tests on a few threads, steps and numbers, on more; and the backend in a page: the same bits each time. */
import { testInBrowser, trainInPage } from '../../helpers/chromium.js';
import type { Result } from '../../helpers/wasm-suite.js';
import {
  bitsInNode,
  ISOLATING,
  jobFor,
  plainPage,
  PORTABLE,
  RELAXED,
  describeFunctions,
  describeSameBits,
  describeSteadyMemory,
} from '../../helpers/wasm-suite.js';

describeSameBits([2, 3, 5, 2]);
describeSteadyMemory({ steps: 10_000, models: 300, batches: 300 });
describeFunctions(4099);

let expected: number[];
beforeAll(async () => {
  expected = await bitsInNode();
});

describe('in a page without a bundler, the backend', () => {
  const files = plainPage();
  const deterministic = { deterministic: true };

  testInBrowser('has one thread and Node’s bits without isolation, even if more threads are requested', async () => {
    const job = jobFor(deterministic, { ...deterministic, threads: 2 });
    const results = await trainInPage<Result[]>({ files }, job);
    const single = { description: `${PORTABLE}1 thread`, bits: expected };
    expect(results).toEqual([single, single]);
  });

  testInBrowser('gives the same bits with relaxed SIMD on 2 threads, on 1, and on 1 without isolation', async () => {
    const isolated = await trainInPage<Result[]>({ files, headers: ISOLATING }, jobFor({ threads: 2 }, { threads: 1 }));
    const [single] = await trainInPage<Result[]>({ files }, jobFor({}));
    const [{ bits }] = isolated;
    expect([...isolated, single]).toEqual([
      { description: `${RELAXED}2 threads`, bits },
      { description: `${RELAXED}1 thread`, bits },
      { description: `${RELAXED}1 thread`, bits },
    ]);
  });

  testInBrowser('has one thread, a reason and Node’s bits if a Content-Security-Policy blocks workers', async () => {
    const job = jobFor({ ...deterministic, threads: 3 }, { ...deterministic, threads: 1 });
    const trainUnder = (policy: string) =>
      trainInPage<Result[]>({ files, headers: { ...ISOLATING, 'content-security-policy': policy } }, job);
    const why = ' (workers are blocked: a Content-Security-Policy must allow worker-src blob:)';
    expect(await trainUnder("default-src 'none'; script-src 'self' 'unsafe-eval'; worker-src blob:")).toEqual([
      { description: `${PORTABLE}3 threads`, bits: expected },
      { description: `${PORTABLE}1 thread`, bits: expected },
    ]);
    expect(await trainUnder("script-src 'self' 'unsafe-eval'")).toEqual([
      { description: `${PORTABLE}1 thread${why}`, bits: expected },
      { description: `${PORTABLE}1 thread`, bits: expected },
    ]);
  });
});
