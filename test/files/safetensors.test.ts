/** The safetensors format: files of this and of other writers are read, and a file that breaks a rule is refused. */
import * as fc from 'fast-check';
import { DataError } from '../../src/core/errors.js';
import { tensorFrom, transposeOf, valuesOf } from '../../src/core/tensor.js';
import type { StoredDType, StoredTensor } from '../../src/files/safetensors.js';
import { parseSafetensors, writeSafetensors } from '../../src/files/safetensors.js';
import { elementReader, floatsNamed, integersNamed, storedTensor } from '../../src/files/stored-tensors.js';
import { expectDataError } from '../helpers/failures.js';

const DTYPES = 'BOOL U8 I8 F8_E5M2 F8_E4M3 I16 U16 F16 BF16 I32 U32 F32 I64 U64 F64'.split(' ') as StoredDType[];
/** In bytes, by the name: BF16 has 16 bits, BOOL one byte. */
const sizeOf = (dtype: StoredDType): number => Number(/^[A-Z]+(\d+)/.exec(dtype)?.[1] ?? 8) / 8;

/** A file with any header, and any bytes behind it. */
function file(header: unknown, data: ArrayLike<number> = [], text = JSON.stringify(header)): Uint8Array {
  const json = Buffer.from(text);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, Uint8Array.from(data)]);
}

const F32_PAIR = { dtype: 'F32', shape: [2], data_offsets: [0, 8] };
const ONE_AND_TWO = [0, 0, 0x80, 0x3f, 0, 0, 0, 0x40];

const contentsOf = (bytes: Uint8Array) => {
  const { metadata, tensors } = parseSafetensors(bytes, 'f');
  const entries = [...tensors].map(([key, { dtype, shape, bytes: data }]) => [key, dtype, shape, [...data]]);
  return { metadata: [...metadata], tensors: entries.sort() };
};

describe('reading accepts', () => {
  test('the format’s own example of a header', () => {
    const header = {
      TENSOR_NAME: { dtype: 'F16', shape: [1, 16, 4], data_offsets: [0, 128] },
      NEXT_TENSOR_NAME: { dtype: 'BF16', shape: [2], data_offsets: [128, 132] },
      __metadata__: { format: 'pt' },
    };
    const { metadata, tensors } = parseSafetensors(file(header, new Uint8Array(132)), 'f');
    expect([...metadata]).toEqual([['format', 'pt']]);
    expect([...tensors.keys()]).toEqual(['TENSOR_NAME', 'NEXT_TENSOR_NAME']);
    expect(tensors.get('TENSOR_NAME')).toMatchObject({ dtype: 'F16', shape: [1, 16, 4] });
  });

  test.each([
    ['no tensors at all', file({}), []],
    ['a header padded with spaces', file({ a: F32_PAIR }, ONE_AND_TWO, `${JSON.stringify({ a: F32_PAIR })}   `), ['a']],
    [
      'tensors in any order in the header',
      file({ b: { ...F32_PAIR, data_offsets: [8, 16] }, a: F32_PAIR }, [...ONE_AND_TWO, ...ONE_AND_TWO]),
      ['b', 'a'],
    ],
    [
      'an empty tensor',
      file({ e: { dtype: 'F32', shape: [0, 3], data_offsets: [0, 0] }, a: F32_PAIR }, ONE_AND_TWO),
      ['e', 'a'],
    ],
    ['a single number', file({ s: { dtype: 'F64', shape: [], data_offsets: [0, 8] } }, ONE_AND_TWO), ['s']],
    [
      'a tensor named as a property of every object',
      file(JSON.parse('{"__proto__":' + JSON.stringify(F32_PAIR) + '}'), ONE_AND_TWO),
      ['__proto__'],
    ],
    [
      'names and texts with quotation marks, backslashes and braces',
      file({ 'a"\\{': F32_PAIR, __metadata__: { '}"': '"{\\' } }, ONE_AND_TWO),
      ['a"\\{'],
    ],
  ])('%s', (_, bytes, names) => {
    expect([...parseSafetensors(bytes, 'f').tensors.keys()]).toEqual(names);
  });

  test('numbers, with their values', () => {
    const parsed = parseSafetensors(file({ a: F32_PAIR }, ONE_AND_TWO), 'f');
    expect([...valuesOf(floatsNamed(parsed, 'a', [2], 'f'))]).toEqual([1, 2]);
  });

  test('a file at any place in a larger buffer', () => {
    const bytes = file({ a: F32_PAIR }, ONE_AND_TWO);
    for (let shift = 0; shift < 9; shift++) {
      const larger = new Uint8Array(bytes.length + shift + 3);
      larger.set(bytes, shift);
      const parsed = parseSafetensors(larger.subarray(shift, shift + bytes.length), 'f');
      expect([...valuesOf(floatsNamed(parsed, 'a', [2], 'f'))]).toEqual([1, 2]);
    }
  });
});

