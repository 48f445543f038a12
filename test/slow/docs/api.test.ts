/** The API reference, as TypeDoc makes it. test/docs/hover.test.ts checks the comments that it is made from. */
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { filesOf } from '../../helpers/site.js';
import { folder } from '../../helpers/temporary-directories.js';

const out = path.join(folder, 'api');

beforeAll(() => {
  const options = ['--options', 'docs/.vitepress/typedoc.mjs', '--out', out];
  const { status, stderr } = spawnSync('node_modules/.bin/typedoc', options, { encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

test('every entry has its name, and every name a short page', () => {
  const { exports } = JSON.parse(readFileSync('package.json', 'utf8')) as { exports: Record<string, unknown> };
  const entries = Object.keys(exports).filter((entry) => entry !== './package.json');
  const pages = filesOf(out, '.md');
  expect(pages.filter((name) => name.endsWith('/index.md')).sort()).toEqual(
    entries.map((entry) => path.posix.join('longhand', entry, 'index.md')).sort(),
  );
  const KINDS = '(functions|interfaces|classes|variables|type-aliases)';
  for (const name of pages) {
    expect(name).toMatch(new RegExp(`^(longhand/([a-z]+/)?(${KINDS}/\\w+|index)|index)\\.md$`));
    const { size } = statSync(path.join(out, name));
    expect([name, size < 20_000 || name === 'longhand/index.md']).toEqual([name, true]);
  }
});

test('a page shows a tensor with its shape, and links to its place in the source', () => {
  const lstm = readFileSync(path.join(out, 'longhand/interfaces/Lstm.md'), 'utf8');
  expect(lstm).toMatch(/\| .*`?dc`?.* \| .*Tensor.* \| .*`\[T\+1,B,H\]`/);
  expect(lstm).toMatch(
    /\[src\/equations\/lstm-tensors\.ts:\d+\]\(\/source\/src\/equations\/lstm-tensors\.ts\.html#L\d+\)/,
  );
});
