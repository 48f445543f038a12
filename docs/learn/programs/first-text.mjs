/**
 * An LSTM learns to write: what it writes before training, and after some updates. The beginning of docs/learn/what-an-rnn-is.md. It runs in
 * Node, by first-text-samples.mjs, and in the browser.
 */
import { sample, textTask, Training } from 'longhand';

/** Characters of Moby-Dick that it reads, from the beginning of the first chapter. */
export const CHARACTERS = 300_000;

/**
 * The part of Moby-Dick that begins with its first sentence; one space in place of line breaks.
 *
 * @param {string} book
 * @returns {string}
 */
export function beginningOf(book) {
  const first = book.indexOf('Call me Ishmael');
  return book.slice(first, first + CHARACTERS).replace(/\s+/g, ' ');
}

/** The updates after which it writes. */
export const AFTER = [0, 100, 500, 2000];
const [T, BATCH] = [40, 20];

/**
 * Trains on `text`. Calls `onSample` after each update of `after` with 160 characters, and `onUpdate` after every one.
 *
 * @param {import('longhand').Backend} backend
 * @param {string} text
 * @param {(sample: { update: number, text: string }) => unknown} onSample
 * @param {(update: number) => unknown} [onUpdate]
 * @param {readonly number[]} [after]
 */
export async function learnToWrite(backend, text, onSample, onUpdate = () => {}, after = AFTER) {
  const { train } = textTask(text, { T });
  const options = { hidden: 96, batchSize: BATCH, learningRate: 0.006, clipNorm: 1, outputInit: 'glorot' };
  const training = Training.start(
    backend,
    { train, validation: undefined },
    { ...options, trainingIters: BATCH * 4000 },
  );
  for (let update = 0; update <= after.at(-1); update++) {
    if (update > 0) await training.makeStep();
    await onUpdate(update);
    if (!after.includes(update)) continue;
    let written = '';
    for await (const character of sample(training.network, train.vocabulary, { prime: 'The ', length: 156 }))
      written += character;
    await onSample({ update, text: `The ${written}` });
  }
  training.dispose();
}
