/** Checkpoints: what is saved is loaded, and every other file is refused with a reason. */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { DataError } from '../../src/core/errors.js';
import { zeros } from '../../src/core/tensor.js';
import type { JsonObject } from '../../src/files/json.js';
import { type StoredTensor, parseSafetensors, writeSafetensors } from '../../src/files/safetensors.js';
import { storedFloats, storedIntegers } from '../../src/files/stored-tensors.js';
import { completeConfig } from '../../src/network/config.js';
import { type Checkpoint, checkpointBytes, parseCheckpoint, signed } from '../../src/training/checkpoint.js';
import { resumeTraining } from '../../src/door/train.js';
import { type Change, inJson, refusalOf } from '../helpers/changed-files.js';
import { dataErrorOf, expectDataError, failureOf } from '../helpers/failures.js';
import { zeroParameters } from '../helpers/random-model.js';
import { checkpointOf, IMAGES, OPTIONS } from '../helpers/small-data.js';
import { describeOnce, inTier, testOnce } from '../helpers/needs.js';

let checkpoint: Checkpoint;
let bytes: Uint8Array;

beforeAll(async () => {
  const options = { ...OPTIONS, hidden: 2, validateEvery: 4, patience: 5, schedule: 'step', clipNorm: 1 } as const;
  checkpoint = await checkpointOf(IMAGES, options, { validation: IMAGES });
  bytes = checkpointBytes(checkpoint);
});

testOnce('a loaded checkpoint equals the saved one', () => {
  const loaded = parseCheckpoint(bytes, 'f');
  expect(loaded).toEqual(checkpoint);
  expect(checkpointBytes(loaded)).toEqual(bytes);
});

