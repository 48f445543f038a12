/**
 * Runs an answer, a CommonJS module that may import from 'longhand'. What it can call there checks the kinds of its arguments, so that
 * a message names the wrong one.
 */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { assertNumber, describe, withArticle } from '../core/arguments.js';
import type { Backend } from '../core/backend.js';
import type { DType } from '../core/tensor.js';
import { copyInto, fill, flatten, matrixOf, rowsOf, stepOf, transposeOf } from '../core/tensor.js';
import { BETA1, BETA2, EPSILON } from '../equations/adam.js';
import { denseBackward } from '../equations/dense.js';
import { keepStateBackward } from '../equations/ended-sequences.js';
import { inputBackward } from '../equations/lstm-input.js';
import { lstmBackward, lstmStepBackward } from '../equations/lstm.js';
import { projectBackward } from '../equations/projection.js';
import { TYPES } from './folder.js';

/** What an answer exports, by name. */
export type Answer = Readonly<Record<string, unknown>>;

/** An answer cannot be run. The message is for its author, and names the line if it is known. */
export class AnswerError extends Error {
  override readonly name = 'AnswerError';
}

/** For each kind of argument, a property by which it is recognised, and its name in messages. */
const KINDS = {
  tensor: ['stride', 'a tensor'],
  backend: ['matmul', 'the backend'],
  lstm: ['steps', 'the LSTM'],
  running: ['hPrevTransposed', 'the running rows of a step'],
  ended: ['dcPrev', 'the ended rows of a step'],
  projected: ['mTransposed', 'the projected rows of a step'],
} as const;

type Kind = keyof typeof KINDS | 'tensors' | 'number';

function isKind(value: unknown, kind: keyof typeof KINDS): boolean {
  return typeof value === 'object' && value !== null && KINDS[kind][0] in value;
}

/** Throws a TypeError. `what` begins the message. */
function assertKind(what: string, value: unknown, kind: Kind): void {
  if (kind === 'number') assertNumber(`${what} is`, value);
  else if (kind === 'tensors' && Array.isArray(value))
    value.forEach((one, k) => assertKind(`${what}[${k}]`, one, 'tensor'));
  else if (kind === 'tensors' || !isKind(value, kind)) {
    const found = isKind(value, 'tensor') ? 'a tensor' : describe(value);
    throw new TypeError(`${what} is ${found}: must be ${kind === 'tensors' ? 'a list of tensors' : KINDS[kind][1]}`);
  }
}

/** The kinds of a function's first parameters, which have their names in longhand.d.ts. */
type Kinds = Readonly<Record<string, Kind>>;

/** `calls`, in which the named functions check their arguments first. */
function checked<Calls extends object>(calls: Calls, named: { readonly [Name in keyof Calls]?: Kinds }): Calls {
  const checks = (Object.entries(named) as [keyof Calls & string, Kinds][]).map(([name, parameters]) => {
    const call = (calls[name] as (...given: unknown[]) => unknown).bind(calls);
    const kinds = Object.entries(parameters);
    const checkedCall = (...given: unknown[]): unknown => {
      kinds.forEach(([parameter, kind], n) => assertKind(`${name}: ${parameter}`, given[n], kind));
      return call(...given);
    };
    return [name, checkedCall];
  });
  return { ...calls, ...Object.fromEntries(checks) } as Calls;
}

const IMPORTED = {
  BETA1,
  BETA2,
  copyInto,
  denseBackward,
  EPSILON,
  fill,
  flatten,
  inputBackward,
  keepStateBackward,
  lstmBackward,
  lstmStepBackward,
  matrixOf,
  projectBackward,
  rowsOf,
  stepOf,
  transposeOf,
};

/** What an answer can import from 'longhand', besides types. */
const LIBRARY: Readonly<Record<string, unknown>> = checked(IMPORTED, {
  copyInto: { target: 'tensor', source: 'tensor' },
  denseBackward: {
    ...{ backend: 'backend', dStates: 'tensors', dW: 'tensor', db: 'tensor' },
    ...{ dLogits: 'tensor', states: 'tensors', W: 'tensor' },
  },
  fill: { tensor: 'tensor', value: 'number' },
  flatten: { tensor: 'tensor' },
  inputBackward: {
    ...{ backend: 'backend', dx: 'tensors', dWx: 'tensors' },
    ...{ dz: 'tensor', xTransposed: 'tensors', WxTransposed: 'tensors' },
  },
  keepStateBackward: { backend: 'backend', ended: 'ended' },
  lstmBackward: { backend: 'backend', lstm: 'lstm' },
  lstmStepBackward: { backend: 'backend', lstm: 'lstm', step: 'running' },
  matrixOf: { tensor: 'tensor' },
  projectBackward: { backend: 'backend', projected: 'projected' },
  rowsOf: { tensor: 'tensor', from: 'number', to: 'number' },
  stepOf: { tensor: 'tensor', t: 'number' },
  transposeOf: { matrix: 'tensor' },
});

const TYPE_NAMES = new Set(Array.from(TYPES.matchAll(/export (?:interface|type) (\w+)/g), ([, name]) => name));

/** A backend whose operations an answer can call, but not replace. */
export const backendForAnswers = (dtype: DType): Backend =>
  Object.freeze(
    checked(createReferenceBackend({ dtype }), {
      matmul: { out: 'tensor', a: 'tensor', b: 'tensor' },
      columnSums: { out: 'tensor', a: 'tensor' },
      lstmCellBackward: {
        ...{ dz: 'tensor', dc: 'tensor', dcPrev: 'tensor', dh: 'tensor' },
        ...{ gates: 'tensor', c: 'tensor', cPrev: 'tensor' },
      },
      add: { out: 'tensor', a: 'tensor' },
      fill: { out: 'tensor', value: 'number' },
      copy: { out: 'tensor', a: 'tensor' },
    }),
  );

