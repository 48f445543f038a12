/** The command line on WebGPU: every command that runs a network, what ends a run, and two processes with the same bits. */
import { readFileSync, writeFileSync } from 'node:fs';
import { loadCheckpoint } from '../../../src/training/checkpoint-files.js';
import { linesOf, longhand as asProcess } from '../../helpers/longhand-process.js';
import { longhand, start } from '../../helpers/longhand.js';
import { imaginary, withAdapter, withOwnAdapter } from '../../helpers/webgpu-adapters.js';
import { endless, FROM } from '../../helpers/small-runs.js';
import { inFolder } from '../../helpers/temporary-directories.js';
import { describeWebGpu } from '../../helpers/webgpu.js';

const ON = ['--backend', 'webgpu'];
const ON_WASM = ['--backend', 'wasm', '--threads', '1'];

/** Dawn's own lines, which it writes when a device is opened in Node. */
const withoutWarnings = (text: string): string[] =>
  linesOf(text).filter((line) => !line.startsWith('Warning: maxDynamic'));

/** Every number in a text, and the text around them. */
const numbersIn = (text: string): number[] => [...text.matchAll(/-?\d+\.\d+/g)].map(([number]) => Number(number));
const wordsIn = (text: string): string => text.replace(/-?\d+\.\d+/g, '#').replace(/#[ \t]+/g, '#');

/** The command prints the same on webgpu as on wasm, but for the last digits of numbers. */
async function expectAsOnWasm(args: readonly string[], ofWebGpu = args): Promise<void> {
  const wasm = await longhand([...args, ...ON_WASM]);
  const webgpu = await longhand([...ofWebGpu, ...ON]);
  expect([webgpu.code, wordsIn(webgpu.stdout)]).toEqual([0, wordsIn(wasm.stdout)]);
  const expected = numbersIn(wasm.stdout);
  numbersIn(webgpu.stdout).forEach((number, n) => expect(Math.abs(number - expected[n])).toBeLessThan(2e-3));
}

const BOOK = inFolder('book.txt');
writeFileSync(BOOK, 'Ein Rösslein springt im Schnee; 雪の中を馬が跳ねる。\n'.repeat(60));
const TEXT = ['train', '--task', 'text', '--text', BOOK, '--hidden', '8', '--batch-size', '5', '--steps', '12'];
const SHORT = ['--epochs', '1', '--learning-rate', '0.02', '--display-step', '20'];

await describeWebGpu(() => {
  test('a text: train, eval and sample; two processes write the same bits', async () => {
    const [one, two] = [inFolder('one.safetensors'), inFolder('two.safetensors')];
    for (const file of [one, two]) {
      const { code, stderr } = await asProcess([...TEXT, ...SHORT, ...ON, '--checkpoint', file]);
      expect([code, stderr]).toEqual([0, expect.stringContaining('backend webgpu: ')]);
    }
    expect(Buffer.compare(readFileSync(one), readFileSync(two))).toBe(0);
    await expectAsOnWasm(['eval', one, '--text', BOOK]);
    const written = (on: readonly string[]) => longhand(['sample', one, '--length', '120', '--seed', '4', ...on]);
    const { code, stdout } = await written(ON);
    expect([code, stdout]).toEqual([0, (await written(ON_WASM)).stdout]);
  });

  test('images: train, eval and predict', async () => {
    const file = inFolder('images.safetensors');
    await expectAsOnWasm([
      ...FROM,
      '--hidden',
      '8',
      '--batch-size',
      '16',
      '--training-iters',
      '160',
      '--display-step',
      '3',
    ]);
    const small = [...FROM, '--hidden', '8', '--batch-size', '16', '--training-iters', '160'];
    expect((await longhand([...small, ...ON, '--checkpoint', file])).code).toBe(0);
    await expectAsOnWasm(['eval', file, ...FROM.slice(1)]);
  });

  test('a lost device ends the run with one line, and its checkpoint continues on wasm', async () => {
    const file = inFolder('lost.safetensors');
    const small = [...FROM, '--hidden', '8', '--batch-size', '16'];
    const { code, stderr } = await withOwnAdapter(async (opened) => {
      const run = start([...endless(small), ...ON, '--checkpoint', file, '--checkpoint-every', '2']);
      await run.stdout.has('Iter 80,');
      opened[0].device.destroy();
      return { code: await run.code, stderr: run.stderr.text };
    });
    expect(code).toBe(1);
    expect(withoutWarnings(stderr).slice(2)).toEqual([
      expect.stringMatching(
        /^longhand: webgpu: the device was lost \(.+\), with all tensors on it; .*--resume FILE, with --backend wasm/,
      ),
    ]);
    const { step } = loadCheckpoint(file).training!;
    expect(step).toBeGreaterThanOrEqual(4);
    const more = ['--training-iters', String(16 * (step + 4)), '--display-step', '1'];
    const resumed = await longhand(['train', '--resume', file, ...FROM.slice(1), ...ON_WASM, ...more]);
    expect([resumed.code, resumed.stderr]).toEqual([0, expect.stringContaining('the last digits may differ')]);
    expect(resumed.stdout).toContain(`Iter ${16 * (step + 1)}, `);
  });

  test('more memory than the adapter has is one line that says what to reduce', async () => {
    const limits = { maxBufferSize: 2 ** 23, maxStorageBufferBindingSize: 2 ** 22 };
    const args = [...FROM, '--hidden', '600', '--batch-size', '16', ...ON];
    const { code, stderr } = await withOwnAdapter(() => longhand(args), limits);
    expect(code).toBe(1);
    expect(withoutWarnings(stderr).at(-1)).toMatch(
      /^longhand: webgpu: \d+ bytes requested beside \d+: over this adapter's limit of 4194304 bytes; .*: reduce --hidden or --batch-size$/,
    );
  });
});

describe('without WebGPU, the command is one line and exit code 1', () => {
  const ended = { code: 1, stdout: '' };
  const args = [...FROM, '--hidden', '8', ...ON];

  test('no adapter', async () => {
    const { stderr, ...rest } = await withAdapter(
      async () => null,
      () => longhand(args),
    );
    expect(rest).toEqual(ended);
    expect(stderr).toMatch(
      /^longhand: the webgpu backend found no adapter \(none was offered\)[^\n]*--backend wasm\n$/,
    );
  });

  test('no device', async () => {
    const requestDevice = (): Promise<never> => Promise.reject(new Error('in use'));
    const adapter = { ...imaginary({}, undefined), requestDevice };
    const { stderr, ...rest } = await withAdapter(
      async () => adapter,
      () => longhand(args),
    );
    expect(rest).toEqual(ended);
    expect(stderr).toMatch(/^longhand: the webgpu backend's adapter gave no device \(in use\): use --backend wasm\n$/);
  });

  test('no package', async () => {
    const hook = `export const resolve = (name, context, next) => {
      if (name === 'webgpu') throw new Error("Cannot find package 'webgpu'");
      return next(name, context);
    };`;
    const url = (code: string): string => `data:text/javascript,${encodeURIComponent(code)}`;
    const hooks = JSON.stringify(url(hook));
    const register = `import * as module from 'node:module'; import * as hooks from ${hooks};
      if (module.registerHooks) module.registerHooks(hooks); // Node 26 warns of the other one, which is all that Node 20 has
      else module.register(${hooks});`;
    const { stderr, ...rest } = await asProcess(args, { node: ['--import', url(register)] });
    expect(rest).toEqual(ended);
    expect(stderr).toMatch(
      /^longhand: the webgpu backend needs [^\n]*, in Node, the package webgpu: npm install webgpu@0\.6 \([^\n]*\)\n$/,
    );
  });
});
