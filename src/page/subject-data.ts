/** What a run on the page needs: MNIST or a text, its options, and the checkpoint that it continues. */
import { counted } from '../core/arguments.js';
import { typed, DataError } from '../core/errors.js';
import type { LabelledImages, Mnist } from '../data/mnist.js';
import { type Text, type TextOptions, type TextTask, textTask } from '../data/text.js';
import type { Split, TrainingData } from '../data/train-data.js';
import type { Checkpoint, SavedModel, SavedTraining } from '../training/checkpoint.js';
import { type TrainOptions, layersOf, stepCount, TEXT_OPTIONS, TUTORIAL } from '../training/options.js';
import { type Subject, type TextFacts, pageOptionsOf, TEXT_LIMITS } from './common.js';
import type { Settings } from './settings.js';

/** What a run trains, validates and is tested with; for the digest see `TrainingData`. */
export type SubjectSplit = Split<LabelledImages | Text> & Pick<TrainingData, 'digest'>;

/** Updates between two validations of a run on a text; one costs about 15 updates. */
const VALIDATE_TEXT_EVERY = 500;

/** The same for a run that reads fewer characters than `SHORT`: it soon knows them by heart, which only a validation shows. */
const VALIDATE_SHORT_EVERY = 50;
const SHORT = 50_000;

/** The data that the page has loaded. */
export class SubjectData {
  /** The images, once they are loaded. */
  mnist: Mnist | undefined;
  private text: string | undefined;
  /** The characters of the text, once it is loaded. */
  textLength: number | undefined;
  private lastTask: { readonly key: string; readonly task: TextTask } | undefined;
  /** The digest of the images: without the validation images, and with them. They are hashed once, not for each run. */
  private readonly digests: [string | undefined, string | undefined] = [undefined, undefined];

  /** Replaces the text. Throws a DataError for a text that is too short or too long; the old one then stays. */
  setText(text: string): TextFacts {
    const length = Array.from(text).length;
    const { least, most } = TEXT_LIMITS;
    if (length < least || length > most) {
      throw new DataError(
        `the text has ${counted(length, 'character')}: the page needs at least ${least}, and accepts at most ${most}`,
      );
    }
    const { train } = textTask(text);
    this.text = text;
    this.textLength = length;
    this.lastTask = undefined;
    return { length, characters: train.vocabulary.characters };
  }

  /**
   * The text, or its first `count` code points, split for sequences of T steps. Throws a DataError if it has a character that
   * `vocabulary` lacks.
   */
  textTask({ T, vocabulary }: Required<Pick<TextOptions, 'T'>> & TextOptions, count: number | null = null): TextTask {
    if (this.text === undefined) throw new DataError('the text has not been loaded');
    const key = JSON.stringify([T, vocabulary, count]);
    if (this.lastTask?.key !== key) {
      const text = count === null ? this.text : Array.from(this.text).slice(0, count).join('');
      this.lastTask = { key, task: textTask(text, { T, vocabulary }) };
    }
    return this.lastTask.task;
  }

  /** The images. Throws a DataError before they are loaded. */
  get images(): Mnist {
    if (!this.mnist) throw new DataError('the images have not been loaded');
    return this.mnist;
  }

  /** For a new run. */
  forSettings(settings: Settings): SubjectSplit {
    const { subject, T, characters } = settings;
    return subject === 'text' ? textData(this.textTask({ T }, characters)) : this.imageData(optionsOf(settings));
  }

  /** For the run of a checkpoint, whose text has `count` characters; null: all. */
  forCheckpoint(model: SavedModel, options: TrainOptions, count: number | null = null): SubjectSplit {
    const { T, vocabulary } = model;
    if (!vocabulary) return this.imageData(options);
    return namingCharacters(model, () => textData(this.textTask({ T, vocabulary }, count)));
  }

  /** Keeps the digest of a run's images for the next runs. */
  keepDigest({ model, training }: Checkpoint): void {
    if (training && !model.vocabulary) this.digests[validates(training.options)] = training.data;
  }

  private imageData(options: TrainOptions): SubjectSplit {
    return { ...this.images, digest: this.digests[validates(options)] };
  }
}

const validates = ({ validateEvery }: TrainOptions): 0 | 1 => (validateEvery === null ? 0 : 1);

const textData = ({ train, validation }: TextTask): SubjectSplit => ({ train, validation, test: validation });

/**
 * The result of `action`, which compares the text of a checkpoint of `model` with the page's. A checkpoint does not say how many
 * characters its run read, so the DataError of another text names the field.
 */
export function namingCharacters<Result>({ vocabulary }: SavedModel, action: () => Result): Result {
  try {
    return action();
  } catch (error) {
    if (!vocabulary || !(error instanceof DataError)) throw error;
    throw new DataError(
      `${error.message}. Set “Characters” to the number that the run was started with, or empty it if that was the whole text`,
    );
  }
}

/** Every option of a new run. `textLength`: the characters of the text, of which the run may read fewer. */
export function optionsOf(settings: Settings, textLength = Infinity): TrainOptions {
  const { subject, steps, batchSize, characters } = settings;
  const read = Math.min(characters ?? Infinity, textLength);
  const validateEvery = read < SHORT ? VALIDATE_SHORT_EVERY : VALIDATE_TEXT_EVERY;
  const text = { ...TEXT_OPTIONS, epochs: null, validateEvery };
  return {
    ...TUTORIAL,
    ...(subject === 'text' && text),
    ...pageOptionsOf(settings),
    trainingIters: itersFor(steps, batchSize),
  };
}

/** The `trainingIters` that makes `steps` updates (see `stepCount`): the tutorial's own value if it gives as many. */
export function itersFor(steps: number, batchSize: number): number {
  const { trainingIters } = TUTORIAL;
  const tutorialSteps = Math.ceil(trainingIters / batchSize) - 1;
  return steps === tutorialSteps ? trainingIters : steps * batchSize + 1;
}

/** The checkpoint of a run of `steps` steps. A cosine schedule depends on the length, which therefore stays. */
export function withLength(checkpoint: Checkpoint, steps: number): Checkpoint {
  const { training } = checkpoint;
  if (!training) return checkpoint;
  const { options, order, step } = training;
  const length = Math.max(steps, step);
  if (options.schedule === 'cosine' || stepCount(options, order.length) === length) return checkpoint;
  const trainingIters = itersFor(length, options.batchSize);
  return { ...checkpoint, training: { ...training, options: { ...options, trainingIters, epochs: null } } };
}

/** The training of a checkpoint. Throws a DataError if the page cannot continue it. */
export function trainingFor({ model, training }: Checkpoint, name: string, subject: Subject): SavedTraining {
  if (!training) throw new DataError(`${name}: holds only a network, not the state of its training`);
  const { task, options } = training;
  const isText = model.vocabulary !== undefined;
  if (isText !== (subject === 'text')) {
    const [other, link] = isText ? ['a text', 'Text'] : ['images', 'Digits'];
    if (isText || task === null)
      throw new DataError(`${name}: a run on ${other}: choose “${link}” at the top of the page, then load it again`);
  }
  if (!isText && task !== null)
    throw new DataError(`${name}: a run of the task “${task}”, but the page trains only on MNIST’s images`);
  const hidden = layersOf(options).map((layer) => layer.hidden);
  if (new Set(hidden).size > 1) {
    throw new DataError(
      `${name}: its layers have ${hidden.join(', ')} hidden units, but on the page all layers have the same number: ` +
        `${typed('train --resume')} can continue this run`,
    );
  }
  return training;
}
