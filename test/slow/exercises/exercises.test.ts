/** The exercises: whole trainings with the solutions, and the types of the folder, which TypeScript checks. */
import ts from 'typescript';
import { EXERCISES } from '../../../src/exercises/exercises.js';
import { folderContents, TYPES } from '../../../src/exercises/folder.js';
import { answerLosses, rightLosses, TRAINING_STEPS } from '../../../src/exercises/train.js';
import { smallImages } from '../../helpers/small-images.js';

test('the solutions give the losses of the project’s own functions, and the loss falls', () => {
  const images = smallImages(64, 8, 6);
  const trained = EXERCISES.filter(({ trains }) => trains !== undefined);
  const right = [...rightLosses(images)];
  expect(right).toHaveLength(TRAINING_STEPS);
  expect(right.at(-1)).toBeLessThan(0.9 * right[0]);
  for (const one of trained) expect([...answerLosses(one, one.typescript.solution, images)]).toEqual(right);
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
  files.set(
    'start/gates.ts',
    EXERCISES.find(({ name }) => name === 'gates')!
      .typescript.start.replace('dz.set(', 'dz.put(')
      .replace('// Write', 'dz.put(1); // Write'),
  );
  expect(errorsIn(files)).toEqual([expect.stringContaining("Property 'put' does not exist on type 'Tensor'")]);
});

/** What an editor reports in the folder, with its own settings. */
function errorsIn(files: ReadonlyMap<string, string>): string[] {
  const { compilerOptions } = JSON.parse(folderContents().get('tsconfig.json')!) as { compilerOptions: object };
  const { options } = ts.convertCompilerOptionsFromJson(compilerOptions, '.');
  const host = ts.createCompilerHost({ ...options, skipLibCheck: true });
  const disk = { ...host };
  host.fileExists = (file) => files.has(file) || disk.fileExists(file);
  host.readFile = (file) => files.get(file) ?? disk.readFile(file);
  host.getSourceFile = (file, language) => {
    const text = files.get(file);
    return text === undefined ? disk.getSourceFile(file, language) : ts.createSourceFile(file, text, language);
  };
  const program = ts.createProgram([...files.keys()], { ...options, skipLibCheck: true }, host);
  return ts
    .getPreEmitDiagnostics(program)
    .filter(({ file }) => file !== undefined && files.has(file.fileName))
    .map(({ file, messageText }) => `${file!.fileName}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`);
}
