/** /measure: its clock, its crossover, what it reads from a file or a link, and the table of visitors’ results. */
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Clock } from '../../bench/measure/clock.js';
import { crossoverSentence, nextStep, STEP } from '../../bench/measure/plan.js';
import { type MeasuredCase, resultIn } from '../../bench/measure/result.js';
import { resultsIn, visitorsTable, writeVisitors } from '../../bench/report/visitors.js';
import { measuredResult } from '../helpers/bench-rows.js';

describe('the clock', () => {
  test('divides what is left by weights, so that early ends help later cases', () => {
    let now = 0;
    const clock = new Clock(60_000, () => now);
    expect(clock.part(1, [2, 3]).leftMs).toBe(10_000);
    now = 30_000;
    const last = clock.part(1, []);
    expect(last.leftMs).toBe(30_000);
    now = 59_000;
    expect([clock.leftMs, last.leftMs]).toEqual([1000, 1000]);
    now = 70_000;
    expect([clock.leftMs, last.leftMs, clock.part(1, [1]).leftMs]).toEqual([0, 0, 0]);
  });

  test('a request may use half of what is left, and preparing leaves time for the timing', () => {
    let now = 0;
    const clock = new Clock(10_000, () => now);
    expect([clock.mostForOneMs, clock.mostToPrepareMs]).toEqual([5000, 3500]);
    now = 8000;
    expect([clock.mostForOneMs, clock.leftToPrepareMs]).toEqual([1000, 0]);
    now = 20_000;
    expect(clock.mostForOneMs).toBe(1000); // a short pause of the computer must not end it
  });
});

describe('the crossover', () => {
  const step = (sizes: object, cores: number | null, gpu: number | null): MeasuredCase => ({
    task: { ...STEP, ...sizes },
    rows: [
      { candidate: 'longhand-wasm', threads: 1, ms: 1000, samples: 1, reason: null },
      { candidate: 'longhand-wasm', threads: 8, ms: cores, samples: 3, reason: null },
      { candidate: 'longhand-webgpu', threads: 1, ms: gpu, samples: 3, reason: null },
    ],
  });

  test('where the GPU is slower a larger step is next, otherwise a smaller one, until the other one is quicker', () => {
    expect(nextStep('H', [step({}, 10, 20)])).toEqual({ ...STEP, H: 256 });
    expect(nextStep('B', [step({}, 20, 10)])).toEqual({ ...STEP, B: 64 });
    expect(nextStep('H', [step({}, 10, 20), step({ H: 256 }, 30, 40)])).toEqual({ ...STEP, H: 512 });
    expect(nextStep('H', [step({}, 10, 20), step({ H: 256 }, 40, 30)])).toBeUndefined();
    expect(nextStep('H', [step({}, 10, null)])).toBeUndefined();
    expect(nextStep('H', [step({}, 10, 20), ...[256, 512, 1024].map((H) => step({ H }, 10, 20))])).toBeUndefined();
  });

  test('is interpolated on logarithmic scales, or not found', () => {
    const cases = [step({}, 10, 20), step({ H: 512 }, 40, 20), step({ B: 256 }, 20, 30)];
    expect(crossoverSentence(cases)).toBe(
      'The GPU and all cores at the tutorial’s step: with B 128 the GPU is quicker from H ≈ 256 on; ' +
        'with H 128 no crossover was found up to B 256, where the GPU takes 1.5 times as long.',
    );
    expect(crossoverSentence([step({}, 20, 10), step({ H: 64 }, 10, 9)])).toContain(
      'with B 128 the GPU is quicker at every size measured, from H 64 on',
    );
    expect(crossoverSentence([step({}, 20, null)])).toBeUndefined();
  });
});

