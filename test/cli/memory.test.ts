/** Sizes that do not fit into the memory are refused in one line; neither V8 nor the system ends the process. */
import { readFileSync, writeFileSync } from 'node:fs';
import { freemem } from 'node:os';
import path from 'node:path';
import { assertRoom, withAdvice } from '../../src/cli/memory.js';
import { elementCountOfComparison } from '../../src/compare/read-problem.js';
import { OutOfMemoryError } from '../../src/core/errors.js';
import { zeros } from '../../src/core/tensor.js';
import { writeSafetensors } from '../../src/files/safetensors.js';
import { storedFloats, storedTensor } from '../../src/files/stored-tensors.js';
import { completeConfig } from '../../src/network/config.js';
import { modelNetwork } from '../../src/network/tutorial-network.js';
import { saveCheckpoint } from '../../src/training/checkpoint-files.js';
import { project } from '../helpers/built-project.js';
import { inShell, longhand as longhandProcess } from '../helpers/longhand-process.js';
import { failed, longhand, words } from '../helpers/longhand.js';
import { zeroParameters } from '../helpers/random-model.js';
import { idx } from '../helpers/small-data.js';
import { FROM } from '../helpers/small-runs.js';
import { inNewFolder } from '../helpers/temporary-directories.js';
import { inTier, needs } from '../helpers/needs.js';

const [B, I, H, C] = [1, 1, 1, 2];

/** The loss of two classes that are equally likely. */
const LOSS = Math.LN2;

/** A small file for `longhand compare` with many steps: inputs and weights of zeros. */
function comparisonOf(T: number, loss: number): string {
  const shapes = { x: [T, B, I], kernel: [I + H, 4 * H], bias: [4 * H], outKernel: [H, C], outBias: [C] };
  const zeroed = Object.entries(shapes).map(([name, shape]) => [name, storedTensor(zeros(shape))] as const);
  const results = [['loss', storedFloats(Float64Array.of(loss), [])] as const];
  const tensors = new Map([...zeroed, ...results, ['labels', { dtype: 'U8', shape: [B], bytes: new Uint8Array(B) }]]);
  const file = inNewFolder('mine.safetensors');
  writeFileSync(file, writeSafetensors({ metadata: new Map(), tensors }));
  return file;
}

const ALL = 'reduce --steps, --batch-size, --inputs, --hidden or --classes';
const TWO = 'reduce --hidden or --batch-size';
/** An H whose model needs twice this computer's memory: kernel, gradient and moments, [I+H,4H] in f32, are 4 · 4 · 4H² bytes. */
const TOO_MANY_UNITS = String(Math.ceil(Math.sqrt((2 * freemem()) / 64)));

