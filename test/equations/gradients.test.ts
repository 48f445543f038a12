/** The gradients of operations, and of the whole model for random sizes, biases and states, compared with numeric gradients. */
import fc from 'fast-check';
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { sizeOf } from '../../src/core/tensor.js';
import { checkGradients } from '../../src/equations/gradcheck.js';
import { checkModelGradients } from '../../src/network/network-check.js';
import { inTier, testOnce } from '../helpers/needs.js';
import type { Case } from '../helpers/operation-cases.js';
import { CASES } from '../helpers/operation-cases.js';
import { expectGradient } from '../helpers/formula-backend.js';

const backend = createReferenceBackend({ dtype: 'f64' });

/** Larger ones take many seconds, and their sums have too few digits for a difference of two. */
const isSmall = ({ outputs }: Case): boolean => sizeOf(outputs[0]) <= 200;

testOnce.each(CASES.filter((one) => one.gradient && isSmall(one)).map((one) => [one.name, one] as const))(
  '%s: the numeric gradient of the forward operation’s formula',
  (_, one) => expectGradient(one),
);

const size = (most: number) => fc.integer({ min: 1, max: most });

const COUNT = inTier(30, 200);

test(`every gradient agrees with its numeric gradient to 1e-7, in ${COUNT} random configurations`, async () => {
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
    { numRuns: COUNT, seed: 20, endOnFailure: true },
  );
});

testOnce('a tensor of 150,000 elements can be checked', async () => {
  const w = new Float64Array(150_000).fill(0.5);
  const gradient = new Float64Array(w.length);
  gradient[7] = 2 * w[7];
  const [report] = await checkGradients({ inputs: { w }, loss: () => w[7] ** 2, gradients: () => ({ w: gradient }) });
  expect(report.ok).toBe(true);
});
