/** The build of the wasm code that the command line runs: relaxed SIMD on every Node, or the portable build on request. */
import { copyFileSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { REVECTORIZE } from '../../kernels/wasm/wide-vectors.js';
import { withoutVectors } from '../../src/core/backend.js';
import { longhand as longhandProcess, MAIN, runProcess } from '../helpers/longhand-process.js';
import { longhand } from '../helpers/longhand.js';
import { testMerging } from '../helpers/needs.js';
import { mnistFiles } from '../helpers/small-data.js';
import { directoryOf } from '../helpers/temporary-directories.js';

const DATA = directoryOf(mnistFiles(5600, 200));
const FROM = ['train', '--data', DATA];
const RUN = [...FROM, '--hidden', '24', '--batch-size', '16', '--training-iters', '480'];
const inNewFolder = (): string => path.join(directoryOf(), 'run.safetensors');
const backendIn = (stderr: string): string => withoutVectors(/^backend (.*)$/m.exec(stderr)?.[1] ?? '');

/** Trains in a process of its own, once for each choice of flags; returns its output and its checkpoint. */
const runs = new Map<string, Promise<{ code: number | null; stdout: string; stderr: string; file: string }>>();
function trained(...flags: string[]) {
  const key = flags.join(' ');
  const file = inNewFolder();
  const run =
    runs.get(key) ?? longhandProcess([...RUN, ...flags, '--checkpoint', file]).then((end) => ({ ...end, file }));
  runs.set(key, run);
  return run;
}

test('train uses relaxed SIMD, in its threads too, and prints the same on 1 and on 2 threads', async () => {
  const [one, two] = [await trained('--threads', '1'), await trained('--threads', '2')];
  expect([one, two].map(({ code, stderr }) => [code, backendIn(stderr)])).toEqual([
    [0, 'wasm: WebAssembly, relaxed SIMD, 1 thread'],
    [0, 'wasm: WebAssembly, relaxed SIMD, 2 threads'],
  ]);
  expect(two.stdout.replace(two.file, one.file)).toBe(one.stdout);
});

test('--deterministic uses the portable build', async () => {
  const { stderr } = await trained('--threads', '2', '--deterministic');
  expect(backendIn(stderr)).toBe('wasm: WebAssembly, portable SIMD, 2 threads');
});

test.each([[[]], [['--deterministic']]])(
  '--vectors 128 runs without wider vectors, with the same output and the same checkpoint: %j',
  async (flags) => {
    const [usual, narrow] = [
      await trained('--threads', '2', ...flags),
      await trained('--threads', '2', ...flags, '--vectors', '128'),
    ];
    expect(narrow.stderr).not.toContain('256-bit');
    expect(narrow.stdout.replace(narrow.file, usual.file)).toBe(usual.stdout);
    expect(readFileSync(narrow.file).equals(readFileSync(usual.file))).toBe(true);
  },
);

test('on a newer V8 that is not tested, train says how to try 256-bit vectors, and --vectors 128 keeps it silent', async () => {
  const newer = `Object.defineProperties(process, {
    versions: { value: { ...process.versions, node: '99.0.0', v8: '99.5.1' } }, arch: { value: 'x64' } });`;
  const flags = ['--import', `data:text/javascript,${encodeURIComponent(newer)}`, MAIN, ...RUN, '--threads', '1'];
  const [usual, narrow] = [
    await runProcess(process.execPath, flags),
    await runProcess(process.execPath, [...flags, '--vectors', '128']),
  ];
  expect(usual.stderr).toMatch(
    /^backend .*, 1 thread, 128-bit because V8 99\.5\.1 is not tested with 256-bit vectors: to try them, start Node with --experimental-wasm-revectorize\n/,
  );
  expect(narrow.stderr).toMatch(/^backend .*, 1 thread\n/);
});

testMerging('--vectors 128 unsets the option with which Node was started', async () => {
  const flags = [`--${REVECTORIZE}`, '--no-liftoff', '--trace-wasm-revectorize'];
  for (const [vectors, isMerging] of [
    [[], true],
    [['--vectors', '128'], false],
  ] as const) {
    const { code, stdout } = await runProcess(process.execPath, [...flags, MAIN, ...RUN, '--threads', '1', ...vectors]);
    expect([code, stdout.includes('Begin revec function')]).toEqual([0, isMerging]);
  }
});

describe('a run on the', () => {
  test.each([
    ['portable', ['--deterministic']],
    ['relaxed', []],
  ])('%s build resumes on that build without a flag, bit for bit', async (build, flags) => {
    const { file: whole } = await trained('--threads', '2', ...flags);
    const parts = inNewFolder();
    await longhand([...RUN, ...flags, '--threads', '2', '--checkpoint', parts, '--training-iters', '160']);
    const { code, stderr } = await longhand([...FROM, '--resume', parts, '--threads', '2', '--training-iters', '480']);
    expect(code).toBe(0);
    expect(backendIn(stderr)).toMatch(new RegExp(`^wasm: WebAssembly, ${build} SIMD, `));
    expect(stderr).not.toContain('the run has used');
    expect(readFileSync(parts).equals(readFileSync(whole))).toBe(true);
  });

  test('relaxed build resumes on the portable one only with --deterministic, and reports it', async () => {
    const file = inNewFolder();
    copyFileSync((await trained('--threads', '2')).file, file);
    const { code, stderr } = await longhand([...FROM, '--resume', file, '--deterministic', '--training-iters', '640']);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^backend wasm: WebAssembly, portable SIMD/);
    expect(stderr).toMatch(/\nthe run has used wasm: WebAssembly, relaxed SIMD/);
  });
});

test('the two builds differ in the last bits, so the tests above can tell them apart', async () => {
  const [relaxed, portable] = [await trained('--threads', '2'), await trained('--threads', '2', '--deterministic')];
  expect(readFileSync(relaxed.file).equals(readFileSync(portable.file))).toBe(false);
});

test('the library does not change V8’s flags', async () => {
  const script = `
    import { syncBuiltinESMExports } from 'node:module';
    import v8 from 'node:v8';
    import { RELAXED } from './dist/kernels/wasm/binaries.js';
    import { createWasmBackend } from 'longhand/wasm';
    const hasRelaxed = () => WebAssembly.validate(Buffer.from(RELAXED, 'hex'));
    const before = hasRelaxed();
    const flags = [];
    v8.setFlagsFromString = (flag) => flags.push(flag);
    syncBuiltinESMExports();
    const backend = await createWasmBackend({ threads: 1 });
    await backend.dispose();
    console.log(before === hasRelaxed(), before === backend.description.includes('relaxed'), flags);`;
  const { stdout, stderr } = await runProcess(process.execPath, ['--input-type=module', '-e', script]);
  expect([stdout, stderr]).toEqual(['true true []\n', '']);
});
