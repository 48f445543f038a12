/** `longhand compare` as a process, with the flags of its template for networks. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { longhand } from '../helpers/longhand.js';
import { directoryOf } from '../helpers/temporary-directories.js';

test('an example of a network agrees, and every result is listed', async () => {
  const file = path.join(directoryOf(), 'deep.safetensors');
  const kind = '--layers 2 --bidirectional --lengths --reads every --loss squaredError --seed 3'.split(' ');
  expect(await longhand(['compare', '--template', file, ...kind])).toMatchObject({ code: 0, stdout: '' });
  const { code, stdout } = await longhand(['compare', file, '--tolerance', '1e-12']);
  expect([code, stdout.match(/ ok$/gm)?.length]).toEqual([0, 18]);
  expect(stdout).toMatch(/^d\.kernel\.1\.reverse +\[18,24\] /m);
});

test.each(['--layers 2', '--bidirectional', '--lengths', '--reads every', '--loss crossEntropy', '--force'])(
  '%s needs --template',
  async (flag) => {
    const stderr = `error: ${flag.split(' ')[0]} needs --template\n`;
    expect(await longhand(['compare', 'mine', ...flag.split(' ')])).toEqual({ code: 2, stdout: '', stderr });
    expect(existsSync('mine')).toBe(false);
  },
);
