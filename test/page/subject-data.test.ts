/** The data of the page's subjects: the options and the data of a run, and the images' digest, which is computed once. */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { itersFor, optionsOf, SubjectData } from '../../src/page/run-data.js';
import { DEFAULTS, streamsFor, TEXT_LIMITS } from '../../src/page/settings.js';
import { stepCount, TUTORIAL } from '../../src/training/options.js';
import { Training } from '../../src/training/run.js';
import { TEXT_OPTIONS } from '../../src/training/text-defaults.js';
import { smallImages } from '../helpers/small-images.js';

const TEXT = 'It was a text of some characters, repeated. '.repeat(100);

test('a run on digits has the options of `longhand train`; one on a text, those of --task text, but learns faster, and validates', () => {
  expect(optionsOf(DEFAULTS.digits)).toEqual(TUTORIAL);
  expect(optionsOf(DEFAULTS.text)).toEqual({
    ...TUTORIAL,
    ...TEXT_OPTIONS,
    epochs: null,
    trainingIters: itersFor(2260, 50),
    validateEvery: 500,
    learningRate: 0.01,
  });
  expect(stepCount(optionsOf(DEFAULTS.text), 1e6)).toBe(2260);
});

test('the images are hashed once for all runs, and once more for runs that validate', async () => {
  const data = new SubjectData();
  const images = smallImages(40, 6, 5);
  data.mnist = { train: images, validation: images, test: images };
  const settings = { ...DEFAULTS.digits, hidden: 4, batchSize: 8 };
  const options = optionsOf(settings);
  const digestOf = async (validateEvery: number | null): Promise<string> => {
    const all = { ...options, validateEvery };
    const first = Training.start(createReferenceBackend(), data.images, all);
    const checkpoint = await first.checkpoint();
    first.dispose();
    data.keepDigest(checkpoint);
    return checkpoint.training!.data;
  };
  expect(data.forSettings(settings).digest).toBeUndefined();
  const digest = await digestOf(null);
  expect(data.forSettings(settings).digest).toBe(digest);

  const second = Training.start(createReferenceBackend(), { ...data.forSettings(settings), digest: 'kept' }, options);
  const checkpoint = await second.checkpoint();
  expect(checkpoint.training!.data).toBe('kept'); // the run has not hashed the images again
  second.dispose();

  const validated = await digestOf(10);
  expect(validated).not.toBe(digest);
  const { model, training } = checkpoint;
  const validating = { ...training!.options, validateEvery: 10 };
  expect(data.forCheckpoint(model, validating).digest).toBe(validated);
  expect(data.forCheckpoint(model, training!.options).digest).toBe(digest);
});

test('a text is split for a run; one that is too short or too long is refused, and the old one stays', () => {
  const data = new SubjectData();
  expect(() => data.forSettings(DEFAULTS.text)).toThrow('the text has not been loaded');
  expect(data.setText(TEXT)).toEqual({ length: TEXT.length, characters: [...new Set(TEXT.split(''))].sort() });
  for (const wrong of ['a'.repeat(TEXT_LIMITS.least - 1), 'ab'.repeat(TEXT_LIMITS.most / 2 + 1)]) {
    expect(() => data.setText(wrong)).toThrow(`the text has ${wrong.length} characters: the page needs at least 200`);
  }
  const { train, test } = data.forSettings({ ...DEFAULTS.text, T: 30 });
  expect(train).toMatchObject({ T: 30 });
  expect('characters' in train && 'characters' in test && train.characters.length + test.characters.length).toBe(
    TEXT.length,
  );
});

test('a short text gets fewer streams and shorter sequences, at least four of them in each stream', () => {
  for (const length of [200, 333, 1000, 5000, 12_000]) {
    const { T, batchSize } = streamsFor(length, DEFAULTS.text);
    const data = new SubjectData();
    data.setText(TEXT.repeat(10).slice(0, length));
    const settings = { ...DEFAULTS.text, T, batchSize, hidden: 4 };
    const training = Training.start(createReferenceBackend(), data.forSettings(settings), optionsOf(settings));
    expect([length, Math.floor((0.95 * length - 1) / batchSize) >= 4 * T]).toEqual([length, true]);
    training.dispose();
  }
  expect(streamsFor(1_000_000, DEFAULTS.text)).toEqual({ T: 50, batchSize: 50 });
});
