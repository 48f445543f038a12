/** The process of every command, with standard output or standard error on a full disk, or closed by its reader. */
import { longhand } from '../../helpers/longhand-process.js';
import { expectRightIfLost, makeFiles, NAMES } from '../../helpers/lost-outputs.js';

beforeAll(makeFiles);

test.each(NAMES)('%s has the right exit code and no stack trace if its output or its messages are lost', (name) =>
  expectRightIfLost(longhand, name),
);

test.each(['full', 'closed'] as const)(
  'wrong usage has exit code 2 even if both of its outputs are %s',
  async (sink) => {
    expect((await longhand(['frobnicate'], { stdout: sink, stderr: sink })).code).toBe(2);
  },
);
