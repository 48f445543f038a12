/** The tiles of products and of LSTM steps on WebGPU: the same bits in each, and which one a device gets: the quickest, and never one that is wrong. */
import type { WebGpuBackend } from '../../../kernels/webgpu/backend.js';
import { createWebGpuBackend } from '../../../kernels/webgpu/index.js';
import { STEP_TILES } from '../../../kernels/webgpu/cell.js';
import { type ProductTile, PRODUCT_TILES, USUAL_TILE } from '../../../kernels/webgpu/matmul.js';
import { type TileName, measuredFor, workOf } from '../../../kernels/webgpu/tiles.js';
import type { ChoiceStore } from '../../../src/core/backend.js';
import { fillRandom, Random } from '../../../src/core/rng.js';
import { type Tensor, rowsOf, valuesOf } from '../../../src/core/tensor.js';
import { modelNetwork } from '../../../src/network/tutorial-network.js';
import { trainThreeSteps } from '../../helpers/backend-suite.js';
import { failureOf } from '../../helpers/failures.js';
import { expectSameNumbers } from '../../helpers/numeric.js';
import { withOwnAdapter } from '../../helpers/webgpu-adapters.js';
import { describeWebGpu, openWebGpu, using } from '../../helpers/webgpu.js';

/** Edges in every tile, several workgroups, and a K that ends within and after a group of four. */
const SIZES = [
  [1, 1, 1],
  [5, 7, 3],
  [33, 66, 29],
  [64, 32, 16],
  [67, 35, 130],
  [130, 129, 17],
] as const;
/** Whether a and b are transposes. */
const FORMS: readonly (readonly [boolean, boolean])[] = [
  [false, false],
  [false, true],
  [true, false],
  [true, true],
];

/** Products of rows within larger tensors, with what they may add: of every size, in the forms of the tier. */
async function products(backend: WebGpuBackend): Promise<Float64Array[]> {
  const random = new Random(5);
  const outs: Tensor[] = [];
  const drawn = (rows: number, columns: number): Tensor => {
    const whole = backend.allocate([rows + 3, columns]);
    fillRandom(whole, () => random.normal(0, 1));
    backend.upload(whole);
    return rowsOf(whole, 2, rows + 2);
  };
  for (const [M, N, K] of SIZES) {
    for (const [aTransposed, bTransposed] of FORMS) {
      const a = aTransposed ? drawn(K, M).transpose(1, 0) : drawn(M, K);
      const b = bTransposed ? drawn(N, K).transpose(1, 0) : drawn(K, N);
      const bias = rowsOf(drawn(1, N), 0, 1).pick(0);
      for (const options of [{}, { accumulate: true }, { bias }]) {
        const out = drawn(M, N);
        backend.matmul(out, a, b, options);
        outs.push(out);
      }
    }
  }
  for (const out of outs) await backend.download(out);
  return outs.map(valuesOf);
}

/** Merged steps, whose sums run over several blocks of a and b. No tile of a step divides the batch, and steps have several workgroups. */
const NETWORK = { network: modelNetwork({ I: 5, H: 12, C: 6 }, 0.4), sizes: { T: 5, B: 43 } };
/** Its steps are large enough to be measured. */
const LARGE_NETWORK = { network: modelNetwork({ I: 3, H: 32, C: 2 }, 0.4), sizes: { T: 3, B: 65 } };

