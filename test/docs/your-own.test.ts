/** The programs of examples/, which docs/your-own.md shows, are short, and learn what their outputs claim; the first tier runs the quickest. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { inTier } from '../helpers/needs.js';

const page = readFileSync(fileURLToPath(new URL('../../docs/your-own.md', import.meta.url)), 'utf8');
const headings = [...page.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
const programs = [
  ...page.matchAll(/\]\(\.\.\/(examples\/[\w-]+\.mjs)\):\n\n```js\n([\s\S]*?)```\n\nIt prints:\n\n```\n([\s\S]*?)```/g),
].map(([, file, code, output], n) => ({ file, code, output, title: headings[n] }));

/** The last number of each program, and what it must stay below, or above. */
const BOUNDS = [
  { pattern: /error ([\d.]+); always/, below: 0.01 },
  { pattern: /new walks: ([\d.]+)/, above: 0.9 },
  { pattern: /epoch 4, last batch: ([\d.]+) bits/, below: 0.3 },
  { pattern: /new sequences: ([\d.]+)/, above: 0.88 },
  { pattern: /squared error ([\d.]+); of/, below: 0.01 },
  { pattern: /^(\d+) LSTM/m, below: 230 },
  { pattern: /last h Float64Array\(2\) \[ ([\d.]+), /, below: 0.053 },
];

/** Programs to run: 0 is the first. */
const CHOSEN = inTier([1, 6], [0, 2, 3, 4, 5]);

test.each(programs.map((program, n) => ({ ...program, ...BOUNDS[n] })).filter((_, n) => CHOSEN.includes(n)))(
  '$title',
  ({ file, output, pattern, below, above }) => {
    const { stdout, stderr } = spawnSync(process.execPath, [file], { encoding: 'utf8' });
    expect(stderr).toBe('');
    const masked = (text: string): string => text.replace(/[\d.]+/g, '#');
    expect(masked(stdout)).toBe(masked(output));
    for (const text of [stdout, output]) {
      const value = Number(pattern.exec(text)?.[1]);
      if (below !== undefined) expect(value).toBeLessThan(below);
      if (above !== undefined) expect(value).toBeGreaterThan(above);
    }
  },
);

test('the document shows the seven programs as they are, each under 40 lines', () => {
  expect(programs.map(({ file }) => file).sort()).toEqual(readdirSync('examples').map((name) => `examples/${name}`));
  expect(programs).toHaveLength(7);
  for (const { file, code } of programs) {
    expect(code).toBe(readFileSync(file, 'utf8'));
    expect(code.trimEnd().split('\n').length).toBeLessThan(40);
  }
});
