/** What the worker does with an answer, and what it and the page send each other. It gives no verdict: judge.ts does. */
import { type LabelledImages, assertImages } from '../../../../src/data/mnist.js';
import { type Computed, computeSource } from '../../../../src/exercises/check.js';
import { AnswerError } from '../../../../src/exercises/evaluate.js';
import type { Exercise, Verdict } from '../../../../src/exercises/exercise.js';
import { EXERCISES } from '../../../../src/exercises/exercises.js';
import type { Language } from '../../../../src/exercises/folder.js';
import { answerLosses, IMAGE_COUNT, rightLosses, TRAINING_STEPS } from '../../../../src/exercises/train.js';
import { keepPrinted } from './limited-run.js';

/** What a worker does: it computes the numbers of one text, and then trains with it. */
export interface Job {
  /** The exercise's name. */
  readonly name: string;
  readonly source: string;
  readonly language: Language;
  /** The absolute address of the images. */
  readonly images: string;
  /** It is neither trained with nor searched for the mistake. Default: false. */
  readonly isOnlyChecked?: boolean;
}

/** The loss of one training step. */
export interface StepLoss {
  /** With the project's own functions. */
  readonly right: number;
  /** With the reader's function. */
  readonly answer: number;
}

/** What the worker reports to the page. */
export type WorkerReport =
  /** The worker's program is loaded: the time limit begins. */
  | { readonly kind: 'ready' }
  /** The run has ended early. The message is for the reader. */
  | { readonly kind: 'failed'; readonly message: string }
  /** What the answer has computed, and what it has printed meanwhile. */
  | { readonly kind: 'computed'; readonly computed: Computed; readonly printed: string }
  | { readonly kind: 'loss'; readonly loss: StepLoss; /** How many steps there will be. */ readonly steps: number }
  | { readonly kind: 'no-training'; readonly message: string }
  | { readonly kind: 'end' };

/** What the page learns of a run. */
export type Report =
  | Exclude<WorkerReport, { kind: 'computed' }>
  | { readonly kind: 'verdict'; readonly verdict: Verdict; readonly printed: string };

type Reporter = (report: WorkerReport) => void;

/** Computes its numbers, and then trains with it if it can be run and the exercise is a part of a training step. */
export async function computeAndTrain(job: Job, report: Reporter): Promise<void> {
  const { name, source, language, isOnlyChecked = false } = job;
  const exercise = EXERCISES.find((one) => one.name === name);
  if (!exercise) throw new Error(`no exercise ${name}`);
  const printed = keepPrinted();
  const computed = computeSource(exercise, source, language);
  report({ kind: 'computed', computed, printed: printed() });
  if (!isOnlyChecked && exercise.trains && 'numbers' in computed) await train(exercise, job, report);
}

async function train(exercise: Exercise, { source, language, ...job }: Job, report: Reporter): Promise<void> {
  try {
    const images = await fetchImages(job.images);
    const right = rightLosses(images);
    for (const answer of answerLosses(exercise, source, images, language)) {
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

const SIDE = 28;

/** Throws an Error whose message is for the reader. */
async function fetchImages(address: string): Promise<LabelledImages> {
  try {
    const response = await fetch(address);
    if (!response.ok) throw new Error(`the server answers ${response.status}`);
    const images = imagesOf(await unpacked(new Uint8Array(await response.arrayBuffer())));
    assertImages('images', images);
    return images;
  } catch (error) {
    throw new Error(`The images could not be loaded: ${(error as Error).message}.`, { cause: error });
  }
}

/** The labels come first, then the pixels. docs/.vitepress/plugins.ts writes them. */
const imagesOf = (bytes: Uint8Array): LabelledImages => ({
  count: IMAGE_COUNT,
  rows: SIDE,
  columns: SIDE,
  labels: bytes.subarray(0, IMAGE_COUNT),
  pixels: bytes.subarray(IMAGE_COUNT),
});

/** Some hosts send a gzip file with `Content-Encoding`: the browser has then unpacked it. */
async function unpacked(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  if (!isGzip) return bytes;
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
