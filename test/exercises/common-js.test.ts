/** The text of an answer as a CommonJS module: every form of import and export, and what is no module. */
import { AnswerError, evaluate } from '../../src/exercises/evaluate.js';
import { toCommonJs } from '../../src/exercises/common-js.js';
import { turnOf } from '../../src/exercises/loops.js';

const exportsOf = (source: string, language: 'javascript' | 'typescript' = 'javascript') =>
  evaluate(toCommonJs(source, language));

const FUNCTION = expect.any(Function) as unknown;

test.each<[source: string, exported: unknown]>([
  ['export const a = 1, b = () => 2;', { a: 1, b: FUNCTION }],
  [
    'export let { x, y: [z = 3, ...rest], ...others } = { x: 1, y: [], w: 4 };',
    { x: 1, z: 3, rest: [], others: { w: 4 } },
  ],
  ['export { f };\nconst f = 1;', { f: 1 }],
  ["const f = 1;\nexport { f as g, f as 'h i' };", { g: 1, 'h i': 1 }],
  ['export function f() {}\nexport async function* g() {}', { f: FUNCTION, g: FUNCTION }],
  ['export class A {}', { A: FUNCTION }],
  ['export default function f() {}', { default: FUNCTION }],
  ['export default class {}', { default: FUNCTION }],
  ['export default 1 + 1;', { default: 2 }],
  ['export default 1;\nexport const a = 2;', { default: 1, a: 2 }],
  ['export default(1)\nexport const a = 2', { default: 1, a: 2 }],
  ['export default\n1;\nexport const a = 2;', { default: 1, a: 2 }],
  ['export default function () {}\n[1].map(() => 1);\nexport const a = 2;', { default: FUNCTION, a: 2 }],
  ['export default class {}\n(() => 1)();\nexport const a = 2;', { default: FUNCTION, a: 2 }],
  ['const f = 1\nexport { f }\n[1].map(() => 1)', { f: 1 }],
  ["const a = 1\nimport { fill } from 'longhand'\n;(() => fill)()\nexport { a }", { a: 1 }],
  [
    "export const BETA1 = 1;\nexport * from 'longhand';",
    expect.objectContaining({ BETA1: 1, BETA2: 0.999 }) as unknown,
  ],
  ['const exports = [];\nconst require = 2;\nexport const a = 1;\nexport default require;', { a: 1, default: 2 }],
  ['var exports = 5, require;\nexport { exports };', { exports: 5 }],
  [
    "import { BETA1 } from 'longhand';\nfunction require() {}\nfunction exports() {}\nexport { BETA1, exports };",
    { BETA1: 0.9, exports: FUNCTION },
  ],
  ['#!/usr/bin/env node\nexport const a = 1;', { a: 1 }],
  ["export { BETA1 as b } from 'longhand';", { b: 0.9 }],
  ["import { BETA1, EPSILON as e } from 'longhand';\nexport const all = [BETA1, e];", { all: [0.9, 1e-8] }],
  ["export const first = BETA1;\nimport { BETA1 } from 'longhand';", { first: 0.9 }],
  ["import * as longhand from 'longhand';\nexport const b = longhand.BETA2;", { b: 0.999 }],
  ["import 'longhand';\nimport {} from 'longhand';\nexport const a = 1;", { a: 1 }],
  [
    'const exported = 1;\nexport { exported };;\n// export const b = 2;\nconst text = `export const c = 3;`;',
    { exported: 1 },
  ],
])('%s', (source, exported) => {
  expect(exportsOf(source)).toEqual(exported);
  expect(exportsOf(source, 'typescript')).toEqual(exported);
});

test('types are removed, and types alone import nothing', () => {
  const source = `import type { Tensor } from 'anything';
import { type Backend, BETA1 } from 'longhand';
interface Pair { a: number }
export type { Pair };
export enum Kind { one = 1 }
export const f = <T extends Pair>(x: T, backend?: Backend, y = <number>BETA1, z?: Tensor): number => x.a + y!;`;
  const { f, Kind } = exportsOf(source, 'typescript') as {
    f: (x: { a: number }) => number;
    Kind: Record<string, number>;
  };
  expect([f({ a: 1 }), Kind.one]).toEqual([1.9, 1]);
});

test('the lines stay the same, with every kind of line end', () => {
  const source =
    "import {\n  BETA1,\r\n  EPSILON as e\r} from 'longhand'; export {\n  f\n};\nfunction f() { throw new Error('here'); }\nf();";
  const lines = (text: string): number => text.split(/\r\n|[\n\r]/).length;
  expect(lines(toCommonJs(source, 'javascript').code)).toBe(lines(source) + 1);
  expect(() => exportsOf(source)).toThrow('line 7: here');
});

test.each([
  ['let x = 1;\nlet x = 2;', "line 2, column 5: Identifier 'x' has already been declared"],
  [
    "import { BETA1 } from 'longhand';\nconst BETA1 = 1;",
    "line 2, column 7: Identifier 'BETA1' has already been declared",
  ],
  ["import { EPSILON } from 'longhand';\nEPSILON = 1;", 'line 2: TypeError: Assignment to constant variable.'],
  ['function f() {}\n\nexport f;', 'line 3, column 8: Unexpected token'],
  ['const a = 1;\nexport const', 'line 2, column 13: Unexpected token'],
  ['const a = 1;\nreturn;', "line 2, column 1: 'return' outside of function"],
  ['function f() {\n  await 1;\n}', "line 2, column 3: Cannot use keyword 'await' outside an async function"],
  ["import {\n  BETA1,\n  BETA3,\n} from 'longhand';", 'line 3: longhand has no BETA3 here; it has BETA1, BETA2'],
  ["import * as all from 'longhand';\n\nall.f();", 'longhand has no f here; it has BETA1, BETA2'],
  ['for (;;) { break outer; }', 'line 1, column 12: break has no loop, switch or label that it could leave'],
  ['const a = 1;\nawait a;', 'await is only valid in async functions here'],
  ['throw new TypeError();', 'it throws a TypeError without a message'],
  ["const a = 1;\nimport { BETA3 } from 'longhand';", 'line 2: longhand has no BETA3 here; it has BETA1, BETA2'],
  ["\nimport fs from 'node:fs';", "line 2: import from 'node:fs': only 'longhand' can be imported here"],
  ['export { a };', "line 1, column 10: Export 'a' is not defined"],
])('%j is refused', (source, message) => {
  expect(() => exportsOf(source)).toThrow(message);
});

