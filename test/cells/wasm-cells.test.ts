/**
 * The cells' operations on the WebAssembly backend: the numbers of the reference in f64, at odd sizes and with more rows and units than a chunk has;
 * nothing else is written; every number of threads gives the same bits. Then whole networks, with the reference beside them.
 */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { createWasmBackend } from '../../kernels/wasm/index.js';
import type { Backend } from '../../src/core/backend.js';
import type { CellOperation } from '../../src/core/cell-operations.js';
import { cellNumbers, CELL_OPERANDS } from '../../src/core/cell-operations.js';
import { fillRandom, Random } from '../../src/core/rng.js';
import type { Tensor } from '../../src/core/tensor.js';
import { valuesOf } from '../../src/core/tensor.js';
import { completeConfig } from '../../src/network/config.js';
import { Network } from '../../src/network/network.js';
import { expectNumbers, expectSameNumbers } from '../helpers/numeric.js';

const f64 = createReferenceBackend({ dtype: 'f64' });
const opened: Backend[] = [];
beforeAll(async () => {
  for (const threads of [1, 2, 3]) opened.push(await createWasmBackend({ threads }));
});
afterAll(async () => {
  for (const backend of opened) await backend.dispose();
});

const OPERATIONS = [
  'peepholeCellForward',
  'peepholeCellBackward',
  'minGruForward',
  'minGruBackward',
  'minLstmForward',
  'minLstmBackward',
  'slstmCellForward',
  'slstmCellBackward',
] as const satisfies CellOperation[];

const SIZES = [
  [1, 1, 1],
  [3, 5, 27],
  [2, 3, 16],
  [5, 1, 130],
  [4, 17, 5],
  [2, 67, 129],
] as const;

type Numbers = Readonly<Record<string, number | boolean>>;

/** Runs an operation on random operands, between guards. Returns all operands afterwards. */
async function run(
  backend: Backend,
  name: CellOperation,
  [T, B, H]: readonly [number, number, number],
  numbers: Numbers,
) {
  const random = new Random(9);
  const tensors: Tensor[] = [];
  const guards: Tensor[] = [];
  for (const { name: operand, extents } of CELL_OPERANDS[name]) {
    const tensor = backend.allocate(extents.map(({ factor, letter }) => factor * { T, B, H }[letter as 'T']));
    guards.push(backend.allocate([7]));
    fillRandom(tensor, () => Math.fround(random.normal(0, 1)));
    // a sum of weights, and gates, which are between 0 and 1
    if (/^(n|nPrev)$/.test(operand)) fillRandom(tensor, () => Math.fround(random.uniform(0.5, 2)));
    if (operand === 'gates' && name.endsWith('Backward'))
      fillRandom(tensor, () => Math.fround(random.uniform(0.1, 0.9)));
    if (operand === 'nPrev' && B > 2) tensor.set(1, 0, 0); // nothing kept yet
    tensors.push(tensor);
  }
  for (const guard of guards) fillRandom(guard, () => -0);
  for (const tensor of [...tensors, ...guards]) backend.upload(tensor);
  const operation = backend[name] as (...operands: unknown[]) => void;
  operation(...tensors, ...cellNumbers(name).map((number) => numbers[number]));
  for (const tensor of [...tensors, ...guards]) await backend.download(tensor);
  for (const guard of guards) expectNumbers(guard, [-0, -0, -0, -0, -0, -0, -0]);
  const values = tensors.map(valuesOf);
  for (const tensor of [...tensors, ...guards]) backend.free(tensor);
  return values;
}

const NUMBERS: readonly Numbers[] = [
  { forgetBias: 0.7, signed: false, reverse: false },
  { forgetBias: -0.3, signed: true, reverse: true },
];

test.each(OPERATIONS)('%s: the numbers of the reference, and the same bits on 1, 2 and 3 threads', async (name) => {
  for (const sizes of SIZES) {
    for (const numbers of NUMBERS) {
      const expected = await run(f64, name, sizes, numbers);
      const found: Float64Array[][] = [];
      for (const backend of opened) found.push(await run(backend, name, sizes, numbers));
      expected.forEach((values, n) =>
        expectNumbers(found[0][n], values, 2e-5, `${name} ${sizes.join()}: ${CELL_OPERANDS[name][n].name}`),
      );
      for (const other of found.slice(1)) expectSameNumbers(other, found[0]);
    }
  }
});

