/** Texts: vocabularies, streams, carried states, evaluation, and runs that are resumed. */
import { readFileSync } from 'node:fs';
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { DataError, NonFiniteError } from '../../src/core/errors.js';
import { Random } from '../../src/core/rng.js';
import { valuesOf, zeros } from '../../src/core/tensor.js';
import { loadText, packagedText } from '../../src/data/text-files.js';
import type { Text, Vocabulary } from '../../src/data/text.js';
import { classCount, classesIn, textOf, textTask, vocabularyOf } from '../../src/data/text.js';
import { examplesOf } from '../../src/data/train-data.js';
import { Network } from '../../src/door/network.js';
import { type Checkpoint, checkpointBytes, parseCheckpoint } from '../../src/training/checkpoint.js';
import { evaluate } from '../../src/door/predict.js';
import { resumeTraining, train } from '../../src/door/train.js';
import type { TrainOptions } from '../../src/training/options.js';
import { Training } from '../../src/door/training.js';
import { changedCheckpoint, inJson, refusalOf } from '../helpers/changed-files.js';
import { countingBackend } from '../helpers/backends.js';
import { dataErrorOf, failureOf } from '../helpers/failures.js';

const backend = createReferenceBackend();
const TEXT = Array.from({ length: 40 }, (_, n) => 'a rose is a rose; '.slice(n % 5)).join('');

/** Classes 0 … count-1, whose value shows their place. */
const numbered = (count: number, T: number): Text => ({
  characters: Uint32Array.from({ length: count }, (_, n) => n),
  vocabulary: {
    characters: Array.from({ length: count }, (_, n) => String.fromCodePoint(0x4e00 + n)),
    hasOther: false,
  },
  T,
});

describe('a vocabulary', () => {
  test('has every character once, by code point; a code point above U+FFFF is one character', () => {
    expect(vocabularyOf('b𝄞a\u4e00b\r\n')).toEqual({ characters: ['\n', '\r', 'a', 'b', '一', '𝄞'], hasOther: false });
  });

  test('joins rare characters in one class, which also takes unknown ones', () => {
    const vocabulary = vocabularyOf('aaabbc', 2);
    expect(vocabulary).toEqual({ characters: ['a', 'b'], hasOther: true });
    expect(classCount(vocabulary)).toBe(3);
    expect([...classesIn('abcz', vocabulary)]).toEqual([0, 1, 2, 2]);
    expect(textOf([1, 0, 2], vocabulary)).toBe('ba\ufffd');
  });

  test('is not chosen twice: by its rare characters, and by a vocabulary', () => {
    const vocabulary = vocabularyOf('aaabbc', 2);
    expect(() => textTask('aabbcc', { vocabulary, rare: 2 })).toThrow(
      new TypeError('textTask: rare 2 with a vocabulary, which says what is rare: give one of them'),
    );
    expect(textTask('aabbcc', { vocabulary, rare: 0 }).train.vocabulary).toBe(vocabulary);
  });

  test('refuses an unknown character if there is no such class, and names it', () => {
    expect(() => classesIn('ab\u0007', vocabularyOf('ab'))).toThrow(
      new DataError('text: character 2 is "\\u0007" (U+0007), which is not among the 2 of the vocabulary'),
    );
  });

  test('turns a text into classes and back', () => {
    const text = 'Ἐν ἀρχῇ ἦν ὁ Λόγος 𝄞\r\n';
    const vocabulary = vocabularyOf(text);
    expect(textOf(classesIn(text, vocabulary), vocabulary)).toBe(text);
  });

  test.each([-1, 1.5, 999, NaN])('turns no %d into a character', (wrong) => {
    expect(() => textOf([0, wrong], vocabularyOf('ab'))).toThrow(
      new RangeError(`textOf: classes[1] is ${wrong}: must be a whole number from 0 to 1`),
    );
  });

  test('turns only a list of classes of a vocabulary into a text', () => {
    const anyTextOf = textOf as (...given: unknown[]) => string;
    expect(() => anyTextOf('ab', vocabularyOf('ab'))).toThrow(
      new TypeError('textOf: classes is "ab": must be an array of numbers, or a typed array'),
    );
    expect(() => anyTextOf([0])).toThrow(
      new DataError('vocabulary is undefined: must have characters, a list, and hasOther, true or false'),
    );
  });

  test.each([
    ['', 'a text with 0 different characters: at least 2 are necessary'],
    ['aaaa', 'a text with 1 different character: at least 2 are necessary'],
    ['aba', 'a text of 3 characters: at least 4 are necessary'],
  ])('of %j: a text that is too short is refused', (text, message) => {
    expect(() => textTask(text)).toThrow(new DataError(message));
  });
});

