/** `npm run bench:gpu-kernels` as a process, in one mode; every mode: test/slow/bench/gpu-kernel-steps.test.ts. */
import { spawnSync } from 'node:child_process';

test('every step of mode cpu computes the product, of a size that no tile divides', () => {
  const program = ['dist/bench/steps/gpu-kernel-steps.js', '--quick', '--mode', 'cpu', '--size', '9,7,5'];
  const { status, stdout } = spawnSync(process.execPath, program, { encoding: 'utf8' });
  expect({ status, stdout }).toEqual({ status: 0, stdout: expect.not.stringContaining('WRONG') as string });
  expect(stdout.match(/^ {2}\d\. .*? \d+\.\d+ +\d+\.\d+( +×\d+\.\d+)? *$/gm)).toHaveLength(6);
});
