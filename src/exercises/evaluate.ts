/**
 * Runs an answer, a CommonJS module. What it can import from 'longhand', and the backend that it gets, check their arguments, so that a
 * message names the wrong one.
 */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { assertKnownNames, assertNumber, describe } from '../core/arguments.js';
import type { Backend } from '../core/backend.js';
import type { DType, Tensor } from '../core/tensor.js';
import { copyInto, fill, flatten, matrixOf, rowsOf, stepOf, transposeOf } from '../core/tensor.js';
import { BETA1, BETA2, EPSILON } from '../equations/adam.js';
import { keepStateBackward } from '../equations/ended-sequences.js';
import { inputBackward } from '../equations/lstm-input.js';
import { lstmBackward, lstmStepBackward } from '../equations/lstm.js';
import { projectBackward } from '../equations/projection.js';
import { AnswerError, explained, lineHere } from './answer-error.js';
import { checkedTensor } from './checked-tensor.js';
import type { CommonJsModule } from './common-js.js';
import {
  cellStateBackward,
  gatesBackward,
  hiddenStateBackward,
  initialStateBackward,
  initialStateForward,
  outputLayerBackward,
  stepsBackward,
} from './given.js';
import { type Turn, turnOf } from './loops.js';
import { TYPES } from './types.js';

/** For each kind of argument, a property by which it is recognised, and its name in messages. */
const KINDS = {
  tensor: ['stride', 'a tensor'],
  backend: ['matmul', 'the backend'],
  lstm: ['steps', 'the LSTM'],
  running: ['hPrevTransposed', 'the running rows of a step'],
  ended: ['dcPrev', 'the ended rows of a step'],
  projected: ['mTransposed', 'the projected rows of a step'],
} as const;

/** A list of names: an object with these numbers. */
type Kind = keyof typeof KINDS | 'tensors' | 'number' | readonly string[];

function isKind(value: unknown, kind: keyof typeof KINDS): boolean {
  return typeof value === 'object' && value !== null && KINDS[kind][0] in value;
}

/** Throws a TypeError. `what` begins the message. */
function assertKind(what: string, value: unknown, kind: Kind): void {
  if (kind === 'number') assertNumber(`${what} is`, value);
  else if (typeof kind === 'object') assertNumbers(what, value, kind);
  else if (kind === 'tensors' && Array.isArray(value))
    value.forEach((one, k) => assertKind(`${what}[${k}]`, one, 'tensor'));
  else if (kind === 'tensors' || !isKind(value, kind)) {
    const found = isKind(value, 'tensor') ? 'a tensor' : describe(value);
    throw new TypeError(`${what} is ${found}: must be ${kind === 'tensors' ? 'a list of tensors' : KINDS[kind][1]}`);
  }
}

function assertNumbers(what: string, value: unknown, names: readonly string[]): void {
  if (typeof value !== 'object' || value === null)
    throw new TypeError(`${what} is ${describe(value)}: must be { ${names.join(', ')} }`);
  for (const name of names) assertNumber(`${what}.${name} is`, (value as Record<string, unknown>)[name]);
}

/** The kinds of a function's first parameters, by their names in longhand.d.ts. */
type Kinds = Readonly<Record<string, Kind>>;

/** Of the types in longhand.d.ts. */
const KIND_OF_TYPE: Readonly<Partial<Record<string, Kind>>> = {
  ...{ Tensor: 'tensor', 'readonly Tensor[]': 'tensors', number: 'number', Backend: 'backend', Lstm: 'lstm' },
  ...{ RunningRows: 'running', EndedRows: 'ended', ProjectedRows: 'projected' },
};

function kindOfType(type: string): Kind | undefined {
  const names = /^Numbers<(.*)>$/.exec(type)?.[1];
  return names === undefined ? KIND_OF_TYPE[type] : names.replaceAll("'", '').split(' | ');
}

/** The parameters of each function that longhand.d.ts declares after `before`. Options and matrices are not checked here. */
const parametersAfter = (before: string): [name: string, Kinds][] =>
  Array.from(TYPES.matchAll(new RegExp(`^${before}(\\w+)\\(([^)]*)\\): `, 'gm')), ([, name, parameters]) => {
    const typed = parameters.split(/,\s*/).map((one) => one.trim().split(/\??: (.*)/s));
    const kinds = typed.flatMap(([parameter, type = '']) => {
      const kind = kindOfType(type);
      return kind === undefined ? [] : [[parameter, kind] as const];
    });
    return [name, Object.fromEntries(kinds)];
  });

/** Of the functions of which a reader can think that they have options: those that they have. */
const OPTIONS: Readonly<Partial<Record<string, readonly string[]>>> = {
  matmul: ['accumulate', 'bias'],
  columnSums: ['accumulate'],
  lstmBackward: ['accumulate'],
  inputBackward: ['accumulate'], // what it does in any case
};

/** Throws a TypeError unless `given` has only options that the function `name` has. They would be ignored. */
function assertOptions(name: string, given: unknown): void {
  const known = OPTIONS[name];
  if (known === undefined || !given) return;
  if (typeof given !== 'object')
    throw new TypeError(`${name}: options is ${describe(given)}: must be an object, as { accumulate: true }`);
  assertKnownNames(name, given, known);
}

