/**
 * What test/kernels tests on a few threads, steps and numbers, on more; and the backend in a page, in a bundle and from the
 * tarball: the same bits each time.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { testInBrowser, trainInPage } from '../../helpers/chromium.js';
import type { Result } from '../../helpers/wasm-in-page.js';
import { bitsInNode, ISOLATING, jobFor, plainPage, PORTABLE, RELAXED, script } from '../../helpers/wasm-in-page.js';
import { describeFunctions, describeSameBits, describeSteadyMemory } from '../../helpers/wasm-suite.js';

describeSameBits([2, 3, 5, 2]);
describeSteadyMemory({ steps: 10_000, models: 300, batches: 300 });
describeFunctions(4099);

const project = fileURLToPath(new URL('../../..', import.meta.url));
const manifest = JSON.parse(readFileSync(path.join(project, 'package.json'), 'utf8')) as {
  version: string;
  dependencies: Record<string, string>;
};

let expected: number[];
beforeAll(async () => {
  expected = await bitsInNode();
});

describe('in a page without a bundler, the backend', () => {
  const files = plainPage();
  const deterministic = { deterministic: true };

  testInBrowser('has one thread and Node’s bits without isolation, even if more threads are requested', async () => {
    const job = jobFor(deterministic, { ...deterministic, threads: 2 });
    const results = await trainInPage<Result[]>({ files }, job);
    const single = { description: `${PORTABLE}1 thread`, bits: expected };
    expect(results).toEqual([single, single]);
  });

  testInBrowser('gives the same bits with relaxed SIMD on 2 threads, on 1, and on 1 without isolation', async () => {
    const isolated = await trainInPage<Result[]>({ files, headers: ISOLATING }, jobFor({ threads: 2 }, { threads: 1 }));
    const [single] = await trainInPage<Result[]>({ files }, jobFor({}));
    const [{ bits }] = isolated;
    expect([...isolated, single]).toEqual([
      { description: `${RELAXED}2 threads`, bits },
      { description: `${RELAXED}1 thread`, bits },
      { description: `${RELAXED}1 thread`, bits },
    ]);
  });

  testInBrowser('has one thread, a reason and Node’s bits if a Content-Security-Policy blocks workers', async () => {
    const job = jobFor({ ...deterministic, threads: 3 }, { ...deterministic, threads: 1 });
    const trainUnder = (policy: string) =>
      trainInPage<Result[]>({ files, headers: { ...ISOLATING, 'content-security-policy': policy } }, job);
    const why = ' (workers are blocked: a Content-Security-Policy must allow worker-src blob:)';
    expect(await trainUnder("default-src 'none'; script-src 'self' 'unsafe-eval'; worker-src blob:")).toEqual([
      { description: `${PORTABLE}3 threads`, bits: expected },
      { description: `${PORTABLE}1 thread`, bits: expected },
    ]);
    expect(await trainUnder("script-src 'self' 'unsafe-eval'")).toEqual([
      { description: `${PORTABLE}1 thread${why}`, bits: expected },
      { description: `${PORTABLE}1 thread`, bits: expected },
    ]);
  });
});

describe('the package, installed from the tarball,', () => {
  let user: string;
  beforeAll(() => {
    user = mkdtempSync(path.join(tmpdir(), 'longhand-user-'));
    const modules = path.join(user, 'node_modules');
    const unpacked = path.join(modules, 'longhand');
    mkdirSync(unpacked, { recursive: true });
    const run = (command: string, ...rest: string[]) =>
      spawnSync(command, rest, { cwd: project, shell: process.platform === 'win32' });
    run('npm', 'pack', '--ignore-scripts', '--pack-destination', user);
    run('tar', '-xzf', path.join(user, `longhand-${manifest.version}.tgz`), '-C', unpacked, '--strip-components=1');
    for (const name of Object.keys(manifest.dependencies)) {
      mkdirSync(path.dirname(path.join(modules, name)), { recursive: true });
      symlinkSync(path.join(project, 'node_modules', name), path.join(modules, name), 'junction');
    }
    writeFileSync(path.join(user, 'package.json'), '{ "type": "module" }');
    copyFileSync(script, path.join(user, 'page.js'));
  });
  afterAll(() => rmSync(user, { recursive: true, force: true }));

  /** Runs `node` as a user would, in a directory that has the package in its node_modules. */
  const node = (args: string[], input = '') =>
    spawnSync(process.execPath, args, { cwd: user, input, encoding: 'utf8' });

  test('trains in Node to the same bits', () => {
    const { stdout, stderr } = node(
      ['--input-type=module'],
      `import { createReferenceBackend } from 'longhand/reference';
       import './page.js';
       const job = ${JSON.stringify(jobFor({ threads: 2, deterministic: true }))};
       console.log(JSON.stringify([createReferenceBackend().description, ...(await trainOn(job))]));`,
    );
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual([
      'reference: plain TypeScript, f32, 1 thread',
      { description: `${PORTABLE}2 threads`, bits: expected },
    ]);
  });
});
