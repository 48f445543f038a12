/**
 * The text of an answer as a CommonJS module with the same lines. A compiler removes the types; then a parser that follows the
 * standard reads the JavaScript, and says where it is wrong.
 */
import type { ImportDeclaration, ModuleDeclaration, Pattern, Program, Statement } from 'acorn';
import { getLineInfo, parse, tokenizer, tokTypes } from 'acorn';
import { transform } from 'sucrase';
import { AnswerError } from './answer-error.js';
import type { Language } from './folder.js';
import { type Insertion, type Loop, loopsOf } from './loops.js';

/** A module, and its loops, which call the function `arguments[2]` now and then. */
export interface CommonJsModule {
  readonly code: string;
  readonly loops: readonly Loop[];
}

/** Throws an AnswerError with its place if `source` cannot be read. */
export function toCommonJs(text: string, language: Language): CommonJsModule {
  const source = text.replace(/\r\n?/g, '\n'); // as the language reads line ends; sucrase counts only these
  // JavaScript such as a < b, c > (d) means something else in TypeScript
  const code = language === 'typescript' ? withoutTypes(source) : source;
  const program = programOf(code, source);
  const turn = nameNotIn(code);
  const { loops, insertions } = readDeeply(() => loopsOf(program, turn));
  const module = new CommonJs(code.replace(/^#!/, '//'), turn, insertions);
  for (const statement of program.body) module.add(statement);
  return { code: module.text(), loops };
}

function nameNotIn(code: string): string {
  let name = '$turn';
  while (code.includes(name)) name += '$';
  return name;
}

function readDeeply<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    throw ['RangeError', 'InternalError'].includes((error as Error).name) ? new AnswerError(TOO_DEEP) : error; // too many calls
  }
}

function withoutTypes(source: string): string {
  try {
    const { code } = transform(source, { transforms: ['typescript'], disableESTransforms: true });
    assertNoNamespace(source, code);
    return code;
  } catch (error) {
    if (error instanceof AnswerError) throw error;
    const { name, message } = error as Error;
    if (['RangeError', 'InternalError'].includes(name)) throw new AnswerError(TOO_DEEP); // too many calls; in Firefox the second one
    const place = /^(?:Error transforming [^:]*: )?(.*) \((\d+):(\d+)\)$/.exec(message);
    if (place) throw placed(source, Number(place[2]), Number(place[3]), place[1]);
    programOf(source, source); // its message has a place
    throw new AnswerError(message);
  }
}

