/** Tests that give a command a terminal: util-linux's `script` does. */
import { spawnSync } from 'node:child_process';
import { needs } from './needs.js';

const version = spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout as string | null; // null: there is none

/** `test` if this computer has the program. */
export const testOnTerminal = needs(
  'the program script of util-linux',
  version?.includes('util-linux') ?? false,
  'apt-get install bsdutils (Debian)',
);
