/** Gradient checks of the whole model with random sizes, biases and states. */
import fc from 'fast-check';
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { checkModelGradients } from '../../src/network/network-check.js';

const backend = createReferenceBackend({ dtype: 'f64' });

const size = (most: number) => fc.integer({ min: 1, max: most });

export function testRandomModels(count: number): void {
  test(`every gradient agrees with its numeric gradient to 1e-7, in ${count} random configurations`, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({ T: size(5), B: size(3), I: size(4), H: size(5), C: fc.integer({ min: 2, max: 5 }) }),
        fc.integer({ min: 0, max: 2 ** 32 - 1 }),
        fc.double({ min: -2, max: 2, noNaN: true }),
        async (sizes, seed, forgetBias) => {
          const reports = await checkModelGradients(backend, sizes, { seed, forgetBias, tolerance: 1e-7 });
          expect(reports.map(({ name }) => name)).toEqual(['kernel', 'bias', 'outKernel', 'outBias', 'x', 'h0', 'c0']);
          expect(reports.filter(({ ok }) => !ok)).toEqual([]);
        },
      ),
      { numRuns: count, seed: 20, endOnFailure: true },
    );
  });
}
