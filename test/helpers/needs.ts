/**
 * The tier that runs a test, and what a computer may lack: a browser, a shell, PyTorch, a mode of GPU.js. If it is missing, tests
 * are skipped, and test/helpers/reporter.js prints one line that says how to get it. Under CI=true they run, and fail.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { isTested } from '../../kernels/wasm/wide-vectors.js';

/** `test` if the thing is there or must be there; otherwise `test.skip`. `remedy`: how to get it. */
export function needs(thing: string, isThere: boolean, remedy: string): jest.It {
  if (isThere || process.env.CI) return test;
  test.skip(`missing: ${thing}: ${remedy}`, () => undefined);
  return test.skip;
}

/** V8 merges pairs of vectors on x64 with AVX2; Linux says whether the processor has it. */
const HAS_AVX2 =
  process.arch === 'x64' &&
  (process.platform !== 'linux' || /^flags.*\bavx2\b/m.test(readFileSync('/proc/cpuinfo', 'latin1')));

/** A test of merged vectors. It is skipped on another version also under CI=true: .ci/run runs it on those that are listed. */
export function testMerging(title: string, run: () => Promise<void>): void {
  if (isTested(process.versions.v8)) {
    needs('a processor with AVX2', HAS_AVX2, 'run the tests on one')(title, run);
  } else {
    test.skip('missing: Node 24 or 26: run the tests on it', () => undefined);
    test.skip(title, run);
  }
}

/** A test that gives a command a terminal: `script` does. */
export function testOnTerminal(title: string, run: () => Promise<void>): void {
  const args = ['--quiet', '--return', '--command', 'true', '/dev/null'];
  needs(
    'the program script of util-linux, or terminals for it',
    spawnSync('script', args, { stdio: 'ignore' }).status === 0,
    'apt-get install bsdutils (Debian), and mount /dev/pts',
  )(title, run);
}

const HAS_TORCH = 'import importlib.util, sys; sys.exit(importlib.util.find_spec("torch") is None)';

/** Defines tests with the first Python that has PyTorch. A version manager can put its own `python3` before Debian's. */
export function describeTorch(name: string, define: (python: string) => void): void {
  const python = ['python3', '/usr/bin/python3'].find(
    (command) => spawnSync(command, ['-c', HAS_TORCH], { stdio: 'ignore' }).status === 0,
  );
  if (python !== undefined) describe(name, () => define(python));
  else {
    needs(
      'PyTorch',
      false,
      'apt-get install python3-torch (Debian)',
    )(name, () => {
      throw new Error('no python3 with torch');
    });
  }
}

/**
 * `first` under `npm test`, and `second` under `npm run test:slow`: the sizes of tests that both tiers run. test/slow/jest.config.js lists
 * the files of these tests, and sets `slowTier`.
 */
export const inTier = <Value>(first: Value, second: Value): Value => ('slowTier' in globalThis ? second : first);

/** Of such a file, what is the same in both tiers: the first runs it, and the second skips it. */
export const [testOnce, describeOnce] = [
  inTier<jest.It>(test, test.skip),
  inTier<jest.Describe>(describe, describe.skip),
];
