/** Runs the text of an answer, TypeScript or JavaScript, as a module that may import from 'longhand'. */
import { transform } from 'sucrase';
import { copyInto, fill, flatten, matrixOf, rowsOf, stepOf, transposeOf } from '../core/tensor.js';
import { BETA1, BETA2, EPSILON } from '../equations/adam.js';
import { denseBackward } from '../equations/dense.js';
import { keepStateBackward } from '../equations/ended-sequences.js';
import { lstmBackward, lstmStepBackward } from '../equations/lstm.js';
import { inputBackward } from '../equations/lstm-input.js';
import { projectBackward } from '../equations/projection.js';

/** What an answer exports, by name. */
export type Answer = Readonly<Record<string, unknown>>;

/** An answer cannot be run. The message is for its author, and names the line if it is known. */
export class AnswerError extends Error {
  override readonly name = 'AnswerError';
}

/** What an answer can import from 'longhand', besides types. */
const LIBRARY: Readonly<Record<string, unknown>> = {
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

/** The exports of an answer. Throws an AnswerError if it cannot be read, or throws, or lacks one of `names`. */
export function evaluate(source: string, names: readonly string[] = []): Answer {
  const code = toCommonJs(source);
  const answer: Record<string, unknown> = {};
  // The reader's own text runs on the reader's own computer: in a page in a worker, in Node within a time limit.
  explained(() => {
    // eslint-disable-next-line @typescript-eslint/no-implied-eval
    const run = new Function('exports', 'require', code) as (
      exports: Answer,
      require: (name: string) => unknown,
    ) => void;
    run(answer, required);
  });
  const missing = names.find((name) => typeof answer[name] !== 'function');
  if (missing !== undefined) throw new AnswerError(`${missing}: the file must export a function of this name`);
  return answer;
}

function toCommonJs(source: string): string {
  try {
    return transform(source, { transforms: ['typescript', 'imports'], disableESTransforms: true }).code;
  } catch (error) {
    const { message } = error as Error;
    const place = /^(?:Error transforming [^:]*: )?(.*) \((\d+):(\d+)\)$/.exec(message);
    throw new AnswerError(place ? `line ${place[2]}, column ${place[3]}: ${place[1]}` : message);
  }
}

function required(name: string): unknown {
  if (name !== 'longhand') throw new AnswerError(`import from '${name}': only 'longhand' can be imported here`);
  return new Proxy(LIBRARY, {
    get(library, key) {
      if (typeof key === 'symbol' || key === '__esModule' || Object.hasOwn(library, key)) return library[String(key)];
      throw new AnswerError(`longhand has no ${key} here; it has ${Object.keys(LIBRARY).join(', ')}`);
    },
  });
}

/** Runs `call`, which calls the answer. What it throws becomes an AnswerError with the line of the answer. */
export function explained<Result>(call: () => Result): Result {
  try {
    return call();
  } catch (error) {
    if (error instanceof AnswerError) throw error;
    if (!(error instanceof Error)) throw new AnswerError(`it throws ${String(error)}`);
    const line = /<anonymous>:(\d+):\d+/.exec(error.stack ?? '')?.[1];
    const where = line === undefined ? '' : `line ${Number(line) - HEADER_LINES}: `;
    throw new AnswerError(`${where}${error.name === 'Error' ? '' : `${error.name}: `}${error.message}`);
  }
}

/** `new Function` puts two lines before the code. */
const HEADER_LINES = 2;
