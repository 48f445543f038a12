/** Makes the programs of docs/exercises/bugs.md from the project's code: the shown lines, right and with the mistake of find-bugs.mjs. */
import { readFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import { transform } from 'sucrase';
import { HINTS } from './find-bug-hints.mjs';

const project = new URL('../../../', import.meta.url);

/** Where `quote` begins in `text`. Throws an Error unless it occurs exactly once. */
function placeOf(text, quote, file) {
  const count = text.split(quote).length - 1;
  if (count !== 1)
    throw new Error(`find the bug: ${file} must have “${quote}” exactly once, but has it ${count} times`);
  return text.indexOf(quote);
}

/** The lines of one part, from its first line to the next one that begins with `last`. */
function partOf(text, [first, last], file) {
  const start = placeOf(`\n${text}`, `\n${first}`, file);
  const end = text.startsWith(last, start) ? start : text.indexOf(`\n${last}`, start) + 1;
  if (end === 0 && start > 0) throw new Error(`find the bug: ${file} has no line “${last}” after “${first}”`);
  return text.slice(start, `${text}\n`.indexOf('\n', end) + 1);
}

/** The whole file as it is, and with the mistake. */
export function sourcesOf({ file, right, wrong }) {
  const source = readFileSync(new URL(file, project), 'utf8');
  placeOf(source, right, file);
  return { right: source, wrong: source.replace(right, () => wrong) };
}

/** A file's shown lines, as JavaScript without types. */
async function shownLines(source, { file, parts }) {
  const shown = parts.map((part) => `${part[0].startsWith(' ') ? '' : '\n'}${partOf(source, part, file)}`).join('');
  const text = file.endsWith('.ts')
    ? transform(shown, { transforms: ['typescript'], disableESTransforms: true, keepUnusedImports: true }).code
    : shown;
  const options = await resolveConfig(new URL(file, project));
  return (await format(text, { ...options, parser: 'babel' })).trimEnd().split('\n');
}

/** Whether a line has code to choose: more than a comment or the end of a block. */
const isChoosable = (line) => /[A-Za-z0-9]/.test(line.replace(/^\s*(\/\*\*|\*|\/\/).*/, ''));

/** The program that a reader sees: its lines, those of the right program, which can be chosen, and the number of the wrong one. */
export async function programOf(bug) {
  const sources = sourcesOf(bug);
  const [right, lines] = [await shownLines(sources.right, bug), await shownLines(sources.wrong, bug)];
  const different = lines.flatMap((line, n) => (line === right[n] ? [] : [n]));
  if (lines.length !== right.length || different.length !== 1) {
    throw new Error(`find the bug: ${bug.name}: ${different.length} shown lines differ, and it must be one`);
  }
  const [place] = different;
  return { lines, rightLines: right, choosable: lines.map(isChoosable), wrongLine: place + 1 };
}

/**
 * The hint for a line. Throws an Error unless exactly one fits.
 *
 * @param {string} name
 * @param {string} line
 */
export function hintFor(name, line) {
  const fitting = HINTS[name].filter(([beginning]) => line.trim().startsWith(beginning));
  if (fitting.length !== 1) throw new Error(`find the bug: ${name}: “${line.trim()}” has ${fitting.length} hints`);
  return fitting[0][1];
}
