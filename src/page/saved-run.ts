/** The checkpoints of the page's runs: which of them the page can continue, and the length of those that it saves. */
import { DataError } from '../core/errors.js';
import type { Checkpoint, SavedTraining } from '../training/checkpoint.js';
import { layersOf, stepCount } from '../training/options.js';
import type { Subject } from './settings.js';
import { itersFor } from './subject-data.js';

/** The checkpoint of a run of `steps` steps. A cosine schedule depends on the length, which therefore stays. */
export function withLength({ model, training }: Checkpoint, steps: number): Checkpoint {
  if (!training) return { model, training };
  const { options, order, step } = training;
  const length = Math.max(steps, step);
  if (options.schedule === 'cosine' || stepCount(options, order.length) === length) return { model, training };
  const trainingIters = itersFor(length, options.batchSize);
  return { model, training: { ...training, options: { ...options, trainingIters, epochs: null } } };
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
  if (!isText && task !== null) {
    throw new DataError(`${name}: a run of the task “${task}”, but the page trains only on MNIST’s images`);
  }
  const hidden = layersOf(options).map((layer) => layer.hidden);
  if (new Set(hidden).size > 1) {
    throw new DataError(
      `${name}: its layers have ${hidden.join(', ')} hidden units, but on the page all layers have the same number: ` +
        'longhand train --resume can continue this run',
    );
  }
  return training;
}