test('a text is split: the first 95% and the last 5%, at least two characters', () => {
  const task = (count: number): number[] => {
    const { train: first, validation } = textTask('ab'.repeat(count / 2));
    return [first.characters.length, validation.characters.length];
  };
  expect([4, 20, 200].map(task)).toEqual([
    [2, 2],
    [18, 2],
    [190, 10],
  ]);
});

test('the installed text is as docs/tasks.md describes it: single characters have 4.47 bits', () => {
  const text = loadText(packagedText());
  const vocabulary = vocabularyOf(text);
  const counts = new Float64Array(classCount(vocabulary));
  const classes = classesIn(text, vocabulary);
  for (const index of classes) counts[index]++;
  const bits = counts.reduce((sum, count) => sum - (count / classes.length) * Math.log2(count / classes.length), 0);
  expect([classes.length, counts.length, bits.toFixed(2)]).toEqual([1_190_317, 83, '4.47']);
  expect(readFileSync('docs/tasks.md', 'utf8')).toContain(`${bits.toFixed(2)} bits for each character of Moby-Dick`);
});

describe('streams', () => {
  /** x and the labels of every batch, as rows of streams. */
  const batchesOf = (text: Text, B: number, toEnd: boolean): string[][] => {
    const examples = examplesOf('data', text, { B, toEnd });
    return Array.from({ length: examples.count / B }, (_, k) => {
      const x = zeros([text.T, B]);
      const { targets } = examples.fill(
        x,
        Uint32Array.from({ length: B }, (_one, b) => k * B + b),
      );
      return Array.from({ length: B }, (_one, b) =>
        Array.from({ length: text.T }, (_two, t) => `${x.get(t, b)}>${(targets.labels as Int32Array)[t * B + b]}`).join(
          ' ',
        ),
      );
    });
  };

  test('in training have full batches, which continue each other', () => {
    // 22 characters, 21 predictions: 3 streams of 7, each of 2 batches of 3; one prediction of each stream is left out
    expect(batchesOf(numbered(22, 3), 3, false)).toEqual([
      ['0>1 1>2 2>3', '7>8 8>9 9>10', '14>15 15>16 16>17'],
      ['3>4 4>5 5>6', '10>11 11>12 12>13', '17>18 18>19 19>20'],
    ]);
  });

  test('in evaluation predict every character but the first, once', () => {
    for (const [count, T, B] of [
      [22, 3, 3],
      [23, 4, 5],
      [2, 3, 1],
      [5, 2, 7],
    ]) {
      const labels = batchesOf(numbered(count, T), B, true)
        .flat()
        .flatMap((row) => row.split(' '))
        .filter((pair) => !pair.endsWith('>-1'));
      expect(labels.sort((a, b) => parseInt(a) - parseInt(b))).toEqual(
        Array.from({ length: count - 1 }, (_, n) => `${n}>${n + 1}`),
      );
    }
  });

  test('need B·T + 1 characters', async () => {
    const options = { batchSize: 4, hidden: 2, epochs: 1 };
    await expect(train(backend, numbered(21, 5), options)).resolves.toBeInstanceOf(Network);
    expect(await failureOf(train(backend, numbered(20, 5), options))).toEqual(
      new DataError('train: data: a text of 20 characters: 4 streams of 5 steps need at least 21'),
    );
  });
});

describe('the evaluation of a text', () => {
  const { train: text } = textTask(TEXT, { T: 7 });
  const classes = classCount(text.vocabulary);
  const sizes = { inputs: classes, layers: [{ hidden: 4 }, { hidden: 3 }], outputs: classes } as const;
  const networkOf = (T: number, B: number): Network => {
    const network = new Network(backend, { ...sizes, inputKind: 'classes', reads: 'every' }, { T, B });
    network.initialise(new Random(5), 'glorot');
    return network;
  };

  test('carries the state from batch to batch: the loss is that of one pass over the whole text', async () => {
    const whole = await evaluate(networkOf(text.characters.length - 1, 1), { ...text, T: text.characters.length - 1 });
    const parts = await evaluate(networkOf(7, 1), text);
    expect(parts.count).toBe(text.characters.length - 1);
    expect(parts.loss).toBeCloseTo(whole.loss, 6);
  });

  test('is the same for every batch size, and frees what it allocates', async () => {
    const { loss, count, predicted, correct } = await evaluate(networkOf(7, 1), text);
    for (const B of [2, 5, 900]) {
      const { backend: counting, held } = countingBackend();
      const network = new Network(counting, { ...sizes, inputKind: 'classes', reads: 'every' }, { T: 7, B });
      network.initialise(new Random(5), 'glorot');
      const before = held.size;
      expect(await evaluate(network, text)).toMatchObject({ loss, count, predicted, correct });
      expect(held.size).toBe(before);
    }
  });

  test('refuses a loss that is NaN, and says so', async () => {
    for (const B of [1, 3]) {
      const network = networkOf(7, B);
      for (const { name, value } of network.parameters) if (name === 'outKernel') value.data.fill(3e38);
      for (const { value } of network.parameters) if (value.dimension === 1) value.data.fill(30);
      const failure = await failureOf(evaluate(network, text));
      expect(failure).toBeInstanceOf(NonFiniteError);
      expect(String(failure)).toMatch(
        /evaluate: loss is NaN: a number in the network has overflowed: its weights are too/,
      );
    }
  });

  test('leaves the initial states zero', async () => {
    const network = networkOf(7, 2);
    await evaluate(network, text);
    for (const { initial } of network.layers.flat()) expect(Math.max(...valuesOf(initial.h).map(Math.abs))).toBe(0);
  });
});

