/** The programs that the site runs below a chapter's commands. test/slow/docs/site-runs.test.ts runs all of them in a browser. */
import { readdirSync } from 'node:fs';
import { differing, isRunnable, outputIn, programsIn, RUNNABLE } from '../../docs/.vitepress/theme/places.js';
import { programsInBrowser } from '../../docs/.vitepress/plugins.js';
import { folder, placeOf, read } from '../helpers/chapter.js';

/** Why a page does not run a program that a chapter names. */
const ONLY_IN_A_CHECKOUT = {
  fast: 'it measures this computer, with threads',
  networks: 'it reads a book from a file, and takes more than a minute',
  symptoms: 'it makes copies of the library with mistakes, with a bundler',
  tutorial: 'it reads the digits from files',
};

const chapters = readdirSync(folder).filter((file) => file.endsWith('.md'));
/** Code blocks: indented, or between fences. */
const blocksOf = (file: string): string[] => [
  ...Array.from(read(file).matchAll(/^```.*\n([^]*?)^```/gm), ([, block]) => block),
  ...Array.from(read(file).matchAll(/(?<=\n\n)(?: {4}.*\n)+/g), ([block]) => block.replace(/^ {4}/gm, '')),
];

test('every program that a chapter says to run has a button, or needs more than a browser', () => {
  const named = new Set(chapters.flatMap(blocksOf).flatMap(programsIn));
  expect([...named].sort()).toEqual([...RUNNABLE, ...Object.keys(ONLY_IN_A_CHECKOUT)].sort());
  for (const name of Object.keys(ONLY_IN_A_CHECKOUT)) expect([name, isRunnable(name)]).toEqual([name, false]);
});

test.each(RUNNABLE)('%s.mjs uses nothing of Node but what the worker has', (name) => {
  const plugin = programsInBrowser();
  const file = placeOf(`${name}.mjs`);
  const text = read(`${name}.mjs`);
  const modules = Array.from(text.matchAll(/from '(node:\w+)'/g), ([, id]) => id);
  for (const id of modules)
    expect([id, plugin.load(plugin.resolveId(id, file)!)]).toEqual([id, expect.stringContaining('export')]);
  expect(text.replace('process.argv[1] === ', '').replace(/process\.argv\[?[23]?/g, '')).not.toMatch(
    /process\.|Buffer|require/,
  );
  expect(plugin.transform(text, file)!.code).not.toContain('import.meta');
  expect(plugin.transform(text, '/other/file.mjs')).toBeNull();
});

test('a program reads the file that it reads in Node, and no other', async () => {
  const plugin = programsInBrowser();
  /** The browser’s node:fs of a program. */
  const filesOf = async (name: string): Promise<(file: string) => string> => {
    const code = plugin.load(plugin.resolveId('node:fs', placeOf(`${name}.mjs`))!)!;
    const files = (await import(`data:text/javascript,${encodeURIComponent(code)}`)) as {
      readFileSync: (file: string) => string;
    };
    return files.readFileSync;
  };
  const [gates, fitting, other] = await Promise.all(['gates', 'fitting-mistake', 'min-char-rnn'].map(filesOf));
  expect(gates('file:///gates.json')).toBe(read('programs/gates.json'));
  expect(JSON.parse(fitting('file:///test/fixtures/pytorch.json'))).toHaveProperty('cases');
  for (const readFile of [gates, other])
    for (const file of ['file:///other.json', '/', '']) expect(() => readFile(file)).toThrow('A browser has no file');
});

test('commands in a code block, the output below one, and how much of it differs', () => {
  const block = '$ node docs/learn/programs/one-state.mjs\nrow 0: h = 0  \nrow 1: h = 1\n';
  expect(programsIn(block)).toEqual(['one-state']);
  expect(programsIn('node docs/learn/programs/tutorial.mjs 100000\n  node docs/learn/programs/a.mjs')).toEqual([]);
  expect(outputIn(block, 'one-state')).toEqual(['row 0: h = 0  ', 'row 1: h = 1']);
  expect(outputIn('node docs/learn/programs/one-state.mjs', 'one-state')).toEqual([]);
  expect(differing(['row 0: h = 0', 'row 1: h = 1'], outputIn(block, 'one-state'))).toBe(0);
  expect(differing(['row 0: h = 0', 'row 1: h = 2'], outputIn(block, 'one-state'))).toBe(1);
});
