/** `longhand exercises export`, `import` and `bugs`: one file between the terminal and the site, and “Find the bug”. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { KEPT_FILE } from '../../src/cli/commands/exercises-files.js';
import { searchOf } from '../../src/exercises/exercise.js';
import { BUGS } from '../../src/exercises/bugs.js';
import type { Language } from '../../src/exercises/folder.js';
import { headOf, pathOf, PROGRESS_FILE, progressFrom, progressText, withoutHead } from '../../src/exercises/folder.js';
import { longhand } from '../helpers/longhand.js';
import { exercise as named } from '../exercises/changed.js';

let place = '';
beforeEach(async () => {
  place = mkdtempSync(path.join(tmpdir(), 'exercise-files-'));
  await exercises('./mine');
});
afterEach(() => rmSync(place, { recursive: true }));

const exercises = (...args: string[]) => longhand(['exercises', ...args], { cwd: place });
const at = (name: string, folder = 'mine', language: Language = 'typescript'): string =>
  path.join(place, folder, pathOf(named(name), language));
const read = (file: string): string => readFileSync(file, 'utf8');
const write = (text: string, file = 'file.json'): void => writeFileSync(path.join(place, file), text);

/** Every file of a folder. */
const contentsOf = (folder: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(path.join(place, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.\w+$/.test(name))
      .map((name) => [name, read(path.join(place, folder, name))]),
  );

test('a folder, its file, and another folder have the same answers', async () => {
  const { typescript, javascript } = named('sigmoid');
  writeFileSync(at('sigmoid'), `${headOf(named('sigmoid'))}${typescript.solution}`.replaceAll('\n', '\r\n'));
  writeFileSync(at('sigmoid', 'mine', 'javascript'), `// mine\n${javascript.solution}`);
  writeFileSync(at('adam'), '// no head, λ\n');
  await exercises('bugs', '1', '9');
  expect(await exercises('export', 'all.json', 'mine')).toMatchObject({
    code: 0,
    stdout: 'all.json: 3 answers, and 1 program of “Find the bug”. In the site, the page of all exercises reads it.\n',
  });
  const file = path.join(place, 'all.json');
  const progress = progressFrom('all.json', readFileSync(file));
  expect(progress.exercises.sigmoid).toEqual({
    typescript: typescript.solution,
    javascript: `// mine\n${javascript.solution}`,
  });
  await exercises('./other');
  expect(await exercises('import', 'all.json', 'other')).toMatchObject({ code: 0, stderr: '' });
  expect(read(at('sigmoid', 'other'))).toBe(`${headOf(named('sigmoid'))}${typescript.solution}`);
  expect(withoutHead(named('adam'), read(at('adam', 'other')))).toBe('// no head, λ\n');
  expect(await exercises('export', 'again.json', 'other')).toMatchObject({ code: 0 });
  expect(read(path.join(place, 'again.json'))).toBe(read(file));
});

test('an answer that differs stays, and the other one is beside it', async () => {
  const text = (mine: string): string => progressText({ exercises: { gates: { typescript: mine } }, bugs: {} });
  writeFileSync(at('gates'), '// mine');
  write(text('// other'));
  for (const beside of ['.imported', '.imported'])
    expect((await exercises('import', 'file.json', 'mine')).stdout).toContain(
      `typescript/07-gates.ts: stays, because it differs; the other answer is in typescript/07-gates${beside}.ts\n`,
    );
  write(text('// third'));
  expect((await exercises('import', 'file.json', 'mine')).stdout).toContain('07-gates.imported-2.ts');
  expect(read(at('gates'))).toBe('// mine');
  write(text('// mine'));
  expect((await exercises('import', 'file.json', 'mine')).stdout).toContain('07-gates.ts: the same');
  expect((await exercises('check', '7')).stdout).not.toContain('imported');
});

test.each<[string, string | Uint8Array]>([
  ['is not JSON in UTF-8', '{'],
  ['is not JSON in UTF-8', ''],
  ['is not JSON in UTF-8', Uint8Array.of(0x22, 0xff, 0x22)],
  ['is not JSON in UTF-8', 'null\0'],
  ['is no file of answers', '[1]'],
  ['is no file of answers', '"text"'],
  ['its format must be "longhand-progress"', '{}'],
  ['has version 2, but this version of longhand reads version 1', '{"format":"longhand-progress","version":2}'],
  ['its exercises must be an object', file({ exercises: [] })],
  ['its bugs must be an object', file({ bugs: null })],
  ['"solved" is no field of it', file({ solved: true })],
  ['there is no exercise "nothing"', file({ exercises: { nothing: {} } })],
  ['there is no exercise "__proto__"', file({}).replace('"exercises":{}', '"exercises":{"__proto__":{"hints":1}}')],
  ['exercises.gates: must be an object', file({ exercises: { gates: 'text' } })],
  ['exercises.gates: typescript must be a text', file({ exercises: { gates: { typescript: 5 } } })],
  ['exercises.gates: hints must be 0, 1, 2 or 3', file({ exercises: { gates: { hints: 1e9 } } })],
  ['exercises.gates: "solved" is no field of it', file({ exercises: { gates: { solved: true } } })],
  [
    'has 100001 characters, and may have at most 100000',
    file({ exercises: { gates: { javascript: 'x'.repeat(100_001) } } }),
  ],
  ['bugs: there is no program "seventh"', file({ bugs: { seventh: [1] } })],
  ...[[0], [99], [1.5], ['9'], [9, 9], [1], 9].map((lines): [string, string] => [
    'bugs.one-tensor: must be a list of different lines of the program that have code',
    file({ bugs: { 'one-tensor': lines } }),
  ]),
])('a file is refused in one sentence, and changes nothing: %s', async (why, contents) => {
  writeFileSync(path.join(place, 'file.json'), contents);
  const before = contentsOf('mine');
  const { code, stdout, stderr } = await exercises('import', 'file.json', 'mine');
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(/^longhand: file\.json: [^\n]*\n$/);
  expect(stderr).toContain(why);
  expect(contentsOf('mine')).toEqual(before);
});

function file(change: object): string {
  return JSON.stringify({ format: 'longhand-progress', version: 1, exercises: {}, bugs: {}, ...change });
}

test('an export replaces no other file, and leaves out no answer', async () => {
  write('mine', PROGRESS_FILE);
  expect((await exercises('export')).stderr).toContain(`${PROGRESS_FILE} exists, with other contents`);
  expect(read(path.join(place, PROGRESS_FILE))).toBe('mine');
  writeFileSync(at('gates'), Buffer.from('\uFEFFtext', 'utf16le'));
  expect((await exercises('export', 'new.json')).stderr).toContain('07-gates.ts: is in UTF-16');
  writeFileSync(at('gates'), 'x'.repeat(100_001));
  expect((await exercises('export', 'new.json')).stderr).toContain('has 100001 characters');
  expect(existsSync(path.join(place, 'new.json'))).toBe(false);
});

describe('find the bug', () => {
  const bugs = async (...args: string[]): Promise<string> => (await exercises('bugs', ...args)).stdout;

  test('a list, a program, hints, the answer, and what was chosen stays', async () => {
    const [bug] = BUGS;
    expect(await bugs()).toMatch(/1\. One tensor fails *\n/);
    const shown = await bugs('1');
    for (const part of [bug.title, bug.evidence, bug.curves, ...bug.lines]) expect(shown).toContain(part);
    expect(shown).not.toContain(bug.rightText);
    expect(await bugs('1', '9')).toContain(`Line 9 is right: ${bug.lines[8].trim()}`);
    expect(await bugs()).toMatch(/1\. One tensor fails +1 choice\n/);
    expect(await bugs('1')).toContain(' 9 ✓ ');
    const answer = await bugs('1', String(bug.wrongLine));
    for (const part of [bug.why, bug.clues, bug.rightText, 'You needed 2 choices.\nNext: '])
      expect(answer).toContain(part);
    await bugs('1', '10');
    expect(await bugs()).toMatch(/1\. One tensor fails +found with 2 choices\n/);
    const kept = progressFrom('', readFileSync(path.join(place, 'mine', KEPT_FILE)));
    expect(kept).toEqual({ exercises: {}, bugs: { 'one-tensor': [9, bug.wrongLine] } });
    expect(searchOf(bug, kept.bugs['one-tensor'])).toEqual({ tried: [9], found: true });
  });

  test('every line of every program has an answer', async () => {
    for (const [n, bug] of BUGS.entries())
      for (const line of [1, bug.wrongLine - 1, bug.wrongLine + 1]) {
        const { code } = await exercises('bugs', String(n + 1), String(line));
        expect([n, line, code]).toEqual([n, line, bug.choosable[line - 1] ? 0 : 2]);
      }
  });
});