const NAMESPACE = /^(?:export[ \t]+)?(?:namespace|module)[ \t]+([\p{ID_Start}$_][^\s{]*)[ \t]*(?:\{|$)/u;

/** Throws an AnswerError if the compiler has removed a namespace: it takes all of them for types. */
function assertNoNamespace(source: string, code: string): void {
  const left = code.split(LINE_END);
  for (const [n, line] of source.split(LINE_END).entries()) {
    const [words, name] = NAMESPACE.exec(line) ?? [];
    if (words === undefined || left[n]?.startsWith(words)) continue; // a line of a template or a comment is left
    throw new AnswerError(`line ${n + 1}: namespace ${name} cannot be used here: write an object, or functions`);
  }
}

/** `source`: the text before the types were removed, for places. */
function programOf(code: string, source: string): Program {
  try {
    return parse(code, { ecmaVersion: 'latest', sourceType: 'module', locations: true, preserveParens: true });
  } catch (error) {
    const { message, loc } = error as SyntaxError & { loc: { line: number; column: number } };
    const words = message.replace(/ \(\d+:\d+\)$/, '');
    const [before, own] = [code, source].map((text) => text.split(LINE_END)[loc.line - 1]?.slice(0, loc.column));
    const column = before === own ? loc.column + 1 : undefined; // behind a type it is another one
    throw placed(source, loc.line, column, CLEARER[words] ?? words);
  }
}

/** An error in a place of `source`, counted from 1. If a { is not closed, a reader of the text stops elsewhere, mostly at the end. */
function placed(source: string, line: number, column: number | undefined, words: string): AnswerError {
  const lines = source.split(LINE_END);
  const left = [lines[line - 1]?.slice((column ?? 1) - 1), ...lines.slice(line)].join('').trim();
  const brace = left === '' || words.includes("'import' and 'export' may only appear at the top level");
  const open = brace ? lineOfOpenBrace(source) : undefined;
  if (open !== undefined) return new AnswerError(`line ${open}: this { is not closed: a } is missing`);
  return new AnswerError(`line ${line}${column === undefined ? '' : `, column ${column}`}: ${words}`);
}

/**
 * The line of a { without its }, `undefined` if each has one. Every } closes the last { that is open; if it begins a line that is
 * indented less than the statement of this {, it was meant for another one.
 */
function lineOfOpenBrace(source: string): number | undefined {
  const lines = source.split(LINE_END);
  const indentOf = (line: number): number => lines[line - 1].search(/\S/);
  const [braces, parentheses]: [{ line: number; indent: number }[], number[]] = [[], []];
  let suspect: number | undefined;
  let begin = 0; // the line where the last ( ) began: the statement of a { behind it begins there
  let end = 0;
  try {
    for (const { type, start } of tokenizer(source, { ecmaVersion: 'latest', sourceType: 'module' })) {
      const { line, column } = getLineInfo(source, start);
      if (type === tokTypes.parenL) parentheses.push(line);
      if (type === tokTypes.parenR) [begin, end] = [parentheses.pop() ?? line, line];
      if (type === tokTypes.braceL || type === tokTypes.dollarBraceL)
        braces.push({ line, indent: indentOf(end === line ? begin : line) });
      if (type !== tokTypes.braceR) continue;
      const opened = braces.pop();
      if (opened === undefined) return undefined;
      if (column === indentOf(line) && column < opened.indent) suspect ??= opened.line;
    }
  } catch {
    return undefined; // not the text of a program
  }
  return braces.length === 0 ? undefined : (suspect ?? braces.at(-1)?.line);
}

const LINE_END = /[\n\u2028\u2029]/;

const TOO_DEEP = 'it is nested too deeply to be read: write it in several parts';

/** Some of the parser's messages in plainer words. */
const CLEARER: Readonly<Record<string, string>> = {
  "Unexpected character '@'": '@ cannot be used here: decorators are not supported',
  'Not enough stack space to parse input': TOO_DEEP,
  'Assigning to rvalue': 'this cannot be assigned to',
  'Unsyntactic break': 'break has no loop, switch or label that it could leave',
  'Unsyntactic continue': 'continue has no loop that it could continue',
};

/**
 * What the module gets. An answer can declare `exports` and `require` itself, because its statements are in a block; no strict
 * code can declare `arguments`.
 */
const [EXPORTS, REQUIRE, TURN] = ['arguments[0]', 'arguments[1]', 'arguments[2]'];

class CommonJs {
  /** What imports declare, for the first line: imports come before all other statements. */
  private readonly imported: string[] = [];
  /** The statements of exports, for the last line. Those of `export *` come first: other exports win. */
  private readonly exported: string[] = [];
  private readonly edits: { start: number; end: number; replacement: string }[] = [];

  /** `turn`: what the insertions call. */
  constructor(
    private readonly code: string,
    private readonly turn: string,
    private readonly insertions: readonly Insertion[],
  ) {}

  text(): string {
    let [text, from] = ['', 0];
    const inserted = this.insertions.map(({ at, text: replacement }) => ({ start: at, end: at, replacement }));
    for (const { start, end, replacement } of [...this.edits, ...inserted].sort((a, b) => a.start - b.start)) {
      const lines = this.code.slice(start, end).replace(/[^\n\u2028\u2029]/g, '');
      text += this.code.slice(from, start) + replacement + lines;
      from = end;
    }
    text += this.code.slice(from);
    return `'use strict';{const ${this.turn}=${TURN};${this.imported.join('')}${text}\n${this.exported.join('')}}`;
  }

  /** Statements in their order. */
  add(statement: Statement | ModuleDeclaration): void {
    const { start, end } = statement;
    // an empty statement, since what follows may continue the statement before
    const leaveOut = (): void => this.replace(start, end, ';');
    if (statement.type === 'ImportDeclaration') {
      this.imported.push(...declarationsOf(statement));
      leaveOut();
    } else if (statement.type === 'ExportAllDeclaration') {
      const { exported, source, loc } = statement;
      const whole = requiring(source.value, loc?.start.line, true);
      if (exported) this.export(exported, whole);
      else this.exported.unshift(`Object.assign(${EXPORTS}, ${whole});`);
      leaveOut();
    } else if (statement.type === 'ExportNamedDeclaration') {
      const { declaration, specifiers, source } = statement;
      for (const { exported, local, loc } of specifiers)
        this.export(exported, source ? `${requiring(source.value, loc?.start.line)}[${keyOf(local)}]` : nameOf(local));
      if (!declaration) {
        leaveOut();
        return;
      }
      const isList = declaration.type === 'VariableDeclaration';
      for (const name of isList ? declaration.declarations.flatMap(({ id }) => namesIn(id)) : [declaration.id.name])
        this.export({ name }, name);
      this.replace(start, declaration.start, '');
    } else if (statement.type === 'ExportDefaultDeclaration') {
      const { declaration } = statement;
      const id = 'id' in declaration && declaration.type.endsWith('Declaration') ? declaration.id : null;
      if (id) this.export({ name: 'default' }, id.name);
      this.replace(start, declaration.start, id ? '' : `${EXPORTS}.default = `);
      if (!id) this.replace(end, end, ';');
    }
  }

  private export(name: Named, value: string): void {
    this.exported.push(`${EXPORTS}[${keyOf(name)}] = ${value};`);
  }

  /** The lines of what is replaced stay. */
  private replace(start: number, end: number, replacement: string): void {
    this.edits.push({ start, end, replacement });
  }
}

/** A name, or a text as in `export { a as 'b c' }`. */
interface Named {
  readonly name?: string;
  readonly value?: unknown;
}

const nameOf = ({ name, value }: Named): string => name ?? String(value);
const keyOf = (name: Named): string => JSON.stringify(nameOf(name));

/** `isWhole`: the module itself is used. */
const requiring = (source: unknown, line?: number, isWhole = false): string =>
  `${REQUIRE}(${JSON.stringify(source)}, ${line}, ${isWhole})`;

/** A constant for each name, so that a missing one has its own line. */
function declarationsOf({ specifiers, source, loc }: ImportDeclaration): string[] {
  if (specifiers.length === 0) return [`${requiring(source.value, loc?.start.line)};`];
  return specifiers.map((one) => {
    if (one.type === 'ImportNamespaceSpecifier')
      return `const ${one.local.name} = ${requiring(source.value, loc?.start.line, true)};`;
    const key = one.type === 'ImportSpecifier' ? keyOf(one.imported) : '"default"';
    return `const ${one.local.name} = ${requiring(source.value, one.loc?.start.line)}[${key}];`;
  });
}

/** The names that a declaration declares. */
function namesIn(pattern: Pattern): string[] {
  switch (pattern.type) {
    case 'Identifier':
      return [pattern.name];
    case 'ObjectPattern':
      return pattern.properties.flatMap((one) => namesIn(one.type === 'Property' ? one.value : one.argument));
    case 'ArrayPattern':
      return pattern.elements.flatMap((one) => (one ? namesIn(one) : []));
    case 'AssignmentPattern':
      return namesIn(pattern.left);
    case 'RestElement':
      return namesIn(pattern.argument);
    default:
      return [];
  }
}
