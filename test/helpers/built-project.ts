/** Projects in folders of their own, with the build of this one. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const project = fileURLToPath(new URL('../..', import.meta.url));

/** One project. Call it where a test file or a `describe` defines its tests: it removes the project after them. */
export function projectAt(name: string) {
  const root = mkdtempSync(path.join(tmpdir(), 'longhand-build-'));
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  const at = (file: string): string => path.join(root, name, file);
  const main = at('build/main.mjs');
  return {
    at,
    read: (file: string): string => readFileSync(at(file), 'utf8'),
    /** Runs a build. Returns the parts that it built, and its errors; `status` is null after a timeout. `options` are for Node. */
    build: (...options: string[]) => run([...options, main]),
    /** Builds only the parts of these names. */
    buildOnly: (...names: string[]) => run([main, ...names]),
  };
}

function run(args: readonly string[]) {
  const hangs = { encoding: 'utf8', timeout: 250_000 } as const; // beside busy neighbours a build took over a minute
  const { status, stderr } = spawnSync(process.execPath, args, hangs);
  return { status, ...reportIn(stderr) };
}

const reportIn = (stderr: string): { made: string[]; errors: string } => ({
  made: [...stderr.matchAll(/^building (.+) …\n/gm)].map(([, name]) => name),
  errors: stderr.replace(/^building .*\n/gm, ''),
});

/** What a build that worked returns. */
export const done = (...made: string[]) => ({ status: 0, made, errors: '' });

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
    make: async () => {
      const text = readFileSync(project + 'source/text', 'utf8');
      if (text.includes('wrong') && text.includes(name)) throw new Error('wrong text in ' + name);
      cpSync(project + 'source', project + 'dist/' + name, { recursive: true });
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

/** A project of three parts, one of which makes an input of the others. It is new and built before each test. */
export function smallProject() {
  const small = projectAt('small');
  const { at, build } = small;
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
  return small;
}
