/** The tiles for merged vectors: their bits, and the check that chooses them, on tiles that are wrong or slow on purpose. */
import { createWasmBackend } from '../../kernels/wasm/index.js';
import type { WasmExports } from '../../kernels/wasm/runner.js';
import { checkTiles } from '../../kernels/wasm/tile-check.js';
import { type Backend, withoutVectors } from '../../src/core/backend.js';
import { fillRandom, Random } from '../../src/core/rng.js';
import { transposeOf } from '../../src/core/tensor.js';
import { runModule } from '../helpers/run-module.js';

const BUILDS = [
  { build: 'relaxed', usual: 'tile6x8', wide: 'tile6x16', last: 'tile4x16', lastPlace: '[5,15]' },
  { build: 'portable', usual: 'tile2x16', wide: 'tile4x16', last: 'tile4x16', lastPlace: '[3,15]' },
] as const;

type Name = 'tile2x16' | 'tile4x16' | 'tile6x8' | 'tile6x16';

interface Behaviour {
  /** µs for each number of a row, in code that V8 has optimised. */
  readonly time?: number;
  readonly isOptimised?: boolean;
  /** Changes the numbers of out, which begins at `out`. */
  readonly change?: (numbers: Float32Array, out: number) => void;
}

/** A clock that only the tiles advance, so that the computer's load changes nothing. In ms. */
class Clock {
  ms = 0;
}

/** A tile in TypeScript that takes its time: before the 13th call ten times as long, as in V8's first code. */
function tileOf(
  name: Name,
  numbers: Float32Array,
  clock: Clock,
  { time = 0.2, isOptimised = true, change }: Behaviour,
) {
  const [rows, columns] = [Number(name[4]), Number(name.slice(6))];
  const products = new Map<number, number[][]>();
  let calls = 0;
  return ((K, a, aRow, aStep, b, bStep, _start, _startRow, out, outRow) => {
    const at = (...offsets: number[]): number => offsets.reduce((sum, offset) => sum + offset, 0) / 4;
    const product =
      products.get(b) ??
      Array.from({ length: rows }, (_, r) =>
        Array.from({ length: columns }, (_, c) => {
          let sum = 0;
          for (let k = 0; k < K; k++) sum += numbers[at(a, r * aRow, k * aStep)] * numbers[at(b, k * bStep, 4 * c)];
          return sum;
        }),
      );
    products.set(b, product);
    product.forEach((row, r) => numbers.set(row, at(out, r * outRow)));
    change?.(numbers, at(out));
    clock.ms += (time * rows * columns * (isOptimised && calls++ >= 12 ? 1 : 10)) / 1000;
  }) satisfies WasmExports[Name];
}

/** The check of a build, on tiles that behave so. */
function check({ build }: (typeof BUILDS)[number], behaviours: Partial<Record<Name, Behaviour>>) {
  const memory = new WebAssembly.Memory({ initial: 4, maximum: 4, shared: true });
  const numbers = new Float32Array(memory.buffer);
  const names = ['tile2x16', 'tile4x16', 'tile6x8', 'tile6x16'] as const;
  const clock = new Clock();
  const tiles = names.map((name) => [name, tileOf(name, numbers, clock, behaviours[name] ?? {})]);
  return checkTiles(Object.fromEntries(tiles) as WasmExports, memory, 65536, build === 'relaxed', () => clock.ms);
}

const addOne = (at: number) => (numbers: Float32Array, out: number) => {
  numbers[out + at] += 1;
};

describe.each(BUILDS)('in the $build build', (one) => {
  const { usual, wide, last, lastPlace } = one;

  test('the quicker tile is chosen', () => {
    expect(check(one, { [usual]: { time: 0.4 } })).toEqual({ isWide: true });
    expect(check(one, { [wide]: { time: 0.4 } })).toEqual({ isWide: false });
  });

  test('a wrong number in a wide tile means the usual tile, and the place is named', () => {
    const mistakeIn = (name: Name, at: number) => {
      const { isWide, reason } = check(one, { [usual]: { time: 0.4 }, [name]: { change: addOne(at) } });
      expect(isWide).toBe(false);
      return reason;
    };
    expect(mistakeIn(wide, 0)).toMatch(/^V8 merges vectors wrongly: tile\dx16 gives -?\d+ at \[0,0\], not -?\d+$/);
    expect(mistakeIn(wide, wide === 'tile6x16' ? 95 : 63)).toContain(`: ${wide} gives `);
    expect(mistakeIn(wide, wide === 'tile6x16' ? 95 : 63)).toContain(` at ${lastPlace}, not `);
    expect(mistakeIn(last, 25)).toContain(`: ${last} gives `);
    expect(mistakeIn(last, 64)).toContain(`: ${last} gives 1 at [4,0], not 0`);
  });

  test('a wrong usual tile is an error: no other way is left', () => {
    for (const isOptimised of [true, false]) {
      expect(() => check(one, { [usual]: { change: addOne(3), isOptimised } })).toThrow(
        /^wasm: V8 merges vectors wrongly: tile\dx\d+ gives .* at \[0,3\], not .*; start Node without --experimental-wasm-revectorize$/,
      );
    }
  });

  test.each([usual, wide, last])('if V8 does not optimise %s within 50 ms, the usual tile is used', (name) => {
    const late = { [usual]: { time: 0.4 }, [name]: { time: 0.4, isOptimised: false } };
    expect(check(one, late)).toEqual({
      isWide: false,
      reason: 'V8 was not seen to optimise the tiles within 50 ms',
    });
    const { isWide, reason } = check(one, { ...late, [wide]: { ...late[wide], change: addOne(0) } });
    expect([isWide, reason]).toEqual([false, expect.stringContaining(`V8 merges vectors wrongly: ${wide} gives `)]);
  });
});

