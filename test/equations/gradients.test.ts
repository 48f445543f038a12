/** The gradients of the whole model compared with numeric gradients, for random sizes, biases and states. */
import { checkGradients } from '../../src/equations/gradcheck.js';
import { testRandomModels } from '../helpers/random-gradients.js';

testRandomModels(30);

test('a tensor of 150,000 elements can be checked', async () => {
  const w = new Float64Array(150_000).fill(0.5);
  const gradient = new Float64Array(w.length);
  gradient[7] = 2 * w[7];
  const [report] = await checkGradients({ inputs: { w }, loss: () => w[7] ** 2, gradients: () => ({ w: gradient }) });
  expect(report.ok).toBe(true);
});