describeOnce('a checkpoint that could not be read again is not written, nor resumed if its parts are wrong:', () => {
  interface Parts {
    readonly model?: unknown;
    readonly training?: object | null | undefined;
  }
  /** The checkpoint with other parts; `null` and `undefined` replace the whole part. */
  const withParts = (parts: Parts): Checkpoint => {
    const [model, training] = (['model', 'training'] as const).map((name) =>
      parts[name] ? { ...checkpoint[name], ...parts[name] } : name in parts ? parts[name] : checkpoint[name],
    );
    return { model, training } as Checkpoint;
  };
  const write = (parts: Parts) => () => checkpointBytes(withParts(parts));
  /** The parts with `outBias` replaced by zeros, but for element 7. */
  const spoilt = (group: string, value: number, dtype: 'f32' | 'f64' = 'f32'): Parts => {
    const outBias = zeros([10], dtype);
    outBias.set(7, value);
    const { model, training } = checkpoint;
    return group === 'parameters'
      ? { model: { parameters: { ...model.parameters, outBias } } }
      : { training: { [group]: { ...training![group as 'means'], outBias } } };
  };

  test.each([
    ['parameters', 'outBias'],
    ['means', 'adam.m.outBias'],
    ['squares', 'adam.v.outBias'],
  ])('numbers in %s', (group, key) => {
    for (const value of [NaN, Infinity])
      expect(write(spoilt(group, value))).toThrow(`${key}[7] is ${value} at step 12: training has diverged`);
    expect(write(spoilt(group, -1e39, 'f64'))).toThrow(
      new DataError(
        `checkpoint: ${key}[7] is -1e+39 at step 12: beyond f32 (±3.4028235e+38), so the file could not be read again; ` +
          'try a smaller learning rate',
      ),
    );
    expect(write(spoilt(group, 3e38, 'f64'))()).toBeInstanceOf(Uint8Array);
  });

  test('a negative mean of squares, which is not read either', () => {
    const why = 'must be ≥ 0, because it is a mean of squares';
    expect(write(spoilt('squares', -1e-30))).toThrow(
      new DataError(`checkpoint: adam.v.outBias[7] is ${Math.fround(-1e-30)}: ${why}`),
    );
    for (const Floats of [Float32Array, Float64Array]) {
      const values = new Floats(10);
      values[4] = -0.5;
      const found = refusal((tensors) => tensors.set('adam.v.outBias', storedFloats(values, [10])));
      expect(found).toBe(`f: adam.v.outBias[4] is -0.5: ${why}`);
    }
  });

  test('a tensor of another shape, and more than 1000 layers', () => {
    const parameters = { ...checkpoint.model.parameters, outBias: zeros([9]) };
    expect(write({ model: { parameters } })).toThrow(new RangeError('checkpoint: outBias [9] must be [10]'));
    const one = completeConfig({ inputs: 1, layers: [{ hidden: 1 }], outputs: 1 });
    const network = { ...one, layers: Array<(typeof one.layers)[0]>(1001).fill(one.layers[0]) };
    const many = { model: { T: 1, network, parameters: zeroParameters(network) }, training: null };
    expect(() => checkpointBytes(many)).toThrow(
      new DataError('checkpoint: model: network has 1001 layers: must be at most 1000'),
    );
  });

  const order = Uint32Array.from({ length: 64 }, (_, n) => n);
  const orderWith = (index: number): Uint32Array => order.map((one, n) => (n === 3 ? index : one));
  const ofTraining = (training: object): Parts => ({ training });
  const NOT_RANDOM = 'must be four whole numbers from';

  test.each<[string, Parts | (() => Parts)]>([
    ['model: undefined: must be an object', { model: undefined }],
    ['model.network: undefined: must be an object', { model: { network: undefined } }],
    ['model: network: inputs is undefined', { model: { network: {} } }],
    ['model.parameters: undefined: must be an object', { model: { parameters: undefined } }],
    ['model: T is 0, must be a whole number from 1', { model: { T: 0 } }],
    ['training (null for a network alone): undefined: must be an object', { training: undefined }],
    ['training.options: undefined: must be an object', ofTraining({ options: undefined })],
    ['training.means: undefined: must be an object', ofTraining({ means: undefined })],
    ['training.squares: undefined: must be an object', ofTraining({ squares: undefined })],
    [
      'options of another network: layers[0]',
      () => ofTraining({ options: { ...checkpoint.training!.options, hidden: 3 } }),
    ],
    ['training.order is an Array: must be a Uint32Array', ofTraining({ order: [...order] })],
    ['training.order is undefined: must be a Uint32Array', ofTraining({ order: undefined })],
    ['order has index 64, but only 64 examples', ofTraining({ order: orderWith(64) })],
    ['order has index 4 twice', ofTraining({ order: orderWith(4) })],
    [`training: random is [0,0,0,0], ${NOT_RANDOM}`, ofTraining({ random: [0, 0, 0, 0] })],
    ['training: random is [1,2,3], must be 4 whole numbers', ofTraining({ random: [1, 2, 3] })],
    ['training: cursor is 65, must be a whole number from 0 to 64', ofTraining({ cursor: 65 })],
    ['training: cursor is "3", must be a whole number from 0 to 64', ofTraining({ cursor: '3' })],
    ['training: step is 1.5, must be a whole number from 0', ofTraining({ step: 1.5 })],
    ['training.best: loss is null, must be a number', ofTraining({ best: { step: 2, loss: NaN } })],
    ['training.best: must be an object', ofTraining({ best: 5 })],
    ['training: validationsSinceBest is -1, must be', ofTraining({ validationsSinceBest: -1 })],
  ])('%s', async (message, given) => {
    const wrong = withParts(typeof given === 'function' ? given() : given);
    expectDataError(() => checkpointBytes(wrong), `checkpoint: ${message}`);
    for (const options of [{}, { trainingIters: 300 }]) {
      const hooks = { validation: IMAGES };
      const resumed = resumeTraining(createReferenceBackend(), IMAGES, wrong, options, hooks);
      expect(await dataErrorOf(resumed)).toContain(`checkpoint: ${message}`);
    }
  });

  test.each<[string, () => Parts]>([
    ['options: batchSize 0: must be', () => ofTraining({ options: { ...checkpoint.training!.options, batchSize: 0 } })],
    ['kernel is undefined: must be a tensor', () => ({ model: { parameters: {} } })],
    [
      'bias is a Float32Array: must be a tensor',
      () => ({ model: { parameters: { ...checkpoint.model.parameters, bias: new Float32Array(8) } } }),
    ],
    ['adam.m.kernel is undefined: must be a tensor', () => ofTraining({ means: {} })],
  ])('%s, as the file says', (message, given) => {
    expectDataError(write(given()), `checkpoint: ${message}`);
  });
});

