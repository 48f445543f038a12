/** Lists of calls of the WebGPU backend: calls that it computes together have the numbers of single calls, and others are not merged. */
import type { WebGpuBackend } from '../../../kernels/webgpu/backend.js';
import { type CallList, callList, valuesAfter } from '../../helpers/call-lists.js';
import { DIRECTED_LISTS } from '../../helpers/directed-lists.js';
import { callByCall, describeWebGpu, KINDS, openWebGpu, using } from '../../helpers/webgpu.js';

const COUNT = 60;

const LISTS: readonly CallList[] = Array.from({ length: COUNT }, (_, n) => callList(n, n % 4 === 0 ? 0 : 1 + (n % 2)));

await describeWebGpu(() => {
  test.each(KINDS)('lists of a training step, and lists that differ from them, for %s', async (kind) => {
    const launches: number[] = [];
    const merged = await using(openWebGpu(kind), async (backend) => {
      const all: Float64Array[][] = [];
      for (const list of LISTS) {
        all.push(await valuesAfter(backend, list));
        launches.push(backend.lastLaunches / list.calls.length);
      }
      return all;
    });
    await using(openWebGpu(kind), async (backend) => {
      const single = callByCall(backend);
      for (const [n, list] of LISTS.entries())
        expect([list.name, await valuesAfter(single, list)]).toEqual([list.name, merged[n]]);
    });
    expect(launches.filter((part) => part < 0.7).length).toBeGreaterThan(COUNT / 4);
  });

  describe.each(KINDS)('calls by the kernels for %s', (kind) => {
    let merged: WebGpuBackend;
    let single: WebGpuBackend;
    beforeAll(async () => {
      merged = await openWebGpu(kind);
      single = callByCall(await openWebGpu(kind));
    });
    afterAll(() => Promise.all([merged.dispose(), single.dispose()]));

    test.each(DIRECTED_LISTS.map((list) => [list.name, list] as const))(
      'have the numbers of single calls in a list in which %s',
      async (_, list) => {
        const values = await valuesAfter(merged, list);
        expect(values).toEqual(await valuesAfter(single, list));
      },
    );
  });
});