if (inTier(true, false)) {
  describe('a limit of the address space', () => {
    const limited = (change: string, threads: number) =>
      inShell(
        'bash',
        `ulimit -v 4000000; ${change} exec "$@"`,
        words`${FROM} --training-iters 200 --threads ${threads}`,
      );

    needs(
      'a limit of the address space',
      process.platform === 'linux',
      'run the tests on Linux',
    )('that leaves no room for a WebAssembly memory is reported in one line, whose advice is right', async () => {
      const { code, stdout, stderr } = await limited('', 1);
      const needsAddresses = Number(process.versions.node.split('.')[0]) < 24; // later versions do without by themselves
      if (!needsAddresses) expect(code).toBe(0);
      else
        expect([code, stdout, stderr]).toEqual([
          1,
          '',
          'longhand: wasm: the system refuses addresses for a memory of 4294967296 bytes, and of 268435456. In Node a limit of the address ' +
            'space (ulimit -v) must leave 12 GB; with NODE_OPTIONS=--disable-wasm-trap-handler, which is slower, 1 GB is enough\n',
        ]);
      const advised = await limited('NODE_OPTIONS=--disable-wasm-trap-handler', 48);
      expect(advised.code).toBe(0);
      expect(advised.stderr).toMatch(
        /^backend wasm: .*, 1 thread(, .*)? \(workers are blocked: 47 of them need 30080 MB of addresses, but ulimit -v leaves \d+\)\n/,
      );
    });
  });

  test.each<[readonly string[], string]>([
    [words`gradcheck --steps 8000000`, ALL],
    [words`gradcheck --steps 4294967295 --hidden 4294967295 --batch-size 4294967295`, ALL],
    ...words`--batch-size --inputs --classes`.map((flag): [string[], string] => [
      ['gradcheck', flag, '4294967295'],
      ALL,
    ]),
    [words`gradcheck --hidden ${TOO_MANY_UNITS}`, ALL],
    [words`${FROM} --hidden 4294967295`, TWO],
    [words`${FROM} --hidden 20000`, TWO], // beyond the 4 GiB of a WebAssembly memory
    [words`${FROM} --hidden ${TOO_MANY_UNITS} --backend reference`, TWO],
    [words`${FROM} --batch-size 4294967295`, TWO],
  ])('a model that is too large is refused in one line with its sizes and bytes: %j', async (args, advice) => {
    const stderr = await failed(args);
    expect(stderr.split('\n').at(-2)).toMatch(
      new RegExp(`^longhand: T \\d+, B \\d+, .* need about [\\de+.]+ bytes.*, but \\d+ are available: ${advice}$`),
    );
    expect(stderr).not.toMatch(/^ +at /m);
  });

  test('docs/scale.md quotes the message for its network', async () => {
    const document = readFileSync(path.join(project, 'docs/scale.md'), 'utf8');
    const [, args, message] = /\$ npm run -s longhand -- (train .*)\n(longhand: .* need about .*)\n/.exec(document)!;
    expect((await failed(args.split(' '))).split('\n').at(-2)).toBe(message);
  });

  describe('compare of a small file with many steps', () => {
    const node = ['--max-old-space-size=256'];

    test.each([[[]], [['--no-limit']]])(
      'is refused if the views do not fit into V8’s heap; flags %j',
      async (flags) => {
        const file = comparisonOf(100_000, LOSS);
        const { code, stdout, stderr } = await longhandProcess(['compare', file, ...flags], { node });
        expect([code, stdout]).toEqual([1, '']);
        expect(stderr).toMatch(
          /^longhand: T 100000, B 1, I 1, H 1, C 2 need about 600000000 bytes for the views of their steps, but \d+ are available: take fewer .*\n$/,
        );
        expect(stderr).toContain(`: take fewer sequences or steps in ${file}\n`);
      },
    );

    test('is computed if their views fit into V8’s heap', async () => {
      const file = comparisonOf(20_000, LOSS);
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
    const elementCount = elementCountOfComparison(network, sizes);
    expect(() => assertRoom(network, sizes, { ...room, elementCount })).toThrow(OutOfMemoryError);
  });

  test('an OutOfMemoryError of a backend gets the flags to reduce; other errors stay unchanged', async () => {
    const refused = withAdvice('reduce --hidden', () =>
      Promise.reject(new OutOfMemoryError('wasm: 5 bytes requested')),
    );
    await expect(refused).rejects.toThrow(new OutOfMemoryError('wasm: 5 bytes requested: reduce --hidden'));
    const other = new Error('something else');
    await expect(withAdvice('reduce --hidden', () => Promise.reject(other))).rejects.toBe(other);
  });

  test('a small checkpoint with a huge number of steps is refused', async () => {
    const T = 4_000_000;
    const network = completeConfig(modelNetwork({ I: 1, H: 1, C: 10 }));
    const [file, images] = [inNewFolder(), inNewFolder('images')];
    saveCheckpoint(file, { model: { T, network, parameters: zeroParameters(network) }, training: null });
    writeFileSync(images, idx([1, T, 1], new Uint8Array(T)));
    expect(await failed(['predict', file, images])).toMatch(
      /^longhand: T 4000000, B 1, I 1, H 1, C 10 need about 24000000000 bytes .*\n$/,
    );
  });
}

test('compare of a small file with many steps is searched for mistakes if their views fit into V8’s heap', async () => {
  const small = ['--max-old-space-size=64'];
  const file = comparisonOf(inTier(500, 5000), 0);
  const { code, stdout } = await longhandProcess(['compare', file, '--no-limit'], { node: small });
  expect([code, stdout]).toEqual([1, expect.stringContaining('DIFFERS')]);
});

test('longhand inspect shows very many tensors', async () => {
  const file = inNewFolder('many.safetensors');
  const empty = { dtype: 'U8', shape: [0], bytes: new Uint8Array() } as const;
  const count = inTier(2_000, 200_000);
  const tensors = new Map(Array.from({ length: count }, (_, n) => [`t${n}`, empty]));
  writeFileSync(file, writeSafetensors({ metadata: new Map(), tensors }));
  const { code, stdout, stderr } = await longhandProcess(['inspect', file]);
  expect([code, stderr, stdout.split('\n').length]).toEqual([0, '', count + 2]);
});

test('a model that fits is not refused', async () => {
  const [units, batch] = inTier(['200', '300'], ['600', '600']);
  const args = ['--hidden', units, '--batch-size', batch, '--training-iters', '1'];
  expect((await inTier(longhand, longhandProcess)([...FROM, ...args])).code).toBe(0);
  expect((await longhand(['gradcheck', '--steps', '60', '--hidden', '2', '--inputs', '1'])).code).toBe(0);
});
