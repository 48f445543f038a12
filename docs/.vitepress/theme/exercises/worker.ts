/** A worker for one run of an answer. What the answer changes in the worker, such as `Math.tanh`, ends with the worker. */
import { check } from '../../../../src/exercises/check.js';
import { AnswerError } from '../../../../src/exercises/evaluate.js';
import type { Exercise } from '../../../../src/exercises/exercise.js';
import { EXERCISES } from '../../../../src/exercises/exercises.js';
import { answerLosses, rightLosses, TRAINING_STEPS } from '../../../../src/exercises/train.js';
import { fetchImages } from './images.js';
import type { Job, Report } from './messages.js';

const send = globalThis.postMessage.bind(globalThis);
const report = (message: Report): void => send(message);

globalThis.onmessage = ({ data }: MessageEvent<Job>): void => void run(data);
report({ kind: 'ready' });

async function run({ name, source, images }: Job): Promise<void> {
  const exercise = EXERCISES.find((one) => one.name === name);
  if (!exercise) throw new Error(`no exercise ${name}`);
  const refusal = whyNoEvaluation();
  if (refusal !== undefined) return report({ kind: 'refused', message: refusal });
  const verdict = check(exercise, source);
  report({ kind: 'verdict', verdict });
  const { outcome } = verdict;
  if (exercise.trains && (outcome === 'right' || outcome === 'wrong')) await train(exercise, source, images);
  report({ kind: 'end' });
}

/** A host can forbid `new Function` in the worker's Content-Security-Policy. undefined if it does not. */
function whyNoEvaluation(): string | undefined {
  try {
    // eslint-disable-next-line @typescript-eslint/no-implied-eval, no-new
    new Function('');
    return undefined;
  } catch (error) {
    return `This host forbids that a worker evaluates text, so your code cannot run here. The host’s Content-Security-Policy needs 'unsafe-eval' for the worker’s file. The browser says: ${String(error)}`;
  }
}

async function train(exercise: Exercise, source: string, address: string): Promise<void> {
  try {
    const images = await fetchImages(address);
    const right = rightLosses(images);
    for (const answer of answerLosses(exercise, source, images)) {
      const { value } = right.next();
      report({ kind: 'loss', loss: { right: value as number, answer }, steps: TRAINING_STEPS });
    }
  } catch (error) {
    const message = error instanceof AnswerError ? `With your function it ends with an error: ${error.message}` : '';
    report({ kind: 'no-training', message: message || (error as Error).message });
  }
}
