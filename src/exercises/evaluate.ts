/** Runs an answer, a CommonJS module that may import from 'longhand'. */
import { withArticle } from '../core/arguments.js';
import { LIBRARY } from './library.js';

/** What an answer exports, by name. */
export type Answer = Readonly<Record<string, unknown>>;

/** An answer cannot be run. The message is for its author, and names the line if it is known. */
export class AnswerError extends Error {
  override readonly name = 'AnswerError';
}

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
    if (error instanceof AnswerError) return error.message;
    if (!isError(error)) return `it throws ${String(error)}`;
    const line = lineOf(error);
    const where = line === undefined ? '' : `line ${line}: `;
    if (error.message === '') return `${where}it throws ${withArticle(error.name || 'Error')} without a message`;
    return `${where}${error.name === 'Error' ? '' : `${error.name}: `}${error.message}`;
  } catch {
    return 'it throws a value that cannot be shown';
  }
}

/** Also for an error of another realm, which is no instance of this one's Error, or of the engine's functions, such as `atob`. */
const isError = (thrown: unknown): thrown is Error =>
  /^\[object (DOMException|Error)\]$/.test(Object.prototype.toString.call(thrown));

/** The line of the answer, counted from 1, where `error` was thrown or where the engine cannot read the text. */
function lineOf(error: Error): number | undefined {
  const calls = (error.stack ?? '').replace(`${error.message}\n`, ''); // the message can say anything
  const place = /(?<=^|[ (])(answer|<anonymous>):(\d+)/m.exec(calls);
  if (place?.[1] === ANSWER_FILE) return Number(place[2]);
  const line = (place ? Number(place[2]) : lineInPage(error)) - HEADER_LINES;
  return line > 0 ? line : undefined;
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
