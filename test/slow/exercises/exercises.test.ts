/**
 * The exercises: whole trainings with the solutions, the types of the folder, which TypeScript checks, and the command as a process.
 * `longhand exercises train` with the whole answers, on a text too, and the limits of its process.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { EXERCISES, EVERY_STEP, exercisesOf, solutionOf } from '../../../src/exercises/exercises.js';
import { folderContents, pathOf } from '../../../src/exercises/folder.js';
import { TYPES } from '../../../src/exercises/types.js';
import { answerLosses, rightLosses, TRAINING_STEPS } from '../../../src/exercises/train.js';
import { MAIN, linesOf } from '../../helpers/longhand-process.js';
import { longhand } from '../../helpers/longhand.js';
import { smallImages } from '../../helpers/small-data.js';
import { directoryOf } from '../../helpers/temporary-directories.js';
import type { Exercise } from '../../../src/exercises/exercise.js';
import { trainInProcess } from '../../../src/cli/children/child-process.js';

test('the solutions give the losses of the project’s own functions, and the loss falls', () => {
  const images = smallImages(64, 8, 6);
  const trained = EXERCISES.filter(({ trains }) => trains !== undefined);
  const right = [...rightLosses(images)];
  expect(right).toHaveLength(TRAINING_STEPS);
  expect(right.at(-1)).toBeLessThan(0.9 * right[0]);
  const first = right.slice(0, 10); // each function has written numbers that the next step reads
  for (const one of trained) {
    const losses = answerLosses(one, one.typescript.solution, images);
    expect(first.map(() => losses.next().value)).toEqual(first);
  }
});

test('the folder’s types fit the starts, the solutions, and the library', () => {
  const files = new Map([['longhand.d.ts', TYPES]]);
  for (const { name, typescript } of EXERCISES) {
    files.set(`start/${name}.ts`, typescript.start);
    files.set(`solution/${name}.ts`, typescript.solution);
  }
  // What the library gives must be what the types promise.
  files.set(
    'library.ts',
    `import type * as promised from 'longhand';
     import * as library from '${process.cwd()}/src/index.js';
     declare const lstm: library.Lstm; declare const backend: library.Backend; declare const tensor: library.Tensor;
     export const [a, b, c]: [promised.Lstm, promised.Backend, promised.Tensor] = [lstm, backend, tensor];
     export const tensors: Pick<typeof promised, 'flatten' | 'matrixOf' | 'rowsOf' | 'stepOf' | 'transposeOf'> = library as never;`,
  );
  expect(errorsIn(files)).toEqual([]);
  const { start } = named('gates').typescript;
  files.set('start/gates.ts', start.replace('dz.set(', 'dz.put(').replace('// Write', 'dz.put(1); // Write'));
  expect(errorsIn(files)).toEqual([expect.stringContaining("Property 'put' does not exist on type 'Tensor'")]);
});

/** Files that no test changes. */
const parsed = new Map<string, ts.SourceFile | undefined>();

