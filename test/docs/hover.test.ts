/**
 * What an editor shows on hover. Every export of every entry has a documentation comment, and so has every field that can
 * be reached from it. A tensor's comment has its shape: the comment of a field, of a parameter or of the function. An
 * optional field's comment has its default.
 *
 * The test walks the declarations that a user of the package gets (dist/…/*.d.ts) with TypeScript's compiler API.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { TUTORIAL } from '../../src/training/options.js';

const project = fileURLToPath(new URL('../..', import.meta.url));
const { exports } = JSON.parse(readFileSync(path.join(project, 'package.json'), 'utf8')) as {
  exports: Record<string, string | { types: string }>;
};
const entries = Object.values(exports).flatMap((entry) =>
  typeof entry === 'string' ? [] : [path.join(project, entry.types)],
);

/** What one walk finds. */
interface Found {
  readonly faults: string[];
  /** The comment of every field, as `TypeName.field`. */
  readonly comments: Map<string, string>;
  /** The fields, parameters and results that are tensors: `Lstm.dc`, `Backend.matmul(out)`, `zeros()`. */
  readonly tensors: Set<string>;
}

/** `[B,H]`, or `[…]` for any shape. */
const SHAPE = /`\[[^\]]+\]`/;
const DEFAULT = /\bdefault\b/i;

