/** `--to pytorch-training`, and back with `--from pytorch-training`. test/slow/training/pytorch-training.test.ts runs PyTorch. */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { DataError } from '../../src/core/errors.js';
import { toPyTorchTraining } from '../../src/export/pytorch-training.js';
import type { StoredTensor } from '../../src/files/safetensors.js';
import { parseSafetensors, writeSafetensors } from '../../src/files/safetensors.js';
import { checkpointBytes } from '../../src/training/checkpoint.js';
import { checkpointOf, reread } from '../helpers/pytorch-runs.js';

const LISTED = { hidden: [4, 3], bidirectional: true, dropout: 0.1 };

describe('without a step in PyTorch, a run comes back with the same bytes', () => {
  test.each([
    ['the tutorial’s network', {}],
    ['two equal layers', { layers: 2 }],
    ['layers that differ, with SGD', { ...LISTED, optimiser: 'sgd' }],
    ['a forget bias that f32 rounds', { forgetBias: 0.1 }],
  ] as const)('%s', async (_, options) => {
    const checkpoint = await checkpointOf(options);
    const bytes = checkpointBytes(checkpoint);
    expect(checkpointBytes(reread(toPyTorchTraining(checkpoint, 'f')))).toEqual(bytes);
  });

  test('in f64', async () => {
    const checkpoint = await checkpointOf({ layers: 2, forgetBias: 0.1 }, createReferenceBackend({ dtype: 'f64' }));
    const bytes = toPyTorchTraining(checkpoint, 'f');
    expect(parseSafetensors(bytes, 'f').tensors.get('lstm.bias_hh_l1')?.dtype).toBe('F64');
    expect(checkpointBytes(reread(bytes))).toEqual(checkpointBytes(checkpoint));
  });
});

describe('a wrong file is refused with the reason', () => {
  test('a checkpoint that holds only a network', async () => {
    const { model } = await checkpointOf();
    const write = () => toPyTorchTraining({ model, training: null }, 'run.safetensors');
    expect(write).toThrow(DataError);
    expect(write).toThrow('run.safetensors: holds only a network, not the state of its training: export it --to safe');
  });

  test.each([
    ['of another format', { format: 'pt' }, [], 'f: not a file that longhand export --to pytorch-training wrote'],
    [
      'whose network is another',
      { network: '{"inputs":3,"layers":[{"hidden":4}],"outputs":10}' },
      [],
      'must be [16,3]',
    ],
    ['with a cursor beyond its order', { training: { cursor: 65 } }, [], 'cursor is 65, must be a whole number from 0'],
    ['with an option out of range', { options: { batchSize: 0 } }, [], 'f: options: batchSize 0: must be'],
    [
      'with a forget bias that was trained',
      {},
      ['lstm.bias_hh_l0'],
      '"lstm.bias_hh_l0" is not the forget bias 1: it must',
    ],
    ['with NaN', {}, ['adam.v.fc.bias'], 'adam.v.fc.bias": element 0 is NaN, must be finite'],
  ])('a file %s', async (_, texts, changed, message) => {
    const { metadata, tensors } = parseSafetensors(toPyTorchTraining(await checkpointOf(), 'f'), 'f');
    const others = Object.entries(texts).map(([key, value]): [string, string] => [
      key,
      typeof value === 'string'
        ? value
        : JSON.stringify({ ...(JSON.parse(metadata.get(key)!) as object), ...(value as object) }),
    ]);
    const changes = changed.map((key): [string, StoredTensor] => {
      const tensor = tensors.get(key)!;
      const values = new Float32Array(Uint8Array.from(tensor.bytes).buffer);
      values[0] = key.startsWith('adam') ? NaN : 0.5;
      return [key, { ...tensor, bytes: new Uint8Array(values.buffer) }];
    });
    const file = { metadata: new Map([...metadata, ...others]), tensors: new Map([...tensors, ...changes]) };
    const read = () => reread(writeSafetensors(file));
    expect(read).toThrow(DataError);
    expect(read).toThrow(message);
  });
});
