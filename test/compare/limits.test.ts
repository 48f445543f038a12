/** The limits of `longhand compare`: the time of a pass, and of the search for mistakes. */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { asText } from '../../src/cli/commands/compare.js';
import { type CompareOptions, type Comparison, type Progress, compareFile } from '../../src/compare/compare.js';
import { mistakesFor } from '../../src/compare/known-mistakes.js';
import { problemOf, resultsOf } from '../../src/compare/read-problem.js';
import { templateOf } from '../../src/compare/template.js';
import { DataError } from '../../src/core/errors.js';
import type { Safetensors } from '../../src/files/safetensors.js';
import { changed } from '../helpers/changed-files.js';
import { changeNumbers, randomInputs, RESULT_NAMES, storedZeros, whole } from '../helpers/compare-files.js';
import { failureOf } from '../helpers/failures.js';

const backend = createReferenceBackend({ dtype: 'f64' });

let template: Safetensors;
beforeAll(async () => (template = await templateOf(backend, 1)));

describe('the time of a comparison is limited:', () => {
  /** A clock that advances by `ms` whenever it is read. */
  const clockOf = (ms: number): (() => number) => {
    let now = 0;
    return () => (now += ms);
  };

  /** 24 steps of 4 sequences, and only the loss to compare. */
  const long = (): Safetensors =>
    changed(template, (tensors) => {
      for (const name of RESULT_NAMES) if (name !== 'loss') tensors.delete(name);
      tensors.set('x', storedZeros(24, 4, 5));
    });

  /** A backend that counts its forward steps. */
  function counting() {
    const counts = { steps: 0 };
    const lstmCellForward: typeof backend.lstmCellForward = (...tensors) => {
      counts.steps++;
      backend.lstmCellForward(...tensors);
    };
    return { counts, counted: { ...backend, lstmCellForward } };
  }

  const run = (file: Safetensors, options: CompareOptions, on = backend): Promise<Comparison> =>
    compareFile(on, file, 1e-4, 'mine.safetensors', options);

  test('a pass of more than 30 s is refused, with an estimate from a part of the pass', async () => {
    const { counts, counted } = counting();
    // 8 of 24 steps take 12 s
    expect(await failureOf(run(long(), { clock: clockOf(12_000) }, counted))).toEqual(
      new DataError(
        'mine.safetensors: T 24, B 4, I 5, H 6, C 7: one pass would take about 36 s, more than 30 s: take fewer sequences or ' +
          'steps, or pass --no-limit',
      ),
    );
    expect(counts.steps).toBe(8 + 8);
    expect(String(await failureOf(run(long(), { clock: clockOf(3_600_000) })))).toContain('about 180 minutes');
  });

  test('a pass of 30 s is allowed, and so is a longer one without the limit', async () => {
    expect((await run(long(), { clock: clockOf(10_000) })).differences).toHaveLength(1);
    const { counts, counted } = counting();
    const { search } = await run(long(), { clock: clockOf(3_600_000), limited: false }, counted);
    // without a measurement: one pass, and one for each mistake except the two sums over the batch
    expect(search).toEqual({ tried: 28, of: 28 });
    expect(counts.steps).toBe(24 * 27);
  });

  test('a part that is too quick to be measured is doubled', async () => {
    const { counts, counted } = counting();
    const right = changed(template, (tensors) => RESULT_NAMES.slice(1).forEach((name) => tensors.delete(name)));
    await run(right, { clock: clockOf(1) }, counted);
    expect(counts.steps).toBe(3 + 3 + 3);
    counts.steps = 0;
    await run(long(), { clock: clockOf(199) }, counted);
    expect(counts.steps - 24 * 27).toBe(8 + 16 + 24 + 24);
  });

  test('one slow step, as on a computer that is busy for a moment, does not cause a refusal', async () => {
    const { counts, counted } = counting();
    // a step takes 2 ms, but the first 40 s
    const clock = (): number => 2 * counts.steps + (counts.steps > 0 ? 40_000 : 0);
    expect((await run(long(), { clock }, counted)).differences).toHaveLength(1);
  });

  test('a part with large steps has only some of the sequences', async () => {
    const shapes = { x: [1, 150, 5], kernel: [505, 2000], bias: [2000], outKernel: [500, 2], outBias: [2], loss: [] };
    const floats = Object.entries(shapes).map(([name, shape]) => [name, storedZeros(...shape)] as const);
    const tensors = new Map([...floats, ['labels', whole(new Array(150).fill(0), [150])]]);
    // 505 · 2000 products a sequence: 99 sequences need 40 s, 150 need 61
    expect(String(await failureOf(run({ metadata: new Map(), tensors }, { clock: clockOf(40_000) })))).toContain(
      'one pass would take about 61 s',
    );
  });

  test('the search for mistakes ends when its time is up, and the report says so', async () => {
    // a pass takes 10 s, and so does each reading of the clock: two passes are begun within 30 s
    const comparison = await run(long(), { clock: clockOf(10_000) });
    expect(comparison.search).toEqual({ tried: 4, of: 28 });
    expect(asText(comparison, 1e-4)).toMatch(
      /\nThe search for mistakes tried 4 of 28 in its limit of 30 s\. --no-limit tries all\.$/,
    );
    const whole = await run(long(), {});
    expect(whole.search).toEqual({ tried: 28, of: 28 });
    expect(asText(whole, 1e-4)).toMatch(/\nNone of the usual mistakes alone gives your numbers\.$/);
  });

  test('a mistake that needs no pass is found even if the time is up', async () => {
    const file = changed(template, (tensors) => {
      for (const name of RESULT_NAMES) if (name !== 'loss') tensors.delete(name);
      changeNumbers(tensors, 'loss', ([loss]) => Float64Array.of(4 * loss));
    });
    const comparison = await run(file, { clock: clockOf(29_000) });
    expect(comparison.hints).toEqual(['the loss is the sum over the batch; here it is the mean']);
    expect(comparison.search).toEqual({ tried: 2, of: 28 });
  });

  test('the progress is reported, of the pass from 0 to 1, then of the mistakes', async () => {
    const all: Progress[] = [];
    await run(long(), { onProgress: (progress) => all.push(progress) });
    for (const what of ['pass', 'mistakes'] as const) {
      const shares = all.filter((one) => one.what === what).map(({ share }) => share);
      expect(shares).toEqual([...shares].sort((a, b) => a - b));
      expect(shares[0]).toBeGreaterThan(0);
      expect(shares.at(-1)).toBeCloseTo(1, 12);
    }
    expect(all.findIndex(({ what }) => what === 'mistakes')).toBe(2 * 24);
  });

  /** Two bidirectional layers; 48 of the 96 steps are within the lengths. Only the last label counts. */
  const deep = async (): Promise<Safetensors> => {
    const options = { layers: 2, bidirectional: true, lengths: true, reads: 'every' } as const;
    return changed(await templateOf(backend, 1, options), (tensors) => {
      for (const name of tensors.keys()) if (/^(d\.|h$|c$|logits)/.test(name)) tensors.delete(name);
      tensors.set('x', storedZeros(24, 4, 5));
      tensors.set('lengths', whole([6, 22, 12, 8], [4]));
      const labels = Array.from({ length: 24 * 4 }, (_, row) => (Math.floor(row / 4) === 21 ? 0 : -1));
      tensors.set('labels', whole(labels, [24, 4]));
    });
  };

  test('a part of a network with lengths has every LSTM, and its share of the steps', async () => {
    const { counts, counted } = counting();
    // the first 8 steps, 30 of 48 within the lengths, take 24 s
    expect(String(await failureOf(run(await deep(), { clock: clockOf(24_000) }, counted)))).toContain(
      'mine.safetensors: T 24, B 4, I 5, H 2·6,2·6, C 7: one pass would take about 38 s, more than 30 s',
    );
    expect(counts.steps).toBe(4 * (8 + 8));
  });

  test('the progress of a pass ends at 1 if every sequence is shorter than T', async () => {
    const shares: number[] = [];
    const onProgress = ({ what, share }: Progress): unknown => what === 'pass' && shares.push(share);
    await run(await deep(), { limited: false, onProgress: (progress) => void onProgress(progress) });
    expect([shares.length, shares.at(-1)]).toEqual([2 * 4 * 22, expect.closeTo(1, 12)]);
  });

  test('the steps of all LSTMs count in the memory limit', async () => {
    const file = changed(await deep(), (tensors) => tensors.set('x', storedZeros(25_001, 1, 1)));
    expect(String(await failureOf(run(file, {})))).toContain('(at most 25000 steps and 4 GiB)');
  });
});

