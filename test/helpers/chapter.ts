/** A chapter of docs/learn: its text, its files, what its programs print, and what its modules compute. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { moduleProcess, ON_ONE_PROCESSOR } from './run-module.js';

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
    /** What the chapter shows without a language: outputs. */
    blocks: blocksIn(page),
    /** What it shows of the output of a program, below its command. */
    shownOf: (program: string) => shownIn(page, program),
    /** The prose has each of these texts. */
    says: (...texts: readonly string[]) => expectIn(page, ...texts),
    /** The answer of the modules to a question, such as `return statesOf(SEQUENCE);` */
    ask,
  };
}

/** What a page shows without a language: outputs, without the commands above them. */
export const blocksIn = (page: string): string[] =>
  [...page.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)].flatMap(([, language, block]) =>
    language === '' ? [block.replace(/^\$ .*\n/gm, '')] : [],
  );

/** What a page shows of the output of a program, below its command. */
export const shownIn = (page: string, program: string): string =>
  page.split(`$ node docs/learn/programs/${program}\n`)[1].split('```')[0];

/** The text, without its line breaks, has each of these texts. */
export function expectIn(text: string, ...parts: readonly string[]): void {
  const prose = text.replace(/\s+/g, ' ');
  for (const part of parts) expect(prose).toContain(part);
}

/** What a program of docs/learn/programs, or of another folder, prints. */
export function outputOf(program: string, args: readonly string[] = [], from = programs): string {
  const command = [...ON_ONE_PROCESSOR, path.join(from, program), ...args];
  const { stdout, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8' });
  expect(stderr).toBe('');
  return stdout;
}

/** As a page shows an output. */
export const withoutTrailingSpaces = (text: string): string => text.replace(/ +$/gm, '');

/** The output of tutorial.mjs that chapter 1 shows. */
export const tutorialOutput = (page: string): string => shownIn(page, 'tutorial.mjs').trim();

/** What which-came-first.mjs prints of each gradient. */
export function differences(output: string): Record<string, number> {
  const found = [...output.matchAll(/^(\w+): \d+ gradients, largest difference (.+)$/gm)];
  return Object.fromEntries(found.map(([, name, value]) => [name, Number(value)]));
}

const mistakes = read('mistakes.md');

/** The experiments of symptoms.mjs that mistakes.md quotes. Each begins with a line that is not indented. */
export const quotedExperiments = [...mistakes.matchAll(/```\n([\s\S]*?)```/g)].map(([, block]) => block);

const NUMBER = /-?\d+\.\d+(e-?\d+)?/g;
export const masked = (text: string): string => text.replace(NUMBER, '#');
export const numbersOf = (text: string): number[] => (text.match(NUMBER) ?? []).map(Number);

/** The numbers of the line of `name` in the experiment with this title. */
function lineOf(experiments: readonly string[], title: string, name: string): number[] {
  const lines = experiments.find((text) => text.startsWith(title))!.split('\n');
  return numbersOf(lines.find((line) => line.startsWith(`  ${name} `))!.slice(2 + name.length));
}

/** What the text says holds for these experiments: those of the page, or those that the program printed. */
export function testSymptoms(whose: string, experiments: readonly string[]): void {
  test(`what the text says about the experiments, in the numbers that ${whose}`, () => {
    const numbersAt = (title: string, name: string): number[] => lineOf(experiments, title, name);
    const prose = mistakes.replace(/\s+/g, ' ');
    const [start, half, end, accuracy] = numbersAt('Training with Adam', 'no-dh-prev');
    const right = numbersAt('Training with Adam', 'no mistake');
    expect([start, accuracy, half > right[1], end]).toEqual([right[0], 1, true, right[2]]);
    expect(numbersAt('Training with Adam', 'sum-over-batch')).toEqual(right);
    expect(numbersAt('Training with Adam', 'past-replaces-input').slice(0, 3)).toEqual(Array(3).fill(0.6931));
    const [, ...lines] = experiments[0].trimEnd().split('\n');
    const good = lines.slice(1).filter((line) => numbersOf(line).at(-1)! >= 0.98);
    expect(good).toHaveLength(8);
    expect(prose).toContain(
      `Eight of the ${lines.length - 1} mistakes in the answer's list still lead to a network that answers at least 98% correctly`,
    );

    for (const size of numbersAt('Gradient check', 'sum-over-batch')) expect(size).toBe(0.5); // 1 - 1/B, with B = 2
    expect(numbersAt('The first two updates', 'no mistake')).toEqual([0.001, 0.001]);
    const [first, second] = numbersAt('The norm of the gradient', 'kernel-gradient-not-cleared');
    expect(second / first).toBeCloseTo(2, 3);
    const [whole, half2] = ['no mistake', 'loss-over-all-rows'].map((name) => numbersAt('One of two labels', name)[0]);
    expect(whole / half2).toBeCloseTo(2, 3);
    expect([Math.exp(710), Math.fround(Math.exp(89))]).toEqual([Infinity, Infinity]);
    expect([Math.exp(709) < Infinity, Math.fround(Math.exp(88)) < Infinity]).toEqual([true, true]);
  });
}
