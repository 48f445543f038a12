/** Runs an answer, a CommonJS module that may import from 'longhand'. */
import { AnswerError, explained } from './answer-error.js';
import type { CommonJsModule } from './common-js.js';
import type { Require } from './library.js';
import { requireWithout } from './library.js';
import type { Turn } from './loops.js';
import { turnOf } from './loops.js';

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
