/** The report: its tables, its charts and the hand-written part. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseHTML } from 'linkedom';
import type { Candidate } from '../../bench/candidates.js';
import { quoted } from '../../bench/measure/environment.js';
import type { Row } from '../../bench/measure/rows.js';
import { rowsOf } from '../../bench/measure/rows.js';
import { statisticsOf } from '../../bench/measure/statistics.js';
import { crossoversOf } from '../../bench/report/crossovers.js';
import { writeReport } from '../../bench/report/report.js';
import { writeSummary } from '../../bench/report/summary.js';
import { keptPart, table } from '../../bench/report/tables.js';
import { casesOf, matmul, scaling } from '../../bench/suites.js';
import { RUN, rowsIn } from '../helpers/bench-rows.js';

describe('parts of a report', () => {
  const row = (name: string, H: number, median: number): Row => {
    const candidate: Candidate = { name, threads: 1, kinds: ['step'], program: '', mode: '' };
    const times = statisticsOf([median]);
    return rowsOf(scaling, `H ${H}`, { kind: 'step', T: 1, B: 1, I: 1, H, C: 1 }, [{ candidate, times }], RUN)[0];
  };

  test('a crossover is interpolated on logarithmic scales; differences below 5% are ignored', () => {
    const rows = [row('a', 10, 1), row('a', 1000, 100), row('b', 10, 10), row('b', 1000, 10)];
    expect(crossoversOf(rows)).toEqual([
      { axis: 'H', size: expect.closeTo(100, 6) as number, faster: 'b', slower: 'a' },
    ]);
    expect(crossoversOf([row('a', 1, 1), row('a', 2, 1), row('b', 1, 0.99), row('b', 2, 1.01)])).toEqual([]);
  });

  test('the command is quoted without the names of folders', () => {
    expect(quoted(['step', '--node', '/opt/24/bin/node', '--json=/home/me/rows.ndjson', '--sizes', '32x16'])).toBe(
      'npm run bench -- step --node node --json=rows.ndjson --sizes 32x16',
    );
    expect(quoted([])).toBe('npm run bench');
  });

  test('the hand-written part is kept', () => {
    const first = keptPart('');
    const written = first.replace(/Write here.*/, 'Because of 512-bit vectors.');
    expect(keptPart(`# Benchmarks\n\n${written}\n\n## More`)).toBe(written);
  });

  test('numbers are aligned right, and a | in a cell is escaped', () => {
    expect(table(['a', 'b', 'c'], [['x|y', '1.5', 'z']])).toBe(
      '| a | b | c |\n| --- | --: | --- |\n| x\\|y | 1.5 | z |',
    );
  });
});

