/** Tests that give a command a terminal: util-linux's `script` does. */
import { spawnSync } from 'node:child_process';
import { needs } from './needs.js';

const { status } = spawnSync('script', ['--quiet', '--return', '--command', 'true', '/dev/null'], { stdio: 'ignore' });

/** `test` if this computer has the program, and terminals for it. */
export const testOnTerminal = needs(
  'the program script of util-linux, or terminals for it',
  status === 0,
  'apt-get install bsdutils (Debian), and mount /dev/pts',
);