describe('a network of many layers has few mistakes to try', () => {
  /** Layers of one unit in both directions: from the second one, all kernels have the same shape. */
  const fileOf = (layers: number): Safetensors =>
    changed(randomInputs(1, { hidden: Array<number>(layers).fill(1) }), (tensors) =>
      tensors.set('loss', storedZeros()),
    );
  const wordsOf = (layers: number): string[] => {
    const problem = problemOf(fileOf(layers), 'f');
    return mistakesFor(problem, resultsOf(fileOf(layers), problem, 'f')).map(({ words }) => words);
  };
  const exchanges = (layers: number): string[] =>
    wordsOf(layers).flatMap((words) => /^the weights of layers (\d+ and \d+)/.exec(words)?.[1] ?? []);

  test('exchanges of every two layers, if there are 16 layers or fewer', () => {
    // the lowest layer reads 4 numbers, the others 2
    expect(exchanges(4)).toEqual(['1 and 2', '1 and 3', '2 and 3']);
    expect(exchanges(16)).toHaveLength((15 * 14) / 2);
  });

  test('exchanges of neighbours, if there are more', () => {
    expect(exchanges(17)).toEqual(Array.from({ length: 15 }, (_, n) => `${n + 1} and ${n + 2}`));
  });

  test('1000 layers need a few tens of MiB', () => {
    const file = fileOf(1000);
    const problem = problemOf(file, 'f');
    const theirs = resultsOf(file, problem, 'f');
    const before = process.memoryUsage().heapUsed;
    const mistakes = mistakesFor(problem, theirs);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(64 * 2 ** 20);
    expect(mistakes.length).toBeLessThan(1100);
  });
});