/** The tile that a line of `choices` names. */
const tilesIn = ({ choices }: { readonly choices?: readonly string[] }): string[] =>
  (choices ?? []).map((line) => /: (.+?) \(/.exec(line)![1]);

/** [70,90]·[90,80] is large enough to be measured. */
async function multiply(backend: WebGpuBackend, times: number): Promise<Float64Array> {
  const [a, b, out] = [backend.allocate([70, 90]), backend.allocate([90, 80]), backend.allocate([70, 80])];
  const random = new Random(3);
  for (const tensor of [a, b]) {
    fillRandom(tensor, () => random.normal(0, 1));
    backend.upload(tensor);
  }
  for (let n = 0; n < times; n++) {
    backend.matmul(out, a, b, { accumulate: true });
    await backend.keepPace();
  }
  await backend.download(out);
  return valuesOf(out);
}
const NAME = 'A·B [70,90]·[90,80]';

/** A store with this text under every name, which keeps what is set. */
function storeOf(text: string | null): ChoiceStore & { readonly kept: Map<string, string> } {
  const kept = new Map<string, string>();
  return { kept, get: (name) => kept.get(name) ?? text, set: (name, value) => kept.set(name, value) };
}

const openMeasured = (store?: ChoiceStore): Promise<WebGpuBackend> => openWebGpu(undefined, 'measured', store);

await describeWebGpu(() => {
  let expected: Float64Array[];
  let trained: Record<string, Float64Array>;
  beforeAll(async () => {
    expected = await using(openWebGpu('gpu', '64×64'), products);
    trained = await using(openWebGpu('gpu', '64×64'), (backend) => trainThreeSteps(backend, NETWORK));
  });

  const others: TileName[] = [...PRODUCT_TILES.filter((name) => name !== '64×64'), ...STEP_TILES.backward];
  test.each(others)('%s: every output has the bits of the usual tiles', async (tile) => {
    await using(openWebGpu('gpu', tile), async (backend) => {
      if (tile.includes('subgroups') && backend.device.leastSubgroup < 8) return; // never chosen here
      expectSameNumbers(await products(backend), expected);
      const found = await trainThreeSteps(backend, NETWORK);
      for (const [name, values] of Object.entries(found)) expect([name, values]).toEqual([name, trained[name]]);
    });
  });

  test('a product has the quickest of the tiles that were measured; numbers and recorded lists stay the same', async () => {
    const usual = await using(openWebGpu(), (backend) => multiply(backend, 4));
    const store = storeOf(null);
    await using(openMeasured(store), async (backend) => {
      expect(await multiply(backend, 4)).toEqual(usual);
      expect(backend.queue.counts).toEqual({ recorded: 1, replayed: 3 });
      const [line, ...others] = backend.choices;
      const times = [...line.matchAll(/([^,(]+) ([\d.e+-]+) ms/g)].map(
        ([, tile, ms]) => [tile.trim(), Number(ms)] as const,
      );
      expect(others).toEqual([]);
      const known = PRODUCT_TILES.filter((name) => !name.includes('subgroups') || backend.device.leastSubgroup >= 8);
      expect(times.map(([tile]) => tile).sort()).toEqual([...known].sort());
      const [usualTile, usualMs] = times[0];
      const [best, ms] = times.reduce((one, other) => (other[1] < one[1] ? other : one));
      expect([usualTile, ...tilesIn(backend)]).toEqual([
        USUAL_TILE[backend.device.kind],
        ms * 1.05 < usualMs ? best : usualTile,
      ]);
      const [[name, text]] = store.kept;
      expect([name, JSON.parse(text)]).toEqual([
        `longhand webgpu tiles 2: ${backend.device.adapterId}`,
        { [NAME]: tilesIn(backend)[0] },
      ]);
    });
  });

  test('the steps of a network have the quickest of the tiles that were measured, with the same numbers', async () => {
    const usual = await using(openWebGpu(), (backend) => trainThreeSteps(backend, LARGE_NETWORK));
    await using(openMeasured(), async (backend) => {
      const found = await trainThreeSteps(backend, LARGE_NETWORK);
      for (const [name, values] of Object.entries(found)) expect([name, values]).toEqual([name, usual[name]]);
      for (const [pass, name] of Object.entries({
        forward: 'h·Wh and the cell [65,32]·[32,128]',
        backward: 'dz·Whᵀ and the cell [65,128]·[128,32]',
      })) {
        const line = backend.choices.find((one) => one.startsWith(name))!;
        const measured = [...line.matchAll(/([^,(]+) [\d.e+-]+ ms/g)].map(([, tile]) => tile.trim()).sort();
        expect(measured).toEqual(STEP_TILES[pass as keyof typeof STEP_TILES]);
      }
    });
  });

  test.each<ProductTile>(['32×32', '64×64'])(
    'a backend has the tile that was kept for the adapter: %s',
    async (tile) => {
      const store = storeOf(JSON.stringify({ [NAME]: tile, other: 'thing' }));
      await using(openMeasured(store), async (backend) => {
        const made: string[] = [];
        const { gpu } = backend.device;
        const create = gpu.createComputePipeline.bind(gpu);
        gpu.createComputePipeline = (descriptor) => {
          made.push(descriptor.label!);
          return create(descriptor);
        };
        await multiply(backend, 2);
        expect(backend.choices).toEqual([`${NAME}: ${tile} (measured before)`]);
        expect([made.at(-1), store.kept.size]).toEqual([`matmul a·b in a workgroup's tile, ${tile}`, 0]);
      });
    },
  );

  const broken: [string, ChoiceStore][] = [
    ...['nonsense', '[]', 'null', '7', JSON.stringify({ [NAME]: '7×7' }), JSON.stringify({ [NAME]: null })].map(
      (text): [string, ChoiceStore] => [text, storeOf(text)],
    ),
    ['fails', { get: () => Promise.reject(new Error('closed')), set: () => Promise.reject(new Error('full')) }],
  ];
  test.each(broken)('what is kept is ignored if it is damaged or another’s: %s', async (_, store) => {
    await using(openMeasured(store), async (backend) => {
      await multiply(backend, 1);
      expect(backend.choices).toEqual([expect.stringMatching(/^A·B \[70,90\].*: .* \(.* ms\)$/)]);
    });
  });

  test.each([
    [
      'gives other bits',
      (code: string) => code.replace('s0 = fma(vec4f(a0.x), b, s0);', 's0 = fma(vec4f(a0.y), b, s0);'),
    ],
    ['does not compile', (code: string) => `${code}\n no WGSL`],
  ])('a tile that %s here is not used, and the device works', async (_, change) => {
    await using(openMeasured(), async (backend) => {
      const { gpu } = backend.device;
      const create = gpu.createShaderModule.bind(gpu);
      gpu.createShaderModule = (descriptor) =>
        create(descriptor.label?.includes('32×32') ? { ...descriptor, code: change(descriptor.code) } : descriptor);
      await multiply(backend, 2);
      expect(backend.choices).toEqual([expect.stringMatching(/ ms/)]);
      expect(backend.choices.join()).not.toContain('32×32');
    });
  });

  test('a product that cannot be measured has the usual tile, and the results arrive', async () => {
    const limits = { maxBufferSize: 2 ** 20, maxStorageBufferBindingSize: 2 ** 20 };
    await withOwnAdapter(async () => {
      await using(openMeasured(), async (backend) => {
        const [a, out] = [backend.allocate([300, 500]), backend.allocate([300, 300])]; // a measurement has another a for b
        backend.fill(a, 2);
        backend.matmul(out, a, a.transpose(1, 0));
        await backend.download(out);
        await backend.keepPace();
        expect([...new Set(valuesOf(out))]).toEqual([2000]);
        expect(backend.choices).toEqual([
          `A·Bᵀ [300,500]·[500,300]: ${USUAL_TILE[backend.device.kind]} (as A·Bᵀ [300,327]·[327,300]: not measured)`,
        ]);
      });
    }, limits);
  });

  test('a backend that is disposed of while it measures ends, and so does the call that waits', async () => {
    const backend = await openMeasured({ get: () => backend.dispose().then(() => null), set: () => undefined });
    expect(await multiply(backend, 1).then(String, String)).toMatch(/./);
  });

  test('a device that is lost while a product is measured is the error of the next call', async () => {
    const backend = await openMeasured({
      get: () => {
        backend.device.gpu.destroy();
        return backend.device.gpu.lost.then(() => null);
      },
      set: () => undefined,
    });
    await multiply(backend, 0);
    const out = backend.allocate([70, 80]);
    backend.matmul(out, backend.allocate([70, 90]), backend.allocate([90, 80]));
    await backend.download(out);
    expect(String(await failureOf(backend.download(out)))).toMatch(/the device was lost/);
    await backend.dispose();
  });

  test('backends of the public function share what they have measured', async () => {
    const lines: string[] = [];
    for (let n = 0; n < 2; n++) {
      const backend = await createWebGpuBackend();
      const [a, out] = [backend.allocate([80, 80]), backend.allocate([80, 80])];
      backend.matmul(out, a, a);
      await backend.download(out);
      lines.push(...backend.choices!);
      await backend.dispose();
    }
    expect(lines).toEqual([
      expect.stringMatching(/^A·B \[80,80\]·\[80,80\]: .* ms\)$/),
      expect.stringMatching(/^A·B \[80,80\]·\[80,80\]: .* \(measured before\)$/),
    ]);
  });
});

test('what is measured in place of a product has at most 2²⁵ multiply-adds, and is as large if the product is small', () => {
  const random = new Random(9);
  const size = (most: number): number => Math.ceil(2 ** (random.uniform(0, 1) * most));
  for (let n = 0; n < 500; n++) {
    const product = { M: size(18), N: size(18), K: size(16), steps: size(8), aTransposed: false, bTransposed: true };
    const measured = measuredFor(product);
    const { M, N, K, steps } = measured as typeof product;
    const tiles = Math.ceil(M / 64) * Math.ceil(N / 64);
    expect([M, N, K, steps].every((one) => Number.isInteger(one) && one >= 1)).toBe(true);
    expect(64 * 64 * tiles * K * steps).toBeLessThanOrEqual(2 ** 25);
    expect(measuredFor(measured)).toEqual(measured);
    if (product.M <= 512 && product.N <= 512) expect([M, N]).toEqual([product.M, product.N]);
  }
  const recurrent = { M: 128, N: 512, K: 128, steps: 1, aTransposed: false, bTransposed: false };
  expect(measuredFor(recurrent)).toEqual(recurrent);
  for (const [B, H] of [
    [128, 128],
    [7, 2048],
    [4096, 4],
    [300, 4096],
  ]) {
    const step = { pass: 'forward', kind: 'gpu', B, H } as const;
    const measured = measuredFor(step);
    expect(workOf(measured)).toBeLessThanOrEqual(2 ** 25);
    expect(measuredFor(measured)).toEqual(measured);
    if (workOf(step) <= 2 ** 25) expect(measured).toEqual(step);
  }
});
