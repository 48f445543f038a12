/** A chapter of docs/learn: its text, its files, what its programs print, and what its modules compute. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { moduleProcess } from './run-module.js';

export const folder = fileURLToPath(new URL('../../docs/learn', import.meta.url));
const programs = path.join(folder, 'programs');
const ROOMS: Readonly<Record<string, string>> = { '.mjs': 'programs', '.svg': 'pictures' };
/** Where a chapter of docs/learn, a picture, a program, or another file is: a path from that folder. */
export const placeOf = (file: string): string => path.join(folder, ROOMS[path.extname(file)] ?? '', file);
export const read = (file: string): string => readFileSync(placeOf(file), 'utf8');

/** `modules`: the names that questions use, and the file in docs/learn/programs, or the package, that exports them. */
export function chapter(name: string, modules: Readonly<Record<string, readonly string[]>> = {}) {
  const page = read(`${name}.md`);
  const imports = Object.entries(modules).map(([file, names]) => {
    const place = file.endsWith('.mjs') ? `./docs/learn/programs/${file}` : file;
    return `const { ${names.join(', ')} } = await import('${place}');`;
  });
  const { ask, close } = moduleProcess(imports.join('\n'));
  afterAll(close);
  return {
    page,
    /** Without line breaks. */
    prose: page.replace(/\s+/g, ' '),
    /** The answer of the modules to a question, such as `return statesOf(SEQUENCE);` */
    ask,
    /** The picture that the program draws. */
    drawn: (picture: string) =>
      ask(`
      const { PICTURES } = await import('./docs/learn/pictures/pictures.mjs');
      return PICTURES['${picture}']();`),
  };
}

/** What a program of docs/learn/programs, or of another folder, prints. */
export function outputOf(program: string, args: readonly string[] = [], from = programs): string {
  const { stdout, stderr } = spawnSync(process.execPath, [path.join(from, program), ...args], { encoding: 'utf8' });
  expect(stderr).toBe('');
  return stdout;
}

/** The output of tutorial.mjs that chapter 1 shows. */
export const tutorialOutput = (page: string): string =>
  page.split('$ node docs/learn/programs/tutorial.mjs\n')[1].split('```')[0].trim();