/** The error of a product whose shapes do not fit, which also says which transpose is missing, if the shapes fit with it. */
function withTranspose(error: unknown, [out, a, b]: readonly Tensor[]): unknown {
  if (!(error instanceof RangeError)) return error;
  const fits = (first: readonly number[], second: readonly number[]): boolean =>
    first[1] === second[0] && first[0] === out.shape[0] && second[1] === out.shape[1];
  const turned = ({ shape }: Tensor): number[] => [shape[1], shape[0]];
  const missing = [
    ...(fits(turned(a), b.shape) ? ['transposeOf(a)'] : []),
    ...(fits(a.shape, turned(b)) ? ['transposeOf(b)'] : []),
    ...(fits(turned(a), turned(b)) ? ['transposeOf(a) and transposeOf(b)'] : []),
  ];
  if (missing.length > 0)
    error.message += `: a transpose is missing, or one too many: the shapes fit with ${missing.join(', or with ')}`;
  return error;
}

/** `calls`, in which the named functions check their arguments first. */
function checked<Calls extends object>(calls: Calls, named: readonly [name: string, Kinds][]): Calls {
  const checks = named.map(([name, parameters]) => {
    const call = (calls[name as keyof Calls] as (...given: unknown[]) => unknown).bind(calls);
    const kinds = Object.entries(parameters);
    const checkedCall = (...given: unknown[]): unknown => {
      kinds.forEach(([parameter, kind], n) => assertKind(`${name}: ${parameter}`, given[n], kind));
      assertOptions(name, given[kinds.length]);
      try {
        return call(...given);
      } catch (error) {
        throw name === 'matmul' ? withTranspose(error, given as Tensor[]) : error;
      }
    };
    return [name, checkedCall];
  });
  return { ...calls, ...Object.fromEntries(checks) } as Calls;
}

const IMPORTED = {
  BETA1,
  BETA2,
  cellStateBackward,
  copyInto,
  EPSILON,
  fill,
  flatten: (tensor: Tensor) => checkedTensor(flatten(tensor)),
  gatesBackward,
  hiddenStateBackward,
  initialStateBackward,
  initialStateForward,
  inputBackward,
  keepStateBackward,
  lstmBackward,
  lstmStepBackward,
  matrixOf: (tensor: Tensor) => checkedTensor(matrixOf(tensor)),
  outputLayerBackward,
  projectBackward,
  rowsOf,
  stepOf,
  stepsBackward,
  transposeOf,
};

/** What an answer can import from 'longhand', besides types. */
const LIBRARY: Readonly<Record<string, unknown>> = checked(IMPORTED, parametersAfter('  export function '));

const TYPE_NAMES = new Set(Array.from(TYPES.matchAll(/export (?:interface|type) (\w+)/g), ([, name]) => name));

/** A backend whose operations an answer can call, but not replace. Its methods in longhand.d.ts come after four spaces. */
export const backendForAnswers = (dtype: DType): Backend =>
  Object.freeze(checked(createReferenceBackend({ dtype }), parametersAfter(' {4}(?!get|set)')));

/** Gives what an import asks for. `line`: that of the import; default: that of the call. `isWhole`: it asks for all of the module. */
type Require = (module: string, line?: number, isWhole?: boolean) => unknown;

/** The library without what the exercise asks for: a reader writes that. `given`: in place of its own functions. */
function requireWithout(asked: readonly string[], given: Readonly<Record<string, unknown>> = {}): Require {
  const all = Object.entries({ ...LIBRARY, ...given });
  const library = Object.fromEntries(all.filter(([name]) => !asked.includes(name)));
  const whyNot = (name: string): string => {
    if (TYPE_NAMES.has(name))
      return `${name} is only a type: in TypeScript, write import type { ${name} } and export type { ${name} }`;
    if (asked.includes(name)) return `longhand has no ${name} here: this exercise asks you to write it`;
    return `longhand has no ${name} here; it has ${Object.keys(library).join(', ')}`;
  };
  return (module, line = lineHere(), isWhole = false) => {
    if (module !== 'longhand') throw placed(line, `import from '${module}': only 'longhand' can be imported here`);
    return new Proxy(library, {
      get(_, key) {
        if (typeof key === 'symbol' || Object.hasOwn(library, key)) return library[String(key)];
        throw placed(isWhole ? lineHere() : line, whyNot(key));
      },
    });
  };
}

const placed = (line: number | undefined, words: string): AnswerError =>
  new AnswerError(`${line === undefined ? '' : `line ${line}: `}${words}`);

export { AnswerError };

/** What an answer exports, by name. */
export type Answer = Readonly<Record<string, unknown>>;

/** Makes a function of a CommonJS module. In errors, the module must be a file `ANSWER_FILE`, or what `new Function` makes. */
export type Compile = (code: string) => (exports: Answer, require: Require, turn: Turn) => void;

/** Here: what the answer changes in `Math` or `Array.prototype`, it changes for this program too. */
// eslint-disable-next-line @typescript-eslint/no-implied-eval -- an answer is a text
const compileHere: Compile = (code) => new Function('exports', 'require', code) as ReturnType<Compile>;

/** What an answer must export, and what it must write itself. */
export interface Asked {
  /** Functions that it must export. Default: none. */
  readonly exports?: readonly string[];
  /** Functions of the library that it cannot import. Default: `exports`. */
  readonly written?: readonly string[];
  /** Functions that it imports in place of the library's, by name. Default: none. */
  readonly given?: Readonly<Record<string, unknown>>;
}

/**
 * The exports of an answer. Throws an AnswerError if the engine cannot read it, or it throws, or lacks a function. It is a stranger's
 * program: in a page it runs in a worker, in Node in a process of its own.
 */
export function evaluate(
  { code, loops }: CommonJsModule,
  { exports = [], written = exports, given }: Asked = {},
  compile = compileHere,
): Answer {
  const answer: Record<string, unknown> = {};
  return explained(() => {
    compile(code)(answer, requireWithout(written, given), turnOf(loops));
    const missing = exports.find((name) => typeof answer[name] !== 'function');
    if (missing !== undefined) throw new AnswerError(`${missing}: the file must export a function of this name`);
    return answer;
  });
}
