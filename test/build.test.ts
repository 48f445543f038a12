/** The build makes what has changed, all of that, and nothing else. */
import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
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
    read: (file: string): string => readFileSync(at(file), 'utf8'),
    /** Which parts it made, and what else it said. */
    build: () => {
      const { status, stderr } = spawnSync(process.execPath, [main], { encoding: 'utf8' });
      return { status, ...told(stderr) };
    },
    /** The same by several builds that start at the same time, none of which may fail. */
    buildTogether: async (count: number) => {
      const builds = Array.from({ length: count }, () => promisify(execFile)(process.execPath, [main]));
      return (await Promise.all(builds)).map(({ stderr }) => told(stderr));
    },
  };
}

const told = (stderr: string): { made: string[]; errors: string } => ({
  made: [...stderr.matchAll(/^building (.+) …\n/gm)].map(([, name]) => name),
  errors: stderr.replace(/^building .*\n/gm, ''),
});
const done = (...made: string[]) => ({ status: 0, made, errors: '' });

describe('of three parts, one of which the others read', () => {
  const { at, read, build, buildTogether } = projectAt('small');

  /** `first` makes source/made from given; `second` and `third` copy source/ into folders. `third` fails if it holds “wrong”. */
  const PARTS = `
    import { cpSync, readFileSync } from 'node:fs';
    import { project } from './part.mjs';
    const folder = (name) => ({
      name,
      inputs: ['source', '!source/unread'],
      outputs: ['dist/' + name],
      make: async (isFresh) => {
        if (name === 'third' && readFileSync(project + 'source/text', 'utf8').includes('wrong')) throw new Error('wrong text');
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

  test('what has been made is up to date, whatever the times of its files', () => {
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

  test('a part that fails is not taken for done, and keeps no other from it', () => {
    writeFileSync(at('source/text'), 'wrong');
    expect(build()).toEqual({ status: 1, made: ['second', 'third'], errors: 'build: wrong text\n' });
    expect(build()).toEqual({ status: 1, made: ['third'], errors: 'build: wrong text\n' });
    writeFileSync(at('source/text'), 'text');
    expect(build()).toEqual(done('second'));
  });

  test('builds at the same time take turns; one that was killed is no obstacle', async () => {
    const killed = spawn(process.execPath, ['-e', '']);
    await once(killed, 'exit');
    for (const lock of [undefined, killed.pid]) {
      writeFileSync(at('source/text'), `lock ${lock}`);
      if (lock !== undefined) writeFileSync(at('dist/.built/lock'), String(lock));
      const builds = await buildTogether(3);
      expect(builds.flatMap(({ made }) => made)).toEqual(['second', 'third']);
      for (const { made, errors } of builds) {
        expect(errors).toMatch(made.length > 0 ? /^$/ : /^(build: waiting for the build of process \d+\n)?$/);
      }
      expect(existsSync(at('dist/.built/lock'))).toBe(false);
      expect(build()).toEqual(done());
    }
  });
});

describe('of a copy of this project', () => {
  const { at, read, build } = projectAt('copy');

  beforeAll(() => {
    for (const name of ['build', 'src', 'kernels', 'bench', 'docs', 'dist']) {
      const isWanted = (file: string): boolean => !/node_modules|lock$/.test(path.basename(file));
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
    const made = read('dist/bench/codec.js');
    appendFileSync(at('bench/codec.ts'), '\nexport const wrong: string = 1;\n');
    const { status, errors } = build();
    expect(status).toBe(1);
    expect(errors).toMatch(/^bench\/codec\.ts\(\d+,\d+\): error TS2322: .*\nbuild: .*tsc failed \(exit code \d\)\n$/);
    expect(read('dist/bench/codec.js')).toBe(made);
  });
});

test('npm start with nothing to build prints its first line within 3 seconds', async () => {
  const tries: number[] = [];
  do {
    const start = performance.now();
    const child = spawn('npm', ['start', '--silent'], { cwd: project, detached: true });
    const [line] = (await once(child.stderr, 'data')) as [Buffer];
    tries.push((performance.now() - start) / 1000);
    process.kill(-child.pid!, 'SIGKILL');
    expect(line.toString()).toMatch(/^backend wasm: /); // and not `building …`
  } while (Math.min(...tries) > 3 && tries.length < 4); // other tests run meanwhile
  expect(Math.min(...tries)).toBeLessThan(3);
});
