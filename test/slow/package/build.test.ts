/** The build: what makes it start afresh, its errors, its locks, and a build of this project. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { done, project, projectAt, smallProject } from '../../helpers/built-project.js';

/** No process has this number, nor the next two: Linux counts to 2²². */
const ENDED = 99_999_990;

describe('a build of three parts, one of which makes an input of the others,', () => {
  const { at, main, read, build, buildTogether, lock, locks } = smallProject();

  test('rebuilds the other parts only if the output of the first has changed', () => {
    writeFileSync(at('given'), 'other');
    expect(build()).toEqual(done('first', 'second', 'third'));
    rmSync(at('source/made'));
    expect(build()).toEqual(done('first'));
  });

  test.each([
    ['an output was edited', () => appendFileSync(at('dist/second/text'), '!')],
    ['an output was deleted', () => rmSync(at('dist/second/text'))],
    ['an output was added', () => writeFileSync(at('dist/second/extra'), '')],
    ['the record is missing', () => rmSync(at('dist/.built/second.json'))],
    ['the record is empty', () => writeFileSync(at('dist/.built/second.json'), '')],
    ['the record is cut off', () => writeFileSync(at('dist/.built/second.json'), '{"tools":"')],
    ['the record is null', () => writeFileSync(at('dist/.built/second.json'), 'null')],
  ])('rebuilds a part from scratch if %s', (_, change) => {
    change();
    expect(build()).toEqual({ status: 0, made: ['second'], errors: 'second afresh\n' });
  });

  test.each(['build/part.mjs', 'package.json', 'tsconfig.json', 'node_modules/.package-lock.json'])(
    'rebuilds everything from scratch if %s has changed',
    (file) => {
      mkdirSync(at('node_modules'), { recursive: true });
      appendFileSync(at(file), '\n');
      const { made, errors } = build();
      expect(made).toEqual(['first', 'second', 'third']);
      expect(errors.split('\n').sort()).toEqual(['', 'second afresh', 'third afresh']);
      expect(build()).toEqual(done());
    },
  );

  test('prints the reason of each failed part', () => {
    writeFileSync(at('source/text'), 'wrong: second, third');
    const errors = 'build: wrong text in second\nbuild: wrong text in third\n';
    expect(build()).toEqual({ status: 1, made: ['second', 'third'], errors });
  });

  test('keeps the old record if the new one cannot be written', () => {
    const record = read('dist/.built/second.json');
    mkdirSync(at('dist/.built/second.json.new'));
    writeFileSync(at('source/text'), 'other');
    expect(build()).toMatchObject({ status: 1, made: ['second', 'third'] });
    expect(read('dist/.built/second.json')).toBe(record);
  });

  test('waits for another build, and ignores the lock of a killed one', async () => {
    for (const number of [undefined, ENDED]) {
      writeFileSync(at('source/text'), `lock ${number}`);
      if (number !== undefined) writeFileSync(lock, String(number));
      const builds = await buildTogether(3);
      expect(builds.flatMap(({ made }) => made)).toEqual(['second', 'third']);
      for (const { made, errors } of builds) {
        expect(errors).toMatch(made.length > 0 ? /^$/ : /^(build: waiting for the build of process \d+\n)?$/);
      }
      expect(locks()).toEqual([]);
      expect(build()).toEqual(done());
    }
  });

  test.each([
    ['is empty', ''],
    ['holds NUL bytes', '\0\0\0\0'],
    ['holds no number', 'lock'],
    ['holds 0, which stands for all processes of the group', '0'],
    ['holds −1, which stands for all processes', '-1'],
  ])('ignores a lock that %s', (_, text) => {
    for (const seconds of [0, Date.now() / 1000]) {
      writeFileSync(lock, text);
      utimesSync(lock, seconds, seconds);
      expect(build()).toEqual(done());
      expect(locks()).toEqual([]);
    }
  });

  test('ignores a lock of an earlier process with the same process number', () => {
    const before = `import { writeFileSync } from 'node:fs'; writeFileSync(${JSON.stringify(lock)}, String(process.pid));`;
    expect(build('--import', `data:text/javascript,${encodeURIComponent(before)}`)).toEqual(done());
    expect(locks()).toEqual([]);
  });

  test('does not wait for a build that has a lock of its own, as that of the site', async () => {
    const { withLock } = (await import(at('build/part.mjs'))) as typeof import('../../../build/part.mjs');
    await withLock(async () => expect(build()).toEqual(done()), 'lock-of-site');
    expect(locks()).toEqual([]);
  });

  test('fails on a full disk, and leaves no lock', () => {
    const limited = spawnSync('sh', ['-c', 'ulimit -f 0; exec "$0" "$1"', process.execPath, main], {
      encoding: 'utf8',
    });
    expect(limited).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^build: EFBIG: .*, write\n$/) as string,
    });
    expect(locks()).toEqual([]);
    expect(build()).toEqual(done());
  });

  test('does not remove a lock that another build has acquired', async () => {
    writeFileSync(at('source/text'), 'other');
    writeFileSync(at('hold'), '');
    const slow = spawn(process.execPath, [main]);
    await once(slow.stderr, 'data'); // `building second …`: it has the lock
    rmSync(lock);
    writeFileSync(lock, String(process.pid));
    rmSync(at('hold'));
    expect(await once(slow, 'exit')).toEqual([0, null]);
    expect(readFileSync(lock, 'utf8')).toBe(String(process.pid));
    rmSync(lock);
  });

  test('succeeds if two other builds acquire the lock while it discards the old one', () => {
    // The build has read the lock when it renames it.
    const [ended, second, third] = [ENDED, ENDED + 1, ENDED + 2].map(String);
    const others = `
      import fs from 'node:fs';
      import { syncBuiltinESMExports } from 'node:module';
      const { renameSync } = fs;
      fs.renameSync = (from, to) => {
        if (from === ${JSON.stringify(lock)}) {
          fs.renameSync = renameSync;
          syncBuiltinESMExports();
          fs.writeFileSync(from, '${second}');
          renameSync(from, to);
          fs.writeFileSync(from, '${third}');
        } else renameSync(from, to);
      };
      syncBuiltinESMExports();`;
    writeFileSync(lock, ended);
    expect(build('--import', `data:text/javascript,${encodeURIComponent(others)}`)).toEqual(done());
    expect(locks()).toEqual([]);
  });
});

