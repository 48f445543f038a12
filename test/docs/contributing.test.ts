/**
 * CONTRIBUTING.md: how many packages are installed; how to add an operation, a cell or a backend names files and functions that exist. And
 * the check of the English itself: `npm run english` reads every document, comment and message.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { runModule } from '../helpers/run-module.js';
import { longSentencesIn } from '../english.mjs';

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

interface Locked {
  readonly [kind: `${string}ependencies`]: Readonly<Record<string, string>> | undefined;
  readonly peerDependenciesMeta?: Readonly<Partial<Record<string, { readonly optional?: boolean }>>>;
  readonly optional?: boolean;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly libc?: readonly string[];
}

describe('npm ci installs', () => {
  const packagesOf = (file: string) => (JSON.parse(read(file)) as { packages: Record<string, Locked> }).packages;
  const locked = packagesOf('package-lock.json');
  const installed = Object.keys(packagesOf('node_modules/.package-lock.json'));

  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  const libc = header.glibcVersionRuntime === undefined ? 'musl' : 'glibc';
  const isFor = (here: string, allowed: readonly string[] = [here]): boolean => allowed.includes(here);
  const isForThisComputer = ({ os, cpu, libc: libraries }: Locked): boolean =>
    isFor(process.platform, os) && isFor(process.arch, cpu) && isFor(libc, libraries);

  /** The packages that this computer gets if `failed`, which is optional, is not installed. */
  function expected(failed?: string): Set<string> {
    const found = new Set<string>(['']); // the project itself; a set is visited to its growing end
    for (const at of found) {
      const { peerDependenciesMeta = {}, ...one } = locked[at];
      const names = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'] as const;
      for (const name of names.flatMap((kind) => Object.keys(one[kind] ?? {}))) {
        if (name === failed || (peerDependenciesMeta[name]?.optional && at !== '')) continue;
        const place = placeOf(name, at);
        if (isForThisComputer(locked[place])) found.add(place);
      }
    }
    found.delete('');
    return found;
  }

  /** Where Node finds a package that the one at `from` imports. */
  function placeOf(name: string, from: string): string {
    const place = `${from === '' ? '' : `${from}/`}node_modules/${name}`;
    if (place in locked) return place;
    if (from === '') throw new Error(`package-lock.json has no ${name}`);
    return placeOf(name, from.replace(/\/?node_modules\/(@[^/]+\/)?[^/]+$/, ''));
  }

  test('each package that is not optional, and none that the lock file does not list for this computer', () => {
    const required = Object.keys(locked).filter((place) => place !== '' && !locked[place].optional);
    expect(required.filter((place) => !installed.includes(place))).toEqual([]);
    const all = expected();
    expect(installed.filter((place) => !all.has(place))).toEqual([]);
  });

  test('as many as CONTRIBUTING.md says, with gl and without, to within ten: computers differ in a few', () => {
    const [, ...said] = /`npm ci` installs ([\d,]+) packages.* or ([\d,]+)/.exec(read('CONTRIBUTING.md'))!;
    const counts = [expected(), expected('gl')].map(({ size }) => size);
    said.forEach((number, n) => expect(Math.abs(Number(number.replace(',', '')) - counts[n])).toBeLessThanOrEqual(10));
  });
});

describe('npm run english', () => {
  /** A sentence of this many words, on two lines. */
  const words = (count: number): string => `${'word '.repeat(count - 1)}\nend.`;

  test('it finds sentences of more than 30 words, and counts neither numbers nor signs', () => {
    expect(longSentencesIn('a.md', `1 + 2 = 3 ${words(30)} A short one; ${words(30)}`)).toEqual([]);
    expect(longSentencesIn('a.md', `Title\n\nA short one. ${words(31)}`)).toEqual([
      `a.md:3: 31 words: ${words(31).replace('\n', '')}`,
    ]);
  });

  test('in a program it reads comments and texts, and no code and no formulas', () => {
    const long = 'word '.repeat(31);
    const program = `
/**
 * A first sentence. ${long}
 *
 *     formula ${long}
 *
 * The name \`${long}\` is code.
 */
const told = '${long}'; // ${long}
throw new Error(\`\${told} ${long}\`);`;
    const found = longSentencesIn('a.ts', program).map((fault) => fault.slice(0, 15));
    expect(found.sort()).toEqual(['a.ts:10: 31 wor', 'a.ts:3: 31 word', 'a.ts:9: 31 word', 'a.ts:9: 31 word']);
  });

  test('in a document it reads paragraphs, items and cells, and no code and no formulas', () => {
    const long = 'word '.repeat(31).trim();
    const document = `
# Title

A line
${long}

- ${long}
- \`${long}\`
- $${long}$

$$
${long}
$$

| a cell | ${long} |
| ------ | ------- |

    ${long}
\`\`\`
${long}
\`\`\`
`;
    const found = longSentencesIn('a.md', document).map((fault) => fault.slice(0, 17));
    expect(found).toEqual(['a.md:4: 33 words:', 'a.md:7: 31 words:', 'a.md:15: 31 words']);
  });
});
