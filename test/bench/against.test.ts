/** `npm run bench -- --against REVISION`: when a change counts, and what is said. */
import { sentenceOf, signedRankChance } from '../../bench/against.js';
import type { Finding } from '../../bench/measure/rows.js';
import { Random } from '../../src/core/rng.js';
import { candidateOf } from '../helpers/bench-rows.js';
import { runModule } from '../helpers/run-module.js';

/** That of all choices of signs. */
function chanceByCounting(differences: readonly number[]): number {
  const sizes = differences.map(Math.abs);
  const rankOf = (one: number): number => sizes.filter((other) => other <= Math.abs(one)).length;
  const sumOf = (isPositive: (n: number) => boolean): number =>
    differences.reduce((sum, one, n) => sum + (isPositive(n) ? rankOf(one) : -rankOf(one)), 0);
  const found = Math.abs(sumOf((n) => differences[n] > 0));
  const all = Array.from({ length: 2 ** differences.length }, (_, signs) => sumOf((n) => ((signs >> n) & 1) === 1));
  return all.filter((sum) => Math.abs(sum) >= found).length / all.length;
}

test('the probability of a change by chance is that of all choices of signs', () => {
  const random = new Random(4);
  for (let count = 1; count <= 11; count++) {
    const differences = Array.from({ length: count }, () => random.normal(0.4, 1));
    expect(signedRankChance(differences)).toBeCloseTo(chanceByCounting(differences), 12);
  }
  expect(signedRankChance([1, 2, 3, 4, 5, 6, 7, 8])).toBe(2 / 256);
});

const turnsOf = (factor: number, count = 15): Finding => ({
  candidate: candidateOf('longhand-wasm'),
  isRight: true,
  turns: Array.from({ length: count }, (_, n) => factor * (20 + Math.sin(n) + ((7 * n) % 5) / 10)),
});

test('a change counts from 5% on, if it is not chance', () => {
  const said = (factor: number, count?: number): string => sentenceOf(turnsOf(factor, count), turnsOf(1, count), 'abc');
  expect(said(0.9)).toMatch(
    /^1[78]\.\d ms, \d\d\.\d at abc: QUICKER by 10\.0% \(-10\.0%, p 0\.000061 of 15 pairs of turns\)$/,
  );
  expect(said(1.06)).toContain(': SLOWER by 6.0% (+6.0%, p 0.0000');
  expect(said(1.049)).toContain(': no change (+4.9%, p ');
  expect(said(1.5, 4)).toContain(': no change (+50.0%, p 0.13 of 4 pairs');
  const noisy = { ...turnsOf(1), turns: turnsOf(1).turns?.map((time, n) => time * (n % 2 === 0 ? 1.4 : 0.8)) ?? [] };
  expect(sentenceOf(noisy, turnsOf(1), 'abc')).toContain(': no change (+40.0%, p ');
});

test('a wrong result is no time, and makes the exit code 1; another revision that cannot do the case says why', () => {
  expect(sentenceOf(turnsOf(1), { candidate: candidateOf('other'), reason: 'no such task' }, 'abc')).toBe(
    'not comparable with abc: no such task',
  );
  expect(process.exitCode).toBeUndefined();
  const wrong = { candidate: candidateOf('longhand-wasm'), isRight: false, reason: 'wrong: out[0] is 7' };
  expect(sentenceOf(wrong, turnsOf(1), 'abc')).toBe('wrong: out[0] is 7');
  expect(process.exitCode).toBe(1);
  process.exitCode = undefined;
});

test('two builds take turns, each in a process of its own; an unknown revision is a line', () => {
  const { stdout, stderr } = runModule(`
    import { builtRevision, compareWith } from './dist/bench/against.js';
    import { nodeEngine } from './dist/bench/measure/engine.js';
    import { casesOf, matmul } from './dist/bench/suites.js';
    const cases = casesOf(matmul, true, ['8']).slice(0, 1);
    await compareWith({ name: 'itself', folder: process.cwd() }, cases, [1, 2], await nodeEngine(process.execPath), true);
    try { builtRevision('no-such-revision'); } catch (error) { console.log(String(error)); }`);
  const line = String.raw`[\d.e-]+ ms, [\d.e-]+ at itself: no change \([+-][\d.]+%, p 1\.0 of 1 pairs of turns\)\n`;
  const product = String.raw`A·B \[8,8\]·\[8,8\], `;
  expect([stdout, stderr]).toEqual([
    expect.stringMatching(
      new RegExp(
        `^${product}1 thread: ${line}${product}2 threads: ${line}UsageError: --against no-such-revision: git knows no commit of this name\n$`,
      ),
    ),
    '',
  ]);
});
