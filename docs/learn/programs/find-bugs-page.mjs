/**
 * Makes the programs of docs/exercises/bugs.md from the project's code: the shown lines, right and with the mistake of find-bugs.mjs. Writes
 * them with their evidence into docs/exercises/bugs.md, and their answers into docs/exercises/bugs-answers.md, between the markers of each file.
 *
 *     node docs/learn/programs/find-bugs-page.mjs
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { transform } from 'sucrase';
import { captionOf, evidenceOf } from '../pictures/find-bugs.mjs';
import { HINTS } from './find-bug-hints.mjs';
import { BUGS, TEXTS } from './find-bugs.mjs';

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

const [BEGIN, END] = ['<!-- Begin: find-bugs-page.mjs writes it. -->', '<!-- End. -->'];
/** A larger difference is a mistake: rounding gives about 10⁻¹¹. */
const LIMIT = 1e-8;

const headingOf = ({ title }, n) => `${n + 1}. ${title}`;
const anchorOf = (heading) => heading.toLowerCase().replace(/[.,]/g, '').replaceAll(' ', '-');

const cell = (difference) => `${difference.toExponential(0)} ${difference > LIMIT ? 'WRONG' : 'right'}`;

/** The evidence as a program would print it. */
function evidenceText({ name }) {
  const { columns, rows, numbers } = evidenceOf(name);
  const width = Math.max(...rows.map(({ tensor }) => tensor.length), 9) + 3;
  const line = (first, cells) => [first.padEnd(width), ...cells.map((one) => one.padEnd(13))].join('').trimEnd();
  return [
    line('gradients', columns),
    ...rows.map(({ tensor, differences }) => line(tensor, differences.map(cell))),
    ...(numbers ? ['', TEXTS[name].numbers(numbers)] : []),
  ].join('\n');
}

/** `why` and `clues`, with the last losses of the evidence. */
function answerOf({ name }) {
  const { losses } = evidenceOf(name);
  const filled = (text) => text.replace(/\{(right|wrong)\}/g, (_, version) => losses[version].at(-1).toPrecision(2));
  return { why: TEXTS[name].why, clues: filled(TEXTS[name].clues) };
}

/** What the site and the terminal need of each program: what is shown, and what they say about each line. make.mjs writes it. */
export async function findBugs() {
  return Promise.all(
    BUGS.map(async (bug) => {
      const { lines, rightLines, choosable, wrongLine } = await programOf(bug);
      const rightText = rightLines[wrongLine - 1].trim();
      const hints = lines.map((line, n) => (choosable[n] && n + 1 !== wrongLine ? hintFor(bug.name, line) : ''));
      const asked = { name: bug.name, title: bug.title, shown: TEXTS[bug.name].shown, evidence: evidenceText(bug) };
      const curves = captionOf(bug.name);
      return { ...asked, curves, lines, choosable, hints, wrongLine, rightText, ...answerOf(bug) };
    }),
  );
}

const numbered = (lines) => lines.map((line, n) => `${String(n + 1).padStart(2)}  ${line}`.trimEnd()).join('\n');
const fenced = (text) => `\`\`\`\n${text}\n\`\`\``;

async function questions() {
  const parts = BUGS.map(async (bug, n) => {
    const heading = headingOf(bug, n);
    const picture = `![${captionOf(bug.name)}](../learn/pictures/find-bug-${n + 1}.svg)`;
    const program = [
      fenced(numbered((await programOf(bug)).lines)),
      `[The answer](bugs-answers.md#${anchorOf(heading)})`,
    ];
    return [
      `## ${heading}`,
      TEXTS[bug.name].shown,
      fenced(evidenceText(bug)),
      picture,
      `<FindBug name="${bug.name}">`,
      ...program,
      '</FindBug>',
    ].join('\n\n');
  });
  return (await Promise.all(parts)).join('\n\n');
}

async function answers() {
  const all = await findBugs();
  return all
    .map(({ lines, wrongLine, rightText, why, clues }, n) => {
      const summary = `<summary>The wrong line of program ${n + 1}</summary>`;
      return [
        `## ${headingOf(BUGS[n], n)}`,
        `<details>\n${summary}`,
        `Line ${wrongLine} is wrong: \`${lines[wrongLine - 1].trim()}\``,
        `It must be: \`${rightText}\``,
        escaped(why),
        `**How the evidence leads to it.** ${escaped(clues)}`,
        '</details>',
      ].join('\n\n');
    })
    .join('\n\n');
}

const escaped = (words) => words.replace(/[*_]/g, '\\$&');

/** A document of docs/exercises with its part between the markers. */
async function withPart(document, part) {
  const [before, rest] = document.split(BEGIN);
  const after = rest?.split(END)[1];
  if (after === undefined) throw new Error(`the document needs the lines ${BEGIN} and ${END}`);
  const options = await resolveConfig(fileURLToPath(new URL('../../exercises/bugs.md', import.meta.url)));
  return format(`${before}${BEGIN}\n\n${part}\n\n${END}${after}`, { ...options, parser: 'markdown' });
}

/** The two documents, by their names: as they are, and as they have to be. */
export async function findBugDocuments() {
  const parts = { 'bugs.md': await questions(), 'bugs-answers.md': await answers() };
  return Promise.all(
    Object.entries(parts).map(async ([file, part]) => {
      const place = new URL(`../../exercises/${file}`, import.meta.url);
      const document = readFileSync(place, 'utf8');
      return { place, document, made: await withPart(document, part) };
    }),
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const { place, made } of await findBugDocuments()) writeFileSync(place, made);
}
