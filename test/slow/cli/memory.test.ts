/** Large files and their memory: the search for mistakes in a comparison, and a very long table. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { writeSafetensors } from '../../../src/files/safetensors.js';
import { comparisonOf } from '../../helpers/comparison-of-zeros.js';
import { mnistFiles } from '../../helpers/idx-files.js';
import { longhand } from '../../helpers/longhand-process.js';
import { temporaryDirectories } from '../../helpers/temporary-directories.js';

const { directoryOf, remove } = temporaryDirectories();
afterAll(remove);

test('compare searches a small file with many steps for mistakes if their views fit into V8’s heap', async () => {
  const file = comparisonOf(directoryOf({}), 10_000, 0);
  const { code, stdout } = await longhand(['compare', file, '--no-limit'], { node: ['--max-old-space-size=128'] });
  expect([code, stdout]).toEqual([1, expect.stringContaining('DIFFERS')]);
});

test('longhand inspect shows two hundred thousand tensors', async () => {
  const file = path.join(directoryOf({}), 'many.safetensors');
  const empty = { dtype: 'U8', shape: [0], bytes: new Uint8Array() } as const;
  const tensors = new Map(Array.from({ length: 200_000 }, (_, n) => [`t${n}`, empty]));
  writeFileSync(file, writeSafetensors({ metadata: new Map(), tensors }));
  const { code, stdout, stderr } = await longhand(['inspect', file]);
  expect([code, stderr, stdout.split('\n').length]).toEqual([0, '', 200_002]);
});

test('a model of 600 units for batches of 600 is not refused', async () => {
  const args = ['--data', directoryOf(mnistFiles(5600, 200)), '--hidden', '600', '--batch-size', '600'];
  expect((await longhand(['train', ...args, '--training-iters', '1'])).code).toBe(0);
});