testOnce('a network alone is saved without its training', () => {
  const alone = checkpointBytes({ ...checkpoint, training: null });
  expect(parseCheckpoint(alone, 'f')).toEqual({ ...checkpoint, training: null });
  expect([...parseSafetensors(alone, 'f').tensors.keys()].sort()).toEqual(['bias', 'kernel', 'outBias', 'outKernel']);
});

testOnce('a file holds the tensors of its network: one that is missing is an error, others are not written', () => {
  const { bias, ...others } = checkpoint.model.parameters;
  const withParameters = (parameters: object): Checkpoint => ({
    ...checkpoint,
    model: { ...checkpoint.model, parameters: parameters as Checkpoint['model']['parameters'] },
  });
  expectDataError(() => checkpointBytes(withParameters(others)), /^checkpoint: bias is undefined: must be a tensor/);
  expect(checkpointBytes(withParameters({ other: bias, ...others, bias }))).toEqual(bytes);
});

const EVERY = inTier(41, 5); // primes: the places of the bits within their bytes differ

test(`a change of any bit is detected, of each ${EVERY} bits`, () => {
  const damaged = Uint8Array.from(bytes);
  for (let bit = 0; bit < 8 * damaged.length; bit += EVERY) {
    damaged[bit >> 3] ^= 1 << (bit & 7);
    expect(() => parseCheckpoint(damaged, 'f')).toThrow(DataError);
    damaged[bit >> 3] ^= 1 << (bit & 7);
  }
  expect(parseCheckpoint(damaged, 'f')).toEqual(checkpoint);
});

testOnce('a file that another tool wrote in another order loads as the same checkpoint', () => {
  const { metadata, tensors } = parseSafetensors(bytes, 'f');
  // another header, with the tensors in the order of their names
  const sorted = [...tensors].sort();
  let begin = 0;
  const entries = sorted.map(([key, { dtype, shape, bytes: data }]) => {
    begin += data.length;
    return [key, { shape, dtype, data_offsets: [begin - data.length, begin] }];
  });
  const header = Buffer.from(
    JSON.stringify(Object.fromEntries([...entries, ['__metadata__', Object.fromEntries(metadata)]])),
  );
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const other = Buffer.concat([length, header, ...sorted.map(([, { bytes: data }]) => data)]);
  expect(Buffer.compare(other, bytes)).not.toBe(0);
  expect(parseCheckpoint(other, 'f')).toEqual(checkpoint);
});

/** The message that refuses a changed file whose checksum is correct. */
const refusal = (change: Change): string => refusalOf(bytes, change);
const withJson = (key: string, change: (value: Record<string, unknown>) => unknown): string =>
  refusal(inJson(key, change));

testOnce('other safetensors files, and other versions, are refused', () => {
  expect(refusal((_, metadata) => metadata.delete('format'))).toMatch(
    /^f: a safetensors file, but not a Longhand checkpoint/,
  );
  expect(refusal((_, metadata) => metadata.set('formatVersion', '4'))).toBe(
    'f: format version 4, but this program reads versions 1 to 3',
  );
  expect(refusal((_, metadata) => metadata.delete('formatVersion'))).toBe(
    'f: format version none, but this program reads versions 1 to 3',
  );
});

testOnce('a wrong or missing checksum is refused', () => {
  const file = parseSafetensors(bytes, 'f');
  for (const checksum of ['', '0'.repeat(64)]) {
    const changed = writeSafetensors({ ...file, metadata: new Map(file.metadata).set('checksum', checksum) });
    expect(() => parseCheckpoint(changed, 'f')).toThrow('f: damaged: its checksum does not match its contents');
  }
});

