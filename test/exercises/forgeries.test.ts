/** Answers that replace what the check uses, in one realm with it, as in the worker of the site. No wrong one is judged right. */
import { build } from 'esbuild';
import vm from 'node:vm';
import { type Computed, verdictOf } from '../../src/exercises/check.js';
import type { Verdict } from '../../src/exercises/exercise.js';
import { inTier } from '../helpers/needs.js';
import { exercise } from './changed.js';

interface Realm {
  readonly computeSource: (exercise: { name: string }, source: string, language: string) => Computed;
  readonly check: (exercise: object, source: string, language: string) => Verdict;
}

let program: vm.Script;
beforeAll(async () => {
  const { outputFiles } = await build({
    entryPoints: ['src/exercises/check.ts'],
    bundle: true,
    format: 'iife',
    globalName: 'program',
    write: false,
    logLevel: 'silent',
  });
  program = new vm.Script(outputFiles[0].text);
});

function realm(): Realm {
  const context = vm.createContext({ atob, structuredClone, console, postMessage: () => {} });
  program.runInContext(context);
  return context.program as Realm;
}

/** The verdict on what an answer computes in a realm with the program that runs it. It is given in another realm. */
function verdictOn(name: string, source: string): Verdict {
  let computed: Computed;
  try {
    computed = realm().computeSource({ name }, source, 'javascript');
  } catch (error) {
    return { outcome: 'error', message: String(error) }; // the worker of the site reports that the check failed
  }
  return verdictOf(exercise(name), structuredClone(computed));
}

/** What an answer can do before it is called. */
const TRICKS: Readonly<Record<string, string>> = {
  'Math.abs': 'Math.abs = () => 0;',
  'Math.max': 'Math.max = () => Infinity;',
  'Object.is': 'Object.is = () => true;',
  'Number.isNaN and isFinite': 'Number.isNaN = () => false; Number.isFinite = () => true; isNaN = () => false;',
  map: 'Array.prototype.map = function () { return []; };',
  'all methods of lists': `for (const name of ['map', 'filter', 'flatMap', 'find', 'findIndex', 'forEach', 'every', 'some', 'push', 'entries', 'slice'])
     Array.prototype[name] = function () { return []; };`,
  'what a list iterates': 'Array.prototype[Symbol.iterator] = function* () {};',
  'elements of lists':
    'for (const n of [0, 1, 2]) Object.defineProperty(Array.prototype, n, { get: () => 0, set() {} });',
  'methods of typed arrays': `const typed = Object.getPrototypeOf(Float64Array.prototype);
     for (const name of ['slice', 'fill', 'set', 'subarray', 'findIndex', 'map', 'keys']) typed[name] = function () { return this; };`,
  'the length of typed arrays':
    "Object.defineProperty(Object.getPrototypeOf(Float64Array.prototype), 'length', { get: () => 0 });",
  'properties of Float64Array':
    "Object.defineProperty(Float64Array.prototype, 'length', { get: () => 0 }); Object.defineProperty(Float64Array.prototype, Symbol.iterator, { value: function* () {} });",
  Float64Array:
    'const Old = Float64Array; globalThis.Float64Array = function (...of) { return new Old(...of).fill(0); };',
  'Object.keys, entries and values': 'Object.keys = Object.entries = Object.values = () => [];',
  'Object.fromEntries': 'Object.fromEntries = () => ({});',
  'Object.freeze': 'Object.freeze = (value) => value;',
  'JSON.stringify': `JSON.stringify = () => '{"numbers":[]}'; JSON.parse = () => ({ numbers: [] });`,
  structuredClone: 'globalThis.structuredClone = () => ({ numbers: [] });',
  toString: "Object.prototype.toString = () => '[object Undefined]'; Function.prototype.toString = () => 'native';",
  'Function.prototype.call and apply': 'Function.prototype.call = Function.prototype.apply = () => undefined;',
  instanceof: 'Object.defineProperty(Float64Array, Symbol.hasInstance, { value: () => true });',
  postMessage: "postMessage({ kind: 'verdict', verdict: { outcome: 'right', compared: 17 } }); postMessage = () => {};",
  onmessage: 'globalThis.onmessage = () => {}; globalThis.self = { postMessage() {} };',
  'import()': "import('node:fs').catch(() => {}); import('./check.js').catch(() => {});",
  then: 'Object.prototype.then = function (done) { done({ numbers: [] }); };',
  'the stacks of errors': "Error.prepareStackTrace = () => 'right';",
};
const tricks = Object.entries(TRICKS);
/** The first tier tries a third of them on a wrong answer: another third on the next one. */
const tricksOn = (answer: number) => tricks.filter((_, n) => inTier(n % 3 === answer % 3, true));