describe('training on a text', () => {
  const { train: text, validation } = textTask(TEXT, { T: 5 });
  const OPTIONS: Partial<TrainOptions> = { hidden: [6, 5], batchSize: 4, learningRate: 0.05, clipNorm: 1, epochs: 3 };
  /** The checkpoints of a run, every 7 steps. */
  const checkpointsOf = async (change: Partial<TrainOptions>, hooks: object = {}): Promise<Checkpoint[]> => {
    const saved: Checkpoint[] = [];
    const onCheckpoint = (checkpoint: Checkpoint): void => void saved.push(checkpoint);
    await train(backend, text, { ...OPTIONS, ...change }, { onCheckpoint, checkpointEvery: 7, ...hooks });
    return saved;
  };
  const bytesOf = (checkpoint: Checkpoint): string => Buffer.from(checkpointBytes(checkpoint)).toString('base64');

  test('learns it', async () => {
    const network = await train(backend, text, { ...OPTIONS, epochs: 12 });
    expect((await evaluate(network, text)).loss).toBeLessThan(0.5 * Math.log(classCount(text.vocabulary)));
  });

  test.each<[string, Vocabulary, string]>([
    ['one other character', vocabularyOf('!'.concat(TEXT.replaceAll(' ', ''))), 'class 0 is "!", but must be " "'],
    ['a class for others', { ...text.vocabulary, hasOther: true }, 'classes'],
  ])('refuses a validation text whose vocabulary has %s', async (_, vocabulary, message) => {
    const other = { ...validation, characters: validation.characters.map((index) => index % 5), vocabulary };
    const training = train(backend, text, { ...OPTIONS, validateEvery: 7 }, { validation: other });
    expect(await dataErrorOf(training)).toContain(message);
  });

  test('is not resumed with another vocabulary, although the caller gives the digest of its data', async () => {
    const [saved] = await checkpointsOf({});
    const vocabulary = vocabularyOf('!'.concat(TEXT.replaceAll(' ', '')));
    const data = { train: { ...text, vocabulary }, validation: undefined, digest: saved.training!.data };
    expect(() => Training.resume(backend, data, saved)).toThrow(
      'resume: data: another vocabulary: class 0 is "!", but must be " "',
    );
  });

  test('lines and validations change no bit', async () => {
    const quiet = await checkpointsOf({ displayStep: 1000 });
    const noisy = await checkpointsOf({ displayStep: 1, validateEvery: 2 }, { validation });
    expect(noisy.at(-1)!.model).toEqual(quiet.at(-1)!.model);
    expect(noisy.at(-1)!.training!.states).toEqual(quiet.at(-1)!.training!.states);
  });

  test('a line is about the step’s batch, from the state with which the step began', async () => {
    const lines: number[] = [];
    const saved = await checkpointsOf({ displayStep: 8 }, { onLine: ({ loss }: { loss: number }) => lines.push(loss) });
    // step 8 begins with the states of the checkpoint at step 7; the weights of the line are those after step 8
    const after = await checkpointsOf({ epochs: null, trainingIters: 4 * 8 + 1 });
    const { network, parameters, T } = after.at(-1)!.model;
    expect(after.at(-1)!.training!.step).toBe(8);
    const again = new Network(backend, network, { T, B: 4 });
    again.load(parameters);
    const { states } = saved[0].training!;
    again.layers.flat().forEach(({ initial }, n) => {
      backend.copy(initial.h, states[`h0.${n}`]);
      backend.copy(initial.c, states[`c0.${n}`]);
    });
    const examples = examplesOf('data', text, { B: 4, toEnd: false });
    const { targets } = examples.fill(again.activations.x, Uint32Array.of(28, 29, 30, 31));
    again.setTargets(targets);
    again.forward();
    expect(lines[0]).toBe((await again.metrics()).loss);
  });

  test.each([0, 1])('resumed in the midst of an epoch, it makes the same bytes (checkpoint %d)', async (n) => {
    const saved = await checkpointsOf({});
    const middle = parseCheckpoint(checkpointBytes(saved[n]), 'f');
    expect(middle).toEqual(saved[n]);
    expect(middle.training!.cursor).toBeGreaterThan(0);
    expect(Math.max(...valuesOf(middle.training!.states['h0.0']).map(Math.abs))).toBeGreaterThan(0);
    const resumed: Checkpoint[] = [];
    await resumeTraining(backend, text, middle, {}, { onCheckpoint: (checkpoint) => resumed.push(checkpoint) });
    expect(bytesOf(resumed.at(-1)!)).toBe(bytesOf(saved.at(-1)!));
  });

  test('a checkpoint holds the vocabulary, and is refused if the network has other classes', async () => {
    const [saved] = await checkpointsOf({});
    expect(parseCheckpoint(checkpointBytes(saved), 'f').model.vocabulary).toEqual(text.vocabulary);
    const { model } = saved;
    const spoilt =
      (vocabulary: unknown): (() => unknown) =>
      () =>
        checkpointBytes({ model: { ...model, vocabulary } as Checkpoint['model'], training: null });
    const { characters } = text.vocabulary;
    expect(spoilt({ characters: characters.slice(1), hasOther: false })).toThrow(
      `checkpoint: model: a vocabulary of ${characters.length - 1} classes, but the network reads ${characters.length} classes`,
    );
    expect(spoilt({ characters: [...characters].reverse(), hasOther: false })).toThrow('in the order of code points');
    expect(spoilt({ characters: characters.map((one) => `${one}x`), hasOther: false })).toThrow(
      'must be one character',
    );
    expect(spoilt({ characters: 'abc', hasOther: false })).toThrow('must have characters, a list');
  });

  test.each([5, null])('a checkpoint with %p in place of a character is refused', async (one) => {
    const [saved] = await checkpointsOf({});
    const change = inJson('model', ({ vocabulary }) => ((vocabulary as { characters: unknown[] }).characters[3] = one));
    expect(refusalOf(checkpointBytes(saved), change)).toBe(
      `f: model: vocabulary: characters[3] is ${one}: must be one character, in the order of code points`,
    );
  });

  test.each<[Partial<TrainOptions>, string]>([
    [{ shuffle: 'legacy' }, 'shuffle legacy: must be left out for a text, which is read in order'],
    [{ shift: 3 }, 'shift 3: must be 0, because only images can be moved'],
  ])('a checkpoint with %j is not resumed', async (change, message) => {
    const [saved] = await checkpointsOf({});
    const withOption = inJson('options', (options) => Object.assign(options, change));
    const checkpoint = parseCheckpoint(changedCheckpoint(checkpointBytes(saved), withOption), 'f');
    expect(await dataErrorOf(resumeTraining(backend, text, checkpoint))).toBe(
      `resume: the checkpoint has an option that its data cannot have: ${message}`,
    );
  });

  test.each<[Partial<TrainOptions>, string]>([
    [
      { bidirectional: true },
      'train: bidirectional: must be false for a text: the reverse direction reads what is predicted',
    ],
    [{ shuffle: 'legacy' }, 'train: shuffle legacy: must be left out for a text, which is read in order'],
    [{ shift: 1 }, 'train: shift 1: must be 0, because only images can be moved'],
  ])('refuses %j', async (change, message) => {
    expect(await failureOf(train(backend, text, { ...OPTIONS, ...change }))).toEqual(new RangeError(message));
  });

  test.each<[Partial<Text>, string]>([
    [{ characters: [0, 1] as never }, 'characters is an Array: must be a Uint32Array of classes'],
    [{ characters: Uint32Array.of(0, 1, 99, 1, 0) }, 'characters[2] is 99: must be a class 0…7'],
    [{ T: 0 }, 'T is 0: must be a whole number ≥ 1'],
    [{ vocabulary: { characters: ['a'], hasOther: false } }, 'vocabulary has 1 character: at least 2 classes'],
    [{ voc: 1 } as never, 'voc: unknown option'],
  ])('refuses a text with %j', async (change, message) => {
    const failure = await failureOf(train(backend, { ...text, ...change }, OPTIONS));
    expect(String(failure)).toContain(message);
  });
});