/** All declarations reachable from the exports of `files`; `isOurs` says which source files must be documented. */
function walk(files: readonly string[], isOurs: (file: string) => boolean): Found {
  const options = { module: ts.ModuleKind.NodeNext, target: ts.ScriptTarget.ES2022, strict: true, noEmit: true };
  const program = ts.createProgram(files, options);
  const checker = program.getTypeChecker();
  const faults = new Set<string>();
  const comments = new Map<string, string>();
  const tensors = new Set<string>();
  const seen = new Set<ts.Type>();

  /** A property that a mapped type makes from a name (`Record<'a' | 'b', …>`) has no declaration, and no comment. */
  const mustHaveComment = ({ declarations = [] }: ts.Symbol): boolean =>
    declarations.length === 0 || declarations.some((declaration) => isOurs(declaration.getSourceFile().fileName));
  const isPrivate = ({ declarations = [] }: ts.Symbol): boolean =>
    declarations.some((declaration) => ts.getCombinedModifierFlags(declaration) & ts.ModifierFlags.Private);
  const commentOf = (symbol: ts.Symbol): string => ts.displayPartsToString(symbol.getDocumentationComment(checker));
  const isFunction = (type: ts.Type): boolean => checker.getNonNullableType(type).getCallSignatures().length > 0;
  const isTensor = (type: ts.Type): boolean => {
    const { aliasSymbol, symbol } = checker.getNonNullableType(type);
    return aliasSymbol?.name === 'Tensor' || (symbol as ts.Symbol | undefined)?.name === 'NdArray';
  };

  /** A tensor, or a list, a record, a promise or an alternative of tensors. What other objects hold has its own comments. */
  const hasTensor = (type: ts.Type): boolean => {
    if (isTensor(type)) return true;
    if (type.isUnion()) return type.types.some(hasTensor);
    const { aliasSymbol, aliasTypeArguments = [], symbol } = type;
    if (aliasSymbol) return /^(Readonly|Partial|Record)$/.test(aliasSymbol.name) && aliasTypeArguments.some(hasTensor);
    const isList = checker.isArrayType(type) || checker.isTupleType(type);
    if (!isList && !/^(Promise|Map)$/.test((symbol as ts.Symbol | undefined)?.name ?? '')) return false;
    return checker.getTypeArguments(type as ts.TypeReference).some(hasTensor);
  };
  const checkShape = (type: ts.Type, where: string, comment: string): void => {
    if (!hasTensor(type)) return;
    tensors.add(where);
    if (!SHAPE.test(comment)) faults.add(`${where}: no shape`);
  };

  function visitExport(exported: ts.Symbol): void {
    const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
    if (!mustHaveComment(symbol)) return;
    if (commentOf(symbol) === '') faults.add(`${symbol.name}: no comment`);
    const isType = symbol.flags & (ts.SymbolFlags.Type | ts.SymbolFlags.TypeAlias);
    if (isType) visitType(checker.getDeclaredTypeOfSymbol(symbol), symbol.name);
    if (symbol.flags & ts.SymbolFlags.Value) visitType(checker.getTypeOfSymbol(symbol), symbol.name);
  }

  function visitField(field: ts.Symbol, owner: string): void {
    if (isPrivate(field) || !mustHaveComment(field) || field.name === 'prototype') return;
    if (field.name === 'name' && owner.endsWith('Error')) return; // the class's own name
    const type = checker.getTypeOfSymbol(field);
    const where = `${owner}.${field.name}`;
    const comment = commentOf(field);
    comments.set(where, comment);
    if (comment === '') faults.add(`${where}: no comment`);
    else if (field.flags & ts.SymbolFlags.Optional && !isFunction(type) && !DEFAULT.test(comment)) {
      faults.add(`${where}: no default`);
    }
    checkShape(type, where, comment);
    visitType(type, where, comment);
  }

  /** `around`: the comment of the field to which a function without a comment belongs. */
  function visitSignature(signature: ts.Signature, where: string, around: string): void {
    const declaration = signature.getDeclaration() as ts.SignatureDeclaration | undefined;
    if (!declaration || !isOurs(declaration.getSourceFile().fileName)) return; // a class's default one, or a library's
    const returns = signature.getJsDocTags().filter(({ name }) => name === 'returns');
    const texts = [signature.getDocumentationComment(checker), ...returns.map(({ text }) => text)];
    const comment = texts.map((text) => ts.displayPartsToString(text)).join('') || around;
    for (const parameter of signature.getParameters()) {
      const type = checker.getTypeOfSymbol(parameter);
      const { valueDeclaration: value } = parameter;
      const isOptional = value && ts.isParameter(value) && checker.isOptionalParameter(value);
      const isValue = !(checker.getNonNullableType(type).flags & ts.TypeFlags.Object);
      if (isOptional && isValue && !(comment.includes(parameter.name) && DEFAULT.test(comment)))
        faults.add(`${where}(${parameter.name}): no default`);
      checkShape(type, `${where}(${parameter.name})`, commentOf(parameter) + comment);
      visitType(type, `${where}(${parameter.name})`, comment);
    }
    checkShape(signature.getReturnType(), `${where}()`, comment);
    visitType(signature.getReturnType(), `${where}()`, comment);
  }

  function visitType(type: ts.Type, where: string, around = ''): void {
    if (seen.has(type) || isTensor(type)) return;
    seen.add(type);
    if (type.isUnion()) for (const part of type.types) visitType(part, where, around);
    if (!(type.flags & (ts.TypeFlags.Object | ts.TypeFlags.Intersection))) return;
    const isReference = (type as ts.ObjectType).objectFlags & ts.ObjectFlags.Reference;
    if (isReference)
      for (const part of checker.getTypeArguments(type as ts.TypeReference)) visitType(part, where, around);
    if (checker.isTupleType(type)) return;
    const symbol = (type.aliasSymbol ?? type.symbol) as ts.Symbol | undefined;
    if (!type.aliasSymbol && symbol && !mustHaveComment(symbol)) return; // a library's
    const owner = symbol && !symbol.name.startsWith('__') ? symbol.name : where; // __type: a type without a name
    for (const field of checker.getPropertiesOfType(type)) visitField(field, owner);
    const signatures = [...type.getCallSignatures(), ...type.getConstructSignatures()];
    for (const signature of signatures) visitSignature(signature, where, around);
  }

  for (const file of files) {
    const module = checker.getSymbolAtLocation(program.getSourceFile(file)!);
    for (const exported of checker.getExportsOfModule(module!)) visitExport(exported);
  }
  return { faults: [...faults].sort(), comments, tensors };
}

