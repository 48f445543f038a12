/** Some steps of the tutorial's training, at a small size, with the reader's function in the loop. */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import type { Backend } from '../core/backend.js';
import { Random } from '../core/rng.js';
import { type Tensor, stepOf, zeros } from '../core/tensor.js';
import { fillBatch } from '../data/batches.js';
import { type LabelledImages, CLASSES } from '../data/mnist.js';
import { adam, adamRate } from '../equations/adam.js';
import { crossEntropyBackward, labelRows } from '../equations/cross-entropy.js';
import { denseBackward, denseForward } from '../equations/dense.js';
import { allocateLstm } from '../equations/lstm-tensors.js';
import { lstmBackward, lstmCellBackward, lstmForward, lstmStepBackward } from '../equations/lstm.js';
import { completeConfig } from '../network/config.js';
import { initialise } from '../network/initial-values.js';
import { modelNetwork } from '../network/tutorial-network.js';
import { explained } from './answer-error.js';
import { type ProductBackward, denseFrom } from './network-answers.js';
import { toCommonJs } from './common-js.js';
import type { Language } from './folder.js';
import { evaluate } from './evaluate.js';
import type { Exercise, Trained } from './exercise.js';
import { sequenceBackward } from './given.js';

const OURS = { crossEntropyBackward, denseBackward, lstmCellBackward, lstmStepBackward, lstmBackward, adam, adamRate };

/** The functions of the training step; an answer replaces one of them. */
type Pieces = typeof OURS & Record<Trained, unknown>;

/** T and I are those of the images. */
const [B, H] = [32, 32];
const LEARNING_RATE = 0.005;
export const TRAINING_STEPS = 30;
/** Every image is read once. */
export const IMAGE_COUNT = TRAINING_STEPS * B;

/** The loss of every step with the project's own functions. */
export const rightLosses = (images: LabelledImages): Generator<number, void> => lossesOf(OURS, images);

/** The same with the exercise's function from `source`. Throws an AnswerError. `exercise` must have `trains`. */
export function* answerLosses(
  { trains }: Exercise,
  source: string,
  images: LabelledImages,
  language: Language = 'typescript',
): Generator<number, void> {
  if (trains === undefined) throw new Error('this exercise’s function is not used by a training step');
  const isProduct = trains === 'denseBackward';
  const answer = evaluate(toCommonJs(source, language), { exports: [isProduct ? 'productBackward' : trains] });
  const own = isProduct ? denseFrom(answer.productBackward as ProductBackward) : answer[trains];
  const rate = answer.adamRate ?? adamRate;
  const pieces = { ...OURS, [trains]: own, adamRate: rate } as Pieces;
  if (trains === 'lstmStepBackward')
    pieces.lstmBackward = (backend, lstm) => sequenceBackward(backend, lstm, pieces.lstmStepBackward);
  const losses = lossesOf(pieces, images);
  for (;;) {
    const { done, value } = explained(() => losses.next());
    if (done) return;
    yield value;
  }
}

function* lossesOf(pieces: Pieces, images: LabelledImages): Generator<number, void> {
  const { rows: T, columns: I } = images;
  const backend: Backend = {
    ...createReferenceBackend(),
    lstmCellBackward: pieces.lstmCellBackward,
    adam: pieces.adam,
  };
  const lstm = allocateLstm(backend, { T, B, I, H });
  const tensor = (...shape: number[]): Tensor => zeros(shape);
  const output = { W: tensor(H, CLASSES), dW: tensor(H, CLASSES), b: tensor(CLASSES), db: tensor(CLASSES) };
  const loss = {
    logits: tensor(B, CLASSES),
    dLogits: tensor(B, CLASSES),
    p: tensor(B, CLASSES),
    losses: tensor(B),
    labels: tensor(B),
  };
  const parameters = [
    { name: 'kernel', value: lstm.kernel, gradient: lstm.dKernel },
    { name: 'bias', value: lstm.bias, gradient: lstm.dBias },
    { name: 'outKernel', value: output.W, gradient: output.dW },
    { name: 'outBias', value: output.b, gradient: output.db },
  ];
  const config = completeConfig(modelNetwork({ I: lstm.sizes.I, H: lstm.sizes.H, C: CLASSES }, lstm.forgetBias));
  initialise(parameters, new Random(1), { output: 'glorot', bias: 'zeros', T, config });
  const moments = parameters.map(({ value }) => ({ m: zeros(value.shape), v: zeros(value.shape) }));

  for (let step = 1; step <= TRAINING_STEPS; step++) {
    fillBatch(
      lstm.x,
      loss.labels,
      images,
      Array.from({ length: B }, (_, b) => ((step - 1) * B + b) % images.count),
    );
    lstmForward(backend, lstm);
    const [h, dh] = [stepOf(lstm.h, T), stepOf(lstm.dhUpstream, T)];
    denseForward(backend, loss.logits, [h], output.W, output.b);
    backend.crossEntropyForward(loss.losses, loss.p, loss.logits, loss.labels);
    yield [...loss.losses.data].reduce((sum, one) => sum + one, 0) / B;

    pieces.crossEntropyBackward(loss.dLogits, loss.p, labelRows(loss.labels), B);
    pieces.denseBackward(backend, [dh], output.dW, output.db, loss.dLogits, [h], output.W);
    pieces.lstmBackward(backend, lstm);
    const rate = pieces.adamRate(LEARNING_RATE, step);
    parameters.forEach(({ value, gradient }, k) => backend.adam(value, moments[k].m, moments[k].v, gradient, rate));
  }
}
