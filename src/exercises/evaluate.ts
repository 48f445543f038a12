/** Runs an answer, a CommonJS module that may import from 'longhand'. */
import { AnswerError, explained } from './answer-error.js';
import { required } from './library.js';

export { AnswerError };

/** What an answer exports, by name. */
export type Answer = Readonly<Record<string, unknown>>;

/** Makes a function of a CommonJS module. In errors, the module must be a file `ANSWER_FILE`, or what `new Function` makes. */
export type Compile = (code: string) => (exports: Answer, require: typeof required) => void;

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