describe('a report of rows that version 0.1.0 wrote', () => {
  const rows = rowsIn('test/fixtures/bench-rows.ndjson');
  const folder = mkdtempSync(path.join(tmpdir(), 'longhand-bench-'));
  const file = path.join(folder, 'report.md');
  const TIMED = ['longhand-wasm', 'longhand-wasm ×2', 'loops', 'jax-wasm'];
  let document = '';

  beforeAll(async () => {
    await writeReport(file, rows);
    document = readFileSync(file, 'utf8');
  });

  test('has the numbers of the rows in its tables', () => {
    const step = document.slice(document.indexOf('### One training step'));
    expect(step.replace(/ +/g, ' ')).toContain(
      '| longhand-wasm ×2 | 0.0656 | 0.0494 – 0.0793 | 0.0385 | 3.81 | 4% | ×1.00 | 92 |\n' +
        '| loops | 20.2 | 10.6 – 42.2 | 0.959 | 0.0123 | 0% | ×308 | 74 |\n',
    );
    expect(document).toContain('- above H ≈ 5.2, longhand-wasm ×2 is faster than longhand-wasm\n');
    expect(document).toContain('On Node 20.20.2, longhand-wasm is the fastest in all 11 cases.');
    expect(document).toMatch(/\| pytorch +\| all +\| no python3 with torch/);
  });

  test('links to each of its charts once', () => {
    const links = [...document.matchAll(/!\[([^\]]+)\]\(report\/([^)]+)\)/g)].map(([, alt, name]) => `${name}: ${alt}`);
    expect(links).toEqual([
      'matmul-1.svg: A·B, N × N, GFLOPS',
      'gates-1.svg: gates: forward B 8 H 24, ms',
      'gates-2.svg: gates: backward B 8 H 24, ms',
      'forward-1.svg: forward: T 4 B 8 I 6 H 16 C 5, ms',
      'step-1.svg: step: T 4 B 8 I 6 H 16 C 5, ms',
      'scaling-T.svg: One training step as T grows (B 4, I 6, H 16, C 5), ms',
      'scaling-B.svg: One training step as B grows (T 3, I 6, H 16, C 5), ms',
      'scaling-H.svg: One training step as H grows (T 3, B 4, I 6, C 5), ms',
    ]);
    expect(readdirSync(path.join(folder, 'report')).sort()).toEqual(links.map((link) => link.split(':')[0]).sort());
  });

  test('has a line and two points for each candidate in a chart over sizes', () => {
    const chart = chartIn('matmul-1.svg');
    const [, ...legend] = chart.groups('dot').map((group) => group.querySelector('circle')?.getAttribute('fill'));
    expect(new Set(legend).size).toBe(TIMED.length);
    expect(chart.marks('line', 'path').map((line) => line.getAttribute('stroke'))).toEqual(legend);
    expect(chart.texts).toEqual(expect.arrayContaining(['A·B, N × N', 'N', 'GFLOPS', '16', '32', ...TIMED]));

    const [points] = chart.groups('dot');
    const places = [...points.querySelectorAll('circle')].map((dot) => ({
      x: number(dot, 'cx'),
      y: number(dot, 'cy'),
    }));
    const measured = rows.filter((row) => /^A·B \[(16|32),/.test(row.case) && row.gflops !== null);
    expect(places).toHaveLength(measured.length);
    const [left, right] = [...new Set(places.map(({ x }) => x))].sort((a, b) => a - b);
    expect(right - left).toBeGreaterThan(400);
    for (const [x, N] of [
      [left, 16],
      [right, 32],
    ]) {
      const fromBelow = places.filter((one) => one.x === x).sort((a, b) => b.y - a.y);
      const gflops = measured.flatMap((row) => (row.sizes.N === N ? [Math.log(row.gflops ?? NaN)] : []));
      gflops.sort((a, b) => a - b);
      const share = (values: number[]): number[] => values.map((one) => (one - values[0]) / (values[3] - values[0]));
      share(fromBelow.map(({ y }) => y)).forEach((one, n) => expect(one).toBeCloseTo(share(gflops)[n], 6));
    }
  });

  test('has a dot, a line between the quartiles and the median for each candidate in a chart of one case', () => {
    const chart = chartIn('step-1.svg');
    const sorted = ['longhand-wasm ×2', 'longhand-wasm', 'jax-wasm', 'loops'];
    expect(chart.marks('y-axis tick label', 'text').map(({ textContent }) => textContent)).toEqual(sorted);
    expect(chart.texts).toEqual(expect.arrayContaining(['step: T 4 B 8 I 6 H 16 C 5', 'ms']));
    expect(chart.texts).toEqual(expect.arrayContaining(['0.0656', '0.0773', '7.72', '20.2']));

    const dots = chart.marks('dot', 'circle');
    const lines = chart.marks('rule', 'line');
    expect([dots.length, lines.length]).toEqual([4, 4]);
    const red = '#d62728';
    expect(dots.map((dot) => dot.getAttribute('fill') === red)).toEqual([true, true, false, false]);
    dots.forEach((dot, n) => {
      expect(number(dot, 'cx')).toBeGreaterThanOrEqual(number(lines[n], 'x1'));
      expect(number(dot, 'cx')).toBeLessThanOrEqual(number(lines[n], 'x2'));
      if (n > 0) expect(number(dot, 'cx')).toBeGreaterThan(number(dots[n - 1], 'cx'));
    });
  });

  function chartIn(name: string) {
    const svg = readFileSync(path.join(folder, 'report', name), 'utf8');
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" [^]*<\/svg>\n$/);
    expect(svg).not.toMatch(/NaN|undefined/);
    const { document: picture } = parseHTML(svg);
    const groups = (label: string): Element[] => [...picture.querySelectorAll(`[aria-label="${label}"]`)];
    return {
      groups,
      marks: (label: string, element: string) => groups(label).flatMap((group) => [...group.querySelectorAll(element)]),
      texts: [...picture.querySelectorAll('text')].map(({ textContent }) => textContent),
    };
  }

  function number(element: Element, attribute: string): number {
    return Number(element.getAttribute(attribute));
  }
});

