/** The comparison of candidates: which are timed, which are left out, and the session that times them. */
import { Comparison, ProcessPool, QUICK } from '../../bench/measure/comparison.js';
import { type CandidateProcess, answer } from '../../bench/measure/protocol.js';
import { rowsOf } from '../../bench/measure/rows.js';
import { Session } from '../../bench/measure/session.js';
import type { Program } from '../../bench/program.js';
import { start } from '../../bench/programs/longhand.js';
import { casesOf, matmul } from '../../bench/suites.js';
import { type BenchmarkTask, makeInputs } from '../../bench/tasks.js';
import { candidateOf, RUN } from '../helpers/bench-rows.js';

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
