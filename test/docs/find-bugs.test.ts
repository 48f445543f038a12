/** The page “Find the bug”: its programs, its evidence, its hints, and what its answers say. */
import { evidenceOf } from '../../docs/learn/pictures/find-bugs.mjs';
import { HINTS } from '../../docs/learn/programs/find-bug-hints.mjs';
import {
  findBugDocuments,
  findBugs,
  hintFor,
  programOf,
  sourcesOf,
} from '../../docs/learn/programs/find-bugs-page.mjs';
import { BUGS } from '../../docs/learn/programs/find-bugs.mjs';
import { EXERCISES } from '../../src/exercises/exercises.js';
import { PLANTED_MISTAKES } from '../../src/mistakes/planted-mistakes.mjs';
import { read } from '../helpers/chapter.js';
import { moduleProcess } from '../helpers/run-module.js';

interface Evidence {
  readonly columns: readonly string[];
  readonly rows: readonly { readonly tensor: string; readonly differences: readonly number[] }[];
  readonly numbers?: readonly number[];
  readonly every: number;
  readonly losses: Readonly<Record<'right' | 'wrong', readonly number[]>>;
}

const { ask, close } = moduleProcess(
  "const { checkOf, lossesOf } = await import('./docs/learn/programs/find-bug-evidence.mjs');",
);
afterAll(close);

const names = BUGS.map(({ name }) => name);
const of = (name: string): Evidence => evidenceOf(name) as Evidence;

test('the documents are those that the program writes', async () => {
  for (const { document, made } of await findBugDocuments()) expect(document).toBe(made);
});

test.each(BUGS.map((bug) => [bug.name, bug] as const))(
  '%s: one line differs from the right program; every other line has one hint, and every hint a line',
  async (_, bug) => {
    const { lines, rightLines, choosable, wrongLine } = await programOf(bug);
    expect([lines.length >= 30, lines.length <= 60, rightLines.length]).toEqual([true, true, lines.length]);
    expect(lines.flatMap((line, n) => (line === rightLines[n] ? [] : [n + 1]))).toEqual([wrongLine]);
    const isChosen = lines.flatMap((line, n) => (choosable[n] ? [[n + 1, line] as const] : []));
    expect(isChosen.map(([line]) => line)).toContain(wrongLine);
    for (const [line, text] of isChosen)
      if (line === wrongLine) expect(() => hintFor(bug.name, text)).toThrow('has 0 hints');
      else expect(hintFor(bug.name, text)).toMatch(/[.?]$/);
    const stale = HINTS[bug.name].filter(
      ([beginning]) => !isChosen.some(([, text]) => text.trim().startsWith(beginning)),
    );
    expect(stale).toEqual([]);
  },
);

test('a line of the project that has changed ends the build', async () => {
  const [bug] = BUGS;
  expect(() => sourcesOf({ ...bug, right: 'dWh[m][n] += h[t][b][m] * dz; // changed' })).toThrow(
    'plain-rnn.mjs must have “dWh[m][n] += h[t][b][m] * dz; // changed” exactly once, but has it 0 times',
  );
  await expect(programOf({ ...bug, parts: [['/** (d′) to (a′), (f′)', '}']] })).rejects.toThrow('exactly once');
  await expect(programOf({ ...bug, parts: [['/** (d)', '}']] })).rejects.toThrow('0 shown lines differ');
});

test('the page does not name the wrong lines, and their names are free', async () => {
  const page = read('../exercises/bugs.md');
  for (const { name, wrongLine, rightText } of await findBugs()) {
    const [program] = page.split(`<FindBug name="${name}">`)[1].split('</FindBug>');
    expect([name, program.includes(rightText)]).toEqual([name, false]);
    expect(page).not.toMatch(new RegExp(`line ${wrongLine}\\b`, 'i'));
    expect(PLANTED_MISTAKES.map(({ id }) => id)).not.toContain(name);
  }
});

test('no line of an exercise’s answer is shown before the reader is asked for it', async () => {
  const page = read('../exercises/bugs.md');
  const [, words] = /and exercises ([\d, adnto]+) first/.exec(page)!;
  const asked = words.split(/, | and /).flatMap((part) => {
    const [first, last = first] = part.split(' to ').map(Number);
    return Array.from({ length: last - first + 1 }, (_, n) => first + n);
  });
  const shown = [page, read('../exercises/bugs-answers.md'), JSON.stringify(await findBugs())].map(withoutSpace).join();
  const linesOf = (text: string): string[] => text.split('\n').map((line) => withoutSpace(line.replace(/\/\/.*/, '')));
  const showing = EXERCISES.flatMap(({ number, javascript: { start, solution } }) => {
    const begun = new Set(linesOf(start));
    const taken = linesOf(solution).filter((line) => line.length > 20 && !begun.has(line) && !line.startsWith('for('));
    return taken.some((line) => shown.includes(line)) ? [number] : [];
  });
  expect(showing).toContain(11); // in the program with Adam
  expect(showing.filter((number) => !asked.includes(number))).toEqual([]);
});