describe('reading refuses', () => {
  const long = (length: bigint): Uint8Array => {
    const bytes = Buffer.alloc(16);
    bytes.writeBigUInt64LE(length);
    return bytes;
  };
  const entry = (change: object) => file({ a: { ...F32_PAIR, ...change } }, ONE_AND_TWO);
  const two = (first: number[], second: number[], length: number) =>
    file(
      {
        a: { dtype: 'U8', shape: [first[1] - first[0]], data_offsets: first },
        b: { dtype: 'U8', shape: [second[1] - second[0]], data_offsets: second },
      },
      new Uint8Array(length),
    );
  const text = (json: string) => file(null, ONE_AND_TWO, json);

  test.each([
    ['an empty file', new Uint8Array(0), '0 bytes, too short'],
    ['a file of 7 bytes', new Uint8Array(7), '7 bytes, too short'],
    ['a header of 2⁶⁴ - 1 bytes', long(2n ** 64n - 1n), 'its header would have 18446744073709551615 bytes'],
    ['a header over the limit', long(2n ** 24n + 1n), 'at most 16777216'],
    ['a header longer than the file', long(9n), 'cut off: its header has 9 bytes, but only 8 follow'],
    ['a header that is not JSON', text('{"a"'), 'not valid'],
    ['an empty header', text(''), 'not valid'],
    ['a list', text('[]'), 'must start with {, not with "["'],
    ['a space first', text(' {}'), 'must start with {, not with " "'],
    ['a byte-order mark', text('\uFEFF{}'), 'not valid'],
    ['null', text('null'), 'must start with {'],
    ['a name twice', text(`{"a":${JSON.stringify(F32_PAIR)},"a":${JSON.stringify(F32_PAIR)}}`), 'key "a" occurs twice'],
    [
      'a name twice, once in other letters',
      text(`{"a":${JSON.stringify(F32_PAIR)},"\\u0061":${JSON.stringify(F32_PAIR)}}`),
      'twice',
    ],
    [
      'a field twice',
      text('{"a":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}}'),
      'key "dtype" occurs twice',
    ],
    ['a metadata key twice', text('{"__metadata__":{"k":"1","k" :"2"}}'), 'key "k" occurs twice'],
    ['deep nesting', text(`{"a":${'['.repeat(9)}${']'.repeat(9)}}`), 'nested deeper than 3'],
    ['deep nesting without an end', text('['.repeat(1_000_000)), 'nested deeper than 3'],
    ['metadata that are not an object', file({ __metadata__: [] }), '__metadata__ must be an object'],
    ['metadata that are not texts', file({ __metadata__: { n: 1 } }), '"n" must be a text'],
    ['a tensor that is not an object', file({ a: [1] }), 'must be an object'],
    ['a tensor that is null', file({ a: null }), 'must be an object'],
    ['an unknown dtype', entry({ dtype: 'F31' }), 'unknown dtype "F31"'],
    ['a dtype that every object has', entry({ dtype: 'constructor' }), 'unknown dtype "constructor"'],
    ['no dtype', entry({ dtype: undefined }), 'unknown dtype nothing'],
    ['an unknown field', entry({ strides: [1] }), 'unknown field "strides"'],
    ['a negative extent', entry({ shape: [-2] }), 'whole numbers ≥ 0'],
    ['an extent of 0.5', entry({ shape: [0.5] }), '"a"."shape" has 0.5, must be whole numbers ≥ 0'],
    ...['2.0', '2e0', '0.2e1', '20E-1', '-0', '2.', '+2', '0x2', '02', '2n'].map(
      (extent): [string, Uint8Array, string] => [
        `an extent written as ${extent}`,
        text(`{"a":{"dtype":"F32","shape":[1,${extent}],"data_offsets":[0,8]}}`),
        'its header is not valid: ',
      ],
    ),
    [
      'an offset of 8.0',
      text('{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8.0]}}'),
      '"a"."data_offsets" has 8.0',
    ],
    ['an offset of -0', text('{"a":{"dtype":"F32","shape":[2],"data_offsets":[-0,8]}}'), '"a"."data_offsets" has -0'],
    [
      'an extent of a thousand digits behind the point',
      text(`{"a":{"dtype":"F32","shape":[2.${'0'.repeat(1000)}],"data_offsets":[0,8]}}`),
      `"a"."shape" has 2.${'0'.repeat(57)}…, must be`,
    ],
    [
      'an extent beyond 2⁵³',
      text('{"a":{"dtype":"F32","shape":[9007199254740993],"data_offsets":[0,8]}}'),
      'whole numbers ≥ 0',
    ],
    ['extents whose product overflows', entry({ shape: [2 ** 40, 2 ** 40] }), 'bytes, its offsets give 8'],
    ['a shape that is not a list', entry({ shape: 2 }), 'whole numbers ≥ 0'],
    ['a shape that needs more bytes', entry({ shape: [3] }), 'F32 [3] needs 12 bytes, its offsets give 8'],
    ['a shape that needs fewer bytes', entry({ shape: [1] }), 'F32 [1] needs 4 bytes'],
    ['offsets in the wrong order', entry({ data_offsets: [8, 0] }), '[begin,end]'],
    ['one offset', entry({ data_offsets: [8] }), '[begin,end]'],
    ['a gap at the start', two([1, 4], [4, 8], 8), '"a" begins at 1, expected 0: a gap'],
    ['a gap between tensors', two([0, 3], [4, 8], 8), '"b" begins at 4, expected 3: a gap'],
    ['an overlap', two([0, 4], [3, 8], 8), '"b" begins at 3, expected 4: an overlap'],
    ['the same bytes twice', two([0, 8], [0, 8], 8), 'an overlap'],
    ['a tensor within another', two([0, 8], [2, 4], 8), 'an overlap'],
    ['too few bytes', two([0, 4], [4, 9], 8), 'have 9 bytes, but 8 follow the header: it is cut off'],
    ['too many bytes', two([0, 4], [4, 7], 8), 'have 7 bytes, but 8 follow the header: something was added'],
  ])('%s', (_, bytes, message) => {
    expectDataError(() => parseSafetensors(bytes, 'some.file'), message);
    expect(() => parseSafetensors(bytes, 'some.file')).toThrow(/^some\.file: /);
  });

  test('every cut of a file, and an added byte', () => {
    const bytes = writeSafetensors({
      metadata: new Map([['k', 'v']]),
      tensors: new Map([['a', storedTensor(tensorFrom([1, 2, 3], [3]))]]),
    });
    for (let length = 0; length < bytes.length; length++)
      expect(() => parseSafetensors(bytes.subarray(0, length), 'f')).toThrow(DataError);
    expect(() => parseSafetensors(Buffer.concat([bytes, Buffer.of(0)]), 'f')).toThrow('something was added');
  });

  test('bytes that are not UTF-8', () => {
    const bytes = Buffer.from(file({ __metadata__: { k: 'é' } }));
    bytes[bytes.indexOf(0xc3)] = 0xff;
    expect(() => parseSafetensors(bytes, 'f')).toThrow('not valid');
  });
});