testOnce.each(['model', 'options', 'training'])(
  'every field of %s is checked, and an unknown field is refused',
  (key) => {
    const fields = Object.keys(JSON.parse(parseSafetensors(bytes, 'f').metadata.get(key)!) as object);
    expect(fields.length).toBeGreaterThan(4);
    for (const field of fields) {
      if (key !== 'options') {
        const message = withJson(key, (value) => Reflect.deleteProperty(value, field));
        expect(message).toBe(`f: ${key}: field ${field} is missing`);
      }
      for (const wrong of [{}, [], true, 'a word', -1.5e300]) {
        const wrongly = withJson(key, (value) => (value[field] = wrong));
        const mayBe = typeof wrong === 'number' && field === 'seed';
        const isText = typeof wrong === 'string' && ['backend', 'data'].includes(field);
        if (!mayBe && !isText) expect(wrongly).toMatch(new RegExp(`^f: (${key}|options of another)`));
      }
    }
    expect(withJson(key, (value) => (value.extra = 1))).toBe(`f: ${key}: unknown field "extra"`);
    for (const text of ['', '[]', 'null', '{"a":1,"a":2}', '['.repeat(100_000)])
      expect(refusal((_, metadata) => metadata.set(key, text))).toMatch(new RegExp(`^f: ${key}: `));
  },
);

testOnce('every tensor must be present, in its shape, and finite', () => {
  const names = [...parseSafetensors(bytes, 'f').tensors.keys()];
  expect(names).toHaveLength(13);
  for (const name of names) {
    expect(refusal((tensors) => tensors.delete(name))).toMatch(new RegExp(`^f: has no tensor "${name}", only`));
    const other: StoredTensor = { dtype: 'F32', shape: [1], bytes: new Uint8Array(4) };
    expect(refusal((tensors) => tensors.set(name, other))).toMatch(/^f: tensor ".*" is (F32, must be|\[1\], must be)/);
    if (name === 'order') continue;
    const spoilt = refusal((tensors) => {
      const { bytes: data, ...rest } = tensors.get(name)!;
      const values = new Float32Array(new Uint8Array(data).buffer);
      values[values.length - 1] = NaN;
      tensors.set(name, { ...rest, bytes: new Uint8Array(values.buffer) });
    });
    expect(spoilt).toMatch(/^f: tensor ".*": element \d+ is NaN/);
  }
});

testOnce('an order that is not a permutation is refused', () => {
  const ordered = (order: number[]) =>
    refusal((tensors) => {
      tensors.set('order', storedIntegers(Uint32Array.from(order)));
    });
  const replaced = (value: number) => indices.map((n) => (n === 3 ? value : n));
  const indices = Array.from({ length: 64 }, (_, n) => n);
  expect(ordered(indices)).toBe('not refused');
  expect(ordered(replaced(64))).toBe('f: order has index 64, but only 64 examples');
  expect(ordered(replaced(4))).toBe('f: order has index 4 twice');
  expect(ordered(indices.slice(0, 5).map((n) => n % 5))).toMatch(/^f: training: cursor is \d+, must be/);
});

testOnce('a state in which the random generator cannot be is refused', () => {
  const withRandom = (random: readonly number[]) => withJson('training', (value) => (value.random = random));
  const [least, most] = [-(2 ** 31), 2 ** 31 - 1];
  expect(withRandom([0, 0, 0, 1])).toBe('not refused');
  expect(withRandom([least, most, 0, 0])).toBe('not refused');
  for (const random of [
    [0, 0, 0, 0],
    [1, 2, 3, most + 1],
    [least - 1, 2, 3, 4],
    [2 ** 32, 0, 0, 0],
  ]) {
    expect(withRandom(random)).toBe(
      `f: training: random is ${JSON.stringify(random)}, must be four whole numbers from -2147483648 to 2147483647, not all 0`,
    );
  }
  expect(withRandom([1, 2, 3])).toBe('f: training: random is [1,2,3], must be 4 whole numbers');
});

testOnce('NaN weights are read if the caller allows them', () => {
  const file = parseSafetensors(bytes, 'f');
  const outBias = storedFloats(new Float32Array(10).fill(NaN), [10]);
  const spoilt = writeSafetensors(signed({ ...file, tensors: new Map(file.tensors).set('outBias', outBias) }));
  expect(() => parseCheckpoint(spoilt, 'f')).toThrow('NaN');
  expect(parseCheckpoint(spoilt, 'f', { allowNonFinite: true }).model.parameters.outBias.get(0)).toBeNaN();
});

