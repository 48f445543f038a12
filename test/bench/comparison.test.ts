/** The comparison of candidates: which are timed, which are left out, and the session that times them. And of a revision, by `--against`. */
import { Comparison, ProcessPool, QUICK } from '../../bench/measure/comparison.js';
import { type CandidateProcess, answer } from '../../bench/measure/protocol.js';
import { rowsOf, type Finding } from '../../bench/measure/rows.js';
import { Session } from '../../bench/measure/session.js';
import type { Program } from '../../bench/program.js';
import { start } from '../../bench/programs/longhand.js';
import { casesOf, matmul } from '../../bench/suites.js';
import { type BenchmarkTask, makeInputs } from '../../bench/tasks.js';
import { candidateOf, RUN } from '../helpers/bench-rows.js';
import { sentenceOf, signedRankChance } from '../../bench/against.js';
import { Random } from '../../src/core/rng.js';
import { runModule } from '../helpers/run-module.js';

const startLoops = () => start({ mode: 'loops', threads: 1 });
type Falsify = (name: string, out: Float32Array) => Float32Array;

describe('the comparison', () => {
  const [one] = casesOf(matmul, true, ['8']);

  test('a wrong candidate is reported with its error and not timed; a right one is timed', async () => {
    const runs = { right: 0, wrong: 0 };
    const findings = await compare(runs, (name, out) => (name === 'wrong' ? out.map((value) => value + 0.01) : out));
    const [right, wrong] = rowsOf(matmul, one.name, one.task, findings, RUN);

    expect(right).toMatchObject({ candidate: 'right', verified: true, reason: null, version: '1.2.3', peakRssMiB: 50 });
    expect(right.samples).toBeGreaterThanOrEqual(QUICK.rounds);
    expect(right.gflops).toBeCloseTo(1024 / (right.medianMs ?? NaN) / 1e6, 9);
    expect(wrong).toMatchObject({ candidate: 'wrong', verified: false, medianMs: null, samples: 0 });
    expect(wrong.reason).toMatch(/^wrong: out\[\d+\] is [-\d.]+, should be [-\d.]+ ± [\d.e-]+$/);
    expect(wrong.error).toBeGreaterThan(1000);
    expect(runs.right).toBeGreaterThan(0);
    expect(runs.wrong).toBe(0);
  });

  test('a candidate that fails or does not start is left out, with the reason', async () => {
    const runs = { right: 0, wrong: 0 };
    const findings = await compare(runs, (name, out) => {
      if (name === 'wrong') throw new Error('no such kernel');
      return out;
    });
    const [right, failed, absent] = rowsOf(matmul, one.name, one.task, findings, RUN);
    expect(right.verified).toBe(true);
    expect(failed).toMatchObject({ verified: false, medianMs: null, reason: 'no such kernel' });
    expect(absent).toMatchObject({ verified: false, medianMs: null, reason: 'not installed', version: null });
  });

  function compare(runs: Record<string, number>, falsify: Falsify) {
    const comparison = new Comparison(
      {
        async start({ name }) {
          if (name === 'absent') return { reason: 'not installed' };
          const program = await falsified(name, runs, falsify);
          return { process: processOf(program), hello: { version: '1.2.3', description: '', engine: '' } };
        },
        finish() {},
      },
      QUICK,
    );
    return comparison.run(
      one,
      ['right', 'wrong', 'absent'].map((name) => candidateOf(name)),
    );
  }

  async function falsified(name: string, runs: Record<string, number>, falsify: Falsify): Promise<Program> {
    const loops = await startLoops();
    return {
      ...loops,
      async prepare(task, inputs) {
        const prepared = await loops.prepare(task, inputs);
        return {
          result: async () => ({ out: falsify(name, (await prepared.result()).out) }),
          run: () => {
            runs[name]++;
            return prepared.run();
          },
          dispose: () => prepared.dispose(),
        };
      },
    };
  }

  function processOf(program: Program): CandidateProcess {
    const session = new Session(program);
    return { ask: async (request) => (await answer(session, request, () => 50)) as never, close: () => {} };
  }
});

test('a warm-up can make hundreds of thousands of runs', async () => {
  const task: BenchmarkTask = { kind: 'matmul', form: 'A·B', M: 3, K: 4, N: 5 };
  const loops = await startLoops();
  let runs = 0;
  const quick: Program = {
    ...loops,
    prepare: async (...given) => ({
      ...(await loops.prepare(...given)),
      run: () => {
        runs++;
      },
    }),
  };
  const session = new Session(quick);
  await session.prepare(task, makeInputs(task));

  const TICK_MS = 2 ** -12;
  let ticks = 0;
  // no mock of Jest's, which would keep a million calls; the method of all performances is hidden until this one's is deleted
  Object.defineProperty(performance, 'now', { value: () => TICK_MS * ticks++, configurable: true });
  try {
    expect(await session.warmUp(3 * TICK_MS * 250_000)).toBe(TICK_MS); // the loop reads the clock three times a run
  } finally {
    expect(Reflect.deleteProperty(performance, 'now')).toBe(true);
  }
  expect(runs).toBe(250_000); // more than a function call can have as arguments
});

test('a pool ends the processes that are no longer needed, and starts them again if they are', async () => {
  const [kept, ended] = [candidateOf('kept'), candidateOf('ended')];
  const events: string[] = [];
  const pool = new ProcessPool({
    start({ name }) {
      events.push(`starts ${name}`);
      const process = { ask: () => Promise.reject(new Error('asked')), close: () => void events.push(`ends ${name}`) };
      return Promise.resolve({ process, hello: { version: '', description: '', engine: '' } });
    },
  });
  for (const one of [kept, ended]) await pool.start(one);
  pool.close((one) => one === kept);
  for (const one of [kept, ended]) await pool.start(one);
  pool.close();
  expect(events).toEqual(['starts kept', 'starts ended', 'ends ended', 'starts ended', 'ends kept', 'ends ended']);
});

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
