/** `npm run bench:gpu-kernels` as a process: every step computes the product, of a size that fits no tile. No time is asserted. */
import type { SpawnSyncReturns } from 'node:child_process';
import { spawnSync } from 'node:child_process';
import { testInBrowser } from '../../helpers/chromium.js';

function steps(...args: string[]): SpawnSyncReturns<string> {
  const program = ['dist/bench/steps/gpu-kernel-steps.js', '--quick', ...args];
  return spawnSync(process.execPath, program, { encoding: 'utf8', timeout: 500_000 });
}

/** The steps of each mode that ran: right steps have three figures, or two in the first line. */
function rightSteps(stdout: string): Record<string, number> {
  const modes = stdout.split(/^gpu: GPU\.js, mode /m).slice(1);
  return Object.fromEntries(
    modes.map((text) => [
      text.slice(0, text.indexOf(',')),
      (text.match(/^ {2}\d\. .*? \d+\.\d+ +\d+\.\d+( +×\d+\.\d+)? *$/gm) ?? []).length,
    ]),
  );
}

const STEPS = { webgpu: 6, webgl2: 7, headlessgl: 7, webasm: 6, cpu: 6 };

test('in Node every step of every mode is right, for sizes that no tile divides', () => {
  const { status, stdout } = steps('--size', '9,7,5');
  expect({ status, stdout }).toEqual({ status: 0, stdout: expect.not.stringContaining('WRONG') as string });
  const found = rightSteps(stdout);
  // A developer's computer may lack the other two; CI may not.
  const needed = process.env.CI ? (['webgpu', 'headlessgl', 'webasm', 'cpu'] as const) : (['webasm', 'cpu'] as const);
  expect(Object.keys(found)).toEqual(expect.arrayContaining([...needed]));
  for (const [mode, count] of Object.entries(found))
    expect([mode, count]).toEqual([mode, STEPS[mode as keyof typeof STEPS]]);
});

testInBrowser('so are those of webgl2 and cpu in a page', () => {
  for (const mode of ['webgl2', 'cpu'] as const) {
    const { status, stdout, stderr } = steps('--browser', '--mode', mode, '--size', '9,7,5');
    expect([status, stderr, rightSteps(stdout)]).toEqual([0, '', { [mode]: STEPS[mode] }]);
  }
});

test('a mode that does not work here is one line with the reason', () => {
  const { status, stdout } = steps('--mode', 'webgl2');
  expect(status).toBe(1);
  expect(stdout).toMatch(/^\nmode webgl2 is left out: GPU mode webgl2 needs a browser .*\n$/m);
});

test.each([
  [['--mode', 'opengl'], "option '--mode <mode>' argument 'opengl' is invalid\\. Allowed choices are webgpu, .*"],
  [['--size', '9,7'], "option '--size <M,K,N>' argument '9,7' is invalid\\. Write three whole numbers ≥ 1, .*"],
  [['--sizes', '9,7,5'], "unknown option '--sizes'"],
  [['webgpu'], 'too many arguments.*'],
])('%j is refused in one line', (args, message) => {
  const { status, stdout, stderr } = steps(...args);
  expect([status, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(new RegExp(`^error: ${message}\n$`));
});