describeOnce('metadata of the caller', () => {
  const METADATA = {
    scale: { mean: [1.5, -2e-7], deviation: 1e300 },
    made: '2026-01-01\n“”\ud800',
    'a name': { true: true, null: null, '': [] },
    ...(JSON.parse('{"__proto__":{"x":1}}') as object),
  };
  const withMetadata = (metadata: unknown): Checkpoint => ({ ...checkpoint, metadata: metadata as JsonObject });

  test('come back, in a file of version 3, and a resumed run keeps them', async () => {
    const file = checkpointBytes(withMetadata(METADATA));
    const loaded = parseCheckpoint(file, 'f');
    expect(JSON.stringify(loaded.metadata)).toBe(JSON.stringify(METADATA));
    expect(checkpointBytes(loaded)).toEqual(file);
    const { metadata } = parseSafetensors(file, 'f');
    expect([metadata.get('formatVersion'), metadata.get('metadata')]).toEqual(['3', JSON.stringify(METADATA)]);
    expect(refusalOf(bytes, (_, texts) => texts.set('metadata', '{}'))).toBe(
      'f: metadata: these need format version 3',
    );

    const kept: Checkpoint[] = [];
    const hooks = { validation: IMAGES, onCheckpoint: (one: Checkpoint) => kept.push(one), onWarning: () => {} };
    const options = { trainingIters: 16 * 14 };
    (await resumeTraining(createReferenceBackend(), IMAGES, loaded, options, hooks)).dispose();
    expect(kept.map((one) => [one.training?.step, one.metadata])).toEqual([[13, loaded.metadata]]);

    const alone = parseCheckpoint(checkpointBytes({ model: loaded.model, training: null, metadata: {} }), 'f');
    expect([alone.training, alone.metadata]).toEqual([null, {}]);
  });

  test('are copied by a run that resumes them, though the caller changes what it gave and got', async () => {
    const loaded = parseCheckpoint(checkpointBytes(withMetadata(METADATA)), 'f');
    const expected = JSON.stringify(METADATA);
    const scale = loaded.metadata?.scale as { mean: number[] };
    const kept: string[] = [];
    const onCheckpoint = ({ metadata }: Checkpoint): void => {
      kept.push(JSON.stringify(metadata));
      (metadata?.scale as { mean: number[] }).mean.push(3);
      scale.mean.push(4);
    };
    const hooks = { validation: IMAGES, onCheckpoint, checkpointEvery: 1, onWarning: () => {} };
    const options = { trainingIters: 16 * 15 };
    (await resumeTraining(createReferenceBackend(), IMAGES, loaded, options, hooks)).dispose();
    expect(kept).toEqual([expected, expected]);
  });

  test('a file without them is as before', () => {
    expect(checkpointBytes(withMetadata(undefined))).toEqual(bytes);
    expect(parseSafetensors(bytes, 'f').metadata.has('metadata')).toBe(false);
    expect(parseCheckpoint(bytes, 'f')).not.toHaveProperty('metadata');
  });

  test('are copied when they are saved: each getter is read once', () => {
    let reads = 0;
    const file = checkpointBytes(
      withMetadata({
        get n() {
          return reads++ === 0 ? 1 : NaN;
        },
      }),
    );
    expect([parseCheckpoint(file, 'f').metadata, reads]).toEqual([{ n: 1 }, 1]);
  });

  const circle: Record<string, unknown> = { a: [1] };
  (circle.a as unknown[]).push({ back: circle });
  let deep: object = {};
  for (let n = 0; n < 100; n++) deep = { deep };
  const RULE = 'must be null, true, false, a finite number, a text, a list or a plain object, as JSON can hold them';

  test.each<[string, unknown]>([
    ['metadata is null: must be a plain object', null],
    ['metadata is an Array: must be a plain object', [1]],
    ['metadata is "text": must be a plain object', 'text'],
    ['metadata is a Map: must be a plain object', new Map()],
    [`metadata.scale.mean[1] is NaN: ${RULE}`, { scale: { mean: [0, NaN] } }],
    [`metadata.x is Infinity: ${RULE}`, { x: Infinity }],
    [`metadata.x is undefined: ${RULE}`, { x: undefined }],
    [`metadata.list[1] is undefined: ${RULE}`, { list: [1, , 3] }], // eslint-disable-line no-sparse-arrays -- the hole is what is tested
    [`metadata["a name"].f is a function: ${RULE}`, { 'a name': { f: () => 1 } }],
    ['metadata.x is -0, which JSON.stringify writes as 0: give 0, or a text', { x: -0 }],
    ['metadata.scale.mean[1] is -0, which JSON.stringify', { scale: { mean: [0, -0] } }],
    ['metadata[Symbol(s)]: JSON would leave it out: keys must be texts', { [Symbol('s')]: 1 }],
    ['metadata.a[0][Symbol(s)]: JSON would leave it out: keys must be texts', { a: [{ [Symbol('s')]: 1 }] }],
    [
      'metadata.list.mean: JSON would leave it out: a list has only elements',
      { list: Object.assign([1], { mean: 2 }) },
    ],
    ['metadata.list[Symbol(s)]: JSON would leave it out', { list: Object.assign([1], { [Symbol('s')]: 2 }) }],
    [`metadata.list[0] is undefined: ${RULE}`, { list: Array(2 ** 32 - 1) }],
    [`metadata.toJSON is a function: ${RULE}`, { toJSON: () => ({}) }],
    [`metadata.x is a Number: ${RULE}`, { x: Object(5) as unknown }],
    [`metadata.x is 1n: ${RULE}`, { x: 1n }],
    [`metadata.x is Symbol(s): ${RULE}`, { x: Symbol('s') }],
    [`metadata.made is a Date: ${RULE}`, { made: new Date(0) }],
    [`metadata.mean is a Float32Array: ${RULE}`, { mean: Float32Array.of(1) }],
    [`metadata.inherits is an Object: ${RULE}`, { inherits: Object.create({ x: 1 }) as object }],
    ['metadata.a[1].back contains itself: JSON cannot hold this', circle],
    [`metadata${'.deep'.repeat(100)}: nested deeper than 100`, deep],
    ['safetensors: the header would have 16', { text: 'x'.repeat(2 ** 24) }],
  ])('%s', (message, metadata) => {
    expectDataError(
      () => checkpointBytes(withMetadata(metadata)),
      message.startsWith('safe') ? message : `checkpoint: ${message}`,
    );
  });

  test.each([
    ['metadata is an Array: must be a plain object', '[]'],
    ['metadata: not valid JSON (key "a" occurs twice)', '{"a":1,"a":2}'],
    ['metadata: not valid JSON (', 'x'],
    [`metadata.a is Infinity: ${RULE}`, '{"a":1e999}'],
    ['metadata.a is -0, which JSON.stringify writes as 0', '{"a":-0}'],
    ['metadata: not valid JSON (nested deeper than 100', `{"a":${'['.repeat(100)}${']'.repeat(100)}}`],
  ])('a file’s are refused: %s', (message, text) => {
    const refusal = refusalOf(checkpointBytes(withMetadata({})), (_, texts) => texts.set('metadata', text));
    expect(refusal.slice(0, 3 + message.length)).toBe(`f: ${message}`);
  });
});

testOnce('a field that no checkpoint has is refused with a suggestion: it would be dropped', async () => {
  const { model, training } = checkpoint;
  const wrong: [object, string][] = [
    [{ model, training, meta: {} }, ': meta: unknown option; did you mean metadata?'],
    [{ model, training, names: [] }, ': names: unknown option; known options: model, training, metadata'],
    [{ model: { ...model, vocab: {} }, training }, ': model: vocab: unknown option; did you mean vocabulary?'],
    [{ model, training: { ...training, steps: 1 } }, ': training: steps: unknown option; did you mean step?'],
  ];
  for (const [value, message] of wrong) {
    expect(() => checkpointBytes(value as Checkpoint)).toThrow(new TypeError(`checkpointBytes${message}`));
    expect(await failureOf(resumeTraining(createReferenceBackend(), IMAGES, value as Checkpoint))).toEqual(
      new TypeError(`resume: checkpoint${message}`),
    );
  }
});
