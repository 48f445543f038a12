/**
 * `npm run english`: finds long sentences and unplain words in documents, comments and messages.
 * `npm run english src/equations/lstm.ts docs` checks these files and folders alone.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

/** In words. Code counts as one word, numbers and signs as none. */
const LONGEST_SENTENCE = 25;

/** Words that read as translated, and what to write. */
const PLAINER = [
  [/\bslopes?\b/i, 'gradient'],
  [/\b(tells|told)\b/i, 'describes, reports, says'],
  [/\bso many\b/i, 'n, or the name of the option'],
  [/\b(go|goes|went|going) on\b/i, 'continue, resume'],
  [/\bway on\b/i, 'next action'],
  [/\brightly\b/i, 'leave it out, or say what is right'],
  [/\bof (its|their) kind\b/i, 'of which kind?'],
  [/\bin (its|their) midst\b/i, 'during'],
  [/\bas it stands\b/i, 'leave it out, or say exactly what'],
  [/\bas (it|they) should be\b/i, 'valid, expected'],
  [/\b(nobody|somebody)\b/i, 'who, or what?'],
  [/\b(whatever|whoever)\b/i, 'the exact scope'],
  [/\ball of it\b/i, 'the exact scope'],
  [/\bno more than\b/i, 'at most, only'],
  [/\b(is|are|was|were) taken\b/i, 'is used, is accepted'],
  [/\bbut for\b/i, 'except'],
  [/\bor else\b/i, 'otherwise'],
  [/\banew\b/i, 'again'],
  [/\bthat there (is|are) not\b/i, 'missing'],
  [
    /\bwhere (left out|none|nothing|not|there (is|are)|(it|they|that|this) (is|are|does|do|may|can|must))\b/i,
    'if, when',
  ],
  [/^(Of|Behind) /, 'a sentence with a subject and a verb'],
];

/** What makes a sentence hard to read, as texts. */
export function faultsOf(sentence) {
  const words = sentence.split(/\s+/).filter((word) => /\p{L}/u.test(word)).length;
  const faults = words > LONGEST_SENTENCE ? [`${words} words, at most ${LONGEST_SENTENCE}`] : [];
  for (const [unplain, plainer] of PLAINER) {
    const found = unplain.exec(sentence);
    if (found) faults.push(`“${found[0].trim()}” (${plainer})`);
  }
  return faults;
}

/** The sentences of a text, each with its line. A clause that ends with a semicolon counts as a sentence. */
function sentencesOf(text) {
  const sentences = [];
  let line = 1;
  for (const piece of text.split(/((?<=[.!?…;]["”’)*_]*)\s+|\n\s*\n|\n\s*(?=[-*@] ?|\d+\. )|\s*\|\s*)/)) {
    const sentence = piece.trim().replace(/\s+/g, ' ');
    if (/\p{L}{2}/u.test(sentence)) sentences.push({ sentence, line });
    line += piece.split('\n').length - 1;
  }
  return sentences;
}

const linesOnly = (text) => text.replace(/[^\n]/g, '');

/** The prose of a Markdown or HTML document, on the lines where it was. A formula in $ is code, and one in $$ is left out. */
function proseOfDocument(document) {
  return document
    .replace(
      /```[\s\S]*?```|^\$\$$[\s\S]*?^\$\$$|<(script|style|svg)\b[\s\S]*?<\/\1>|<!--[\s\S]*?-->|^ {4,}[^<\n]*$/gm,
      linesOnly,
    )
    .replace(/<\/?(p|li|h\d|button|label|dt|dd|td|th|option|summary)\b[^>]*>/g, (tag) => ` | ${linesOnly(tag)}`)
    .replace(/<\/?[a-z][^>]*>/g, linesOnly)
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/`[^`]+`|\$(?! )[^$\n]+\$/g, 'code');
}

/** The comments of a program and its texts of four words or more, each with its line. */
function textsOfProgram(program) {
  const file = ts.createSourceFile('program.ts', program, ts.ScriptTarget.Latest, true);
  const lineAt = (position) => file.getLineAndCharacterOfPosition(position).line + 1;
  const comments = new Map();
  const texts = [];
  const visit = (node) => {
    const before = ts.getLeadingCommentRanges(program, node.getFullStart()) ?? [];
    const after = ts.getTrailingCommentRanges(program, node.getEnd()) ?? [];
    for (const { pos, end } of [...before, ...after]) comments.set(pos, program.slice(pos, end));
    const isText = ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node);
    if (isText && /(\p{L}+[ ,;:]+){3}\p{L}/u.test(node.text) && !node.text.includes('\n')) {
      texts.push({ text: node.text, line: lineAt(node.getStart()) });
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  for (const [position, comment] of comments) texts.push({ text: proseOfComment(comment), line: lineAt(position) });
  return texts;
}

/** Without its marks and without formulas, which stand on lines of their own, indented. */
const proseOfComment = (comment) =>
  comment
    .replace(/^\/\*+|\*\/$/g, '')
    .replace(/^[ \t]*(\*|\/\/)( {3,}.*)?/gm, '')
    .replace(/`[^`]+`/g, 'code');

/** Every fault in a file's content, as `file:line: fault: sentence`. */
export function faultsIn(file, content) {
  const isProgram = /\.(ts|mts|js|mjs)$/.test(file);
  const texts = isProgram ? textsOfProgram(content) : [{ text: proseOfDocument(content), line: 1 }];
  return texts.flatMap((text) =>
    sentencesOf(text.text).flatMap(({ sentence, line }) =>
      faultsOf(sentence).map((fault) => `${file}:${text.line + line - 1}: ${fault}: ${sentence}`),
    ),
  );
}

/** Generated code, and the examples of this check. */
const NOT_READ = ['kernels/wasm/binaries.ts', 'test/docs/english.test.ts'];

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const project = fileURLToPath(new URL('..', import.meta.url));
  const places = process.argv.length > 2 ? process.argv.slice(2) : ['.'];
  const files = execFileSync('git', ['ls-files', '--', ...places], { cwd: project, encoding: 'utf8' })
    .split('\n')
    .filter((file) => /\.(md|html|ts|mts|js|mjs)$/.test(file) && !NOT_READ.includes(file));
  const faults = files.flatMap((file) => faultsIn(file, readFileSync(path.join(project, file), 'utf8')));
  for (const fault of faults) console.error(fault);
  if (faults.length > 0) {
    console.error(`${faults.length} faults; CONTRIBUTING.md, “Plain English”, says how to write`);
    process.exitCode = 1;
  }
}
