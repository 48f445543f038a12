/** V8's option for 256-bit vectors: it merges the inner loops, and changes no bit of any operation. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import binaryen from 'assemblyscript/binaryen';
import { build } from 'esbuild';
import { PORTABLE, RELAXED } from '../../kernels/wasm/binaries.js';
import { REVECTORIZE } from '../../kernels/wasm/wide-vectors.js';
import { testMerging } from '../helpers/needs.js';
import { runModule } from '../helpers/run-module.js';
import { directoryOf } from '../helpers/temporary-directories.js';

/** So that V8 optimises a function before its first call. */
const OPTIMISED = '--no-liftoff';
const MERGING = [`--${REVECTORIZE}`, OPTIMISED];

/** Runs a file in a Node with these options; returns what it has printed. */
function outputOf(flags: readonly string[], file: string, ...args: readonly string[]): string {
  const relaxed = Number.parseInt(process.versions.node) < 22 ? ['--experimental-wasm-relaxed-simd'] : [];
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [...relaxed, ...flags, file, ...args], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  expect([status, signal, stderr]).toEqual([0, null, '']);
  return stdout;
}

describe('the bits of all operations and of a training are the same', () => {
  let bits: (flags: readonly string[], ...args: readonly string[]) => Record<string, string>;
  let expected: Record<string, string>;

  beforeAll(async () => {
    const file = path.join(directoryOf(), 'bits.mjs');
    const entry = fileURLToPath(new URL('../helpers/bits-of-operations.ts', import.meta.url));
    await build({ entryPoints: [entry], outfile: file, bundle: true, platform: 'node', format: 'esm' });
    bits = (flags, ...args) => JSON.parse(outputOf(flags, file, ...args)) as Record<string, string>;
    expected = bits([]);
    expect(Object.keys(expected).filter((name) => name.startsWith('relaxed: ')).length).toBeGreaterThan(150);
    expect(Object.keys(expected).filter((name) => name.startsWith('portable: ')).length).toBeGreaterThan(150);
  });

  test('also at addresses around 2³¹', () => {
    const high = Object.entries(expected).filter(([name]) => name.includes(', around 2³¹: '));
    expect(high.length).toBeGreaterThan(300);
    for (const [name, digest] of high)
      expect([name, digest]).toEqual([name, expected[name.replace(', around 2³¹', '')]]);
  });

  test('with the tiles for merged vectors, where nothing is merged', () => {
    expect(bits([OPTIMISED], 'wide')).toEqual(expected);
  });

  testMerging('with merged vectors, on all tiles', async () => {
    expect(bits(MERGING)).toEqual(expected);
    expect(bits(MERGING, 'wide')).toEqual(expected);
  });

  // V8 counts calls before it optimises, so it may inline some loops; here it does so early, and on the calling thread
  testMerging('with merged vectors, where V8 begins with its first code', async () => {
    const tiering = [`--${REVECTORIZE}`, '--wasm-sync-tier-up', '--wasm-tiering-budget=1000'];
    expect(bits(tiering, 'wide')).toEqual(expected);
  });
});

/** The pairs of vectors that each inner loop stores. */
const LOOPS = {
  tile4x16: 8,
  tile2x16: 4,
  tile1x16: 2,
  tile4x8: 4,
  tile1x8: 1,
  sigmoidRow: 2,
  tanhRow: 2,
  stateRow: 2,
  stateBackwardRow: 3,
  gatesBackwardRow: 3,
  adamRow: 3,
  sgdRow: 2,
  multiplyRow: 1,
  addRow: 1,
  addFourRows: 1,
  divideRow: 1,
  expRow: 1,
};

/** Only the relaxed build has them. */
const RELAXED_LOOPS = { tile6x16: 12, tile6x8: 6 };

/**
 * The pairs that V8 merges in each of these functions, from its trace; 0 if it merges only some of them, because V8 prints a pair of stores
 * before it knows whether their operands fit. Its words differ: Node 24 decides, Node 26 has decided.
 */
function mergedPairs(digits: string, loops: Readonly<Record<string, number>>): Record<string, number> {
  const file = path.join(directoryOf(), 'trace.mjs');
  writeFileSync(
    file,
    `import { writeFileSync } from 'node:fs';
    const memory = new WebAssembly.Memory({ initial: 32, maximum: 65536, shared: true });
    const module = new WebAssembly.Module(Buffer.from('${digits}', 'hex'));
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    const names = ${JSON.stringify(Object.keys(loops))};
    for (const name of names) exports[name](...Array(exports[name].length).fill(65536).fill(1, 0, Number(name.startsWith('tile'))));
    writeFileSync('${file}.json', JSON.stringify(Object.fromEntries(names.map((name) => [exports[name].name, name]))));`,
  );
  const trace = outputOf([...MERGING, '--trace-wasm-revectorize'], file);
  const names = JSON.parse(readFileSync(`${file}.json`, 'utf8')) as Record<string, string>;
  const functions = trace.split('Begin revec function wasm-function#').slice(1);
  return Object.fromEntries(
    functions.map((text) => {
      const isMerged = /Decided? to vectorize, \d+ revectorizable nodes/.test(text) && !text.includes('tree failed');
      const stores = text.match(/NewPackNode \d+: PackNode Store/g)?.length ?? 0;
      return [names[Number.parseInt(text)], isMerged ? stores : 0];
    }),
  );
}

