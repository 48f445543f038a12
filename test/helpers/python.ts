/** Tests that run PyTorch. A developer's computer may lack it, and then they are skipped; CI may not. */
import { spawnSync } from 'node:child_process';

const HAS_TORCH = 'import importlib.util, sys; sys.exit(importlib.util.find_spec("torch") is None)';

/** The first Python that has torch. A version manager can put its own `python3` before Debian's, which has torch. */
const python = ['python3', '/usr/bin/python3'].find(
  (command) => spawnSync(command, ['-c', HAS_TORCH], { stdio: 'ignore' }).status === 0,
);

/** Defines tests with this Python. If none has PyTorch, defines one that is skipped, or fails in CI. */
export function describeTorch(name: string, define: (python: string) => void): void {
  if (python !== undefined) {
    describe(name, () => define(python));
    return;
  }
  (process.env.CI ? test : test.skip)(`${name}: no python3 with torch (Debian: apt-get install python3-torch)`, () => {
    throw new Error('no python3 with torch');
  });
}
