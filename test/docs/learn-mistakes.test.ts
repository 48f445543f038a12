/**
 * The list of planted mistakes fits the code, the tests, and docs/learn/mistakes.md; docs/learn/mistakes-table.md is made from it. `npm run
 * test:mutations` plants them. docs/learn/check-it.md: what its programs and commands print, and its figures.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { PLANTED_MISTAKES } from '../../src/mistakes/planted-mistakes.mjs';
import { chapter, quotedExperiments, read as readChapter, testSymptoms } from '../helpers/chapter.js';
import { spawnSync } from 'node:child_process';
import { directoryOf } from '../helpers/temporary-directories.js';

const { page, prose, ask } = chapter('mistakes', { 'mistakes-table.mjs': ['withTable'], 'symptoms.mjs': ['failures'] });
const table = readChapter('mistakes-table.md');

test('the table is the one that mistakes-table.mjs makes', async () => {
  const made = await ask(
    "return withTable((await import('node:fs')).readFileSync('docs/learn/mistakes-table.md', 'utf8'));",
  );
  expect(made).toBe(table);
});

test('the table has a row for every mistake, and a link to the page for those that it offers', () => {
  const rows = [...table.matchAll(/^\| <a id="([^"]+)"><\/a>/gm)].map(([, id]) => id);
  expect([...rows].sort()).toEqual(PLANTED_MISTAKES.map(({ id }) => id).sort());
  expect(prose).toContain(`It has ${PLANTED_MISTAKES.length}, and`);
  const planted = [...table.matchAll(/href="\.\.\/play\/\?mistake=([^"]+)"/g)].map(([, id]) => id);
  expect(planted).toEqual(PLANTED_MISTAKES.filter(({ onPage }) => onPage).map(({ id }) => id));
});

const ANCHOR = /\]\((?:mistakes-table\.md)?#([^)]+)\)/g;

test('every symptom leads to a mistake of the table or to a section of this page', () => {
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

// test/slow/docs/figures.test.ts runs the experiments, and says the same about what they print
testSymptoms('the chapter quotes', quotedExperiments);

/** What the tensors that fail at T = 1 say: test/slow/docs/figures.test.ts checks it for every mistake of the LSTM. */
test.each([
  ['i-and-j-exchanged-in-3′', ['Wx', 'Wh', 'b', 'x', 'h0']],
  ['dropped-term', ['Wx', 'Wh', 'b', 'x', 'h0', 'c0']],
  ['no-dc-prev', ['c0']],
  ['no-memory', []],
])('the gradient check of %s fails in %j', async (id, names) => {
  const failed = (await ask(`return failures(${JSON.stringify(id)}, 1);`)) as { name: string }[];
  expect(failed.map(({ name }) => name)).toEqual(names);
});

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
  expect(tested).toHaveLength(62);
  const broken = new Set(PLANTED_MISTAKES.map(({ equation }) => equation));
  expect([...broken].sort()).toEqual([...tested].sort());
  const offered = PLANTED_MISTAKES.filter(({ onPage }) => onPage);
  expect(offered.length).toBeGreaterThanOrEqual(6);
  for (const { file, equation } of offered)
    expect([file, equation]).toEqual(['equations/lstm.ts', expect.stringMatching(/^[2-4]/)]);
});