const withoutSpace = (text: string): string => text.replace(/\s+/g, '');

const LIMIT = 1e-8;

test.each(names)('%s: the check again, of the program and of the right one', async (name) => {
  const { rows, numbers = [] } = of(name);
  const again = (version: string): Promise<unknown> => ask(`return checkOf('${name}', '${version}');`);
  const [wrong, right] = [(await again('wrong')) as Evidence, (await again('right')) as Evidence];
  expect(wrong.rows.map(({ tensor }) => tensor)).toEqual(rows.map(({ tensor }) => tensor));
  rows.forEach(({ tensor, differences }, n) =>
    differences.forEach((difference, column) => {
      const found = wrong.rows[n].differences[column];
      if (difference > LIMIT) expect([tensor, found / difference]).toEqual([tensor, expect.closeTo(1, 0)]);
      else expect([tensor, found < LIMIT / 10]).toEqual([tensor, true]);
      expect([tensor, right.rows[n].differences[column] < LIMIT / 10]).toEqual([tensor, true]);
    }),
  );
  numbers.forEach((number, n) => expect(wrong.numbers![n]).toBeCloseTo(number, 4));
});

test.each(names)('%s: the first losses again', async (name) => {
  const { every, losses } = of(name);
  for (const version of ['right', 'wrong'] as const) {
    const found = (await ask(`return lossesOf('${name}', '${version}', ${3 * every});`)) as number[];
    expect(found).toEqual(losses[version].slice(0, 4).map((loss) => expect.closeTo(loss, 3) as number));
  }
});

describe('what the answers and the hints say', () => {
  const failing = (name: string, column: number): string[] =>
    of(name).rows.flatMap(({ tensor, differences }) => (differences[column] > LIMIT ? [tensor] : []));

  test('which tensors fail', () => {
    expect(failing('one-tensor', 0)).toEqual(['Wh']);
    const gates = ['i', 'j', 'f'].map((gate) => `weights and bias of ${gate}`);
    expect(failing('three-gates', 0)).toEqual([...gates, 'h0', 'c0']);
    expect(failing('three-gates', 1)).toEqual([...gates, 'weights and bias of o', 'h0', 'c0']);
    expect([failing('falling-loss', 0), failing('falling-loss', 1)]).toEqual([[], ['Wx', 'Wh', 'bias']]);
    expect([failing('more-sequences', 0), failing('more-sequences', 1).length]).toEqual([[], 7]);
    expect([failing('second-update', 0), failing('forward', 0)]).toEqual([[], []]);
  });

  test('the curves', () => {
    const last = (name: string, version: 'right' | 'wrong'): number => of(name).losses[version].at(-1)!;
    expect(last('three-gates', 'wrong') / last('three-gates', 'right')).toBeCloseTo(1, 0);
    expect(Math.min(...of('more-sequences').losses.wrong)).toBeLessThan(-0.1);
    expect(Math.min(...of('more-sequences').losses.right)).toBeGreaterThan(0);
    expect(last('falling-loss', 'wrong')).toBeLessThan(of('falling-loss').losses.wrong[0] / 2);
    for (const loss of of('forward').losses.wrong.slice(20)) expect(loss).toBeCloseTo(Math.LN2, 3);
    expect(last('forward', 'right')).toBeLessThan(0.01);
  });

  test('Adam: the second update, with this mistake and with two others', () => {
    const [beta1, beta2] = [0.9, 0.999];
    const m = (t: number): number => 1 - beta1 ** t;
    const v = (t: number): number => 1 - beta2 ** t;
    const [, second] = of('second-update').numbers!;
    expect(second).toBeCloseTo(Math.sqrt(v(1) / v(2)), 4);
    expect((second ** 2).toFixed(4)).toBe('0.5003');
    expect((m(1) / m(2)).toFixed(2)).toBe('0.53'); // m is not kept
    expect(Math.sqrt(v(2) / v(1)).toFixed(2)).toBe('1.41'); // v is not kept
    expect([m(1), m(2), v(1), v(2)].map((one) => Number(one.toFixed(6)))).toEqual([0.1, 0.19, 0.001, 0.001999]);
  });

  test('the forget bias: f in a new network, and its 24th power', () => {
    const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));
    expect([sigmoid(-1).toFixed(2), sigmoid(1).toFixed(2)]).toEqual(['0.27', '0.73']);
    expect((0.27 ** 24).toExponential(0)).toBe('2e-14');
    expect((sigmoid(-1) ** 24).toExponential(0)).toBe('2e-14');
    const [first, second, third] = of('forward').numbers!;
    expect([first < 1e-12, second > 0.01, third > 0.1]).toEqual([true, true, true]);
  });
});
