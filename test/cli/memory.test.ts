/** Sizes that do not fit into the memory are refused in one line; neither V8 nor the system ends the process. */
import { writeFileSync } from 'node:fs';
import { freemem } from 'node:os';
import path from 'node:path';
import { assertRoom, withAdvice } from '../../src/cli/memory.js';
import { numbersOfComparison } from '../../src/compare/limits.js';
import { OutOfMemoryError } from '../../src/core/errors.js';
import { zeros } from '../../src/core/tensor.js';
import { completeSizes, networkParameterShapes } from '../../src/network/config.js';
import { modelNetwork } from '../../src/network/model.js';
import { saveCheckpoint } from '../../src/training/checkpoint-files.js';
import { comparisonOf, LOSS } from '../helpers/comparison-of-zeros.js';
import { idx, mnistFiles } from '../helpers/idx-files.js';
import { longhand as longhandProcess } from '../helpers/longhand-process.js';
import { longhand } from '../helpers/longhand.js';
import { temporaryDirectories } from '../helpers/temporary-directories.js';

const { directoryOf, remove } = temporaryDirectories();
afterAll(remove);
const TRAIN = ['train', '--data', directoryOf(mnistFiles(5600, 200))];
const ALL = 'reduce --steps, --batch-size, --inputs, --hidden or --classes';
const TWO = 'reduce --hidden or --batch-size';
/** An H whose model needs twice this computer's memory: kernel, gradient and moments, [I+H,4H] in f32, are 4 · 4 · 4H² bytes. */
const TOO_MANY_UNITS = String(Math.ceil(Math.sqrt((2 * freemem()) / 64)));

test.each<[readonly string[], string]>([
  [['gradcheck', '--steps', '8000000'], ALL],
  [['gradcheck', '--steps', '4294967295', '--hidden', '4294967295', '--batch-size', '4294967295'], ALL],
  [['gradcheck', '--batch-size', '4294967295'], ALL],
  [['gradcheck', '--inputs', '4294967295'], ALL],
  [['gradcheck', '--hidden', TOO_MANY_UNITS], ALL],
  [['gradcheck', '--classes', '4294967295'], ALL],
  [[...TRAIN, '--hidden', '4294967295'], TWO],
  [[...TRAIN, '--hidden', '20000'], TWO], // beyond the 4 GiB of a WebAssembly memory
  [[...TRAIN, '--hidden', TOO_MANY_UNITS, '--backend', 'reference'], TWO],
  [[...TRAIN, '--batch-size', '4294967295'], TWO],
])('a model that is too large is refused in one line with its sizes and bytes: %j', async (args, advice) => {
  const { code, stdout, stderr } = await longhand(args);
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr.split('\n').at(-2)).toMatch(
    new RegExp(`^longhand: T \\d+, B \\d+, .* need about [\\de+.]+ bytes.*, but \\d+ are available: ${advice}$`),
  );
  expect(stderr).not.toMatch(/^ +at /m);
});

describe('compare of a small file with many steps', () => {
  const node = ['--max-old-space-size=256'];

  test.each([[[]], [['--no-limit']]])(
    'is refused if their views do not fit into V8’s heap, with flags %j',
    async (flags) => {
      const file = comparisonOf(directoryOf({}), 100_000, LOSS);
      const { code, stdout, stderr } = await longhandProcess(['compare', file, ...flags], { node });
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toMatch(
        /^longhand: T 100000, B 1, I 1, H 1, C 2 need about 600000000 bytes for the views of their steps, but \d+ are available: take fewer .*\n$/,
      );
      expect(stderr).toContain(`: take fewer sequences or steps in ${file}\n`);
    },
  );

  test('is computed if their views fit into V8’s heap', async () => {
    const file = comparisonOf(directoryOf({}), 20_000, LOSS);
    const { code, stdout } = await longhandProcess(['compare', file, '--no-limit'], { node });
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^loss .* ok$/m)]);
  });
});

test('the memory of a comparison includes the models of earlier passes', () => {
  const third = Math.min(freemem(), process.constrainedMemory() || Infinity) / 3;
  const sizes = { T: 1, B: 1, I: 1, H: Math.ceil(Math.sqrt(third / (4 * 4 * 8))), C: 1 };
  const room = { dtype: 'f64', advice: 'none' } as const;
  const network = modelNetwork(sizes);
  expect(() => assertRoom(network, sizes, room)).not.toThrow();
  const numbers = numbersOfComparison(network, sizes);
  expect(() => assertRoom(network, sizes, { ...room, numbers })).toThrow(OutOfMemoryError);
});

test('an OutOfMemoryError of a backend gets the flags to reduce; other errors stay unchanged', async () => {
  const refused = withAdvice('reduce --hidden', () => Promise.reject(new OutOfMemoryError('wasm: 5 bytes requested')));
  await expect(refused).rejects.toThrow(new OutOfMemoryError('wasm: 5 bytes requested: reduce --hidden'));
  const other = new Error('something else');
  await expect(withAdvice('reduce --hidden', () => Promise.reject(other))).rejects.toBe(other);
});

test('a small checkpoint with a huge number of steps is refused', async () => {
  const T = 4_000_000;
  const network = completeSizes(modelNetwork({ I: 1, H: 1, C: 10 }));
  const parameters = Object.fromEntries(
    Object.entries(networkParameterShapes(network)).map(([name, shape]) => [name, zeros(shape)]),
  );
  const folder = directoryOf({});
  const [file, images] = [path.join(folder, 'run.safetensors'), path.join(folder, 'images')];
  saveCheckpoint(file, { model: { T, network, parameters }, training: null });
  writeFileSync(images, idx([1, T, 1], new Uint8Array(T)));
  const { code, stdout, stderr } = await longhand(['predict', file, images]);
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(/^longhand: T 4000000, B 1, I 1, H 1, C 10 need about 24000000000 bytes .*\n$/);
});

test('a model that fits is not refused', async () => {
  expect((await longhand([...TRAIN, '--hidden', '200', '--batch-size', '300', '--training-iters', '1'])).code).toBe(0);
  expect((await longhand(['gradcheck', '--steps', '60', '--hidden', '2', '--inputs', '1'])).code).toBe(0);
});