describe('check-it.md', () => {
  const project = fileURLToPath(new URL('../..', import.meta.url));
  const { page, says, ask } = chapter('check-it', {
    'numeric.mjs': ['lossOf', 'numericDerivatives', 'numericErrors', 'randomModel'],
    'directions.mjs': ['measured', 'MISTAKES'],
    longhand: ['flatten'],
  });

  /** Runs a command as the page shows it, in a folder. */
  function outputOf(command: string, cwd = directoryOf()): string {
    const [name, ...rest] = command.replace('npm run -s longhand --', 'node dist/cli/main.js').split(' ').slice(1);
    const { stdout, stderr } = spawnSync(process.execPath, [path.join(project, name), ...rest], {
      cwd,
      encoding: 'utf8',
    });
    expect(stderr.replace(/^mine\.safetensors: replace .*\n/, '')).toBe('');
    return stdout;
  }

  /** The blocks of the page that begin with a command: the commands, and the output of the last. */
  const sessions = [...page.matchAll(/^```\n(\$ [\s\S]*?)^```$/gm)].map(([, block]) => ({
    commands: [...block.matchAll(/^\$ (.+)$/gm)].map(([, command]) => command),
    shown: block.replace(/^\$ .+\n/gm, ''),
  }));
  const sessionOf = (name: string) => sessions.find(({ commands }) => commands.at(-1)!.includes(name))!;

  /** Noise of rounding: a number below 10⁻⁷ is only compared in its size. */
  const masked = (text: string): string =>
    text.replace(/\d(\.\d+)?e-(\d+)/g, (number, _, exponent) => (Number(exponent) > 7 ? 'tiny' : number));

  test('the page shows the output of every command', () => {
    expect(sessions).toHaveLength(6);
    const place = directoryOf();
    for (const { commands, shown } of sessions) {
      if (commands.length === 1) {
        if (commands[0].includes('numeric.mjs')) continue; // the next test
        expect(masked(outputOf(commands[0]))).toBe(masked(shown));
      } else {
        outputOf('npm run -s longhand -- compare --template mine.safetensors --force', place);
        const outputs = commands.map((command) => outputOf(command, place));
        const columns = (text: string): string =>
          masked(text)
            .replace(/ +/g, ' ')
            .replace(/\[\d,\d(,\d)?\] tiny|tiny \[[\d,]+\]/g, 'tiny');
        const withoutNoise = (text: string): string =>
          columns(text)
            .split('\n')
            .map((line) =>
              line.endsWith(' ok')
                ? line
                    .split(' ')
                    .filter((_, n) => n < 2)
                    .join(' ')
                : line,
            )
            .join('\n');
        expect(withoutNoise(outputs.join(''))).toBe(withoutNoise(shown));
      }
    }
  });

  const numbersIn = (text: string): number[][] =>
    [...text.matchAll(/^ +(1e-\d+) +(\S+) +(\S+) +(\S+) +(\S+)$/gm)].map(([, ...cells]) => cells.map(Number));

  test('numeric.mjs: the errors have the size that the page shows', () => {
    const { shown } = sessionOf('numeric.mjs');
    const [mine, theirs] = [numbersIn(outputOf('node docs/learn/programs/numeric.mjs')), numbersIn(shown)];
    expect(theirs).toHaveLength(10);
    mine.forEach((cells, r) => {
      cells.forEach((value, n) => {
        // errors of rounding differ if a computer rounds another way
        expect([r, n, Math.abs(Math.log10(value / theirs[r][n])) < (value > 1e-6 ? 0.3 : 1.5)]).toEqual([r, n, true]);
      });
    });
    const column = (n: number): number[] => theirs.map((cells) => cells[n]);
    const [two, five, , fiveInF32] = [1, 2, 3, 4].map(column);
    expect(theirs[five.indexOf(Math.min(...five))][0]).toBe(1e-3);
    expect(theirs[two.indexOf(Math.min(...two))][0]).toBe(1e-4);
    expect(Math.min(...two) / Math.min(...five)).toBeCloseTo(43, 0); // “40 times as exact”
    says('In the table, its smallest error is 40 times smaller.');
    expect(two[0] / two[1]).toBeCloseTo(100, -1);
    expect(five[0] / five[1]).toBeCloseTo(1e4, -3);
    expect(Math.min(...fiveInF32)).toBeCloseTo(1e-4, 4);
  });

  test('the five-point rule is exact for polynomials of degree 4, the two-point rule for degree 2', async () => {
    const rules = (await ask(`
    const at = (degree) => numericDerivatives((s) => (1 + s) ** degree, 0.125);
    return Promise.all([1, 2, 3, 4, 5].map(at));`)) as { two: number; five: number }[];
    const close = (rule: 'two' | 'five'): boolean[] => rules.map((found, n) => Math.abs(found[rule] - (n + 1)) < 1e-12);
    expect(close('two')).toEqual([true, true, false, false, false]);
    expect(close('five')).toEqual([true, true, true, true, false]);
  });

  test('in f32 at δ = 10⁻⁶, all losses are the same number', async () => {
    const losses = (await ask(`
    const model = randomModel('f32');
    const kernel = flatten(model.kernel.value);
    const before = kernel.get(12);
    const losses = [];
    for (const steps of [-2, -1, 0, 1, 2]) {
      kernel.set(12, before + steps * 1e-6);
      losses.push(await lossOf(model));
    }
    return losses;`)) as number[];
    expect(losses).toEqual(Array(5).fill(losses[0]));
  });

  test('the wrong sign of the smallest element, with the divisors of checkGradients', async () => {
    const { along, alone } = (await ask(`
    const { gradient, directions } = await measured();
    const order = [...gradient.keys()].sort((a, b) => Math.abs(gradient[a]) - Math.abs(gradient[b]));
    const wrong = gradient.slice();
    MISTAKES['the smallest element has the wrong sign'](wrong, order);
    const along = directions.map(({ u, numeric }) => {
      const product = wrong.reduce((sum, g, k) => sum + g * u[k], 0);
      const divisor = Math.max(Math.abs(product), Math.abs(numeric), 1e-3 * Math.hypot(...wrong));
      return Math.abs(product - numeric) / divisor;
    });
    const floor = 1e-3 * Math.abs(gradient[order.at(-1)]);
    return { along, alone: (2 * Math.abs(gradient[order[0]])) / floor };`)) as { along: number[]; alone: number };
    const sorted = along.sort((a, b) => a - b);
    expect(sorted[0]).toBeCloseTo(0.9e-7, 8);
    expect(sorted[2]).toBeCloseTo(5e-7, 7);
    says('give errors from 0.9·10⁻⁷ to 5·10⁻⁷ in the three directions');
    expect(alone.toExponential(0)).toBe('1e-3');
  });

  test('what the text says', () => {
    says(`plants ${PLANTED_MISTAKES.length}, one at a time`);
    expect((28 + 64) * 4 * 64).toBe(23552);
    says('has 23,552 elements');
    const source = readFileSync(path.join(project, 'src/equations/gradcheck-measure.ts'), 'utf8');
    for (const line of ['tolerance: 1e-7', 'relativeFloor: 1e-3']) expect(source).toContain(line);
  });

  test('what the picture’s alternative text says', async () => {
    interface Errors {
      readonly two: number;
      readonly five: number;
    }
    const { deltas, errors } = (await ask('return numericErrors();')) as {
      deltas: number[];
      errors: Record<'f64' | 'f32', Errors[]>;
    };
    const lowest = (rule: 'two' | 'five'): number[] => {
      const values = errors.f64.map((found) => found[rule]);
      const least = Math.min(...values);
      return [Math.round(Math.log10(least)), Math.log10(deltas[values.indexOf(least)])];
    };
    expect(lowest('five')).toEqual([-12, expect.closeTo(-2.5)]);
    expect(lowest('two')).toEqual([-9, expect.closeTo(-4)]);
    expect(Math.min(...errors.f32.flatMap(({ two, five }) => [two, five]))).toBeGreaterThan(1e-5);
    const below = errors.f32.filter((_, n) => deltas[n] < 0.99e-5);
    expect(below).toHaveLength(10);
    for (const { two, five } of below) expect(Math.min(two, five)).toBeGreaterThanOrEqual(1);
  });
});