/** The solution, whose numbers are right, but which changes one of its inputs. */
const CHANGES_INPUT = exercise('gates').javascript.solution.replace('const [B, H]', 'dh.set(0, 0, 5);\n  const [B, H]');
/** It writes beyond the end of its output. */
const WRITES_BESIDE = exercise('gates').javascript.solution.replace(
  'const [B, H]',
  'dz.data[dz.offset + dz.size] = 5;\n  const [B, H]',
);
const CHANGES_ROWS = exercise('rnn-step').javascript.solution.replace(
  /(export function backward\(x[^{]*\{[^{]*\{[^{]*\{.*\n)/,
  '$1  x[0][0][0] += 1;\n',
);

test.each(
  [
    ['sigmoid', 'export const sigmoidBackward = (dI, i) => dI * i;'],
    ['gates', exercise('gates').javascript.solution.replace('dI * i', 'dI')],
    ['gates', CHANGES_INPUT],
    ['gates', WRITES_BESIDE],
    ['rnn-step', CHANGES_ROWS],
  ].map(([name, wrong], answer) => [name, wrong, answer] as const),
)('%s: no trick makes a wrong answer right: %s', (name, wrong, answer) => {
  expect(verdictOn(name, wrong).outcome).not.toBe('right');
  for (const [trick, code] of tricksOn(answer))
    expect([trick, verdictOn(name, `${code}\n${wrong}`).outcome]).not.toEqual([trick, 'right']);
});

if (inTier(true, false)) {
  test('the same tricks fool a verdict that is given in their realm', () => {
    const wrong = 'export const sigmoidBackward = (dI, i) => dI * i;';
    const fooled = tricks.filter(([, code]) => {
      try {
        return realm().check(exercise('sigmoid'), `${code}\n${wrong}`, 'javascript').outcome === 'right';
      } catch {
        return false;
      }
    });
    expect(fooled.map(([trick]) => trick)).toEqual(expect.arrayContaining(['Math.abs', 'Object.is']));
  });

  test.each([
    ['it replaces Math.abs by a right one', 'Math.abs = (x) => (x < 0 ? -x : x);'],
    ['it adds a method to lists', 'Array.prototype.sum = function () { return this.reduce((a, b) => a + b, 0); };'],
    [
      'it adds a method to typed arrays',
      'Float64Array.prototype.last = function () { return this[this.length - 1]; };',
    ],
    [
      'it writes map itself',
      'Array.prototype.map = function (call) { const all = []; for (let n = 0; n < this.length; n++) all[n] = call(this[n], n, this); return all; };',
    ],
    ['it has a class with getters', 'class Box { get value() { return 1; } }\nnew Box().value;'],
    ['it has a Proxy', 'const one = new Proxy({}, { get: () => 1 });\none.x;'],
    ['it sends a message', "postMessage('hello');"],
    [
      'it has labels and loops without braces',
      'outer: for (const a of [1, 2]) for (;;) if (a) continue outer; else break outer;\ndo ; while (0)',
    ],
  ])('a right answer in an odd style is right: %s', (_, code) => {
    for (const name of ['sigmoid', 'gates', 'rnn-step'])
      expect([name, verdictOn(name, `${code}\n${exercise(name).javascript.solution}`).outcome]).toEqual([
        name,
        'right',
      ]);
  });

  test.each<[string, unknown]>([
    ['no numbers', []],
    ['a case too few', 'fewer'],
    ['an empty tensor', 'empty'],
    ['a text', 'right'],
    ['nothing', undefined],
  ])('%s in a report is no right answer', (_, numbers) => {
    const all = (
      realm().computeSource(exercise('softmax'), exercise('softmax').javascript.solution, 'javascript') as {
        numbers: Float64Array[][];
      }
    ).numbers;
    const found =
      numbers === 'fewer' ? all.slice(1) : numbers === 'empty' ? all.map((one) => one.map(() => [])) : numbers;
    expect(verdictOf(exercise('softmax'), structuredClone({ numbers: found }) as Computed).outcome).not.toBe('right');
  });
}
