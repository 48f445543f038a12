// @ts-check
/**
 * `npm run english`: finds long sentences in documents, comments and messages.
 * `npm run english src/equations/lstm.ts docs` checks these files and folders alone.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

/** In words. Code counts as one word, numbers and signs as none. */
const LONGEST_SENTENCE = 30;

/** A text, and the line where it begins. @typedef {{ text: string, line: number }} Text */

/** The sentences of a text. A clause that ends with a semicolon counts as a sentence. @param {Text} text */
function sentencesOf({ text, line }) {
  /** @type {Text[]} */
  const sentences = [];
  for (const piece of text.split(/((?<=[.!?…;]["”’)*_]*)\s+|\n\s*\n|\n\s*(?=[-*@] ?|\d+\. )|\s*\|\s*)/)) {
    sentences.push({ text: piece.trim().replace(/\s+/g, ' '), line });
    line += piece.split('\n').length - 1;
  }
  return sentences;
}

/** @param {string} text */
const linesOnly = (text) => text.replace(/[^\n]/g, '');

/**
 * The prose of a Markdown or HTML document, on the lines where it was. A formula in $ is code, and one in $$ is left out.
 *
 * @param {string} document
 */
const proseOfDocument = (document) =>
  document
    .replace(
      /```[\s\S]*?```|^\$\$$[\s\S]*?^\$\$$|<(script|style|svg)\b[\s\S]*?<\/\1>|<!--[\s\S]*?-->|^ {4,}[^<\n]*$/gm,
      linesOnly,
    )
    .replace(/<\/?(p|li|h\d|button|label|dt|dd|td|th|option|summary)\b[^>]*>/g, (tag) => ` | ${linesOnly(tag)}`)
    .replace(/<\/?[a-z][^>]*>/g, linesOnly)
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/`[^`]+`|\$(?! )[^$\n]+\$/g, 'code');

/** The comments of a program and its texts. @param {string} program */
function textsOfProgram(program) {
  const file = ts.createSourceFile('program.ts', program, ts.ScriptTarget.Latest, true);
  /** @param {number} position */
  const lineAt = (position) => file.getLineAndCharacterOfPosition(position).line + 1;
  /** @type {Map<number, Text>} */
  const texts = new Map(); // by position: a comment belongs to several nodes
  /** @param {ts.Node} node */
  const visit = (node) => {
    const before = ts.getLeadingCommentRanges(program, node.getFullStart()) ?? [];
    const after = ts.getTrailingCommentRanges(program, node.getEnd()) ?? [];
    for (const { pos, end } of [...before, ...after]) {
      texts.set(pos, { text: proseOfComment(program.slice(pos, end)), line: lineAt(pos) });
    }
    const isText = ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node);
    if (isText && !node.text.includes('\n')) texts.set(node.pos, { text: node.text, line: lineAt(node.getStart()) });
    ts.forEachChild(node, visit);
  };
  visit(file);
  return [...texts.values()];
}

/** Without its marks and without formulas, which stand on lines of their own, indented. @param {string} comment */
const proseOfComment = (comment) =>
  comment
    .replace(/^\/\*+|\*\/$/g, '')
    .replace(/^[ \t]*(\*|\/\/)( {3,}.*)?/gm, '')
    .replace(/`[^`]+`/g, 'code');

/**
 * Every sentence in a file's content that is too long, as `file:line: 31 words: sentence`.
 *
 * @param {string} file
 * @param {string} content
 */
export function longSentencesIn(file, content) {
  const isProgram = /\.(ts|mts|js|mjs)$/.test(file);
  const texts = isProgram ? textsOfProgram(content) : [{ text: proseOfDocument(content), line: 1 }];
  return texts.flatMap(sentencesOf).flatMap(({ text, line }) => {
    const words = text.split(/\s+/).filter((word) => /\p{L}/u.test(word)).length;
    return words > LONGEST_SENTENCE ? [`${file}:${line}: ${words} words: ${text}`] : [];
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const project = fileURLToPath(new URL('..', import.meta.url));
  const places = process.argv.length > 2 ? process.argv.slice(2) : ['.'];
  const found = execFileSync('git', ['ls-files', '--', ...places], { cwd: project, encoding: 'utf8' })
    .split('\n')
    .filter((file) => /\.(md|html|ts|mts|js|mjs)$/.test(file))
    .flatMap((file) => longSentencesIn(file, readFileSync(path.join(project, file), 'utf8')));
  for (const one of found) console.error(one);
  if (found.length > 0) process.exitCode = 1;
}
