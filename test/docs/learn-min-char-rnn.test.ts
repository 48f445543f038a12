/** docs/learn/min-char-rnn.md: the file to fill, its solution, and what both print. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { chapter, outputOf, placeOf, read, withoutTrailingSpaces } from '../helpers/chapter.js';
import { directoryOf } from '../helpers/temporary-directories.js';

const { page, prose } = chapter('min-char-rnn');
const [start, solution] = ['min-char-rnn.mjs', 'min-char-rnn-solution.mjs'].map(read);
const shownOf = (name: string): string => page.split(`$ node docs/learn/programs/${name}\n`)[1].split('```')[0];

/** What the solution prints if a part of it is replaced. */
function outputWith(part: string, replacement: string, ...args: string[]): string {
  expect(solution.split(part)).toHaveLength(2);
  const place = directoryOf();
  writeFileSync(path.join(place, 'mine.mjs'), solution.replace(part, replacement));
  return outputOf('mine.mjs', args, place);
}

const answers = [...page.matchAll(/<details>\n<summary>The \w+<\/summary>\n\n```js\n([^]*?)```/g)].map(([, code]) =>
  code.replace(/^(?=.)/gm, '  '),
);

test('the start says what is missing', () => {
  const output = outputOf('min-char-rnn.mjs');
  expect(withoutTrailingSpaces(output)).toBe(shownOf('min-char-rnn.mjs'));
  expect(output).toMatch(/\n\ngradients: not written yet\n$/);
  const [, update] = answers;
  expect(outputWith(update, '')).toMatch(/: right\nupdate: not written yet\n$/);
});

test('the start is the solution without the two answers, which the page shows', () => {
  expect(answers).toHaveLength(2);
  expect(answers.reduce((text, answer) => text.replace(answer, ''), solution)).toBe(start);
  expect(solution).not.toMatch(/from '(?!node:)/);
});

test('the solution passes its own check, its loss falls in 100 updates, and it prints what the page shows', () => {
  const output = withoutTrailingSpaces(outputOf('min-char-rnn-solution.mjs', ['-', '100']));
  const blank = (text: string): string => text.replace(/\d+e-\d+/g, '#');
  expect(blank(shownOf('min-char-rnn-solution.mjs')).startsWith(blank(output).trim())).toBe(true);
  expect(output.match(/: right$/gm)).toHaveLength(5);
  const losses = [...output.matchAll(/loss ([\d.]+)/g)].map(([, loss]) => Number(loss));
  expect(losses[0].toFixed(2)).toBe(Math.log(27).toFixed(2));
  expect(losses[1]).toBeLessThan(2.5);
  expect(((10 * Math.log(10)) / 1558).toFixed(3)).toBe('0.015');
  expect(prose).toContain('10·log 10 / 1558 ≈ 0.015');
  expect(output).toContain('1558 characters, 27 different ones');
});

test.each([
  ['    addRow(dh, dhNext); // (f′)\n', '', ['Wx', 'Wh', 'bias']], // “if you forget dhNext”
  ['addProduct(dWh, h[t], dz)', 'addProduct(dWh, h[t + 1], dz)', ['Wh']],
  [' * (1 - h[t + 1][n] ** 2)', '', ['Wx', 'Wh', 'bias']],
  ['(k === targets[t] ? 1 : 0)) / T', '(k === targets[t] ? 1 : 0))', ['Wx', 'Wh', 'bias', 'Wy', 'biasY']],
  ['addProduct(dWy, h[t + 1], dLogits);', '', ['Wy']],
  ['addRow(dBias[0], dz)', 'dBias[0][0] = NaN', ['bias']],
])('the check finds the mistake %j → %j, and the training does not begin', (part, mistake, wrong) => {
  const output = outputWith(part, mistake, '-', '100');
  expect([...output.matchAll(/^(\w+): .*: WRONG$/gm)].map(([, name]) => name)).toEqual(wrong);
  expect(output).not.toContain('after 100 updates');
});

test('a text of your own, read again from its beginning; one that is too short has a sentence', () => {
  const place = directoryOf();
  const file = path.join(place, 'text.txt');
  writeFileSync(file, 'abc déf '.repeat(20));
  const output = outputOf('min-char-rnn-solution.mjs', [file, '100']);
  expect(output).toContain('160 characters, 7 different ones');
  expect(Number(/after 100 updates: loss ([\d.]+)/.exec(output)![1])).toBeLessThan(1.5);
  writeFileSync(file, 'abc');
  const { stderr } = spawnSync(process.execPath, [placeOf('min-char-rnn-solution.mjs'), file], { encoding: 'utf8' });
  expect(stderr).toContain('The text needs more than 25 characters.');
});