/** A backend some of whose module's functions are others. */
async function backendWith(
  deterministic: boolean,
  others: (exports: WasmExports) => Partial<WasmExports>,
): Promise<Backend> {
  const { instantiate } = WebAssembly;
  const choosing = async (module: WebAssembly.Module, imports: WebAssembly.Imports) => {
    const { exports } = (await instantiate(module, imports)) as unknown as { exports: WasmExports };
    return { exports: { ...exports, ...others(exports) } };
  };
  try {
    Object.assign(WebAssembly, { instantiate: choosing });
    return await createWasmBackend({ threads: 1, deterministic });
  } finally {
    Object.assign(WebAssembly, { instantiate });
  }
}

/** A backend whose products use the tiles for merged vectors, also where nothing is merged. */
const wideBackend = (deterministic: boolean): Promise<Backend> =>
  backendWith(deterministic, (exports) => ({ setWide: () => exports.setWide(1) }));

test('the description says why the wide tiles are not used, and a checkpoint does not keep it', async () => {
  process.execArgv.push('--experimental-wasm-revectorize');
  const backend = await backendWith(true, () => ({ tile4x16: () => undefined })).finally(() => process.execArgv.pop());
  expect(backend.description).toMatch(
    /^wasm: WebAssembly, portable SIMD, 1 thread, 128-bit because V8 merges vectors wrongly: tile4x16 gives 0 at \[0,0\], not -?\d+$/,
  );
  for (const end of ['', ' (workers are blocked: a reason (with brackets))']) {
    for (const vectors of ['', ', 256-bit', backend.description.slice(backend.description.indexOf(', 128'))])
      expect(withoutVectors(`wasm: 2 threads${vectors}${end}`)).toBe(`wasm: 2 threads${end}`);
  }
  await backend.dispose();
});

test.each([true, false])(
  '1,000 products have the same bits with the wide tiles (deterministic: %s)',
  async (portable) => {
    const backends = [await createWasmBackend({ threads: 1, deterministic: portable }), await wideBackend(portable)];
    const random = new Random(6);
    for (let run = 0; run < 1000; run++) {
      const [M, K, N] = [1 + random.below(40), 1 + random.below(run % 10 === 0 ? 600 : 40), 1 + random.below(70)];
      const [aTransposed, bTransposed, accumulate] = [0, 0, 0].map(() => random.below(2) === 1);
      const seed = random.below(1e9);
      const results = backends.map((backend) => {
        const draw = new Random(seed);
        const tensors = [[M, N], aTransposed ? [K, M] : [M, K], bTransposed ? [N, K] : [K, N]].map((shape) =>
          backend.allocate(shape),
        );
        for (const tensor of tensors) {
          fillRandom(tensor, () => draw.uniform(-1, 1));
          backend.upload(tensor);
        }
        const [out, a, b] = tensors;
        backend.matmul(out, aTransposed ? transposeOf(a) : a, bTransposed ? transposeOf(b) : b, { accumulate });
        const bits = Buffer.from(Float32Array.from(out.data).buffer);
        tensors.forEach((tensor) => backend.free(tensor));
        return bits;
      });
      if (!results[0].equals(results[1]))
        throw new Error(`other bits: ${JSON.stringify({ M, K, N, aTransposed, bTransposed, accumulate })}`);
    }
    for (const backend of backends) await backend.dispose();
  },
);

// .ci/run asks for it on the tested versions, if its processor has AVX2. Elsewhere the usual tile may be the quicker one.
(process.env.EXPECT_256_BIT ? test : test.skip).each([true, false])(
  'V8 merges the wide tiles, and they are used (deterministic: %s)',
  (deterministic) => {
    const program = `
      import { enableWideVectors } from 'longhand/node-flags';
      import { createWasmBackend } from 'longhand/wasm';
      enableWideVectors();
      console.log((await createWasmBackend({ threads: 1, deterministic: ${deterministic} })).description);`;
    let description = '';
    for (let n = 0; n < 10 && !description.endsWith(', 256-bit\n'); n++) description = runModule(program).stdout; // other programs disturb it
    expect(description).toMatch(/, 256-bit\n$/);
  },
);

describe('longhand/node-flags', () => {
  const program = (versions: string): string => `
    import { enableWideVectors } from 'longhand/node-flags';
    import { createWasmBackend } from 'longhand/wasm';
    Object.defineProperty(process, 'versions', { value: ${versions} });
    const isSet = enableWideVectors();
    const { description } = await createWasmBackend({ threads: 1 });
    console.log(isSet, /256-bit/.test(description));`;

  test.each(['13.60.1', '13.7.152.1', '12.4.254.21-node.57', '14.66.1', '1', '113.6.0'])(
    'on V8 %s, which is not in the list, nothing is set',
    (v8) => expect(runModule(program(`{ v8: '${v8}' }`))).toEqual({ status: 0, stdout: 'false false\n', stderr: '' }),
  );

  test.each(['bun', 'deno', 'electron'])('in %s nothing is set, on any version of V8 that it reports', (name) =>
    expect(runModule(program(`{ v8: '13.6.233', ${name}: '1' }`)).stdout).toBe('false false\n'),
  );

  test('it is set on the V8 of Node 24 and 26 for x64, and on no other', () => {
    const { stdout, stderr } = runModule(program('process.versions'));
    expect(stderr).toBe('');
    const isListed = /^1[34]\.6\./.test(process.versions.v8) && process.arch === 'x64';
    expect(stdout.split(' ')[0]).toBe(String(isListed));
  });
});