test('the walk finds a missing comment, shape and default', () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'longhand-hover-'));
  const file = path.join(directory, 'example.d.ts');
  writeFileSync(
    file,
    `import type { Tensor } from '${project}dist/src/core/tensor.js';
    export declare const noComment: number;
    /** Comment. */
    export interface Fields {
      noComment: number;
      /** Comment. */
      noShape: Tensor;
      /** Comment, \`[T,B]\`. */
      shape: Tensor;
      /** Comment, \`[]\`. */
      emptyShape: Tensor;
      /** Comment, \`[B]\`. */
      create: (x: Tensor) => Tensor;
      /** Comment. */
      noDefault?: number;
      /** Comment. Default: 1. */
      hasDefault?: number;
      /** Comment. */
      nested: readonly { deep: number }[] | null;
      /** Comment. */
      record: Record<'a', number>;
      /** Comment. */
      mapped: { [Name in keyof Base]: string };
    }
    interface Base {
      /** Comment. */
      commented: number;
      uncommented: number;
    }
    /** Comment. */
    export declare function call(options: { inline: number }, count?: number): Promise<{ returned: number }>;
    /** Comment. @param x \`[B]\` @param y Comment. @returns Comment. */
    export declare function tensors(x: Tensor, y: readonly Tensor[]): Promise<Tensor>;
    /** \`[B,H]\` and \`[…]\` */
    export declare function shapes(x: Tensor): Record<string, Tensor | undefined>;
    /** \`count\`: default 1. */
    export declare function fine(count?: number): void;
    /** Comment. */
    export declare class Class {
      private hidden;
      method(): void;
    }
    export {}; // or Base would be exported too`,
  );
  try {
    expect(walk([file], (name) => name === file).faults).toEqual(
      [
        'Class.method: no comment',
        'Fields.mapped.uncommented: no comment',
        'Fields.nested.deep: no comment',
        'Fields.emptyShape: no shape',
        'Fields.noComment: no comment',
        'Fields.noDefault: no default',
        'Fields.noShape: no shape',
        'Record.a: no comment',
        'call(count): no default',
        'call(options).inline: no comment',
        'call().returned: no comment',
        'noComment: no comment',
        'tensors(): no shape',
        'tensors(y): no shape',
      ].sort(),
    );
  } finally {
    rmSync(directory, { recursive: true });
  }
});

const inPackage = (file: string): boolean =>
  file.startsWith(path.join(project, 'dist')) && !file.includes('node_modules');

describe('the package', () => {
  const { faults, comments, tensors } = walk(entries, inPackage);

  test('every export, field, tensor and option of every entry says what it is on hover', () => {
    for (const entry of entries) expect(existsSync(entry)).toBe(true);
    expect(faults).toEqual([]);
    const some = ['Lstm.dc', 'AllocatedLstm.dx', 'Checkpoint.model', 'WasmOptions.threads', 'Network.parameters'];
    expect([...comments.keys()]).toEqual(expect.arrayContaining(some));
    expect(comments.size).toBeGreaterThan(200);
    for (const tensor of ['Lstm.dc', 'zeros()', 'Backend.matmul(out)']) expect(tensors).toContain(tensor);
    expect(tensors.size).toBeGreaterThan(150);
  });

  test.each(Object.entries(TUTORIAL))('TrainOptions.%s: its comment names the default, %j', (name, value) => {
    const text = typeof value === 'string' ? `'${value}'` : JSON.stringify(value).replaceAll(',', ', ');
    const escaped = text.replace(/[.[\]]/g, '\\$&');
    expect(comments.get(`TrainOptions.${name}`)).toMatch(new RegExp(`\\bDefault: ${escaped}[.,;:]`));
  });
});
