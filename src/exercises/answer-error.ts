/** Why an answer cannot be run, in words for its author, and the line of the answer where it went wrong. */
import { withArticle } from '../core/arguments.js';

/** An answer cannot be run. The message is for its author, and names the line if it is known. */
export class AnswerError extends Error {
  override readonly name = 'AnswerError';
}

/** The file of an answer in errors, unless `new Function` has made its function. */
export const ANSWER_FILE = 'answer';

/** `new Function` puts two lines before the code, and calls the file `<anonymous>`. */
const HEADER_LINES = 2;

/** Runs `call`, which calls the answer. What it throws becomes an AnswerError with the line of the answer. */
export function explained<Result>(call: () => Result): Result {
  try {
    return call();
  } catch (error) {
    throw explanationOf(error);
  }
}

/** An AnswerError that already names its file: answers that call each other pass it on. */
class InFile extends AnswerError {}

/** As `explained`, for one of several answers: the message begins with `file`, that of the answer in which the error occurred. */
export function explainedIn<Result>(file: string, call: () => Result): Result {
  try {
    return call();
  } catch (error) {
    throw error instanceof InFile ? error : new InFile(`${file}: ${explanationOf(error).message}`);
  }
}

const explanationOf = (error: unknown): AnswerError => new AnswerError(wordsOf(error).slice(0, LONGEST_MESSAGE));

/** In characters. */
export const LONGEST_MESSAGE = 1000;

/** An answer can throw anything, also what throws again when it is read. */
function wordsOf(error: unknown): string {
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

const KEPT = 'this list cannot be changed: copy it first, as in [...list]';

/** The engine's most frequent messages in plainer words: an index beyond the end of a list, a name that an object does not have. */
const PLAINER: readonly (readonly [RegExp, string])[] = [
  [/^Array buffer allocation failed$/, 'it asks for more memory than there is'],
  [/^Cannot destructure property '(.+)' of '(undefined|null)' as it is \2\.$/s, 'what should have $1 is $2'],
  [/^Cannot destructure property '(.+)' of '(.+)' as it is (undefined|null)\.$/s, '$2 is $3, so it has no $1'],
  [
    /^Cannot read properties of (undefined|null) \(reading '(\d+)'\)$/,
    'what stands before [$2] is $1, and no list: an index before it may be too large',
  ],
  [/^Cannot read properties of (undefined|null) \(reading '(.+)'\)$/s, 'what should have $2 is $1'],
  [
    /^Cannot set properties of (undefined|null) \(setting '(\d+)'\)$/,
    'what stands before [$2] is $1, and no list: an index before it may be too large',
  ],
  [/^(.+) is not iterable(?: \(cannot read property Symbol\(Symbol\.iterator\)\))?$/, '$1 is no list'],
  [/^Cannot set properties of (undefined|null) \(setting '(.+)'\)$/s, 'what should get $2 is $1'],
  [
    /^Cannot (?:add property \d+, object is not extensible|(?:assign to read only|delete) property '\w+' of (?:object ')?\[object Array\]'?)$/,
    KEPT,
  ],
  [/^Cannot assign to read only property '(\w+)' of object '.*'$/s, '$1 can only be read: it cannot be replaced'],
  [/^Cannot add property (\w+), object is not extensible$/, '$1 cannot be added: this object cannot be changed'],
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

/** The line of the answer that has called the caller. undefined if it is not known. */
export const lineHere = (): number | undefined => lineOf(new Error(), '');

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