/** Makes a function of a CommonJS module. In errors, the module must be a file `ANSWER_FILE`, or what `new Function` makes. */
export type Compile = (code: string) => (exports: Answer, require: typeof required) => void;

export const ANSWER_FILE = 'answer';

/** `new Function` puts two lines before the code, and calls the file `<anonymous>`. */
const HEADER_LINES = 2;

/** Here: what the answer changes in `Math` or `Array.prototype`, it changes for this program too. */
// eslint-disable-next-line @typescript-eslint/no-implied-eval
const compileHere: Compile = (code) => new Function('exports', 'require', code) as ReturnType<Compile>;

/**
 * The exports of an answer. Throws an AnswerError if the engine cannot read it, or it throws, or lacks one of `names`. It is a stranger's
 * program: in a page it runs in a worker, in Node in a process of its own.
 */
export function evaluate(code: string, names: readonly string[] = [], compile = compileHere): Answer {
  const answer: Record<string, unknown> = {};
  return explained(() => {
    compile(code)(answer, required);
    const missing = names.find((name) => typeof answer[name] !== 'function');
    if (missing !== undefined) throw new AnswerError(`${missing}: the file must export a function of this name`);
    return answer;
  });
}

/** The library, for an import in `line`. Default: the line is not known. */
function required(name: string, line?: number): unknown {
  const where = line === undefined ? '' : `line ${line}: `;
  if (name !== 'longhand') throw new AnswerError(`${where}import from '${name}': only 'longhand' can be imported here`);
  return new Proxy(LIBRARY, {
    get(library, key) {
      if (typeof key === 'symbol' || Object.hasOwn(library, key)) return library[String(key)];
      if (TYPE_NAMES.has(key))
        throw new AnswerError(
          `${where}${key} is only a type: in TypeScript, write import type { ${key} } and export type { ${key} }`,
        );
      throw new AnswerError(`${where}longhand has no ${key} here; it has ${Object.keys(LIBRARY).join(', ')}`);
    },
  });
}

/** Runs `call`, which calls the answer. What it throws becomes an AnswerError with the line of the answer. */
export function explained<Result>(call: () => Result): Result {
  try {
    return call();
  } catch (error) {
    throw new AnswerError(explanationOf(error).slice(0, LONGEST_MESSAGE));
  }
}

/** In characters. */
export const LONGEST_MESSAGE = 1000;

/** An answer can throw anything, also what throws again when it is read. */
function explanationOf(error: unknown): string {
  try {
    if (!isError(error)) return `it throws ${String(error)}`;
    const fields: Record<'message' | 'name', unknown> = error; // an answer can change both
    const [message, name] = [String(fields.message), String(fields.name) || 'Error'];
    if (error instanceof AnswerError) return message;
    const line = lineOf(error, message);
    const where = line === undefined ? '' : `line ${line}: `;
    if (message === '') return `${where}it throws ${withArticle(name)} without a message`;
    for (const [words, plainer] of PLAINER) if (words.test(message)) return where + message.replace(words, plainer);
    const words = message.replace(/ and the top level bodies of modules$/, ' here'); // an answer is made a CommonJS module
    return `${where}${name === 'Error' ? '' : `${name}: `}${words}`;
  } catch {
    return 'it throws a value that cannot be shown';
  }
}

/** The engine's most frequent messages in plainer words: an index beyond the end of a list, a name that an object does not have. */
const PLAINER: readonly (readonly [RegExp, string])[] = [
  [/^Cannot destructure property '(.+)' of '(.+)' as it is (undefined|null)\.$/s, '$2 is $3, so it has no $1'],
  [/^Cannot read properties of (undefined|null) \(reading '(.+)'\)$/s, 'what should have $2 is $1'],
  [/^Cannot set properties of (undefined|null) \(setting '(.+)'\)$/s, 'what should get $2 is $1'],
];

/** Also for an error of another realm, which is no instance of this one's Error, or of the engine's functions, such as `atob`. */
const isError = (thrown: unknown): thrown is Error =>
  /^\[object (DOMException|Error)\]$/.test(Object.prototype.toString.call(thrown));

/** The line of the answer, counted from 1, where `error` was thrown or where the engine cannot read the text. */
function lineOf(error: Error, message: string): number | undefined {
  const calls = stackOf(error).replace(`${message}\n`, ''); // the message can say anything
  const place = /(?<=^|[ (])(answer|<anonymous>):(\d+)/m.exec(calls);
  if (place?.[1] === ANSWER_FILE) return Number(place[2]);
  const line = (place ? Number(place[2]) : lineInPage(error)) - HEADER_LINES;
  return line > 0 ? line : undefined;
}

/** '' if an answer has made it something else than a text, as `Error.prepareStackTrace` can. */
function stackOf(error: Error): string {
  try {
    const { stack }: { stack?: unknown } = error;
    return typeof stack === 'string' ? stack : '';
  } catch {
    return '';
  }
}

/** A browser shows where it cannot read a text only in an `error` event. NaN in Node, where the stack has the line. */
function lineInPage(error: Error): number {
  let line = NaN;
  if (error.name !== 'SyntaxError' || !('reportError' in globalThis)) return line;
  const note = (event: ErrorEvent): void => {
    event.preventDefault(); // it ends here, and is no fault of the worker
    line = event.lineno;
  };
  addEventListener('error', note);
  reportError(error);
  removeEventListener('error', note);
  return line;
}
