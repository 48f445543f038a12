/** `npm run bench` as a process, with one suite; whole runs, and the programs of the kernels' documents: test/slow/bench. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { rowsIn } from '../helpers/bench-rows.js';
import { directoryOf } from '../helpers/temporary-directories.js';

const bench = (args: readonly string[], env = process.env) =>
  spawnSync(process.execPath, ['dist/bench/main.js', ...args], { encoding: 'utf8', env });

/** A module that each process loads first. In the process of the plain loops it changes every logit that leaves it to 7. */
const FALSIFIED = `
  if (process.argv[3]?.includes('loops')) {
    const send = process.send.bind(process);
    const sevens = (text) => Buffer.from(Float32Array.from(text, () => 7).slice(0, (text.length * 3) / 16).buffer);
    process.send = (message) => {
      for (const name in message.outputs) message.outputs[name] = sevens(message.outputs[name]).toString('base64');
      return send(message);
    };
  }`;

test('one suite with three candidates of which one is wrong: all but that are timed, and the exit code is 1', () => {
  const folder = directoryOf();
  const [json, report] = [path.join(folder, 'rows.ndjson'), path.join(folder, 'benchmarks.md')];
  const chosen = ['--backends', 'longhand-wasm,longhand-reference,loops', '--threads', '1'];
  const env = { ...process.env, NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(FALSIFIED)}` };
  const { status, stdout, stderr } = bench(['forward', '--quick', ...chosen, '--json', json, '--report', report], env);
  const [right, wrong] = [['longhand-wasm', 'longhand-wasm-portable', 'longhand-reference'], 'loops'];
  const rows = rowsIn(json);
  expect(rows.map(({ candidate, verified }) => [candidate, verified])).toEqual([
    ...right.map((name) => [name, true]),
    [wrong, false],
  ]);
  for (const { candidate, medianMs, loadBefore, loadAfter } of rows) {
    if (candidate !== wrong) expect(medianMs).toBeGreaterThan(0);
    expect([loadBefore, loadAfter]).toEqual([expect.any(Number), expect.any(Number)]);
    expect(stdout).toContain(candidate);
    expect(readFileSync(report, 'utf8')).toContain(`| ${candidate} `);
  }
  const chart = readFileSync(path.join(folder, 'benchmarks', 'forward-1.svg'), 'utf8');
  for (const name of right) expect(chart).toContain(`>${name}</text>`);
  expect(status).toBe(1);
  expect(stderr).toMatch(
    /^\n1 wrong:\n {2}forward: T \d+ [^:]*: loops: wrong: logits\[\d+\] is 7, should be -?[\d.]+ ± [\d.e-]+\n$/,
  );
});

test('a mistake on the command line is explained, with exit code 2', () => {
  const { status, stdout, stderr } = bench(['step', '--sizes', '8']);
  expect({ status, stdout, stderr }).toEqual({
    status: 2,
    stdout: '', // before anything is measured
    stderr: 'bench: --sizes 8: write whole numbers ≥ 1 as TxBxIxHxC\n',
  });
});

test('a Node that cannot be started is one line, with exit code 2; so is one without memory for WebAssembly', () => {
  const missing = bench(['step', '--backends', 'loops', '--node', '/no/such/node']);
  expect([missing.status, missing.stderr]).toEqual([
    2,
    expect.stringMatching(/^bench: \/no\/such\/node cannot run candidates: .*ENOENT\n$/),
  ]);
  // other systems have no such limit, and later versions of Node do without the addresses
  if (process.platform !== 'linux' || Number(process.versions.node.split('.')[0]) >= 24) return;
  const limited = ['-c', 'ulimit -v 4000000; exec "$0" "$@"', process.execPath, 'dist/bench/main.js'];
  const { status, stderr } = spawnSync('bash', [...limited, 'step', '--backends', 'loops'], { encoding: 'utf8' });
  expect([status, stderr]).toEqual([
    2,
    expect.stringMatching(/^bench: .* cannot run candidates: \[?RangeError: WebAssembly[^\n]*\n$/),
  ]);
});