test('a case that was measured twice appears with its later row; each engine has its own section', async () => {
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'longhand-bench-')), 'report.md');
  const [one] = casesOf(matmul, true, ['8']);
  const measured = (name: string, median: number, engine: string): Row => {
    const candidate: Candidate = { name, threads: 1, kinds: ['matmul'], program: '', mode: '' };
    const baseline: Candidate = { ...candidate, name: 'longhand-wasm' };
    const findings = [
      { candidate: baseline, times: statisticsOf([0.256]) },
      { candidate, times: statisticsOf([median]) },
    ];
    return rowsOf(matmul, one.name, one.task, findings, { ...RUN, engine })[1];
  };
  // 1024 FLOP in 0.256 ms are 0.004 GFLOPS
  await writeReport(file, [
    measured('longhand-wasm', 1.024, 'Node 1'),
    measured('longhand-wasm', 0.256, 'Node 1'),
    measured('longhand-wasm', 0.256, 'Node 2'),
    measured('pytorch', 0.128, 'Node 2'),
  ]);
  const document = readFileSync(file, 'utf8');
  expect([...document.matchAll(/^## (Node .*)$/gm)].map(([, engine]) => engine)).toEqual(['Node 1', 'Node 2']);
  const [first] = document.split('## Node 2');
  expect([...first.matchAll(/0\.00\d+/g)].map(([gflops]) => Number(gflops))).toEqual([0.004]);
  expect(document).toContain(
    "On Node 2, longhand-wasm is the fastest in 0 of 1 cases. Elsewhere these are faster; ×0.5 means half Longhand's time:",
  );
  expect(document).toMatch(/\| matmul: A·B \[8,8\]·\[8,8\] +\| pytorch ×0\.500 +\|/);
});

describe('the short document', () => {
  const rows = rowsIn('docs/benchmarks/rows.ndjson');
  const written = readFileSync('docs/benchmarks.md', 'utf8');
  const folder = mkdtempSync(path.join('dist', 'longhand-bench-')); // where prettier finds the project's settings
  afterAll(() => rmSync(folder, { recursive: true }));

  test('is the one that the rows give, and so is its chart', async () => {
    const file = path.join(folder, 'benchmarks.md');
    writeFileSync(file, written);
    await writeSummary(file, rows);
    expect(readFileSync(file, 'utf8')).toBe(written);
    // Plot shifts its groups by half a pixel if there is a window without a device's pixel ratio, as in Jest.
    const marks = (svg: string) => [...readFileSync(svg, 'utf8').matchAll(/ [cxy][xy12]="[^"]*"|>[^<]+</g)].map(String);
    expect(marks('docs/benchmarks/step.svg').length).toBeGreaterThan(100);
    expect(marks(path.join(folder, 'benchmarks', 'step.svg'))).toEqual(marks('docs/benchmarks/step.svg'));
  });

  test('has about 6 kB above the tables of more tasks, and its table has the medians of the rows', () => {
    const [document] = written.split('## More tasks and modes');
    expect(document.length).toBeLessThan(6500);
    const [, line] = /^\| training step of the tutorial +\|(.*)\|$/m.exec(document)!;
    const cells = line.split('|').map((cell) => Number(cell.trim().split(' ')[0]));
    const best = (candidate: string): number =>
      Math.min(
        ...rows
          .filter((row) => row.suite === 'step' && row.candidate === candidate && row.run.engine === rows[0].run.engine)
          .map((row) => row.medianMs!),
      );
    expect(cells[0]).toBeCloseTo(best('longhand-wasm'), 1);
    expect(cells[1]).toBeCloseTo(best('pytorch'), 1);
    expect(cells[4] / best('tensorflow-wasm')).toBeCloseTo(1, 2);
  });

  test('without its marks it is refused', async () => {
    const file = path.join(folder, 'unmarked.md');
    writeFileSync(file, '# Benchmarks\n');
    await expect(writeSummary(file, rows)).rejects.toThrow('has no <!-- table: made by the command -->');
    await expect(writeSummary(path.join(folder, 'none.md'), rows)).rejects.toThrow('must exist');
  });
});
