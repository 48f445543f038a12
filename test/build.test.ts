/** The build builds everything that has changed, and nothing else. */
import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const project = fileURLToPath(new URL('..', import.meta.url));
const root = mkdtempSync(path.join(tmpdir(), 'longhand-build-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** A project in a folder of its own, with the build of this one. */
function projectAt(name: string) {
  const at = (file: string): string => path.join(root, name, file);
  const main = at('build/main.mjs');
  return {
    at,
    main,
    read: (file: string): string => readFileSync(at(file), 'utf8'),
    /** Runs a build. Gives the parts that it built, and its errors; status null if it did not end. `options` are Node's. */
    build: (...options: string[]) => {
      const { status, stderr } = spawnSync(process.execPath, [...options, main], { encoding: 'utf8', timeout: 60_000 });
      return { status, ...reportIn(stderr) };
    },
    /** Runs several builds that start at the same time. None of them may fail. */
    buildTogether: async (count: number) => {
      const builds = Array.from({ length: count }, () => promisify(execFile)(process.execPath, [main]));
      return (await Promise.all(builds)).map(({ stderr }) => reportIn(stderr));
    },
  };
}

const reportIn = (stderr: string): { made: string[]; errors: string } => ({
  made: [...stderr.matchAll(/^building (.+) …\n/gm)].map(([, name]) => name),
  errors: stderr.replace(/^building .*\n/gm, ''),
});
const done = (...made: string[]) => ({ status: 0, made, errors: '' });

describe('of three parts, one of which the others read', () => {
  const { at, main, read, build, buildTogether } = projectAt('small');
  const lock = at('dist/.built/lock');
  const locks = (): string[] => readdirSync(path.dirname(lock)).filter((name) => name.startsWith('lock'));

  /**
   * `first` makes source/made from given; `second` and `third` copy source/ into folders. They fail if source/text contains
   * “wrong” and their name.
   */
  const PARTS = `
    import { cpSync, readFileSync } from 'node:fs';
    import { project } from './part.mjs';
    const folder = (name) => ({
      name,
      inputs: ['source', '!source/unread'],
      outputs: ['dist/' + name],
      make: async (isFresh) => {
        const text = readFileSync(project + 'source/text', 'utf8');
        if (text.includes('wrong') && text.includes(name)) throw new Error('wrong text in ' + name);
        await new Promise((resolve) => setTimeout(resolve, 300));
        cpSync(project + 'source', project + 'dist/' + name, { recursive: true });
        if (isFresh) console.error(name + ' afresh');
      },
    });
    export const first = {
      name: 'first',
      inputs: ['given'],
      outputs: ['source/made'],
      make: async () => cpSync(project + 'given', project + 'source/made'),
    };
    export const rest = [folder('second'), folder('third')];`;

  beforeEach(() => {
    for (const folder of ['build', 'source']) mkdirSync(at(folder), { recursive: true });
    for (const name of ['main', 'part']) cpSync(path.join(project, `build/${name}.mjs`), at(`build/${name}.mjs`));
    writeFileSync(at('build/parts.mjs'), PARTS);
    writeFileSync(at('package.json'), '{}');
    writeFileSync(at('given'), 'given');
    for (const name of ['text', 'unread']) writeFileSync(at(`source/${name}`), name);
    expect(build()).toMatchObject({ status: 0, made: ['first', 'second', 'third'] });
  });
  afterEach(() => rmSync(at('.'), { recursive: true }));

  test('what has been built is up to date for all times of its files', () => {
    expect(build()).toEqual(done());
    for (const file of ['given', 'source/text', 'dist/second/text']) utimesSync(at(file), 2e9, 2e9);
    expect(build()).toEqual(done());
  });

  test('an input that has changed, appeared or gone makes the parts that read it, also if it is older', () => {
    writeFileSync(at('source/text'), 'other');
    utimesSync(at('source/text'), 1e9, 1e9);
    expect(build()).toEqual(done('second', 'third'));
    expect(read('dist/third/text')).toBe('other');
    writeFileSync(at('source/new'), '');
    expect(build()).toEqual(done('second', 'third'));
    rmSync(at('source/new'));
    expect(build()).toEqual(done('second', 'third'));
    writeFileSync(at('source/unread'), 'other');
    expect(build()).toEqual(done());
  });

  test('what the first part makes is an input of the others only if it has become another', () => {
    writeFileSync(at('given'), 'other');
    expect(build()).toEqual(done('first', 'second', 'third'));
    rmSync(at('source/made'));
    expect(build()).toEqual(done('first'));
  });

  test.each([
    ['edited', () => appendFileSync(at('dist/second/text'), '!')],
    ['deleted', () => rmSync(at('dist/second/text'))],
    ['added', () => writeFileSync(at('dist/second/extra'), '')],
    ['recorded by nothing', () => rmSync(at('dist/.built/second.json'))],
    ['recorded in an empty file', () => writeFileSync(at('dist/.built/second.json'), '')],
    ['recorded in half a file', () => writeFileSync(at('dist/.built/second.json'), '{"tools":"')],
    ['recorded as null', () => writeFileSync(at('dist/.built/second.json'), 'null')],
  ])('an output that was %s is made afresh', (_, change) => {
    change();
    expect(build()).toEqual({ status: 0, made: ['second'], errors: 'second afresh\n' });
  });

  test.each(['build/part.mjs', 'package.json', 'tsconfig.json', 'node_modules/.package-lock.json'])(
    'a changed %s makes everything afresh',
    (file) => {
      mkdirSync(at('node_modules'), { recursive: true });
      appendFileSync(at(file), '\n');
      const { made, errors } = build();
      expect(made).toEqual(['first', 'second', 'third']);
      expect(errors.split('\n').sort()).toEqual(['', 'second afresh', 'third afresh']);
      expect(build()).toEqual(done());
    },
  );

  test('a part that fails is built again next time, and does not stop the others', () => {
    const errors = 'build: wrong text in third\n';
    writeFileSync(at('source/text'), 'wrong: third');
    expect(build()).toEqual({ status: 1, made: ['second', 'third'], errors });
    expect(build()).toEqual({ status: 1, made: ['third'], errors });
    writeFileSync(at('source/text'), 'text');
    expect(build()).toEqual(done('second'));
  });

  test('each part that fails has its reason printed', () => {
    writeFileSync(at('source/text'), 'wrong: second, third');
    const errors = 'build: wrong text in second\nbuild: wrong text in third\n';
    expect(build()).toEqual({ status: 1, made: ['second', 'third'], errors });
  });

  test('a record that cannot be written leaves the old one', () => {
    const record = read('dist/.built/second.json');
    mkdirSync(at('dist/.built/second.json.new'));
    writeFileSync(at('source/text'), 'other');
    expect(build()).toMatchObject({ status: 1, made: ['second', 'third'] });
    expect(read('dist/.built/second.json')).toBe(record);
  });

  test('builds at the same time take turns; one that was killed is no obstacle', async () => {
    const killed = spawn(process.execPath, ['-e', '']);
    await once(killed, 'exit');
    for (const number of [undefined, killed.pid]) {
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
    ['is of NUL bytes', '\0\0\0\0'],
    ['holds no number', 'lock'],
    ['holds 0, which stands for all processes of the group', '0'],
    ['holds −1, which stands for all processes', '-1'],
  ])('a lock that %s is no obstacle', (_, text) => {
    for (const seconds of [0, Date.now() / 1000]) {
      writeFileSync(lock, text);
      utimesSync(lock, seconds, seconds);
      expect(build()).toEqual(done());
      expect(locks()).toEqual([]);
    }
  });

  test('a lock of an earlier process with the same number is no obstacle', () => {
    const before = `import { writeFileSync } from 'node:fs'; writeFileSync(${JSON.stringify(lock)}, String(process.pid));`;
    expect(build('--import', `data:text/javascript,${encodeURIComponent(before)}`)).toEqual(done());
    expect(locks()).toEqual([]);
  });

  test('a build on a full disk fails, and leaves no lock', () => {
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

  test('a build leaves a lock that another build has acquired', async () => {
    writeFileSync(at('source/text'), 'other');
    const slow = spawn(process.execPath, [main]);
    await once(slow.stderr, 'data'); // `building second …`: it has the lock
    rmSync(lock);
    writeFileSync(lock, String(process.pid));
    expect(await once(slow, 'exit')).toEqual([0, null]);
    expect(readFileSync(lock, 'utf8')).toBe(String(process.pid));
    rmSync(lock);
  });

  test('a lock that two other builds acquire while this one discards it does not fail the build', () => {
    // Numbers of no process: Linux counts to 2²². The build has read the lock when it renames it.
    const [ended, second, third] = ['99999990', '99999991', '99999992'];
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

describe('of a copy of this project', () => {
  const { at, read, build } = projectAt('copy');

  beforeAll(() => {
    for (const name of ['build', 'src', 'kernels', 'bench', 'docs', 'dist']) {
      const isWanted = (file: string): boolean => !/node_modules|^lock(-\d+)?$/.test(path.basename(file));
      cpSync(path.join(project, name), at(name), { recursive: true, filter: isWanted });
    }
    for (const name of ['package.json', 'tsconfig.json', 'tsconfig.build.json']) {
      cpSync(path.join(project, name), at(name));
    }
    symlinkSync(path.join(project, 'node_modules'), at('node_modules'), 'junction');
  });

  test('has nothing to do', () => {
    expect(build()).toEqual(done());
  });

  test('follows a changed, a new and a deleted source', () => {
    const main = read('dist/src/cli/main.js');
    appendFileSync(at('src/cli/options.ts'), '\nexport const added = 1;\n');
    writeFileSync(at('bench/extra.ts'), 'export const extra = 1;\n');
    expect(build()).toEqual(done('modules', 'browser', 'command line'));
    expect(read('dist/src/cli/options.js')).toContain('added = 1');
    expect(read('dist/src/cli/main.js') === main).toBe(true); // made again, without what nothing uses
    expect(existsSync(at('dist/bench/extra.js'))).toBe(true);

    rmSync(at('bench/extra.ts'));
    expect(build()).toEqual(done('modules'));
    for (const ending of ['js', 'js.map', 'd.ts', 'd.ts.map']) {
      expect(existsSync(at(`dist/bench/extra.${ending}`))).toBe(false);
    }
  });

  test('says where a type is wrong, and leaves what was there', () => {
    const made = read('dist/bench/tasks.js');
    appendFileSync(at('bench/tasks.ts'), '\nexport const wrong: string = 1;\n');
    const { status, errors } = build();
    expect(status).toBe(1);
    expect(errors).toMatch(/^bench\/tasks\.ts\(\d+,\d+\): error TS2322: .*\nbuild: .*tsc failed \(exit code \d\)\n$/);
    expect(read('dist/bench/tasks.js')).toBe(made);
  });
});

test('npm start with nothing to build begins with the run, not with a build', async () => {
  const child = spawn('npm', ['start', '--silent'], { cwd: project, detached: true });
  const [line] = (await once(child.stderr, 'data')) as [Buffer];
  process.kill(-child.pid!, 'SIGKILL');
  expect(line.toString()).toMatch(/^backend wasm: /); // and not `building …`
});