/** A module whose function `pairs` stores two pairs; the halves of the second compute `add` and `operation`. */
function twoPairs(operation: 'add' | 'mul'): string {
  const load = (offset: number): string => `(v128.load offset=${offset} (local.get $a))`;
  const vectors = ['add', 'add', 'add', operation];
  const binary = binaryen.parseText(`(module
    (import "env" "memory" (memory 1 65536 shared))
    (func (export "pairs") (param $out i32) (param $a i32) ${vectors.map((_, n) => `(local $v${n} v128)`).join('')}
      ${vectors.map((name, n) => `(local.set $v${n} (f32x4.${name} ${load(16 * n)} ${load(64 + 16 * n)}))`).join('')}
      ${vectors.map((_, n) => `(v128.store offset=${16 * n} (local.get $out) (local.get $v${n}))`).join('')}))`);
  binary.setFeatures(binaryen.Features.All);
  return Buffer.from(binary.emitBinary()).toString('hex');
}

testMerging('a function of which V8 merges one pair of two does not count', async () => {
  expect(mergedPairs(twoPairs('add'), { pairs: 2 })).toEqual({ pairs: 2 });
  expect(mergedPairs(twoPairs('mul'), { pairs: 2 })).toEqual({ pairs: 0 });
});

testMerging('V8 merges every pair of vectors that an inner loop stores', async () => {
  const relaxed = { ...LOOPS, ...RELAXED_LOOPS };
  expect(mergedPairs(PORTABLE, LOOPS)).toEqual(LOOPS);
  expect(mergedPairs(RELAXED, relaxed)).toEqual(relaxed);
});

testMerging(
  'the option is set and unset while the program runs; a Node that was started against it keeps it unset',
  async () => {
    const isMerging = (flag: string, call: string): boolean => {
      const program = `
      import { disableWideVectors, enableWideVectors } from 'longhand/node-flags';
      import { createWasmBackend } from 'longhand/wasm';
      ${call};
      const backend = await createWasmBackend({ threads: 1 });
      const [out, a, b] = [0, 0, 0].map(() => backend.allocate([16, 16]));
      backend.matmul(out, a, b);`;
      const flags = [OPTIMISED, '--trace-wasm-revectorize', ...(flag ? [flag] : [])];
      const { status, stdout, stderr } = runModule(program, flags);
      expect([status, stderr]).toEqual([0, '']);
      return stdout.includes('Begin revec function');
    };
    expect(isMerging('', '')).toBe(false);
    expect(isMerging('', 'enableWideVectors()')).toBe(true);
    expect(isMerging('', 'enableWideVectors(); disableWideVectors()')).toBe(false);
    expect(isMerging(`--${REVECTORIZE}`, '')).toBe(true);
    expect(isMerging(`--${REVECTORIZE}`, 'disableWideVectors()')).toBe(false);
    expect(isMerging(`--no-${REVECTORIZE}`, 'if (enableWideVectors()) throw new Error()')).toBe(false);
    expect(isMerging('--no_experimental_wasm_revectorize', 'enableWideVectors()')).toBe(false);
  },
);

/**
 * All six outputs in one loop: the code that our cell avoids. Seen so far: it runs with V8 13.6.233 and 14.6.202 (Node 24.22, 26.10, 26.12) on an
 * AMD EPYC; such a loop ran with Node 24.21 and ended the process of Node 26.10 on an Intel Xeon. A crash there is V8's, and no failure.
 */
testMerging(
  'a loop with six outputs runs with the same bits on an AMD processor; on another, V8 may end its process',
  async () => {
    const folder = directoryOf();
    writeFileSync(
      path.join(folder, 'six.mjs'),
      `import { readFileSync } from 'node:fs';
    const module = new WebAssembly.Module(readFileSync(process.argv[2]));
    const { exports } = new WebAssembly.Instance(module, {});
    exports.memory.grow(4);
    const numbers = new Float32Array(exports.memory.buffer, 65536, 8000);
    for (let n = 0; n < numbers.length; n++) numbers[n] = Math.fround(((n * 7919) % 1009) / 128 - 4);
    const at = (k) => 65536 + 4000 * k;
    exports.forward(at(0), at(1), at(2), at(4), at(6), 1, 5, 24);
    console.log(Buffer.from(numbers.buffer, 65536, 32000).toString('hex'));`,
    );
    for (const features of [[], ['relaxed-simd']]) {
      const module = path.join(folder, 'six.wasm');
      const { stderr } = runModule(`
      import { writeFileSync } from 'node:fs';
      import { compileAssembly } from './dist/bench/assemblyscript.js';
      writeFileSync(${JSON.stringify(module)}, await compileAssembly('six-outputs.ts', ${JSON.stringify(features)}));`);
      expect(stderr).toBe('');
      const [usual, merged] = [[], MERGING].map((flags) =>
        spawnSync(process.execPath, [...flags, path.join(folder, 'six.mjs'), module], { encoding: 'utf8' }),
      );
      expect([usual.status, usual.stdout.length]).toEqual([0, 64_001]);
      const isCrash = merged.stderr.includes('Fatal error') && !cpus()[0].model.startsWith('AMD');
      if (!isCrash) expect([merged.status, merged.stdout]).toEqual([0, usual.stdout]);
    }
  },
);

test('no instruction adds a large offset to its address: V8 compares the offsets of the operations that it merges', () => {
  for (const digits of [PORTABLE, RELAXED]) {
    const offsets = Array.from(
      binaryen
        .readBinary(Buffer.from(digits, 'hex'))
        .emitText()
        .matchAll(/offset=(\d+)/g),
      ([, one]) => Number(one),
    );
    expect([offsets.length > 200, Math.max(...offsets) < 4096]).toEqual([true, true]);
  }
});
