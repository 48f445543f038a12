/** The page's settings, their defaults and ranges, and the data of a run: its options, its text, and the images' digest, which is computed once. */
import fc from 'fast-check';
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { pageOptionsOf, SUBJECTS, TEXT_LIMITS } from '../../src/page/common.js';
import { fromQuery, toQuery } from '../../src/page/link.js';
import { type Settings, DEFAULTS, FIELDS, fittedTo, streamsFor } from '../../src/page/settings.js';
import { itersFor, namingCharacters, optionsOf, SubjectData } from '../../src/page/subject-data.js';
import { OPTIONS } from '../../src/training/option-table.js';
import { stepCount, TEXT_OPTIONS, TUTORIAL } from '../../src/training/options.js';
import { Training } from '../../src/door/training.js';
import { smallImages } from '../helpers/small-data.js';

test.each(['0x10', '0b11', '0o7', 'Infinity', 'ten', '', ' ', '1 2', '+5'])('%j is not a number', (text) => {
  expect(FIELDS.hidden.valueOf(text)).toBeUndefined();
  expect(fromQuery(`?hidden=${encodeURIComponent(text)}`).hidden).toBe(fromQuery('').hidden);
});

test('a learning rate must be above 0, and a number that would become 0 is refused', () => {
  expect(FIELDS.learningRate.valueOf('1e-400')).toBeUndefined();
  expect(FIELDS.learningRate.valueOf('0')).toBeUndefined();
  expect(FIELDS.learningRate.valueOf('1e-3')).toBe(0.001);
  expect(FIELDS.learningRate.rule).toBe('must be a number above 0, at most 3.4028235e+38');
});

test('spaces around a number are ignored, and a link restores the settings that it was made from', () => {
  expect(FIELDS.hidden.valueOf(' 64 ')).toBe(64);
  const settings = { ...fromQuery(''), hidden: 64, learningRate: 5e-4, rateChanges: [{ step: 120, rate: 1e-5 }] };
  expect(fromQuery(toQuery(settings))).toEqual(settings);
});

/** Links, what the page reads in them, and the link that it writes for that. */
test.each<[string, Record<string, unknown>, string?]>([
  ['?machine=webgl2', { backend: 'webgl2' }, '?backend=webgl2'], // an old link
  ['?backend=webgpu&machine=webgl2', { backend: 'webgpu' }, '?backend=webgpu'],
  ['?compute=gpu', { backend: 'gpu' }],
  ['?compute=automatic', { backend: 'automatic' }],
  ['?backend=webgpu', { backend: 'webgpu' }],
  ['?backend=reference', { backend: 'reference' }],
  ['?subject=text&compute=gpu', { subject: 'text', backend: 'gpu' }],
  ['?compute=gpu&backend=webgl2', { backend: 'gpu' }, '?compute=gpu'],
  ['?compute=cores&backend=webgl2', { backend: 'wasm' }, ''],
  ['?compute=abacus', { backend: 'wasm' }, ''],
  ['?backend=gpu', { backend: 'wasm' }, ''],
  ['?layers=3&bidirectional=true&lstm=5', { layers: 3, bidirectional: true, lstm: 5 }],
  ['?bidirectional=false&layers=1&lstm=0', { layers: 1, bidirectional: false, lstm: 0 }, ''],
  ['?planted=no-memory', { planted: 'no-memory' }],
  ['?planted=no-bias', { planted: 'none' }, ''], // not on the page
  ['?subject=text&planted=no-memory', { planted: 'none' }, '?subject=text'],
  ['?forgetBias=-2.5', { forgetBias: -2.5 }],
  ['?forgetBias=21', { forgetBias: 1 }, ''],
  ['?characters=5000', { characters: null }, ''],
  ['?subject=text&characters=5000', { characters: 5000 }],
])('%s', (query, values, written = query) => {
  const state = fromQuery(query);
  expect(state).toEqual({ ...DEFAULTS[state.subject], ...values });
  expect(toQuery(state)).toBe(written);
});