describe('writing', () => {
  const tensor = fc.record({
    dtype: fc.constantFrom(...DTYPES),
    shape: fc.array(fc.nat(4), { maxLength: 3 }),
    fill: fc.nat(255),
  });
  const name = fc
    .oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', '', 'ü"\\\u0000'))
    .filter((text) => text !== '__metadata__');

  test('gives a file that is read back, with names in any script and every dtype and shape', () => {
    fc.assert(
      fc.property(fc.dictionary(name, tensor), fc.dictionary(name, fc.string()), (described, texts) => {
        const tensors = new Map<string, StoredTensor>(
          Object.entries(described).map(([key, { dtype, shape, fill }]) => {
            const size = shape.reduce((product, extent) => product * extent, sizeOf(dtype));
            return [key, { dtype, shape, bytes: new Uint8Array(size).map((_, n) => fill + n) }];
          }),
        );
        const metadata = new Map(Object.entries(texts));
        const bytes = writeSafetensors({ metadata, tensors });
        const read = parseSafetensors(bytes, 'f');
        expect(new Map(read.metadata)).toEqual(metadata);
        expect(new Map([...read.tensors].sort())).toEqual(new Map([...tensors].sort()));
        // the bytes do not depend on the order of the entries
        const backwards = { metadata: new Map([...metadata].reverse()), tensors: new Map([...tensors].reverse()) };
        expect(writeSafetensors(backwards)).toEqual(bytes);
      }),
    );
  });

  test('starts every tensor at a multiple of its element’s size', () => {
    const of = (dtype: StoredDType): StoredTensor => ({ dtype, shape: [3], bytes: new Uint8Array(3 * sizeOf(dtype)) });
    const tensors = new Map(DTYPES.map((dtype) => [`t ${dtype}`, of(dtype)]));
    const bytes = writeSafetensors({ metadata: new Map(), tensors });
    for (const [key, { dtype, bytes: data }] of parseSafetensors(bytes, 'f').tensors)
      expect([key, data.byteOffset % sizeOf(dtype)]).toEqual([key, 0]);
    expect(contentsOf(bytes).tensors).toHaveLength(DTYPES.length);
  });

  test('stores the elements of a view in row order', () => {
    const view = transposeOf(tensorFrom([1, 2, 3, 4, 5, 6], [2, 3]));
    const parsed = parseSafetensors(
      writeSafetensors({ metadata: new Map(), tensors: new Map([['v', storedTensor(view)]]) }),
      'f',
    );
    const read = floatsNamed(parsed, 'v', [3, 2], 'f');
    expect([...valuesOf(read)]).toEqual([1, 4, 2, 5, 3, 6]);
  });

  test('refuses a size that is not the shape’s, and the name __metadata__', () => {
    const wrong: StoredTensor = { dtype: 'F32', shape: [2], bytes: new Uint8Array(7) };
    const write = (key: string, one: StoredTensor) => () =>
      writeSafetensors({ metadata: new Map(), tensors: new Map([[key, one]]) });
    expect(write('a', wrong)).toThrow('safetensors: a: F32 [2] needs 8 bytes, has 7');
    expect(write('__metadata__', { ...wrong, bytes: new Uint8Array(8) })).toThrow(
      'no tensor can be named __metadata__',
    );
  });
});

