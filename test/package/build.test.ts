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

const project = fileURLToPath(new URL('../..', import.meta.url));
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
    /** Runs a build. Returns the parts that it built, and its errors; `status` is null after a timeout. `options` are for Node. */
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

describe('a build of three parts, one of which makes an input of the others,', () => {
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
    const first = {
      name: 'first',
      inputs: ['given'],
      outputs: ['source/made'],
      make: async () => cpSync(project + 'given', project + 'source/made'),
    };
    export const generated = [first];
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

  test('does nothing if only the times of files have changed', () => {
    expect(build()).toEqual(done());
    for (const file of ['given', 'source/text', 'dist/second/text']) utimesSync(at(file), 2e9, 2e9);
    expect(build()).toEqual(done());
  });

  test('rebuilds the parts that read a changed, new or deleted input, even if the input is older', () => {
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

  test('tries a failed part again the next time, and still builds the others', () => {
    const errors = 'build: wrong text in third\n';
    writeFileSync(at('source/text'), 'wrong: third');
    expect(build()).toEqual({ status: 1, made: ['second', 'third'], errors });
    expect(build()).toEqual({ status: 1, made: ['third'], errors });
    writeFileSync(at('source/text'), 'text');
    expect(build()).toEqual(done('second'));
  });

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
    const slow = spawn(process.execPath, [main]);
    await once(slow.stderr, 'data'); // `building second …`: it has the lock
    rmSync(lock);
    writeFileSync(lock, String(process.pid));
    expect(await once(slow, 'exit')).toEqual([0, null]);
    expect(readFileSync(lock, 'utf8')).toBe(String(process.pid));
    rmSync(lock);
  });

  test('succeeds if two other builds acquire the lock while it discards the old one', () => {
    // No process has these numbers: Linux counts to 2²². The build has read the lock when it renames it.
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

describe('a build of a copy of this project', () => {
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
    expect(read('dist/src/cli/main.js') === main).toBe(true); // rebuilt, but the bundle leaves out what nothing uses
    expect(existsSync(at('dist/bench/extra.js'))).toBe(true);

    rmSync(at('bench/extra.ts'));
    expect(build()).toEqual(done('modules'));
    for (const ending of ['js', 'd.ts', 'd.ts.map']) {
      expect(existsSync(at(`dist/bench/extra.${ending}`))).toBe(false);
    }
  });

  test('reports where a type is wrong, and keeps the old output', () => {
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
  const [line] = (await once(child.stderr, 'data')) as [Buffer];
  process.kill(-child.pid!, 'SIGKILL');
  expect(line.toString()).toMatch(/^backend wasm: /); // and not `building …`
});
