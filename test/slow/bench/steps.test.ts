/** The programs of the kernels' documents as processes: quick runs, in Node and in a browser. No time is asserted. */
import type { SpawnSyncReturns } from 'node:child_process';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { testInBrowser } from '../../helpers/chromium.js';

/** The time limit of a program, also on a busy computer. */
const HANGS_MS = 500_000;

test('npm run bench:kernels: every step is right, also those with relaxed SIMD, which Node 20 has behind an option', () => {
  const program = ['dist/bench/steps/kernel-steps.js', '--quick', '--size', '6,5,16'];
  const { status, stdout, stderr } = spawnSync(process.execPath, program, { encoding: 'utf8', timeout: HANGS_MS });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const [usual] = stdout.split('\nwith 256-bit vectors of V8\n'); // Node 24 and 26 have a second table
  const right = [...usual.matchAll(/^ {2}(\S.*?) +\d+\.\d+ +\d+\.\d+( +×\d+\.\d+)? +\d+ +\d+%$/gm)].map(
    ([, name]) => name,
  );
  expect(right).toHaveLength(11);
  expect(right.slice(-3)).toEqual([
    'WebAssembly: FMA, 6×8 tile, packed',
    'wasm: WebAssembly, relaxed SIMD, 1 thread',
    'wasm: WebAssembly, relaxed SIMD, 2 threads',
  ]);
  expect(stdout).toMatch(/^ {2}FMA, 6×8 tile +\d+\.\d\d +\d+$/m);
  expect(stdout).toMatch(/^load before: [^]*\nload after: \d\.\d\d$/m);
});

describe('npm run bench:gpu-kernels: every step computes the product, of a size that fits no tile', () => {
  function steps(...args: string[]): SpawnSyncReturns<string> {
    const program = ['dist/bench/steps/gpu-kernel-steps.js', '--quick', ...args];
    return spawnSync(process.execPath, program, { encoding: 'utf8', timeout: HANGS_MS });
  }

  /** The steps of each mode that ran: right steps have three figures, or two in the first line. */
  function rightSteps(stdout: string): Record<string, number> {
    const modes = stdout.split(/^gpu: GPU\.js, mode /m).slice(1);
    return Object.fromEntries(
      modes.map((text) => [
        text.slice(0, text.indexOf(',')),
        (text.match(/^ {2}\d\. .*? \d+\.\d+ +\d+\.\d+( +×\d+\.\d+)? +\d+ +\d+%$/gm) ?? []).length,
      ]),
    );
  }

  const STEPS = { webgpu: 6, webgl2: 7, headlessgl: 7, webasm: 6, cpu: 6 };

  test('in Node every step of every mode is right, for sizes that no tile divides', () => {
    const { status, stdout } = steps('--size', '9,7,5');
    expect({ status, stdout }).toEqual({ status: 0, stdout: expect.not.stringContaining('WRONG') as string });
    const found = rightSteps(stdout);
    // A developer's computer may lack the other two; CI may not.
    const needed = process.env.CI ? (['webgpu', 'headlessgl', 'webasm', 'cpu'] as const) : (['webasm', 'cpu'] as const);
    expect(Object.keys(found)).toEqual(expect.arrayContaining([...needed]));
    for (const [mode, count] of Object.entries(found))
      expect([mode, count]).toEqual([mode, STEPS[mode as keyof typeof STEPS]]);
  });

  testInBrowser('so are those of webgl2 and cpu in a page', () => {
    for (const mode of ['webgl2', 'cpu'] as const) {
      const { status, stdout, stderr } = steps('--browser', '--mode', mode, '--size', '9,7,5');
      expect([status, stderr, rightSteps(stdout)]).toEqual([0, '', { [mode]: STEPS[mode] }]);
    }
  });

  test('a mode that does not work here is one line with the reason', () => {
    const { status, stdout } = steps('--mode', 'webgl2');
    expect(status).toBe(1);
    expect(stdout).toMatch(/^\nmode webgl2 is left out: GPU mode webgl2 needs a browser .*\n$/m);
  });

  test.each([
    [['--mode', 'opengl'], "option '--mode <mode>' argument 'opengl' is invalid\\. Allowed choices are webgpu, .*"],
    [['--size', '9,7'], "option '--size <M,K,N>' argument '9,7' is invalid\\. Write three whole numbers ≥ 1, .*"],
    [['--sizes', '9,7,5'], "unknown option '--sizes'"],
    [['webgpu'], 'too many arguments.*'],
  ])('%j is refused in one line', (args, message) => {
    const { status, stdout, stderr } = steps(...args);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(new RegExp(`^error: ${message}\n$`));
  });
});