describe('tensors by name', () => {
  const stored = (dtype: StoredDType, values: ArrayBufferView, shape?: number[]) =>
    parseSafetensors(
      writeSafetensors({
        metadata: new Map(),
        tensors: new Map([
          [
            'a',
            {
              dtype,
              shape: shape ?? [values.byteLength / sizeOf(dtype)],
              bytes: new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
            },
          ],
        ]),
      }),
      'f',
    );

  test('F32 and F64 are read in their own precision, to the last bit and -0', () => {
    const doubles = Float64Array.of(0.1, -0, 5e-324, 1.7e308);
    expect(floatsNamed(stored('F64', doubles), 'a', [4], 'f').data).toEqual(doubles);
    const singles = Float32Array.of(0.1, -0, 1e-45, 3.4e38);
    expect(floatsNamed(stored('F32', singles), 'a', [4], 'f').data).toEqual(singles);
  });

  test.each([
    ['U8', Uint8Array.of(0, 255), [0, 255]],
    ['I32', Int32Array.of(-1, 2 ** 31 - 1), [-1, 2 ** 31 - 1]],
    ['U32', Uint32Array.of(0, 2 ** 32 - 1), [0, 2 ** 32 - 1]],
    ['I64', BigInt64Array.of(-5n, 7n), [-5, 7]],
  ] as const)('whole numbers are read from %s', (dtype, values, expected) => {
    expect([...integersNamed(stored(dtype, values), 'a', ['n'], 'f')]).toEqual(expected);
  });

  test.each([
    ['f: has no tensor "b", only "a"', () => floatsNamed(stored('F32', Float32Array.of(1)), 'b', [1], 'f')],
    ['f: tensor "a" is U32, must be F32 or F64', () => floatsNamed(stored('U32', Uint32Array.of(1)), 'a', [1], 'f')],
    ['f: tensor "a" is [1], must be [2]', () => floatsNamed(stored('F32', Float32Array.of(1)), 'a', [2], 'f')],
    ['it must not be empty', () => floatsNamed(stored('F32', new Float32Array(0), [0, 2]), 'a', ['M', 2], 'f')],
    ['f: tensor "a": element 1 is NaN', () => floatsNamed(stored('F32', Float32Array.of(1, NaN)), 'a', [2], 'f')],
    ['element 0 is -Infinity', () => floatsNamed(stored('F64', Float64Array.of(-Infinity)), 'a', [1], 'f')],
    [
      'f: tensor "a" is F32, must be U8 or I32 or U32 or I64',
      () => integersNamed(stored('F32', Float32Array.of(1)), 'a', ['n'], 'f'),
    ],
    ['f: has no tensor "b"', () => integersNamed(stored('U8', Uint8Array.of(1)), 'b', ['n'], 'f')],
  ])('%s', (message, read) => {
    expectDataError(read, message);
  });

  test('a shape of ten thousand axes is shortened in the message', () => {
    const many = stored('F32', Float32Array.of(1), new Array<number>(10_000).fill(1));
    expect(() => floatsNamed(many, 'a', ['N'], 'f')).toThrow(/^f: tensor "a" is \[1,1,.{40,60}…, must be \[N\]$/);
  });

  test.each([
    ['F64', Float64Array.of(-1.5, 1e300), [-1.5, 1e300]],
    ['F32', Float32Array.of(0.5, NaN), [0.5, NaN]],
    [
      'F16',
      Uint16Array.of(0x3c00, 0xc100, 0x0001, 0x8000, 0x7bff, 0x7c00, 0xfc00, 0x7e00),
      [1, -2.5, 2 ** -24, -0, 65504, Infinity, -Infinity, NaN],
    ],
    ['BF16', Uint16Array.of(0x3f80, 0xc020, 0x7f80, 0x0001), [1, -2.5, Infinity, 2 ** -133]],
    ['I64', BigInt64Array.of(-5n, 2n ** 40n), [-5, 2 ** 40]],
    ['U64', BigUint64Array.of(2n ** 63n), [2 ** 63]],
    ['I32', Int32Array.of(-7), [-7]],
    ['U32', Uint32Array.of(2 ** 32 - 1), [2 ** 32 - 1]],
    ['I16', Int16Array.of(-300), [-300]],
    ['U16', Uint16Array.of(65535), [65535]],
    ['I8', Int8Array.of(-128), [-128]],
    ['U8', Uint8Array.of(255), [255]],
    ['BOOL', Uint8Array.of(1, 0), [1, 0]],
  ] as const)('elements of dtype %s can be read one by one', (dtype, values, expected) => {
    const elementAt = elementReader(stored(dtype, values).tensors.get('a')!)!;
    expect(expected.map((_, n) => elementAt(n))).toEqual(expected);
  });

  test('NaN and infinities are read if the caller allows them', () => {
    const values = Float32Array.of(NaN, Infinity, 1);
    expect(floatsNamed(stored('F32', values), 'a', [3], 'f', { allowNonFinite: true }).data).toEqual(values);
  });
});