/** What an editor reports in the folder, with its own settings. */
function errorsIn(files: ReadonlyMap<string, string>): string[] {
  const { compilerOptions } = JSON.parse(folderContents({}).get('tsconfig.json')!) as { compilerOptions: object };
  const { options } = ts.convertCompilerOptionsFromJson(compilerOptions, '.');
  const host = ts.createCompilerHost({ ...options, skipLibCheck: true });
  const disk = { ...host };
  host.fileExists = (file) => files.has(file) || disk.fileExists(file);
  host.readFile = (file) => files.get(file) ?? disk.readFile(file);
  host.getSourceFile = (file, language) => {
    const text = files.get(file);
    if (text !== undefined) return ts.createSourceFile(file, text, language);
    if (!parsed.has(file)) parsed.set(file, disk.getSourceFile(file, language));
    return parsed.get(file);
  };
  const program = ts.createProgram([...files.keys()], { ...options, skipLibCheck: true }, host);
  const own = [...files.keys()].map((file) => program.getSourceFile(file)!); // not the library's sources
  return [...program.getGlobalDiagnostics(), ...own.flatMap((file) => ts.getPreEmitDiagnostics(program, file))].map(
    ({ file, messageText }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
  );
}

const main = path.resolve(MAIN);
const place = directoryOf();
const running: ReturnType<typeof start>[] = [];
afterAll(() => running.forEach(({ child }) => child.kill('SIGKILL')));

beforeAll(() => longhand(['exercises'], { cwd: place }));

function start(args: readonly string[], folder = place) {
  const child = spawn(process.execPath, [main, 'exercises', ...args], { cwd: folder });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  return { child, output };
}

const named = (name: string): Exercise => EXERCISES.find((one) => one.name === name)!;
const answer = (name: string, folder = place): string =>
  path.join(folder, 'longhand-exercises', pathOf(named(name), 'typescript'));

/** Puts `code` into the first answer of a new folder, and reports what `check 4` prints. */
async function checkOf(code: string) {
  const folder = directoryOf();
  const pipe = path.join(folder, 'pipe');
  expect(spawnSync('mkfifo', [pipe]).status).toBe(0);
  await longhand(['exercises'], { cwd: folder });
  const { start: text } = named('sigmoid').typescript;
  writeFileSync(answer('sigmoid', folder), text.replace('return NaN;', code.replace('PIPE', pipe)));
  const run = start(['check', '4'], folder);
  running.push(run);
  const [exitCode] = (await once(run.child, 'close')) as [number];
  return [exitCode, run.output.stdout.replace(/\n.*/s, ''), run.output.stderr.length];
}

/** Answers, and what the command says of each. The checks begin before the other tests, which take longer than the 10 seconds. */
const LIMITS = [
  [
    "process.getBuiltinModule('fs').readFileSync('PIPE');",
    'it did not end within 10 seconds. Is there an endless loop?',
  ],
  ['return new Float64Array(2 ** 29).fill(1)[0];', 'it used more than 512 MB of memory'],
].map(([code, why]) => [code, `typescript/04-sigmoid.ts: cannot be checked: ${why}`, checkOf(code)] as const);

const networkPlace = directoryOf();
beforeAll(async () => {
  await longhand(['exercises', './mine'], { cwd: networkPlace });
  for (const exercise of exercisesOf(EVERY_STEP))
    writeFileSync(path.join(networkPlace, 'mine', pathOf(exercise, 'typescript')), exercise.typescript.solution);
});

const train = (...args: string[]) => longhand(['exercises', 'train', ...args], { cwd: networkPlace });

test('in 500 updates right answers classify about 90% of the test images', async () => {
  const { code, stdout } = await train();
  const own = Number(/^Accuracy on 10,000 test images +([\d.]+)%/m.exec(stdout)?.[1]);
  expect([code, own > 87]).toEqual([0, true]);
});

test('a text: the network writes 200 characters, and (15′) is the engine’s', async () => {
  const { code, stdout } = await train('mine', '--text', '--steps', '1');
  const [first, second, ...others] = linesOf(stdout);
  expect([code, first]).toEqual([0, '9 of 9 answers are right']);
  expect(second).toBe("No exercise asks for (15′), the gradient of a character's row of Wx: it is the engine's.");
  const tested = others.find((line) => line.startsWith('Bits per character on'));
  const [own, engine] = tested?.match(/\d\.\d{3}(?=\s)/g) ?? [];
  expect([own, Number(own) > 1]).toEqual([engine, true]);
  const text = others.slice(1 + others.indexOf('Your network writes:'));
  expect(Array.from(text.join('\n')).length).toBeGreaterThanOrEqual(200);
});

test.each(LIMITS)('%s: the answer’s process is ended at its limit', async (_, verdict, check) =>
  expect(await check).toEqual([1, verdict, 0]),
);

test('limits of time and memory', async () => {
  const text = path.join(networkPlace, 'text.txt'); // is read sooner than the images
  writeFileSync(text, 'To be, or not to be, that is the question. '.repeat(100));
  const answers = (change: (source: string) => string) =>
    exercisesOf(EVERY_STEP).map((exercise) => {
      const one = solutionOf(exercise);
      return exercise.name === 'adam' ? { ...one, source: change(one.source) } : one;
    });
  const run = (code: string, limits: { milliseconds: number; megabytes: number }): Promise<void> =>
    trainInProcess(
      { answers: answers((source) => source.replace('const [P,', `${code}\n  const [P,`)), text, steps: 1 },
      () => {},
      new AbortController().signal,
      limits,
    );
  const hanging = "/^(a+)+$/.test('a'.repeat(99) + 'b');";
  await expect(run(hanging, { milliseconds: 3000, megabytes: 1024 })).rejects.toThrow(
    'it made no update within 3 seconds. Is there an endless loop?',
  );
  await expect(run('for (;;);', { milliseconds: 60_000, megabytes: 1024 })).rejects.toThrow(
    /^the solution of adam: line \d+: this loop of adam did not end within 3 seconds/,
  );
  const hoard = 'for (const all = []; ;) all.push(new Float64Array(1e6).fill(1));';
  await expect(run(hoard, { milliseconds: 60_000, megabytes: 400 })).rejects.toThrow(
    'it used more than 400 MB of memory',
  );
});
