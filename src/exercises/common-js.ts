/**
 * The text of an answer as a CommonJS module with the same lines. A compiler removes the types; then a parser that follows the
 * standard reads the JavaScript, and says where it is wrong.
 */
import type { ImportDeclaration, ModuleDeclaration, Pattern, Statement } from 'acorn';
import { parse } from 'acorn';
import { transform } from 'sucrase';
import { AnswerError } from './evaluate.js';
import type { Language } from './folder.js';

/** Throws an AnswerError with line and column if `source` cannot be read. */
export function toCommonJs(source: string, language: Language): string {
  // JavaScript such as a < b, c > (d) means something else in TypeScript
  const code = language === 'typescript' ? withoutTypes(source) : source;
  const module = new CommonJs(code);
  for (const statement of statementsOf(code)) module.add(statement);
  return module.text();
}

function withoutTypes(source: string): string {
  try {
    return transform(source, { transforms: ['typescript'], disableESTransforms: true }).code;
  } catch (error) {
    const { message } = error as Error;
    const place = /^(?:Error transforming [^:]*: )?(.*) \((\d+):(\d+)\)$/.exec(message);
    if (place) throw new AnswerError(`line ${place[2]}, column ${place[3]}: ${place[1]}`);
    statementsOf(source); // its message has a place
    throw new AnswerError(message);
  }
}

function statementsOf(code: string): readonly (Statement | ModuleDeclaration)[] {
  try {
    return parse(code, {
      ...{ ecmaVersion: 'latest', sourceType: 'module', locations: true },
      allowAwaitOutsideFunction: false, // a CommonJS module is a function
    }).body;
  } catch (error) {
    const { message, loc } = error as SyntaxError & { loc: { line: number; column: number } };
    const words = message.replace(/ \(\d+:\d+\)$/, '');
    throw new AnswerError(`line ${loc.line}, column ${loc.column + 1}: ${CLEARER[words] ?? words}`);
  }
}

/** Some of the parser's messages, as V8 says them. */
const CLEARER: Readonly<Record<string, string>> = {
  'Assigning to rvalue': 'Invalid left-hand side in assignment',
  'Unsyntactic break': 'break is not in a loop or a switch',
  'Unsyntactic continue': 'continue is not in a loop',
};

class CommonJs {
  /** What imports declare, for the first line: imports come before all other statements. */
  private readonly imported: string[] = [];
  /** What each export is. */
  private readonly exported: string[] = [];

  constructor(private code: string) {}

  text(): string {
    return `'use strict';${this.imported.join('')}${this.code}\nObject.assign(exports, {${this.exported.join(', ')}});`;
  }

  add(statement: Statement | ModuleDeclaration): void {
    switch (statement.type) {
      case 'ImportDeclaration':
        this.imported.push(declarationOf(statement));
        {
          this.blank(statement.start, statement.end);
          return;
        }
      case 'ExportNamedDeclaration': {
        const { start, end, declaration, specifiers, source } = statement;
        if (declaration) {
          const names =
            declaration.type === 'VariableDeclaration'
              ? declaration.declarations.flatMap(({ id }) => namesIn(id))
              : [declaration.id.name];
          this.exported.push(...names);
          this.blank(start, declaration.start);
          return;
        }
        for (const { exported, local } of specifiers)
          this.exported.push(
            `${keyOf(exported)}: ${source ? `${required(statement)}[${keyOf(local)}]` : nameOf(local)}`,
          );
        this.blank(start, end);
        return;
      }
      case 'ExportDefaultDeclaration': {
        const { start, declaration } = statement;
        const id = 'id' in declaration ? declaration.id : null;
        if (id) this.exported.push(`default: ${id.name}`);
        this.replace(start, declaration.start, id ? '' : 'exports.default =');
        return;
      }
      case 'ExportAllDeclaration':
        this.exported.push(`...${required(statement)}`);
        {
          this.blank(statement.start, statement.end);
          return;
        }
      default:
    }
  }

  private blank(start: number, end: number): void {
    this.replace(start, end, '');
  }

  /** `replacement` is not longer than what it replaces. Lines stay, and so do the places of what follows. */
  private replace(start: number, end: number, replacement: string): void {
    const rest = this.code.slice(start + replacement.length, end).replace(/[^\r\n\u2028\u2029]/g, ' ');
    this.code = this.code.slice(0, start) + replacement + rest + this.code.slice(end);
  }
}

type Named = Parameters<typeof nameOf>[0];

const nameOf = (name: { type: string; name?: string; value?: unknown }): string => name.name ?? String(name.value);
const keyOf = (name: Named): string => JSON.stringify(nameOf(name));

/** A call of the second parameter of `Compile`'s function. */
function required({
  source,
  loc,
}: Pick<ImportDeclaration, 'loc'> & { source?: ImportDeclaration['source'] | null }): string {
  return `require(${JSON.stringify(source?.value)}, ${loc?.start.line})`;
}

function declarationOf(statement: ImportDeclaration): string {
  const { specifiers } = statement;
  const whole = specifiers.find(({ type }) => type === 'ImportNamespaceSpecifier');
  if (whole) return `const ${whole.local.name} = ${required(statement)};`;
  const names = specifiers.map((one) => {
    const imported = one.type === 'ImportSpecifier' ? keyOf(one.imported) : 'default';
    return `${imported}: ${one.local.name}`;
  });
  return `const {${names.join(', ')}} = ${required(statement)};`;
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
