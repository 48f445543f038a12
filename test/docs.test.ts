/** What the documents say is true: links lead somewhere, line links to their equation, examples run. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const project = fileURLToPath(new URL('..', import.meta.url));
const read = (file: string): string => readFileSync(path.join(project, file), 'utf8');
const documents = [
  ...readdirSync(project).filter((name) => name.endsWith('.md')),
  ...readdirSync(path.join(project, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

interface Link {
  readonly document: string;
  readonly text: string;
  readonly target: string;
}

const links: Link[] = documents.flatMap((document) =>
  [...read(document).matchAll(/\[([^\]]+)\]\(([^)]+)\)/g)]
    .map(([, text, target]) => ({ document, text, target }))
    .filter(({ target }) => !target.startsWith('http')),
);

test('every relative link leads to a file', () => {
  const dead = links.filter(({ document, target }) => {
    const file = path.join(project, path.dirname(document), target.replace(/#.*/, ''));
    return !existsSync(file);
  });
  expect(dead).toEqual([]);
  expect(links.length).toBeGreaterThan(20);
});

test('every line link of the derivation leads to lines that carry its equation’s number', () => {
  const lineLinks = links.filter(({ target }) => /#L\d/.test(target));
  expect(lineLinks.length).toBeGreaterThanOrEqual(11);
  for (const { document, text, target } of lineLinks) {
    const [file, first, last] = /^(.+)#L(\d+)(?:-L(\d+))?$/.exec(target)?.slice(1) ?? [];
    const lines = read(path.join(path.dirname(document), file)).split('\n');
    const linked = lines.slice(Number(first) - 1, Number(last));
    expect({ target, first: linked[0] }).toEqual({ target, first: expect.stringContaining(text) as string });
  }
});

const examples = [...read('README.md').matchAll(/```js\n([\s\S]*?)```/g)].map(([, code]) => code);

test.each([
  [/^50 \d\.\d{4}\n60 \d\.\d{4}\nvalidation accuracy 0\.\d+\n$/m, 0],
  [/^last h Float64Array\(2\) \[ [-\d.e]+, [-\d.e]+ \]\n∂loss\/∂x Float64Array\(3\) \[/, 1],
  [/^true \d\.\d+e-1\d\n$/, 2],
])('the README’s example prints %s', (output, n) => {
  expect(examples).toHaveLength(3);
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module'], {
    cwd: project,
    input: examples[n],
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  expect(stdout).toMatch(output);
});

test('the README shows what gradcheck prints', () => {
  const { stdout } = spawnSync(process.execPath, ['dist/src/cli/main.js', 'gradcheck'], {
    cwd: project,
    encoding: 'utf8',
  });
  expect(read('README.md')).toContain(stdout);
});