describe('npm run bench:webgpu-kernels: every step computes the product, of a size that fits no tile', () => {
  const marks = (name: string) => `<!-- ${name}: made by the command -->\n\nold\n\n<!-- end of ${name} -->\n`;

  /** The lines of right steps on the terminal, and the document whose marked part was filled. */
  function steps(place: 'node' | 'chromium', ...args: string[]) {
    const file = path.join(mkdtempSync(path.join(tmpdir(), 'longhand-bench-')), 'kernels.md');
    writeFileSync(file, marks('node') + marks('chromium'));
    const program = ['dist/bench/steps/webgpu-kernel-steps.js', '--quick', '--document', file, ...args];
    const { status, stdout, stderr } = spawnSync(process.execPath, program, { encoding: 'utf8', timeout: HANGS_MS });
    const right = stdout.match(/^ {2}\d\. .*? \d+\.\d+ +\d+\.\d+( +×\d+\.\d+)? +\d+ +\d+%$/gm) ?? [];
    const [before, filled] = readFileSync(file, 'utf8').split(`<!-- ${place}: made by the command -->`);
    return { status, stdout, stderr, right, before, filled: filled.slice(0, filled.indexOf('<!-- end')) };
  }

  function assertAllRight({ status, stdout, right, before, filled }: ReturnType<typeof steps>): void {
    expect({ status, stdout }).toEqual({ status: 0, stdout: expect.not.stringContaining('WRONG') as string });
    expect(right).toHaveLength(7);
    expect(filled.match(/^\| \d\. [^\n]+ \| +\d[^\n]+\|$/gm)).toHaveLength(7);
    expect(filled).not.toContain('old');
    expect(before).not.toContain('| 1.');
  }

  // K is no multiple of 4, and in the second size a second workgroup is needed along M and N
  test.each(['9,7,5', '65,18,70'])('in Node: %s', (size) => {
    const found = steps('node', '--size', size);
    // a developer's computer may have no WebGPU
    if (!process.env.CI && found.status === 1) expect(found.stdout).toContain('the webgpu backend ');
    else assertAllRight(found);
  });

  testInBrowser('in a page', () => assertAllRight(steps('chromium', '--browser', '--size', '9,7,5')));

  test('a document without the marks is refused', () => {
    const { status, stderr } = spawnSync(
      process.execPath,
      ['dist/bench/steps/webgpu-kernel-steps.js', '--quick', '--size', '9,7,5', '--document', 'README.md'],
      { encoding: 'utf8', timeout: HANGS_MS },
    );
    if (!process.env.CI && status === 1) return; // no WebGPU
    expect([status, stderr]).toEqual([2, expect.stringContaining('--document README.md: has no <!-- node: made')]);
  });
});

testInBrowser(
  'npm run bench:webgpu: the steps and one suite, in Node and in a page, the tables of a document and a report',
  () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'longhand-bench-'));
    const file = path.join(folder, 'kernels.md');
    const parts = ['node', 'chromium', 'rivals'];
    writeFileSync(
      file,
      parts.map((name) => `<!-- ${name}: made by the command -->\n\n<!-- end of ${name} -->\n`).join('\n'),
    );
    const program = ['dist/bench/webgpu.js', '--quick', '--suites', 'step', '--output', folder, '--document', file];
    const { status, stdout, stderr } = spawnSync(process.execPath, program, { encoding: 'utf8', timeout: HANGS_MS });
    if (!process.env.CI && status === 1) return; // no WebGPU
    expect({ status, stderr: status === 0 ? '' : stderr + stdout }).toEqual({ status: 0, stderr: '' });
    const document = readFileSync(file, 'utf8');
    const engines = [`Node ${process.versions.node}`, 'Chromium'];
    expect(document.match(/^\| 7\. the backend /gm)).toHaveLength(2);
    for (const engine of engines) {
      expect(document.match(new RegExp(`^${engine}.*; samples of each time: .*; load`, 'gm'))).toHaveLength(2);
      expect(readFileSync(path.join(folder, 'report.md'), 'utf8')).toContain(`\n## ${engine}`);
    }
    expect(document.match(/^\| step: T /gm)).toHaveLength(2);
  },
);
