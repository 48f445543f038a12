/** `longhand compare` of networks: layers, directions, lengths, losses and names. test/compare/refusals.test.ts has faulty files. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createReferenceBackend } from '../../kernels/reference/index.js';
import type { Comparison } from '../../src/compare/compare.js';
import { compareFile } from '../../src/compare/compare.js';
import type { TemplateOptions } from '../../src/compare/template.js';
import { templateOf } from '../../src/compare/template.js';
import type { Safetensors } from '../../src/files/safetensors.js';
import { parseSafetensors } from '../../src/files/safetensors.js';
import type { Tensors } from '../helpers/changed-files.js';
import { changed } from '../helpers/changed-files.js';
import { changeNumbers, stored, whole } from '../helpers/compare-files.js';
import { inTier } from '../helpers/needs.js';

const backend = createReferenceBackend({ dtype: 'f64' });
const compare = (file: Safetensors, tolerance = 1e-9): Promise<Comparison> =>
  compareFile(backend, file, tolerance, 'f');
const read = (file: string): Buffer => readFileSync(fileURLToPath(new URL(file, import.meta.url)));

test('PyTorch’s packed, stacked, bidirectional nn.LSTM agrees at 1e-9 in every result', async () => {
  const { ok, differences } = await compare(parseSafetensors(read('../fixtures/compare.safetensors'), 'f'));
  expect([ok, differences.length]).toEqual([true, 16]);
});

test('docs/files.md has the program that wrote this file', () => {
  const program = read('../fixtures/compare.py').toString();
  const [, code] = /^"""[\s\S]*?"""\n([\s\S]*)$/.exec(program) ?? [];
  expect(read('../../docs/files.md').toString()).toContain(`\`\`\`python\n${code}\`\`\``);
});

describe('an example of each kind', () => {
  const EVERY = { layers: 2, bidirectional: true, lengths: true, reads: 'every' } as const;
  const kinds: [string, TemplateOptions][] = [
    ['one layer, a loss at every step', { reads: 'every' }],
    ['two directions, squared errors', { bidirectional: true, loss: 'squaredError' }],
    ['two layers, two directions, lengths, a loss at every step', EVERY],
    ['two layers, two directions, lengths, squared errors at every step', { ...EVERY, loss: 'squaredError' }],
    ['three layers, lengths', { layers: 3, lengths: true, loss: 'crossEntropy', reads: 'last' }],
  ];

  test.each(kinds)('agrees to the last bit: %s', async (_, options) => {
    const { ok, differences } = await compare(await templateOf(backend, 1, options), 1e-300);
    expect([ok, differences.map(({ largestAbsolute }) => largestAbsolute)]).toEqual([true, differences.map(() => 0)]);
  });

  test('one wrong element of a result is found, and its index is reported', async () => {
    const template = await templateOf(backend, 1, { ...EVERY, loss: 'squaredError' });
    const all = (await compare(template)).differences.map(({ name }) => name);
    expect(all).toHaveLength(4 + 2 * 4 + 2 + 4);
    const some = ['loss', 'h', 'd.kernel.0.reverse', 'd.h0'];
    expect(all).toEqual(expect.arrayContaining(some));
    for (const name of inTier(some, all)) {
      const { shape } = template.tensors.get(name)!;
      const file = changed(template, (tensors) =>
        // the last sequence has T steps
        changeNumbers(tensors, name, (values) => void (values[values.length - 1] += 0.5)),
      );
      const wrong = (await compare(file)).differences.filter((one) => !one.ok);
      expect(wrong).toMatchObject([{ name, shape, element: shape.map((extent) => extent - 1) }]);
    }
  });
});

describe('the names and shapes of one layer and direction', () => {
  const numbered = (template: Safetensors): Safetensors =>
    changed(template, (tensors) => {
      for (const name of ['kernel', 'bias', 'd.kernel', 'd.bias']) {
        tensors.set(`${name}.0`, tensors.get(name)!).delete(name);
      }
    });
  const reshaped = (tensors: Tensors, name: string, shape: number[]): Tensors =>
    tensors.set(name, { ...tensors.get(name)!, shape });

  test('kernel.0 and bias.0 are other names of kernel and bias', async () => {
    const template = await templateOf(backend, 1);
    const plain = await compare(template);
    const { differences } = await compare(numbered(template));
    expect(differences).toEqual(
      plain.differences.map((one) => ({ ...one, name: one.name.replace(/^d\.(kernel|bias)$/, '$&.0') })),
    );
  });

  test.each<[string, (tensors: Tensors) => unknown, number[]]>([
    ['h0 is [1,B,H]', (tensors) => ['h0', 'd.h0'].map((name) => reshaped(tensors, name, [1, 4, 6])), [1, 4, 6]],
    [
      'h0 is missing and d.h0 is [1,B,H]',
      (tensors) => tensors.delete('h0') && reshaped(tensors, 'd.h0', [1, 4, 6]),
      [1, 4, 6],
    ],
    ['h0 is missing and d.h0 is [B,H]', (tensors) => tensors.delete('h0'), [4, 6]],
  ])('%s', async (_, change, shape) => {
    const { differences } = await compare(changed(await templateOf(backend, 1), change));
    expect(differences.find(({ name }) => name === 'd.h0')).toMatchObject({ shape });
    expect(differences.find(({ name }) => name === 'd.c0')).toMatchObject({ shape: [4, 6] });
  });
});

describe('beyond a sequence’s end', () => {
  /** The template has lengths 2, 3, 1, 3: two steps of sequence 2 and one of sequence 0 are beyond. */
  const BEYOND = [2 * 4 + 0, 1 * 4 + 2, 2 * 4 + 2]; // t·B + b
  const fillBeyond = (tensors: Tensors, name: string, value: number): void =>
    changeNumbers(tensors, name, (values) => {
      const width = tensors.get(name)!.shape[2];
      for (const row of BEYOND) values.fill(value, row * width, (row + 1) * width);
      return values;
    });
  const options = { layers: 2, bidirectional: true, lengths: true, reads: 'every' } as const;

  test.each([NaN, Infinity, 1e300])('%d in x, targets, h, c and logits changes nothing', async (value) => {
    const template = await templateOf(backend, 2, { ...options, loss: 'squaredError' });
    const file = changed(template, (tensors) => {
      for (const name of ['x', 'targets', 'h', 'c', 'logits']) fillBeyond(tensors, name, value);
    });
    expect(await compare(file, 1e-300)).toEqual(await compare(template, 1e-300));
  });

  test.each([0, 99, -5])('label %d changes nothing', async (label) => {
    const template = await templateOf(backend, 2, options);
    const labels = [...new Int32Array(new Uint8Array(template.tensors.get('labels')!.bytes).buffer)];
    for (const row of BEYOND) labels[row] = label;
    const file = changed(template, (tensors) => tensors.set('labels', whole(labels, [3, 4])));
    expect(await compare(file, 1e-300)).toEqual(await compare(template, 1e-300));
  });

  test.each([NaN, 1e300])('%d and label 99 do not stop the search for mistakes', async (value) => {
    for (const loss of ['crossEntropy', 'squaredError'] as const) {
      const file = changed(await templateOf(backend, 2, { ...options, layers: 1, loss }), (tensors) => {
        for (const name of ['x', 'targets']) if (tensors.has(name)) fillBeyond(tensors, name, value);
        if (loss === 'crossEntropy') tensors.set('labels', whole(Array<number>(12).fill(1).fill(99, 10, 11), [3, 4]));
        tensors.set('loss', stored(Float64Array.of(9), []));
      });
      const { ok, hints, search } = await compare(file);
      expect({ ok, hints, isComplete: search.tried === search.of }).toEqual({ ok: false, hints: [], isComplete: true });
    }
  });

  test('d.x must be 0', async () => {
    const template = await templateOf(backend, 2, options);
    const file = changed(template, (tensors) => fillBeyond(tensors, 'd.x', 1e-3));
    const wrong = (await compare(file)).differences.filter((one) => !one.ok);
    expect(wrong).toMatchObject([{ name: 'd.x', theirs: 1e-3, ours: 0, element: [1, 2, 0] }]);
  });
});