describe('a field of a link', () => {
  /** What the page does with an address: the state, and the sentences beside the run. */
  const read = (query: string) => {
    const faults: string[] = [];
    return { state: fromQuery(query, (fault) => faults.push(fault)), faults };
  };
  const NAMES = [...Object.keys(DEFAULTS.digits).filter((name) => name !== 'subject'), 'compute', 'machine'];
  /** These accept every text that is not too long. */
  const WORDS = ['reading', 'prompt'];
  const fields = SUBJECTS.flatMap((subject) => NAMES.map((name) => [subject, name] as const));
  const link = (subject: string, name: string, text: string): string =>
    `?${new URLSearchParams({ subject, [name]: text }).toString()}`;

  test.each(fields)(
    'of subject %s, %s, with a bad value has no effect, and is named with what it must be',
    (subject, name) => {
      const bad = ['-1', 'zzz', '__proto__', 'constructor', '1e999', 'NaN', '', '1,2', '-0.5e-', 'x'.repeat(401)];
      for (const text of WORDS.includes(name) ? ['x'.repeat(401)] : bad) {
        if (name === 'forgetBias' && text === '-1') continue;
        const { state, faults } = read(link(subject, name, text));
        expect([text, state]).toEqual([text, DEFAULTS[subject]]);
        expect(faults).toHaveLength(1);
        expect(faults[0]).toMatch(new RegExp(`^${name}=[^]*: (must |only )`));
      }
    },
  );

  test('takes effect as it is written, or is named: no text is changed in silence', () => {
    const own = ([subject, name]: (typeof fields)[number]) => `${DEFAULTS[subject][name as 'hidden']}`;
    const texts = fc.oneof(fc.string(), fc.double().map(String), fc.integer({ min: -5, max: 2000 }).map(String));
    const pairs = fc
      .constantFrom(...fields)
      .chain((field) => fc.tuple(fc.constant(field), fc.oneof(texts, fc.constant(own(field)))));
    fc.assert(
      fc.property(pairs, ([[subject, name], text]) => {
        const { state, faults } = read(link(subject, name, text));
        if (faults.length > 0) expect([state, faults.length]).toEqual([DEFAULTS[subject], 1]);
        else if (!['compute', 'machine', 'rateChanges'].includes(name)) {
          const value = state[name as 'hidden']; // or a text
          expect(`${value}` === text || value === Number(text)).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('that no subject has is named, with the one that was probably meant', () => {
    expect(read('?hiden=5&learning_rate=0.1&zzz=1&utm_source=x').faults).toEqual([
      'hiden=5: unknown field; did you mean hidden?',
      'learning_rate=0.1: unknown field; did you mean learningRate?',
      expect.stringMatching(/^zzz, utm_source: unknown; known fields: subject, compute, backend, /),
    ]);
  });

  test('with half a list, of another subject, or twice, is named', () => {
    const rule = 'must be steps that rise, each with a rate above 0, such as 120:0.001,400:0.0001';
    for (const half of ['3:0.002,20:zzz', '20:0.1,5:0.2', '3:0.1,3:0.2', '3:0.1:7', ',3:0.1', '3'])
      expect(read(`?rateChanges=${half}`).faults).toEqual([`rateChanges=${half}: ${rule}`]);
    expect(read('?characters=5000').faults).toEqual(['characters=5000: only a text has it: add subject=text']);
    expect(read('?subject=text&planted=no-memory').faults).toEqual(['planted=no-memory: only the digits have it']);
    expect(read('?subject=zzz').faults).toEqual(['subject=zzz: must be one of digits, text']);
    expect(read('?hidden=5&hidden=6').faults).toEqual(['hidden=6: hidden is there 2 times; the first counts']);
    expect(read('?compute=gpu&backend=webgl2').faults).toEqual(['backend=webgl2: compute is there too, and counts']);
    expect(read('?experiment=by-heart').faults[0]).toMatch(/^experiment=by-heart: must be one of no-later-steps, /);
  });
});

test('a list of equal numbers of hidden units becomes one number, and as many layers', () => {
  expect(pageOptionsOf(TUTORIAL)).toMatchObject({ hidden: 128, layers: 1, bidirectional: false });
  expect(pageOptionsOf({ ...TUTORIAL, hidden: 64, layers: 3 })).toMatchObject({ hidden: 64, layers: 3 });
  expect(pageOptionsOf({ ...TUTORIAL, hidden: [64, 64] })).toMatchObject({ hidden: 64, layers: 2 });
});

test.each(['learningRate', 'hidden', 'layers', 'batchSize', 'seed'] as const)(
  '%s has the default of `longhand train`, and no wider range',
  (name) => {
    expect(DEFAULTS.digits[name]).toBe(OPTIONS[name].default);
    // the form has one number of hidden units for all layers
    const { kind, least, most } = FIELDS[name].range!;
    expect(kind).toBe(OPTIONS[name].kind === 'list' ? 'whole' : OPTIONS[name].kind);
    expect(least).toBe(OPTIONS[name].least);
    expect(most).toBeLessThanOrEqual(OPTIONS[name].most);
  },
);

test('the default run pauses after the tutorial’s 781 steps', () => {
  expect(DEFAULTS.digits.steps).toBe(781);
  expect(DEFAULTS.digits.shuffle).toBe(TUTORIAL.shuffle);
});

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
  for (const wrong of ['a'.repeat(TEXT_LIMITS.least - 1), 'ab'.repeat(TEXT_LIMITS.most / 2 + 1)])
    expect(() => data.setText(wrong)).toThrow(`the text has ${wrong.length} characters: the page needs at least 200`);
  const { train, test } = data.forSettings({ ...DEFAULTS.text, T: 30 });
  expect(train).toMatchObject({ T: 30 });
  expect('characters' in train && 'characters' in test && train.characters.length + test.characters.length).toBe(
    TEXT.length,
  );
});

/** A new run on a text, with 4 units. */
function runOn(text: string, settings: Settings): Training {
  const data = new SubjectData();
  data.setText(text);
  const small = { ...settings, hidden: 4 };
  return Training.start(createReferenceBackend(), data.forSettings(small), optionsOf(small, data.textLength));
}

test('a short text gets fewer streams and shorter sequences, at least four of them in each stream', () => {
  for (const length of [200, 333, 1000, 5000, 12_000]) {
    const { T, batchSize } = streamsFor(length, DEFAULTS.text);
    const training = runOn(TEXT.repeat(10).slice(0, length), { ...DEFAULTS.text, T, batchSize });
    expect([length, Math.floor((0.95 * length - 1) / batchSize) >= 4 * T]).toEqual([length, true]);
    training.dispose();
  }
  expect(streamsFor(1_000_000, DEFAULTS.text)).toEqual({ T: 50, batchSize: 50 });
});

test('a run that reads a part of a text has sizes for this part; settings for which it has room stay', () => {
  expect(() => runOn(TEXT, { ...DEFAULTS.text, characters: 200 })).toThrow('50 streams of 50 steps need at least 2501');
  const fitting = fittedTo(TEXT.length, { ...DEFAULTS.text, characters: 200 });
  expect(fitting).toEqual({ ...DEFAULTS.text, characters: 200, ...streamsFor(200, DEFAULTS.text) });
  runOn(TEXT, fitting).dispose();
  const byHeart = { ...DEFAULTS.text, T: 25, batchSize: 8, characters: 5000 };
  expect(fittedTo(1_000_000, byHeart)).toEqual(byHeart);
  expect(fittedTo(300, byHeart)).toEqual({ ...byHeart, ...streamsFor(300, byHeart) }); // a text of the visitor
});

test('a short text is validated more often, as a text of which the run reads little', () => {
  const every = (characters: number | null, length?: number): number | null =>
    optionsOf({ ...DEFAULTS.text, characters }, length).validateEvery;
  expect([every(null), every(null, 50_000), every(null, 49_999)]).toEqual([500, 500, 50]);
  expect([every(50_000, 1_000_000), every(49_999, 1_000_000)]).toEqual([500, 50]);
});

test('a checkpoint of another number of characters is refused by the name of the field', async () => {
  const settings = { ...DEFAULTS.text, T: 5, batchSize: 4, characters: 300 };
  const training = runOn(TEXT, settings);
  const checkpoint = await training.checkpoint();
  training.dispose();
  const data = new SubjectData();
  data.setText(TEXT);
  const resume = (characters: number | null): Training => {
    const split = data.forCheckpoint(checkpoint.model, optionsOf(settings), characters);
    return namingCharacters(checkpoint.model, () => Training.resume(createReferenceBackend(), split, checkpoint));
  };
  resume(300).dispose();
  for (const other of [null, 400])
    expect(() => resume(other)).toThrow(/data that it began with\. Set “Characters” to /);
  data.setText(`${TEXT}€`); // a character that the first 300 do not have
  expect(() => resume(null)).toThrow('Set “Characters” to the number that the run was started with');
});
