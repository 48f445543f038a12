/** Tests that run PyTorch, if this computer has it. */
import { spawnSync } from 'node:child_process';
import { needs } from './needs.js';

const HAS_TORCH = 'import importlib.util, sys; sys.exit(importlib.util.find_spec("torch") is None)';

/** The first Python that has torch. A version manager can put its own `python3` before Debian's, which has torch. */
const python = ['python3', '/usr/bin/python3'].find(
  (command) => spawnSync(command, ['-c', HAS_TORCH], { stdio: 'ignore' }).status === 0,
);

/** Defines tests with this Python. */
export function describeTorch(name: string, define: (python: string) => void): void {
  if (python !== undefined) {
    describe(name, () => define(python));
    return;
  }
  needs(
    'PyTorch',
    false,
    'apt-get install python3-torch (Debian)',
  )(name, () => {
    throw new Error('no python3 with torch');
  });
}
