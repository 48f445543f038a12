/** docs/learn/mistakes.md: the table is made from the list of mistakes, and the experiments print what the chapter quotes. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { PLANTED_MISTAKES } from '../../src/planted-mistakes.mjs';
import { runModule } from '../helpers/run-module.js';

const fileOf = (name: string): string => fileURLToPath(new URL(`../../docs/learn/${name}`, import.meta.url));
const page = readFileSync(fileOf('mistakes.md'), 'utf8');
const prose = page.replace(/\s+/g, ' ');

test('the table is the one that mistakes-table.mjs makes', () => {
  const { stdout, stderr } = runModule(`
    const { withTable } = await import('./docs/learn/mistakes-table.mjs');
    const { readFileSync } = await import('node:fs');
    process.stdout.write(await withTable(readFileSync('docs/learn/mistakes.md', 'utf8')));`);
  expect(stderr).toBe('');
  expect(stdout).toBe(page);
});

test('the table has a row for every mistake, and a link to the page for those that it offers', () => {
  const rows = [...page.matchAll(/^\| <a id="([^"]+)"><\/a>/gm)].map(([, id]) => id);
  expect([...rows].sort()).toEqual(PLANTED_MISTAKES.map(({ id }) => id).sort());
  expect(prose).toContain(`It has ${PLANTED_MISTAKES.length}, and`);
  const planted = [...page.matchAll(/href="\.\.\/play\/\?mistake=([^"]+)"/g)].map(([, id]) => id);
  expect(planted).toEqual(PLANTED_MISTAKES.filter(({ onPage }) => onPage).map(({ id }) => id));
});

const ANCHOR = /\]\(#([^)]+)\)/g;

test('every symptom leads to a mistake or to a section of this page', () => {
  const headings = [...page.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} -]/gu, '')
      .replaceAll(' ', '-'),
  );
  const places = new Set([...headings, ...PLANTED_MISTAKES.map(({ id }) => id)]);
  const linked = [...page.matchAll(ANCHOR)].map(([, anchor]) => anchor);
  expect(linked.filter((anchor) => !places.has(anchor))).toEqual([]);
  expect(linked.length).toBeGreaterThan(30);
});

const output = (() => {
  const { stdout, stderr } = spawnSync(process.execPath, [fileOf('symptoms.mjs')], { encoding: 'utf8' });
  return { stdout, stderr };
})();
const NUMBER = /-?\d+\.\d+(e-?\d+)?/g;
const masked = (text: string): string => text.replace(NUMBER, '#');
const numbersOf = (text: string): number[] => (text.match(NUMBER) ?? []).map(Number);

test('the chapter quotes what the experiments print', () => {
  expect(output.stderr).toBe('');
  const quoted = [...page.matchAll(/```\n([\s\S]*?)```/g)].map(([, block]) => block);
  const printed = output.stdout.split(/^(?=\S)/m);
  expect(quoted.map(masked).sort()).toEqual(printed.map(masked).sort());
  for (const block of quoted) {
    const numbers = numbersOf(printed.find((other) => masked(other) === masked(block))!);
    numbersOf(block).forEach((number, n) =>
      expect(Math.abs(number - numbers[n])).toBeLessThan(0.002 + 0.02 * Math.abs(number)),
    );
  }
});

/** The numbers of a line of the output. */
function lineOf(title: string, name: string): number[] {
  const [part] = output.stdout.split(/^(?=\S)/m).filter((text) => text.startsWith(title));
  return numbersOf(
    part
      .split('\n')
      .find((line) => line.startsWith(`  ${name} `))!
      .slice(2 + name.length),
  );
}

test('what the text says about the experiments', () => {
  const [start, half, end, accuracy] = lineOf('Training with Adam', 'no-dh-prev');
  const right = lineOf('Training with Adam', 'no mistake');
  expect([start, accuracy, half > right[1], end]).toEqual([right[0], 1, true, right[2]]);
  expect(lineOf('Training with Adam', 'sum-over-batch')).toEqual(right);
  expect(lineOf('Training with Adam', 'past-replaces-input').slice(0, 3)).toEqual(Array(3).fill(0.6931));
  const [, ...lines] = output.stdout
    .split(/^(?=\S)/m)[0]
    .trimEnd()
    .split('\n');
  const good = lines.slice(1).filter((line) => numbersOf(line).at(-1)! >= 0.98);
  expect(good).toHaveLength(8);
  expect(prose).toContain('Eight of these mistakes still lead to a network that answers at least 98% correctly');

  for (const size of lineOf('Gradient check', 'sum-over-batch')) expect(size).toBe(0.5); // 1 - 1/B, with B = 2
  expect(lineOf('The first two updates', 'no mistake')).toEqual([0.001, 0.001]);
  const [first, second] = lineOf('The norm of the gradient', 'kernel-gradient-not-cleared');
  expect(second / first).toBeCloseTo(2, 3);
  const [whole, half2] = ['no mistake', 'loss-over-all-rows'].map((name) => lineOf('One of two labels', name)[0]);
  expect(whole / half2).toBeCloseTo(2, 3);
  expect([Math.exp(710), Math.fround(Math.exp(89))]).toEqual([Infinity, Infinity]);
  expect([Math.exp(709) < Infinity, Math.fround(Math.exp(88)) < Infinity]).toEqual([true, true]);
});