test('slstmCellForward: pre-activations of ±1000 neither overflow nor lose the mean', async () => {
  const [B, H] = [3, 5];
  for (const backend of [f64, opened[0]]) {
    const shapes = [H, H, H, H, 5 * H, 4 * H, H, H, H].map((width) => backend.allocate([B, width]));
    const [h, c, n, m, gates, z, cPrev, nPrev, mPrev] = shapes;
    const random = new Random(2);
    fillRandom(z, () => [-1000, -100, -1, 0, 30, 100, 1000][random.below(7)]);
    fillRandom(nPrev, () => random.below(2));
    fillRandom(cPrev, () => 0.5 * random.below(2));
    for (let b = 0; b < B; b++) for (let u = 0; u < H; u++) if (nPrev.get(b, u) === 0) cPrev.set(b, u, 0);
    for (const tensor of shapes) backend.upload(tensor);
    backend.slstmCellForward!(h, c, n, m, gates, z, cPrev, nPrev, mPrev, 1);
    for (const tensor of shapes) await backend.download(tensor);
    expect([...valuesOf(n)].every((value) => value >= 1 && value <= 2)).toBe(true);
    expect([...valuesOf(h)].every((value) => Math.abs(value) <= 1)).toBe(true);
  }
});

test('minLSTM: pre-activations of ±1e6 give the ratio of the log-sigmoids, never 0/0', async () => {
  const Z = [-1e6, -1e6 - 8, -1000, -1001, -760, -750, -105, -104, -41, -39, -1, 0, 30, 1000, 1e6];
  const [T, B, H] = [1, Z.length, Z.length]; // every pair of zi and zf
  const logSigmoid = (z: number) => Math.min(z, 0) - Math.log1p(Math.exp(-Math.abs(z)));
  for (const backend of [f64, opened[0]]) {
    const shape = (width: number) => backend.allocate([T, B, width]);
    const [h, gates, dz, dh] = [shape(H), shape(3 * H), shape(3 * H), shape(H)];
    const [hPrev, dhPrev] = [backend.allocate([B, H]), backend.allocate([B, H])];
    fillRandom(hPrev, () => 0.5);
    fillRandom(dh, () => 1);
    for (let b = 0; b < B; b++)
      for (let n = 0; n < H; n++) [Z[b], 2, Z[n]].forEach((z, k) => gates.set(0, b, k * H + n, z)); // zi, zj, zf
    for (const tensor of [h, gates, dz, dh, hPrev, dhPrev]) backend.upload(tensor);
    backend.minLstmForward!(h, gates, hPrev, 0, false, false);
    backend.minLstmBackward!(dz, dh, dhPrev, gates, h, hPrev, false, false);
    for (const tensor of [h, dz, dhPrev]) await backend.download(tensor);
    const rows: number[][] = [[], [], [], [], []];
    for (const zi of Z) {
      for (const zf of Z) {
        const a0 = 1 / (1 + Math.exp(logSigmoid(zi) - logSigmoid(zf)));
        const dRatio = (0.5 - 2) * a0 * (1 - a0); // (29′)
        const [notI, notF] = [zi, zf].map((z) => 1 / (1 + Math.exp(z)));
        [a0 * 0.5 + (1 - a0) * 2, -dRatio * notI, 1 - a0, dRatio * notF, a0].forEach((value, k) => rows[k].push(value));
      }
    }
    const block = (k: number) => dz.lo(0, 0, k * H).hi(1, B, H);
    [h, block(0), block(1), block(2), dhPrev].forEach((tensor, k) =>
      expectNumbers(tensor, rows[k], 1e-5, ['h', 'dzi', 'dzj', 'dzf', 'dhPrev'][k]),
    );
    for (const tensor of [h, gates, dz, dh, hPrev, dhPrev]) backend.free(tensor);
  }
});

test.each(['lstm-peephole', 'mingru', 'minlstm', 'slstm'] as const)(
  '%s: a network on wasm computes what the reference does, with lengths, in both directions, for any number of threads',
  async (cell) => {
    const layers = [
      { hidden: 19, cell, bidirectional: true },
      { hidden: 6, cell },
    ];
    const config = completeConfig({ inputs: 3, layers, outputs: 2, reads: 'every' });
    const results = [];
    for (const backend of [f64, ...opened]) {
      const network = new Network(backend, config, { T: 9, B: 5 });
      network.initialise(new Random(4));
      const random = new Random(5);
      const x = network.activations.x;
      fillRandom(x, () => Math.fround(random.normal(0, 1)));
      backend.upload(x);
      const labels = Array.from({ length: 45 }, () => random.below(2));
      network.setTargets({ labels, lengths: [9, 9, 4, 7, 1] });
      network.forward();
      network.backward();
      const { loss } = await network.metrics();
      const all = Object.values(network.parameters).map(({ gradient }) => gradient);
      for (const tensor of all) await backend.download(tensor);
      results.push([Float64Array.of(loss), ...all.map(valuesOf)]);
      network.dispose();
    }
    const [expected, found, ...others] = results;
    expected.forEach((values, n) => expectNumbers(found[n], values, 1e-5, `tensor ${n}`));
    for (const other of others) expectSameNumbers(other, found);
  },
);
