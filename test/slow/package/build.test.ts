/** The build: what makes it start afresh, its errors, and a build of this project. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, cpSync, existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { done, project, projectAt, smallProject } from '../../helpers/built-project.js';

describe('a build of three parts, one of which makes an input of the others,', () => {
  const { at, build } = smallProject();

  test('builds the other parts too if the first has made their input again', () => {
    writeFileSync(at('given'), 'other');
    expect(build()).toEqual(done('first', 'second', 'third'));
    expect(build()).toEqual(done());
  });

  test.each([
    ['its output was deleted', () => rmSync(at('dist/second'), { recursive: true })],
    ['its record is missing', () => rmSync(at('dist/.built/second'))],
  ])('rebuilds a part if %s', (_, change) => {
    change();
    expect(build()).toEqual(done('second'));
  });

  test.each(['build/part.mjs', 'package.json', 'tsconfig.json', 'node_modules/.package-lock.json'])(
    'rebuilds everything if %s has changed',
    (file) => {
      mkdirSync(at('node_modules'), { recursive: true });
      appendFileSync(at(file), '\n');
      expect(build()).toEqual(done('first', 'second', 'third'));
      expect(build()).toEqual(done());
    },
  );

  test('prints the reason of each failed part', () => {
    writeFileSync(at('source/text'), 'wrong: second, third');
    const errors = 'build: wrong text in second\nbuild: wrong text in third\n';
    expect(build()).toEqual({ status: 1, made: ['second', 'third'], errors });
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
    for (const made of ['kernels/wasm/binaries', 'kernels/wasm/jobs', 'kernels/wasm/assembly/cell-jobs']) {
      write(`${made}.ts`, 'export {};\n');
    }
    for (const name of ['bugs', 'given', 'numbers', 'texts']) write(`src/exercises/${name}.ts`, 'export {};\n');
    for (const name of ['answer', 'network']) write(`src/cli/children/program-${name}.ts`, 'export {};\n');
    write('src/cli/main.ts', "import { used } from './options.js';\nconsole.log(used);\n");
    write('src/cli/options.ts', "export const used = 'used';\n");
    write('src/browser.ts', 'export {};\n');
    write('src/files/sha256.ts', "export { sha256 } from '@noble/hashes/sha2.js';\n");
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
  const [line] = (await once(createInterface(child.stderr), 'line')) as [string];
  process.kill(-child.pid!, 'SIGKILL');
  expect(line).toMatch(/^backend wasm: /); // and not `building …`
});
