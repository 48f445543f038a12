/** What made-up rows and outcomes say: which results are wrong, which times are doubtful, and where Longhand is the fastest. */
import { jest } from '@jest/globals';
import { loadWarning } from '../../bench/measure/environment.js';
import { type Finding, type Row, rowsOf, statisticsOf, timesWarning } from '../../bench/measure/rows.js';
import { behindOf, tableOf } from '../../bench/report/summary.js';
import { isTimed, tableLine } from '../../bench/report/tables.js';
import { conditionsOf, contestsOf, fastestIn, mistakesIn, warningsOf } from '../../bench/report/verdicts.js';
import type { Operands, Ready } from '../../bench/steps/product-steps.js';
import { operandsOf, outcomeOf, refusalOf, StepTable } from '../../bench/steps/product-steps.js';
import { failureOf, LeftOutError, orLeftOut } from '../../bench/program.js';
import { forward, step } from '../../bench/suites.js';
import type { ModelTask } from '../../bench/tasks.js';
import { assertMultiplies } from '../../src/core/backend.js';
import { BackendUnavailableError } from '../../src/core/errors.js';
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { candidateOf, RUN } from '../helpers/bench-rows.js';

const TASK: ModelTask = { kind: 'step', T: 28, B: 1, I: 1, H: 1, C: 1 };

function findingOf(label: string, ms: number): Finding {
  const [candidate, threads = '1'] = label.split(' ×');
  return { candidate: candidateOf(candidate, 'step', Number(threads)), isRight: true, times: statisticsOf([ms, ms]) };
}

/** Each time is one candidate's: `'pytorch ×2': 24`. */
function rowsWith(times: Record<string, number>, name = 'T 28', suite = step): Row[] {
  const findings = Object.entries(times).map(([label, ms]) => findingOf(label, ms));
  return rowsOf(suite, name, TASK, findings, RUN, { loadBefore: 0.01, loadAfter: 0.04 });
}

describe('mistakes', () => {
  const rowOf = (candidate: string, finding: Partial<Finding>): Row =>
    rowsOf(step, 'T 28', TASK, [{ candidate: candidateOf(candidate), ...finding }], RUN)[0];

  test.each([
    ['loops', { version: '1', isRight: false, reason: 'wrong: d.kernel[3] is 1, should be 2 ± 1e-6' }],
    ['pytorch', { version: '1', isRight: false, reason: 'wrong: loss is NaN' }],
    ['longhand-gpu-cpu', { reason: 'wrong: GPU mode cpu does not work here' }], // before its first task
    ['longhand-wasm', { version: '1', reason: 'failed: memory access out of bounds' }],
    ['longhand-wasm', { version: '1', reason: 'no answer within 180 s' }],
    ['longhand-wasm', { reason: 'failed: WebAssembly.Module(): invalid' }],
    ['longhand-webgpu', { reason: 'its process ended (SIGSEGV)' }],
  ] as const)('%s with %j is one', (candidate, finding) => {
    expect(mistakesIn([rowOf(candidate, finding)])).toEqual([`step: T 28: ${candidate}: ${finding.reason}`]);
  });

  test.each([
    ['pytorch', { reason: 'no python3 with torch' }],
    ['jax-wasm', { version: '1', reason: 'failed: no such operation' }], // a rival's own
    ['longhand-gpu-webgl2', { reason: 'GPU mode webgl2 needs a browser' }],
    ['longhand-reference', { reason: 'too slow: by its speed in smaller cases' }],
    ['longhand-wasm', { version: '1', isRight: true, times: statisticsOf([1]) }],
  ] as const)('%s with %j is none', (candidate, finding) =>
    expect(mistakesIn([rowOf(candidate, finding)])).toEqual([]),
  );

  test('a process says in its message whether a candidate failed, is wrong or is left out', async () => {
    expect(failureOf(new RangeError('offset')).failure).toBe('failed: offset');
    expect(failureOf(new LeftOutError('no python3')).failure).toBe('no python3');
    const missing = orLeftOut(Promise.reject(new BackendUnavailableError('no adapter')));
    await expect(missing.catch(failureOf)).resolves.toEqual({ failure: 'no adapter' });
    const backend = createReferenceBackend();
    const wrong = assertMultiplies('It', { ...backend, matmul: () => {} });
    const reason = 'It does not work here: [1 2; 3 4]² should be 7,10,15,22 but is 0,0,0,0';
    await expect(orLeftOut(wrong).catch(failureOf)).resolves.toEqual({ failure: `wrong: ${reason}` });
    await expect(wrong.catch(refusalOf)).resolves.toEqual({ refusal: reason, isWrong: true });
    expect(refusalOf(new BackendUnavailableError('no adapter'))).toEqual({ refusal: 'no adapter', isWrong: false });
  });
});

describe('a kernel step', () => {
  const QUICK = { warmUpMs: 0, samples: 2, sampleMs: 0, totalMs: 0 };
  const operands = operandsOf([2, 3, 4]);
  const stepWith = (result: ArrayLike<number>): Ready => ({
    repeat: () => {},
    result: () => result,
    dispose: () => {},
  });

  /** What the table prints, and the exit code. */
  async function printed(result: ArrayLike<number>, { size }: Operands = operands) {
    const lines: string[] = [];
    const log = jest.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line));
    const { exitCode } = process;
    try {
      process.exitCode = 0;
      new StepTable(size).print(await outcomeOf('a tile', stepWith(result), operands, QUICK));
      return { line: lines[1].trim().replace(/ +/g, ' '), exitCode: process.exitCode };
    } finally {
      log.mockRestore();
      process.exitCode = exitCode;
    }
  }

  test('with a right result is timed, and its line ends with the number of samples and the spread', async () => {
    const { line, exitCode } = await printed(operands.product);
    expect(line).toMatch(/^a tile [\d.]+ [\d.]+ 2 \d+%$/);
    expect(exitCode).toBe(0);
  });

  test.each([0.5, NaN])(
    'with an element that is off by %d is named with the element, and the exit code is 1',
    async (by) => {
      const wrong = operands.product.map((value, n) => (n === 6 ? value + by : n === 2 ? value + 1e-3 : value));
      const { line, exitCode } = await printed(wrong);
      const [is, should] = [wrong[6], operands.product[6]].map(String);
      expect(line).toContain(`a tile WRONG: out[1,2] is ${is}, should be ${should} ± `);
      expect(line).toContain('; 2 of 8 elements are wrong');
      expect(exitCode).toBe(1);
    },
  );
});

