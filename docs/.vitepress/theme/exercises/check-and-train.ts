/** What the worker does with an answer. */
import { check } from '../../../../src/exercises/check.js';
import { AnswerError } from '../../../../src/exercises/evaluate.js';
import type { Exercise } from '../../../../src/exercises/exercise.js';
import { EXERCISES } from '../../../../src/exercises/exercises.js';
import { answerLosses, rightLosses, TRAINING_STEPS } from '../../../../src/exercises/train.js';
import { fetchImages } from './images.js';
import type { Job, Report } from './messages.js';

type Reporter = (report: Report) => void;

/** Checks it, and then trains with it if it can be run and the exercise is a part of a training step. */
export async function checkAndTrain({ name, source, images }: Job, report: Reporter): Promise<void> {
  const exercise = EXERCISES.find((one) => one.name === name);
  if (!exercise) throw new Error(`no exercise ${name}`);
  const verdict = check(exercise, source);
  report({ kind: 'verdict', verdict });
  const { outcome } = verdict;
  if (exercise.trains && (outcome === 'right' || outcome === 'wrong')) await train(exercise, source, images, report);
}

async function train(exercise: Exercise, source: string, address: string, report: Reporter): Promise<void> {
  try {
    const images = await fetchImages(address);
    const right = rightLosses(images);
    for (const answer of answerLosses(exercise, source, images)) {
      const loss = { right: right.next().value as number, answer };
      report({ kind: 'loss', loss, steps: TRAINING_STEPS });
    }
  } catch (error) {
    const { message } = error as Error;
    const isTheirs = error instanceof AnswerError;
    report({
      kind: 'no-training',
      message: isTheirs ? `With your function it ends with an error: ${message}` : message,
    });
  }
}