test.each(['typescript', 'javascript'] as const)(
  '%s: a { that is not closed is named, not the end of the text',
  (language) => {
    const read = (source: string) => () => toCommonJs(source, language);
    const twoLoops = 'function f() {\n  for (;;) {\n    for (;;) {\n  }\n}\nfunction g() {}\n';
    expect(read(twoLoops)).toThrow(/^line 3: this \{ is not closed: a \} is missing$/);
    expect(read(`${twoLoops}export const a = 1;\n`)).toThrow(/^line 3: this \{ is not closed/);
    expect(read('function f() {\n  if (1) {\n  f();\n}\n// end\n')).toThrow(/^line 2: this \{/);
    expect(read('const a = 1;\nfunction f() { return `${f`;')).not.toThrow(/is not closed/); // the text ends in a template
    expect(read('function f() { return 1;')).toThrow(/^line 1: this \{ is not closed/);
    expect(read('const a = 1;\nconst b =')).toThrow(/^line 2, column \d+: /);
    expect(read('const a = 1; }\n')).toThrow(/^line 1, column 14: /);
    // a condition or parameters over several lines, and an indentation that is wrong
    const long = 'function f(a,\n           b) {\n  if (a >\n      b) {\n    f();\n  }\n}\n';
    expect(read(`${long}const c = [1,`)).toThrow(/^line 8, column \d+: /);
    expect(read(`${long}function g() {\n  if (1) {\n    f();\n}\n`)).toThrow(/^line 9: this \{/);
    expect(read('function f() {\n      if (1) {\n    f();\n    }\n}\nconst c = [1')).toThrow(/^line 6, column \d+: /);
  },
);

test.each([
  ['const a = 1;\nnamespace Sigma {\n  export const b = 1;\n}', 2, 'Sigma'],
  ['export namespace A.B { export const b = 1; }', 1, 'A.B'],
  ['function f() {}\n\nmodule f\n{ export const b = 1; }', 3, 'f'],
])('TypeScript: %j is refused, because the compiler would remove it', (source, line, name) => {
  const message = `line ${line}: namespace ${name} cannot be used here: write an object, or functions`;
  expect(() => toCommonJs(source, 'typescript')).toThrow(new AnswerError(message));
});

test('a type of longhand that is exported as a value', () => {
  const message = 'Tensor is only a type: in TypeScript, write import type { Tensor } and export type { Tensor }';
  const source = "\nimport { Tensor } from 'longhand';\nexport { Tensor };";
  expect(() => exportsOf(source, 'typescript')).toThrow(`line 2: ${message}`);
  expect(() => exportsOf("export { Tensor } from 'longhand';")).toThrow(`line 1: ${message}`);
  expect(exportsOf(source.replaceAll(/(import|export) /g, '$1 type '), 'typescript')).toEqual({});
});

test.each([
  '('.repeat(20_000) + ')'.repeat(20_000),
  '1 + '.repeat(20_000) + '1',
  '{'.repeat(20_000) + '}'.repeat(20_000),
])('what is nested too deeply is refused', (source) => {
  const message = 'it is nested too deeply to be read: write it in several parts';
  expect(() => toCommonJs(source, 'javascript')).toThrow(message);
  expect(() => toCommonJs(`const a: number = 1;\n${source}`, 'typescript')).toThrow(message);
});

describe('a loop that does not end', () => {
  const LINES = 'export function outer() {\n  const kept = [];\n  LOOP\n}';
  /** What happens after an hour of turns, in no time. */
  const failureOf = (loop: string): unknown => {
    const { code, loops } = toCommonJs(
      LINES.replace('LOOP', () => loop),
      'javascript',
    );
    let time = 0;
    const turn = turnOf(loops, 3000, () => (time += 500));
    const exported: { outer?: () => void } = {};
    // eslint-disable-next-line @typescript-eslint/no-implied-eval -- an answer is a text
    (new Function(code) as (...of: unknown[]) => void)(exported, undefined, turn);
    try {
      exported.outer?.();
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  };

  test.each([
    'for (;;);',
    'while (true) {}',
    'do ; while (true)',
    'for (const one of (function* () { for (;;) yield 1; })()) one;',
    'label: for (;;) for (const a of [1]) continue label;',
    'if (true) for (;;) if (1) continue; else break; else for (;;);',
    '[1].map(() => { for (let n = 0; n < 1; ) n *= 1; });',
  ])('%s ends, with its line and its function', (loop) => {
    expect(failureOf(loop)).toMatch(/^line 3: this loop of outer did not end within 3 seconds: what should end it\?/);
  });

  test('one that ends is left alone, also after many turns in all', () => {
    expect(failureOf('for (let m = 0; m < 120; m++) for (let n = 0; n < 200; n++);')).toBeUndefined();
    expect(failureOf('for (const a of [1, 2]) { if (a) continue; kept.push(a); }')).toBeUndefined();
  });
});