describe('doubtful times', () => {
  test('a load from a quarter of a processor on is a warning', () => {
    expect(loadWarning(0.24, 2)).toEqual([]);
    expect(loadWarning(0.25, 2)).toEqual([
      'other programs keep 0.25 of 2 processors busy: all times are too long, those of several threads most',
    ]);
  });

  test('so are a wide middle half, and a single sample', () => {
    expect(timesWarning('pytorch ×2', statisticsOf([10, 10, 12, 14, 15]))).toEqual([]);
    expect(timesWarning('pytorch ×2', statisticsOf([10, 10, 12, 19, 90]))).toEqual([
      'pytorch ×2: the middle half of 5 samples is 10.0 to 19.0 ms, 75% of the median',
    ]);
    expect(timesWarning('loops', statisticsOf([9000]))).toEqual(['loops: timed only once']);
  });

  test('a case has the warnings of its load and of its rows, and a line of the table has the samples', () => {
    const rows = rowsWith({ 'longhand-wasm ×2': 20 });
    expect(warningsOf(rows)).toEqual([]);
    expect(warningsOf([])).toEqual([]);
    expect(tableLine(rows[0])).toMatch(/ 20\.0 +2 /);
    const busy = rows.map((row) => ({ ...row, loadAfter: 1.5, upperQuartileMs: 40 }));
    expect(warningsOf(busy)).toEqual([
      expect.stringContaining('other programs keep 1.50 of 2 processors busy'),
      'longhand-wasm ×2: the middle half of 2 samples is 20.0 to 40.0 ms, 100% of the median',
    ]);
  });

  test('the conditions of rows name their samples and load, and say if a load is not known', () => {
    const timed = rowsWith({ 'longhand-wasm ×2': 20, pytorch: 30 }).filter(isTimed);
    expect(conditionsOf(timed)).toBe(
      'samples of each time: 2; load before and after each case: 0.01 to 0.04 of 2 processors',
    );
    const [old] = rowsOf(step, 'T 28', TASK, [findingOf('loops', 3)], RUN).filter(isTimed); // as version 1.0.0 wrote it
    expect(conditionsOf([...timed, old])).toBe('samples of each time: 2; load not recorded');
  });
});

describe('rivals are compared at each number of threads', () => {
  const rows = [
    ...rowsWith({
      ...{ 'longhand-wasm': 40, 'longhand-wasm ×2': 20, 'longhand-wasm-portable': 10 },
      ...{ pytorch: 30, 'pytorch ×2': 25, 'jax-wasm': 90, loops: 1 },
    }),
    ...rowsWith({ 'longhand-wasm': 17, 'longhand-wasm ×2': 8.5, pytorch: 5, 'pytorch ×2': 3.4 }, 'T 28 B 1', forward),
    ...rowsWith({ 'longhand-wasm ×2': 90, 'onnxruntime ×2': 30 }, 'T 56', forward),
    ...rowsWith({ 'longhand-wasm': 10, loops: 1 }, 'only loops'),
  ];

  test('the fastest in N of M cases: neither other builds of Longhand nor the plain loops are rivals', () => {
    expect(fastestIn(contestsOf(rows))).toBe('fastest in 0 of 2 cases with 1 thread, and in 1 of 3 with 2 threads');
    expect(fastestIn(contestsOf(rows.slice(0, 1)))).toBeUndefined();
  });

  test('the furthest rival of each suite at each number of threads, the largest lead first', () => {
    const [sentence, , , , ...lines] = behindOf(rows.filter(isTimed)).split('\n');
    expect(sentence).toBe('Longhand is the fastest in 0 of 2 cases with 1 thread, and in 1 of 3 with 2 threads.');
    expect(lines).toEqual([
      '| forward: T 28 B 1 | 1 | pytorch | 5.00 ms | 17.0 ms | ×3.40 |',
      '| forward: T 56 | 2 | onnxruntime | 30.0 ms | 90.0 ms | ×3.00 |',
      '| step: T 28 | 1 | pytorch | 30.0 ms | 40.0 ms | ×1.33 |',
    ]);
    const ahead = behindOf(rowsWith({ 'longhand-wasm': 1, pytorch: 2 }).filter(isTimed));
    expect(ahead).toBe('Longhand is the fastest in 1 of 1 case with 1 thread.');
  });

  test('the table of the summary has a line for each number of threads', () => {
    const [, , ...lines] = tableOf(rows.filter(isTimed)).split('\n');
    expect(lines.slice(0, 2)).toEqual([
      '| training step of the tutorial | 1 | 40.0 | 30.0 (×0.750) | – | 90.0 (×2.25) | – | 1.00 (×0.0250) |',
      '| training step of the tutorial | 2 | 20.0 | 25.0 (×1.25) | – | – | – | – |',
    ]);
  });
});
