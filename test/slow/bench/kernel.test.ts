/** `npm run bench -- kernel` as a process: exit codes, a kernel that does not end, and --watch. No time is asserted. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { startsFor } from '../../../bench/kernel/starts.js';
import { directoryOf } from '../../helpers/temporary-directories.js';
import { describeWebGpu } from '../../helpers/webgpu.js';

const PROGRAM = ['dist/bench/main.js', 'kernel'];
/** The time limit of a process, also on a busy computer. */
const HANGS_MS = 500_000;

const kernel = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...PROGRAM, ...args], {
    encoding: 'utf8',
    timeout: HANGS_MS,
  });
  return { status, stdout, stderr };
};
const [{ source: NAIVE }] = startsFor('gpu');
const WRONG = NAIVE.replace('k < p.K', 'k < p.K - 1');
const ENDLESS = NAIVE.replace('k++', '');

test.each([
  [['none.wgsl'], /^bench: ENOENT.*To begin with a step of docs\/webgpu-kernels\.md, write --start 1\n$/],
  [['none.wgsl', '--start', '8'], /^bench: --start 8: write the number of a step, 1 to 7\n$/],
  [['none.ts', '--start', '3'], /^bench: --start 3: write the number of a step, 1 to 2\n$/],
  [['package.json', '--start', '1'], /^bench: --start writes a new file: EEXIST/],
  [['package.json', '--shape', '1,2'], /Write three whole numbers ≥ 1/],
  [['package.json', '--backends', 'torch'], /torch is not a candidate/],
  [[], /missing required argument 'file'/],
])('%j is refused', (args, message) => {
  expect(kernel(...args)).toEqual({ status: 2, stdout: '', stderr: expect.stringMatching(message) as string });
});

await describeWebGpu(() => {
  const folder = directoryOf();
  const file = path.join(folder, 'mine.wgsl');

  test('every step is right, and is written by --start', () => {
    for (const [n, { name }] of startsFor('gpu').entries()) {
      const step = path.join(folder, `step-${n + 1}.wgsl`);
      expect(kernel(step, '--start', String(n + 1)).stdout).toContain(
        `has step ${name}. Run it: npm run bench -- kernel`,
      );
      const { status, stdout, stderr } = kernel(step, '--quick', '--shape', '20,12,24', '--backends', 'gpujs-webasm');
      expect([status, stderr]).toEqual([0, expect.not.stringContaining('wrong')]);
      const rows = [...stdout.matchAll(/^ {2}(\S+(?: \S+)*) +[\d.]+ +[\d.]+ +×[\d.]+ +2 +\d+%$/gm)].map(
        ([, row]) => row,
      );
      expect(rows).toEqual(['your kernel', 'longhand-webgpu', 'gpujs-webasm']);
      expect(stdout).toMatch(/^Your kernel is \d+\.\d\d times as fast as Longhand’s product.*\.$/m);
    }
  });

  test('a wrong kernel, a text that is no WGSL, and a kernel that does not end: exit code 1 and a sentence', () => {
    for (const [source, message] of [
      [WRONG, /mine\.wgsl: wrong at \[7,5\]·\[5,3\]: out at row 0, column 0 is /],
      [NAIVE.replace('let row', 'let 1row'), /mine\.wgsl:12: .*\n {2} *let 1row = index \/ p\.N;\n$/],
      [ENDLESS, /mine\.wgsl: The kernel did not end at \[7,5\]·\[5,3\] within 10 seconds, so it was ended\. Is there/],
    ] as const) {
      writeFileSync(file, source);
      expect(kernel(file, '--quick')).toMatchObject({ status: 1, stderr: expect.stringMatching(message) as string });
    }
  });

  /** Waits until the process has printed this, since the last call. */
  function reader({ stdout }: ChildProcess) {
    let text = '';
    let heard = (): void => undefined;
    stdout!.setEncoding('utf8').on('data', (more: string) => {
      text += more;
      heard();
    });
    return (words: RegExp): Promise<void> =>
      new Promise((resolve) => {
        heard = (): void => {
          const found = words.exec(text);
          if (!found) return;
          text = text.slice(found.index + found[0].length);
          resolve();
        };
        heard();
      });
  }

  test('--watch runs after each change, also if the file is replaced, and Ctrl-C ends it', async () => {
    writeFileSync(file, NAIVE);
    // One pipe, because two do not keep the order in which errors and other lines were printed.
    const command = ['-c', 'exec "$0" "$@" 2>&1', process.execPath, ...PROGRAM];
    const child = spawn('sh', [...command, file, '--quick', '--watch', '--shape', '20,12,24']);
    const ended = new Promise((resolve) => child.on('close', (code, signal) => resolve([code, signal])));
    const until = reader(child);
    // A run may see a file that is half written: then the next run prints the words.
    const runWith = (words: string) => until(new RegExp(`${words}[^]*watching .*; Ctrl-C ends this\n`));
    await runWith('Your kernel is');
    writeFileSync(file, WRONG);
    await runWith('Every wrong element is the sum of only the first 4 of its 5 terms\\.');
    writeFileSync(`${file}.new`, ENDLESS);
    renameSync(`${file}.new`, file);
    await runWith('did not end at \\[7,5\\]·\\[5,3\\] within 10 seconds');
    writeFileSync(`${file}.new`, NAIVE);
    renameSync(`${file}.new`, file);
    await runWith('Your kernel is');
    child.kill('SIGINT');
    expect(await ended).toEqual([0, null]);
  });
});
