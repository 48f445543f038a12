/** CONTRIBUTING.md: how to add an operation, a cell or a backend names files and functions that exist. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { runModule } from '../helpers/run-module.js';

const project = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string): string => readFileSync(path.join(project, file), 'utf8');
const files = ['src', 'kernels', 'test', 'docs'].flatMap((folder) =>
  (readdirSync(path.join(project, folder), { recursive: true }) as string[])
    .filter((name) => /\.(ts|mjs|md)$/.test(name))
    .map((name) => `${folder}/${name}`),
);

test('the parts of the build that “Change a kernel” names exist, and so does its test', () => {
  const [section] = read('CONTRIBUTING.md').split('\n## Change a kernel\n')[1].split('\n## ');
  const { stdout } = runModule(
    "import { generated, rest } from './build/parts.mjs'; console.log([...generated, ...rest].map(({ name }) => name).join());",
  );
  const named = [...section.matchAll(/npm run build -- (\w+)/g)].map(([, name]) => name);
  expect(named).toEqual(['wasm', 'modules']);
  expect(stdout.trim().split(',')).toEqual(expect.arrayContaining(named));
  const [file] = /test\/kernels\/\S+\.test\.ts/.exec(section)!;
  expect(files).toContain(file);
});

const sources = files.filter((file) => /^(src|kernels|test\/helpers)\/.*\.ts$/.test(file)).map(read);

/** A reader writes the first; Keras and the project's root have the others. */
const TO_BE_WRITTEN = ['src/equations/gru.ts', 'gru.ts'];
const OF_OTHERS = ['reset_after', '.dependency-cruiser.mjs'];

test.each(['Add an operation', 'Add a cell', 'Add a backend'])('“%s” names what there is', (title) => {
  const [section] = read('CONTRIBUTING.md').split(`\n## ${title}\n`)[1].split('\n## ');
  const names = [...section.matchAll(/(?<!\[)`([^`\s]+)`/g)].map(([, name]) => name); // docs.test.ts checks those with a link
  expect(names.length).toBeGreaterThan(5);
  const isThere = (name: string): boolean =>
    /^\w+$/.test(name)
      ? sources.some((source) => new RegExp(`\\b${name}\\b`).test(source))
      : !/\.(ts|mjs|md)$/.test(name) || name.includes('*') || files.some((file) => `/${file}`.endsWith(`/${name}`));
  expect(names.filter((name) => ![...TO_BE_WRITTEN, ...OF_OTHERS].includes(name) && !isThere(name))).toEqual([]);
});
