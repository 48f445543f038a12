/** The report: its tables and its charts. The short document: docs/benchmarks.md. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseHTML } from 'linkedom';
import { labelOf } from '../../bench/candidates.js';
import { quoted } from '../../bench/measure/environment.js';
import { type Row, rowsOf, statisticsOf } from '../../bench/measure/rows.js';
import { crossoversOf } from '../../bench/report/verdicts.js';
import { writeReport } from '../../bench/report/report.js';
import { rivalsOf, writeSummary } from '../../bench/report/summary.js';
import { table } from '../../bench/report/tables.js';
import { casesOf, matmul, scaling, step } from '../../bench/suites.js';
import { candidateOf, RUN, rowsIn } from '../helpers/bench-rows.js';

describe('parts of a report', () => {
  const row = (name: string, H: number, median: number): Row => {
    const finding = { candidate: candidateOf(name, 'step'), times: statisticsOf([median]) };
    return rowsOf(scaling, `H ${H}`, { kind: 'step', T: 1, B: 1, I: 1, H, C: 1 }, [finding], RUN)[0];
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

  test('numbers are aligned right, and a | in a cell is escaped', () => {
    const text = '| a | b | c |\n| --- | --: | --- |\n| x\\|y | 1.5 | z |';
    expect(table(['a', 'b', 'c'], [['x|y', '1.5', 'z']])).toBe(text);
  });
});

const rows = rowsIn('docs/benchmarks/rows.ndjson');

describe('a report of the rows in docs/benchmarks, which version 0.1.0 wrote', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'longhand-bench-'));
  const file = path.join(folder, 'report.md');
  let document = '';

  beforeAll(async () => {
    await writeReport(file, rows);
    document = readFileSync(file, 'utf8');
  });

  test('has the numbers of the rows in its tables', () => {
    const step = document.slice(document.indexOf('### One training step'));
    expect(step.replace(/ +/g, ' ')).toContain(
      '| loops | 2243 | 2222 – 2293 | 2200 | 3 | 0.720 | 1% | ×110 | 107 |\n' +
        '| tensorflow-wasm | 901 | 897 – 927 | 884 | 4 | 1.79 | 3% | ×44.0 | 276 |\n',
    );
    expect(document).toContain('- above B ≈ 17, longhand-wasm ×2 is faster than pytorch\n');
    expect(document).toContain(
      'On Node 20.20.2, longhand-wasm is the fastest in 9 of 44 cases with 1 thread, and in 9 of 44 with 2 threads, ',
    );
    expect(document).toContain(
      'On Chromium 156.0.8078.108, longhand-wasm is the fastest in 3 of 3 cases with 1 thread, and in 2 of 2 with 2 threads, ',
    );
    expect(document).toMatch(/\| onnxruntime +\| all +\| does not run in a page/);
  });

  test('links to each of its charts once', () => {
    const links = [...document.matchAll(/!\[([^\]]+)\]\(report\/([^)]+)\)/g)].map(([, alt, name]) => `${name}: ${alt}`);
    expect(links.slice(0, 9)).toEqual([
      'node-20-matmul-1.svg: A·B, N × N, GFLOPS',
      'node-20-matmul-2.svg: Aᵀ·B, N × N, GFLOPS',
      'node-20-matmul-3.svg: A·Bᵀ, N × N, GFLOPS',
      'node-20-gates-1.svg: gates: forward B 128 H 128, ms',
      'node-20-gates-2.svg: gates: backward B 128 H 128, ms',
      'node-20-forward-1.svg: forward: T 28 B 128 I 28 H 128 C 10, ms',
      'node-20-step-1.svg: step: T 28 B 128 I 28 H 128 C 10, ms',
      'node-20-scaling-B.svg: One training step as B grows (T 28, I 28, H 128, C 10), ms',
      'node-20-scaling-H.svg: One training step as H grows (T 28, B 128, I 28, C 10), ms',
    ]);
    const rest = links.slice(9).map((link) => link.split('.')[0]);
    const others = ['forward-1', 'step-1', 'text-1', 'text-2'];
    const ofOtherEngines = ['node-26', 'chromium-156', 'node-24'].flatMap((engine) =>
      others.map((one) => `${engine}-${one}`),
    );
    const ofCells = Array.from({ length: 8 }, (_, n) => `node-20-cells-${n + 1}`);
    expect(rest).toEqual(['node-20-text-1', 'node-20-text-2', ...ofCells, ...ofOtherEngines]);
    expect(readdirSync(path.join(folder, 'report')).sort()).toEqual(links.map((link) => link.split(':')[0]).sort());
  });

  test('has a line, and a point at each size, for each candidate in a chart over sizes', () => {
    const measured = rows.filter((row) => /^A·B \[(\d+),\1\]·\[\1,/.test(row.case) && row.gflops !== null);
    const timed = [...new Set(measured.map(labelOf))];
    const chart = chartIn('node-20-matmul-1.svg');
    const [, ...legend] = chart.groups('dot').map((group) => group.querySelector('circle')?.getAttribute('fill'));
    expect(new Set(legend).size).toBe(timed.length);
    expect(chart.marks('line', 'path').map((line) => line.getAttribute('stroke'))).toEqual(legend);
    expect(chart.texts).toEqual(expect.arrayContaining(['A·B, N × N', 'N', 'GFLOPS', '32', '1024', ...timed]));

    const [points] = chart.groups('dot');
    const places = [...points.querySelectorAll('circle')].map((dot) => ({
      x: number(dot, 'cx'),
      y: number(dot, 'cy'),
    }));
    expect(places).toHaveLength(measured.length);
    const columns = [...new Set(places.map(({ x }) => x))].sort((a, b) => a - b);
    const sizes = [32, 64, 128, 256, 512, 1024];
    expect(columns).toHaveLength(sizes.length);
    expect(columns[5] - columns[0]).toBeGreaterThan(400);
    sizes.forEach((N, column) => {
      const fromBelow = places.filter((one) => one.x === columns[column]).sort((a, b) => b.y - a.y);
      const gflops = measured.flatMap((row) => (row.sizes.N === N ? [Math.log(row.gflops ?? NaN)] : []));
      gflops.sort((a, b) => a - b);
      // The axis is logarithmic; the file has four decimals of a pixel.
      const [lowest, highest] = [fromBelow[0].y, fromBelow.at(-1)!.y];
      const perUnit = (highest - lowest) / (gflops.at(-1)! - gflops[0]);
      fromBelow.forEach(({ y }, n) => expect(y).toBeCloseTo(lowest + perUnit * (gflops[n] - gflops[0]), 3));
    });
  });

  test('has a dot, a line between the quartiles and the median for each candidate in a chart of one case', () => {
    const chart = chartIn('chromium-156-step-1.svg');
    const ours = ['longhand-wasm ×2', 'longhand-wasm-portable ×2', 'longhand-wasm', 'longhand-wasm-portable'];
    const sorted = [...ours, 'jax-wasm', 'jax-wasm ×2', 'longhand-reference', 'tensorflow-wasm'];
    expect(chart.marks('y-axis tick label', 'text').map(({ textContent }) => textContent)).toEqual(sorted);
    expect(chart.texts).toEqual(expect.arrayContaining(['step: T 28 B 128 I 28 H 128 C 10', 'ms']));
    expect(chart.texts).toEqual(expect.arrayContaining(['30.0', '34.5', '38.5', '44.6', '107', '207', '443', '922']));

    const dots = chart.marks('dot', 'circle');
    const lines = chart.marks('rule', 'line');
    expect([dots.length, lines.length]).toEqual([8, 8]);
    const isRed = dots.map((dot) => dot.getAttribute('fill') === '#d62728');
    expect(isRed).toEqual(sorted.map((one) => one.startsWith('longhand')));
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
    const found = (one: string, time: number) => ({ candidate: candidateOf(one), times: statisticsOf([time]) });
    const findings = [found('longhand-wasm', 0.256), found(name, median)];
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
    "On Node 2, longhand-wasm is the fastest in 0 of 1 case with 1 thread, compared with rivals on as many threads. Elsewhere these are faster; ×0.5 means half Longhand's time:",
  );
  expect(document).toMatch(/\| matmul: A·B \[8,8\]·\[8,8\] +\| +1 \| pytorch ×0\.500 +\|/);
});

test('the table of docs/webgpu-kernels.md: steps first, times divided by Longhand’s, no sizes that vary', () => {
  const [product] = casesOf(matmul, true, ['8']);
  const [training] = casesOf(step, true, []);
  const measured = (suite: typeof matmul, { name, task }: typeof product, times: Record<string, number>): Row[] => {
    const findings = Object.entries(times).map(([candidate, ms]) => {
      return { candidate: candidateOf(candidate), times: statisticsOf([ms]), memoryMiB: 10 * ms };
    });
    return rowsOf(suite, name, task, findings, RUN);
  };
  const text = rivalsOf([
    ...measured(matmul, product, { 'longhand-webgpu': 2, 'jax-webgpu': 1 }),
    ...measured(step, training, { 'longhand-webgpu': 3, 'jax-webgpu': 6, 'longhand-gpu-webgpu': 9 }),
    ...measured(scaling, training, { 'longhand-webgpu': 3 }),
    ...measured(matmul, { ...product, name: 'no row of ours' }, { 'jax-webgpu': 1 }),
  ]);
  const [place, , ...lines] = text.split('\n');
  expect(place).toBe('Node 20.20.2, 2 × a processor, , on 2026-01-31; samples of each time: 1; load not recorded:');
  expect(lines).toEqual([
    '| median ms | Longhand, WGSL | jax-js | GPU.js | its memory, MiB | jax-js’s |',
    '| --- | --: | --: | --- | --: | --: |',
    '| step: T 3 B 4 I 6 H 16 C 5 | 3.00 | 6.00 (×2.00) | 9.00 (×3.00) | 30 | 60 |',
    '| matmul: A·B [8,8]·[8,8] | 2.00 | 1.00 (×0.500) | – | 20 | 10 |',
  ]);
});

describe('the short document', () => {
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

  test('has at most 7 kB above the tables of more tasks, and its table has the medians of the rows', () => {
    const [document] = written.split('## More tasks and modes');
    expect(document.length).toBeLessThan(7000);
    const lines = [...document.matchAll(/^\| training step of the tutorial +\|(.*)\|$/gm)].map(([, line]) =>
      line.split('|'),
    );
    for (const [n, cells] of lines.entries()) {
      const [threads, ours, pytorch, , , tensorflow] = cells.map((cell) => Number(cell.trim().split(' ')[0]));
      const of = (candidate: string): number | undefined =>
        rows.find(
          (row) =>
            labelOf(row) === labelOf({ candidate, threads: n + 1 }) &&
            row.suite === 'step' &&
            row.run.engine === rows[0].run.engine,
        )?.medianMs ?? undefined;
      expect(threads).toBe(n + 1);
      expect(ours).toBeCloseTo(of('longhand-wasm')!, 1);
      expect(pytorch).toBeCloseTo(of('pytorch')!, 1);
      if (n === 0) expect(tensorflow / of('tensorflow-wasm')!).toBeCloseTo(1, 2);
    }
    expect(lines).toHaveLength(2);
  });

  test('without its marks it is refused', async () => {
    const file = path.join(folder, 'unmarked.md');
    writeFileSync(file, '# Benchmarks\n');
    await expect(writeSummary(file, rows)).rejects.toThrow('has no <!-- table: made by the command -->');
    await expect(writeSummary(path.join(folder, 'none.md'), rows)).rejects.toThrow('must exist');
  });
});