describe('the parts of this project, in a small one', () => {
  const { at, read, build } = projectAt('small');
  const write = (file: string, text: string): void => {
    mkdirSync(path.dirname(at(file)), { recursive: true });
    writeFileSync(at(file), text);
  };

  beforeAll(() => {
    cpSync(path.join(project, 'build'), at('build'), { recursive: true });
    for (const name of ['package.json', 'tsconfig.json', 'tsconfig.build.json']) {
      cpSync(path.join(project, name), at(name));
    }
    symlinkSync(path.join(project, 'node_modules'), at('node_modules'), 'junction');
    for (const script of ['kernels/wasm/build.mjs', 'src/exercises/make.mjs']) write(script, '');
    for (const name of ['answer', 'network']) write(`src/cli/children/program-${name}.ts`, 'export {};\n');
    write('src/cli/main.ts', "import { used } from './options.js';\nconsole.log(used);\n");
    write('src/cli/options.ts', "export const used = 'used';\n");
    write('src/browser.ts', 'export {};\n');
    write('src/files/sha256.ts', "export { sha256 } from '@noble/hashes/sha2.js';\n");
    write('src/data/table-reader.ts', "export { default } from 'papaparse';\n");
    write('src/page/index.html', '');
    const settings = "{ root: import.meta.dirname, build: { outDir: '../../dist/page', emptyOutDir: true } }";
    write('src/page/vite.config.ts', `export default ${settings};\n`);
    write('bench/tasks.ts', 'export const tasks = 1;\n');
  });

  test('are built, and then have nothing to do', () => {
    expect(build()).toEqual(done('wasm', 'exercises', 'modules', 'browser', 'command line', 'page'));
    expect(read('dist/src/files/sha256.js')).not.toContain('@noble/hashes'); // it holds what it needs of the package
    expect(read('dist/cli/main.js')).toContain('used');
    expect(existsSync(at('dist/page/index.html'))).toBe(true);
    expect(build()).toEqual(done());
  });

  test('follow a changed, a new and a deleted source', () => {
    appendFileSync(at('src/cli/options.ts'), 'export const addedByTest = 1;\n');
    write('bench/extra.ts', 'export const extra = 1;\n');
    expect(build()).toEqual(done('modules', 'browser', 'command line'));
    expect(read('dist/src/cli/options.js')).toContain('addedByTest = 1');
    expect(read('dist/cli/main.js')).not.toContain('addedByTest'); // the bundle leaves out what nothing uses
    expect(existsSync(at('dist/bench/extra.js'))).toBe(true);

    rmSync(at('bench/extra.ts'));
    expect(build()).toEqual(done('modules'));
    for (const ending of ['js', 'd.ts', 'd.ts.map']) {
      expect(existsSync(at(`dist/bench/extra.${ending}`))).toBe(false);
    }
  });

  test('report where a type is wrong, and keep the old output', () => {
    const made = read('dist/bench/tasks.js');
    appendFileSync(at('bench/tasks.ts'), '\nexport const wrong: string = 1;\n');
    const { status, errors } = build();
    expect(status).toBe(1);
    expect(errors).toMatch(/^bench\/tasks\.ts\(\d+,\d+\): error TS2322: .*\nbuild: .*tsc failed \(exit code \d\)\n$/);
    expect(read('dist/bench/tasks.js')).toBe(made);
  });
});

test('npm start begins with the run if there is nothing to build', async () => {
  const child = spawn('npm', ['start', '--silent'], { cwd: project, detached: true });
  const lines = createInterface(child.stderr)[Symbol.asyncIterator]();
  let line = String((await lines.next()).value);
  // another test file may be packing a release
  while (line.startsWith('build: waiting for the build of process')) line = String((await lines.next()).value);
  process.kill(-child.pid!, 'SIGKILL');
  expect(line).toMatch(/^backend wasm: /); // and not `building …`
});
