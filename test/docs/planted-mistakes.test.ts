/** The list of planted mistakes fits the code and the tests. `npm run test:mutations` plants them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { PLANTED_MISTAKES } from '../../src/exercises/planted-mistakes.mjs';

const project = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string): string => readFileSync(path.join(project, file), 'utf8');
const tests = readdirSync(path.join(project, 'test/equations'))
  .filter((name) => name.startsWith('equations-'))
  .map((name) => read(`test/equations/${name}`))
  .join('');

/** The equations that have tests: `describe('(3′)', …)`; and the output layer, directions, layers. */
const tested = [...tests.matchAll(/^describe\('\(?([^')]+)\)?', /gm)].map(([, equation]) => equation);

test('each id occurs once', () => {
  const ids = PLANTED_MISTAKES.map(({ id }) => id);
  expect(ids).toEqual([...new Set(ids)]);
});

test.each(PLANTED_MISTAKES)('$id: its file has the right text exactly once', ({ file, right, wrong }) => {
  expect(read(`src/${file}`).split(right)).toHaveLength(2);
  expect(wrong).not.toBe(right);
});

test.each(PLANTED_MISTAKES)('$id: a test titled by its equation must fail', ({ equation, fails, test: other }) => {
  expect(tested).toContain(equation);
  const title = /\d/.test(equation) ? `(${equation})` : equation;
  expect(fails.some((name) => name.startsWith(title))).toBe(true);
  if (other !== undefined) expect(existsSync(path.join(project, `test/${other}.test.ts`))).toBe(true);
});

test('every equation has a mistake, and the page’s are in the cell of src/equations/lstm.ts', () => {
  expect(tested).toHaveLength(27);
  const broken = new Set(PLANTED_MISTAKES.map(({ equation }) => equation));
  expect([...broken].sort()).toEqual([...tested].sort());
  const offered = PLANTED_MISTAKES.filter(({ onPage }) => onPage);
  expect(offered.length).toBeGreaterThanOrEqual(6);
  for (const { file, equation } of offered)
    expect([file, equation]).toEqual(['equations/lstm.ts', expect.stringMatching(/^[2-4]/)]);
});
