/** The page's writer: the text of `sample`, with the likeliest characters of every distribution, in groups. */
import { jest } from '@jest/globals';
import { createWasmBackend } from '../../kernels/wasm/index.js';
import { DataError } from '../../src/core/errors.js';
import { type Vocabulary, classesIn, vocabularyOf } from '../../src/data/text.js';
import { Network } from '../../src/door/network.js';
import type { TextModel } from '../../src/page/text/text-writer.js';
import { likeliest } from '../../src/page/text/text-writer.js';
import type { WriteRequest, WrittenChoice } from '../../src/page/text/text-writer.js';
import { TextWriter } from '../../src/page/text/text-writer.js';
import { sample } from '../../src/training/sample.js';
import { countingBackend } from '../helpers/backends.js';
import { failureOf } from '../helpers/failures.js';
import { C, modelOf, surprises, vocabulary } from '../helpers/random-model.js';

describe('a writer', () => {
  const request: WriteRequest = { prefix: 'to be', length: 40, temperature: 1.2, top: 20, seed: 9 };

  function writerOf(model: TextModel): TextWriter {
    const writer = new TextWriter();
    writer.load(model);
    return writer;
  }

  async function written(writer: TextWriter, asked: WriteRequest): Promise<WrittenChoice[]> {
    const all: WrittenChoice[] = [];
    await writer.write(asked, (characters) => void all.push(...characters));
    return all;
  }

  const textOf = (all: readonly WrittenChoice[]): string => all.map(({ character }) => character).join('');

  /** What `sample` writes on the same kind of backend. */
  async function sampled(model: TextModel, { prefix, ...options }: WriteRequest): Promise<string> {
    const backend = await createWasmBackend({ threads: 1 });
    const network = new Network(backend, model.network, { T: 1, B: 1 });
    network.load(model.parameters);
    let text = '';
    for await (const character of sample(network, model.vocabulary, { ...options, prime: prefix })) text += character;
    await backend.dispose();
    return text;
  }

  test.each([
    request,
    { ...request, prefix: '' },
    { ...request, temperature: 0 },
    { ...request, prefix: '😀', top: 2 },
  ])('writes the text of sample: %j', async (asked) => {
    const model = await modelOf([7, 6]);
    const writer = writerOf(model);
    const text = await sampled(model, asked);
    expect(textOf(await written(writer, asked))).toBe(text);
    expect(textOf(await written(writer, asked))).toBe(text); // from a zero state again
    expect(Array.from(text)).toHaveLength(40);
  });

  test('reports the likeliest characters of each distribution, the likeliest first', async () => {
    const model = await modelOf([7]);
    const writer = writerOf(model);
    for (const asked of [request, { ...request, prefix: '', temperature: 1, top: C }, { ...request, top: 3 }]) {
      const all = await written(writer, asked);
      const classes = classesIn(asked.prefix + textOf(all), vocabulary);
      const expected = surprises(model, classes);
      expect(structuredClone(all)).toEqual(all);
      all.forEach(({ character, choices }, n) => {
        const probabilities = choices.map(({ probability }) => probability);
        expect(choices).toHaveLength(Math.min(12, asked.top));
        expect([...probabilities].sort((a, b) => b - a)).toEqual(probabilities);
        for (const probability of probabilities) expect(probability).toBeGreaterThan(0);
        expect(probabilities.reduce((sum, probability) => sum + probability, 0)).toBeLessThanOrEqual(1 + 1e-12);
        if (asked.top <= 12) expect(choices.map((choice) => choice.character)).toContain(character);
        const at = asked.prefix.length + n - 1; // the character after which it was written
        if (at < 0) {
          expect(probabilities).toEqual(Array(12).fill(1 / C));
          return;
        }
        const k = classesIn(choices[0].character, vocabulary)[0];
        expect(expected[at][k]).toBeCloseTo(Math.min(...expected[at]), 5);
        if (asked.temperature === 1) expect(probabilities[0]).toBeCloseTo(Math.exp(-expected[at][k]), 5);
      });
    }
  });

  test('reports one character if one is asked for, and several in a group otherwise', async () => {
    const writer = writerOf(await modelOf([7]));
    const groups: number[] = [];
    await writer.write({ ...request, length: 1 }, (characters) => void groups.push(characters.length));
    expect(groups).toEqual([1]);
    groups.length = 0;
    await writer.write({ ...request, length: 600 }, async (characters) => void groups.push(characters.length));
    expect(groups.reduce((sum, one) => sum + one, 0)).toBe(600);
    expect(groups.length).toBeLessThan(300);
  });

  test('stops and reports nothing more after an abort; then it can write again', async () => {
    const writer = writerOf(await modelOf([7]));
    const abort = new AbortController();
    const reports: unknown[] = [];
    const report = (characters: readonly WrittenChoice[]): void => {
      if (reports.push(characters) === 2) abort.abort();
    };
    await writer.write({ ...request, length: 1e9 }, report, abort.signal);
    expect(reports).toHaveLength(2);
    await writer.write(request, report, abort.signal);
    expect(reports).toHaveLength(2);
    expect(await written(writer, request)).toHaveLength(40);
  });

  test('reports nothing if the abort comes after the last character', async () => {
    const writer = writerOf(await modelOf([7]));
    let looks = 0;
    const signal = {
      get aborted() {
        return ++looks > 3; // before the first character, after each of two, and before the report
      },
    } as AbortSignal;
    const reports: unknown[] = [];
    const clock = jest.spyOn(performance, 'now').mockReturnValue(0); // a report is due after 30 ms
    await writer.write({ ...request, length: 2 }, (characters) => void reports.push(characters), signal);
    clock.mockRestore();
    expect([looks, reports]).toEqual([4, []]);
  });

  test('lets timers run while it writes', async () => {
    const writer = writerOf(await modelOf([7]));
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 60);
    await writer.write({ ...request, length: 1e9 }, () => {}, abort.signal);
    expect(abort.signal.aborted).toBe(true);
  });

  test('lets timers run while it reads the prefix', async () => {
    const writer = writerOf(await modelOf([40]));
    let hasFired = false;
    setTimeout(() => (hasFired = true), 60);
    await writer.write({ ...request, prefix: 'to be '.repeat(5000), length: 1 }, () => expect(hasFired).toBe(true));
    expect.assertions(1);
  });

  test('writes with the model that was loaded at the call, and frees the network before', async () => {
    const [first, second, wider] = await Promise.all([modelOf([7]), modelOf([7], 5), modelOf([9, 3])]);
    const { backend, held } = countingBackend();
    let created = 0;
    const writer = new TextWriter(async () => {
      created++;
      return backend;
    });
    const alone: string[] = [];
    const counts: number[] = [];
    for (const model of [first, second, wider, first]) {
      writer.load(model);
      alone.push(textOf(await written(writer, request)));
      counts.push(held.size);
    }
    const together = [first, second, wider].map((model) => {
      writer.load(model);
      return written(writer, request);
    });
    expect((await Promise.all(together)).map(textOf)).toEqual(alone.slice(0, 3));
    expect(new Set(alone).size).toBe(3);
    expect(created).toBe(1);
    expect(counts[1]).toBe(counts[0]);
    expect(counts[3]).toBe(counts[0]);
  });

  test('samples a text without a prefix', async () => {
    const model = await modelOf([7]);
    const writer = writerOf(model);
    const options = { length: 50, temperature: 0.9, seed: 4 };
    expect(await writer.sample(50, 0.9, 4)).toBe(await sampled(model, { ...options, prefix: '', top: 40 }));
  });

  test('refuses unknown characters, wrong numbers, other networks, and to write without a model', async () => {
    const writer = new TextWriter();
    expect(await failureOf(written(writer, request))).toEqual(
      new DataError('no network that writes text has been loaded'),
    );
    const model = await modelOf([7]);
    writer.load(model);
    expect(await failureOf(written(writer, { ...request, prefix: 'tô' }))).toEqual(
      new DataError(`prime: character 1 is "ô" (U+00F4), which is not among the ${C} of the vocabulary`),
    );
    expect(await failureOf(written(writer, { ...request, top: 0 }))).toEqual(
      new RangeError('sample: top 0: must be a whole number ≥ 1'),
    );
    expect(() => writer.load({ ...model, vocabulary: vocabularyOf('abc') })).toThrow(DataError);
    expect(await written(writer, request)).toHaveLength(40);
  });

  test('shows the class of all other characters as U+FFFD, and leaves out what cannot be drawn', () => {
    const other: Vocabulary = { characters: ['a', 'b', 'c'], hasOther: true };
    expect(likeliest([0.25, 0, 0.25, 0.5], other)).toEqual([
      { character: '\ufffd', probability: 0.5 },
      { character: 'a', probability: 0.25 },
      { character: 'c', probability: 0.25 },
    ]);
  });
});