/** The result as JSON, with another value at a place such as `cases[0].rows[0].ms`. */
function changed(...changes: readonly (readonly [place: string, value: unknown])[]): string {
  const result: unknown = JSON.parse(JSON.stringify(measuredResult()));
  for (const [place, value] of changes) {
    const names = place.split(/[.[\]]+/).filter((name) => name !== '');
    const parent = names.slice(0, -1).reduce<unknown>((of, name) => (of as Record<string, unknown>)[name], result);
    (parent as Record<string, unknown>)[names[names.length - 1]] = value;
  }
  return JSON.stringify(result);
}

describe('a result from somebody else', () => {
  test('is read field by field, without those that it should not have', () => {
    const own = measuredResult();
    expect(resultIn(JSON.stringify(own), 'a.json')).toEqual(own);
    const text = changed(['onclick', 'alert(1)'], ['device.webgpu.limits.innerHTML', 1]);
    expect(resultIn(text, 'a.json')).toEqual(own);
  });

  test.each([
    ['cases[0].rows[0].ms', -1],
    ['cases[0].rows[0].ms', '<b>1</b>'],
    ['cases[0].rows[0].candidate', '<img src=x>'],
    ['cases[0].task.M', 1e9],
    ['cases[0].task.kind', '__proto__'],
    ['device.browser', 'x'.repeat(301)],
    ['date', 'javascript:alert(1)'],
    ['format', 'longhand-measure-2'],
    ['limits[0].gflops', 0],
    ['cases', Array<unknown>(101).fill(null)],
  ])('a wrong %s is refused', (place, value) => {
    expect(() => resultIn(changed([place, value]), 'a.json')).toThrow(`a.json.${place} is`);
  });

  test('no JSON, and JSON that is too deep, are refused', () => {
    expect(() => resultIn('<script>', 'a.json')).toThrow('a.json: not valid JSON');
    expect(() => resultIn('['.repeat(50) + ']'.repeat(50), 'a.json')).toThrow('nested deeper');
  });
});

describe('the table of visitors’ results', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'longhand-visitors-'));
  const put = (name: string, text: string): void => writeFileSync(path.join(folder, name), text);

  test('without files says so, as docs/benchmarks.md does', () => {
    expect(visitorsTable(resultsIn(path.join(folder, 'none')))).toBe('There are no results of visitors yet.');
    const [, part] = /<!-- visitors: made by the command -->\n+([^]*?)\n+<!-- end of visitors -->/.exec(
      readFileSync('docs/benchmarks.md', 'utf8'),
    )!;
    expect(part.replace(/[ -]+/g, '')).toBe(visitorsTable(resultsIn('bench/results')).replace(/[ -]+/g, ''));
  });

  test('has a line for each file, the latest first, and no markup of a browser', async () => {
    mkdirSync(folder, { recursive: true });
    put('a.json', JSON.stringify(measuredResult()));
    const hostile = '<script>{{ constructor }}</script> | [x](javascript:1) `';
    put('b.json', changed(['date', '2026-12-31'], ['device.webgpu.name', hostile]));
    put('document.md', '<!-- visitors: made by the command -->\n\nold\n\n<!-- end of visitors -->\n');
    await writeVisitors(path.join(folder, 'document.md'), folder);
    const lines = readFileSync(path.join(folder, 'document.md'), 'utf8')
      .replace(/ +/g, ' ')
      .split('\n')
      .filter((line) => line.includes('2026'));
    expect(lines).toEqual([
      expect.stringContaining(
        '| script constructor /script x (javascript:1) | Firefox/150.0, X11, 8 threads | 2026-12-31 |',
      ),
      '| example, gpu | Firefox/150.0, X11, 8 threads | 2026-12-01 | 1.0.0, 742f61fc | 20.0 ms | 12.0 ms | 40.0 ms (jax-webgpu) | 268 GFLOPS | 2684 GFLOPS |',
    ]);
    put('c.json', '{}');
    await expect(writeVisitors(path.join(folder, 'document.md'), folder)).rejects.toThrow('c.json.format: missing');
  });
});
