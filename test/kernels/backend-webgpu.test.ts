/** The WebGPU backend: lists of calls and their launches, its memory, its errors. test/slow/kernels has the whole backend suite. */
import { createWebGpuBackend } from '../../kernels/webgpu/index.js';
import { createReferenceBackend } from '../../kernels/reference/index.js';
import type { Backend } from '../../src/core/backend.js';
import { fillRandom, Random } from '../../src/core/rng.js';
import { type Tensor, fill, flatten, rowsOf, stepOf, valuesOf, zeros } from '../../src/core/tensor.js';
import { allocateLstm } from '../../src/equations/lstm-tensors.js';
import { lstmBackward, lstmForward } from '../../src/equations/lstm.js';
import { modelNetwork } from '../../src/network/tutorial-network.js';
import { train } from '../../src/door/train.js';
import { type NetworkCase, trainThreeSteps } from '../helpers/backend-suite.js';
import { failureOf } from '../helpers/failures.js';
import { randomise } from '../helpers/random-model.js';
import { smallImages } from '../helpers/small-data.js';
import { callByCall, countCalls, describeWebGpu, KINDS, openWebGpu, using } from '../helpers/webgpu.js';
import { expectNumbers, expectSameNumbers } from '../helpers/numeric.js';

const both = (hidden: number) => ({ hidden, bidirectional: true });

/** Networks whose steps are merged: H in groups of four, and full batches for several steps. */
const CASES: Record<string, NetworkCase> = {
  'the tutorial’s network': { network: modelNetwork({ I: 5, H: 8, C: 6 }, 0.4), sizes: { T: 5, B: 3 } },
  'two layers in both directions, lengths': {
    network: { inputs: 3, layers: [both(4), both(8)], outputs: 2, reads: 'every' },
    sizes: { T: 6, B: 5 },
    lengths: [6, 6, 4, 4, 1],
  },
  'classes, in both directions': {
    network: { inputs: 6, layers: [both(4)], outputs: 6, inputKind: 'classes', reads: 'every' },
    sizes: { T: 5, B: 3 },
  },
  'a projection': {
    network: { inputs: 3, layers: [{ hidden: 8, projection: 3 }], outputs: 3 },
    sizes: { T: 4, B: 3 },
  },
};

await describeWebGpu(() => {
  describe.each(KINDS)('the kernels for %s', (kind) => {
    test.each(Object.entries(CASES))('merged steps give the numbers of single calls: %s', async (_, one) => {
      const merged = await using(openWebGpu(kind), (backend) => trainThreeSteps(backend, one));
      const single = await using(openWebGpu(kind), (backend) => trainThreeSteps(callByCall(backend), one));
      const reference = await trainThreeSteps(createReferenceBackend(), one);
      for (const [name, values] of Object.entries(merged)) {
        expectNumbers(values, single[name], undefined, name);
        expectNumbers(values, reference[name], 2e-5, name);
      }
    });

    test('results do not depend on the numbers that end a row', async () => {
      const products = async (backend: Backend): Promise<Float64Array[]> => {
        const [B, C] = [6, 5];
        const [logits, p, losses] = [backend.allocate([B, C]), backend.allocate([B, C]), backend.allocate([B])];
        fillRandom(logits, () => random.normal(0, 1));
        backend.upload(logits);
        backend.fill(p, NaN); // the loss then writes its columns only
        backend.crossEntropyForward(losses, p, logits, logits);
        const outs = [[B, B], [C, C], [C, B], [B, C], [C]].map((shape) => backend.allocate(shape));
        backend.matmul(outs[0], p, p.transpose(1, 0));
        backend.matmul(outs[1], p.transpose(1, 0), p);
        backend.matmul(outs[2], p.transpose(1, 0), outs[0]);
        backend.matmul(outs[3], p, outs[1]);
        backend.columnSums(outs[4], p);
        for (const out of outs) await backend.download(out);
        return outs.map(valuesOf);
      };
      let random = new Random(6);
      const found = await using(openWebGpu(kind), products);
      random = new Random(6);
      const expected = await products(createReferenceBackend());
      found.forEach((values, n) => expectNumbers(values, expected[n], 1e-6));
    });

    test('merged steps add to gradients of c that come from outside', async () => {
      const gradients = async (backend: Backend): Promise<Float64Array[]> => {
        const lstm = allocateLstm(backend, { T: 4, B: 5, I: 3, H: 8 }, { forgetBias: 0.4 });
        const { kernel, bias, x, h, c, dhUpstream, dcUpstream } = lstm;
        randomise(backend, [kernel, bias, x, stepOf(h, 0), stepOf(c, 0), dhUpstream, dcUpstream], new Random(13));
        lstmForward(backend, lstm);
        lstmBackward(backend, lstm);
        const results = [lstm.dKernel, lstm.dBias, lstm.dx, lstm.dh, lstm.dc, lstm.dz];
        for (const tensor of results) await backend.download(tensor);
        return results.map(valuesOf);
      };
      const merged = await using(openWebGpu(kind), gradients);
      expectSameNumbers(merged, await using(openWebGpu(kind), (backend) => gradients(callByCall(backend))));
      const reference = await gradients(createReferenceBackend());
      merged.forEach((values, n) => expectNumbers(values, reference[n], 2e-5));
    });
  });

  test('a training step has at most 100 launches; from the third step on it is one submit of what was made before', async () => {
    await using(openWebGpu(), async (backend) => {
      const images = smallImages(64, 28, 28);
      const recorded: number[] = [];
      let launches = 0;
      const calls = countCalls(backend.device.gpu);
      const made: (typeof calls)[] = [];
      const onStep = (): void => {
        recorded.push(backend.queue.counts.recorded);
        launches = Math.max(launches, backend.lastLaunches);
        made.push({ ...calls });
      };
      const options = { batchSize: 16, trainingIters: 16 * 9, displayStep: 100, hidden: 8 };
      (await train(backend, images, options, { onStep })).dispose();
      expect(recorded).toHaveLength(8);
      expect(recorded[7] - recorded[2]).toBe(0);
      const { submit, createCommandEncoder, ...others } = made[2];
      expect(made[7]).toEqual({ submit: submit + 5, createCommandEncoder: createCommandEncoder + 5, ...others });
      expect(launches).toBeGreaterThan(2 * 28);
      expect(launches).toBeLessThanOrEqual(100);
    });
  });

  test('a list that begins as the one before and then differs is another list; numbers are data', async () => {
    await using(openWebGpu(), async (backend) => {
      const [a, b] = [backend.allocate([3, 5]), backend.allocate([3, 5])];
      const list = (first: number, second: number, copies: boolean): void => {
        backend.fill(a, first);
        backend.fill(rowsOf(a, 1, 2), second);
        if (copies) backend.copy(b, a);
        else backend.add(b, a);
      };
      const seen: number[][] = [];
      for (const [first, second, copies] of [
        [1, 2, true],
        [1, 2, true],
        [3, 4, true],
        [5, 6, false],
        [7, 8, true],
      ] as const) {
        list(first, second, copies);
        await backend.download(b);
        seen.push([b.get(0, 0), b.get(1, 4), b.get(2, 4)]);
      }
      expect(seen).toEqual([
        [1, 2, 1],
        [1, 2, 1],
        [3, 4, 3],
        [8, 10, 8],
        [7, 8, 7],
      ]);
      expect(backend.queue.counts).toEqual({ recorded: 2, replayed: 3 });
      backend.fill(a, 9); // the begin of the expected list, and no more
      backend.fill(rowsOf(a, 1, 2), 9);
      await backend.download(b);
      expect([b.get(0, 0), b.get(1, 4), b.get(2, 4)]).toEqual([7, 8, 7]);
      expect(backend.queue.counts).toEqual({ recorded: 3, replayed: 3 });
    });
  });

  test('calls that differ in an option, a view’s shape or its direction are other lists', async () => {
    await using(openWebGpu(), async (backend) => {
      const [a, b, out] = [backend.allocate([2, 2]), backend.allocate([4, 2]), backend.allocate([2, 2])];
      a.data.set([1, 2, 3, 4]);
      b.data.fill(1);
      for (const tensor of [a, b]) backend.upload(tensor);
      const seen: number[][] = [];
      const after = async (work: () => void): Promise<unknown> => {
        work();
        await backend.download(out);
        return seen.push([...valuesOf(out)]);
      };
      await after(() => backend.matmul(out, a, a));
      await after(() => backend.matmul(out, a, a, { accumulate: true }));
      await after(() => backend.matmul(out, a, a));
      await after(() => backend.matmul(out, a.transpose(1, 0), a));
      const sums = rowsOf(out, 0, 1).pick(0);
      for (const rows of [2, 4, 3]) await after(() => backend.columnSums(sums, rowsOf(b, 0, rows)));
      expect(seen).toEqual([
        [7, 10, 15, 22],
        [14, 20, 30, 44],
        [7, 10, 15, 22],
        [10, 14, 14, 20],
        [2, 2, 14, 20],
        [4, 4, 14, 20],
        [3, 3, 14, 20],
      ]);
    });
  });

  test('more parameters than one launch updates have the numbers of the reference', async () => {
    const updated = async (backend: Backend): Promise<Float64Array[]> => {
      const random = new Random(8);
      const all = Array.from({ length: 40 }, (_, n) =>
        Array.from({ length: 4 }, () => backend.allocate([1 + n, 1 + ((7 * n) % 50)])),
      );
      for (const [n, tensors] of all.entries()) {
        const [p, m, v, g] = tensors;
        const size = 10 ** -(n % 10); // down to where ε matters
        fillRandom(p, () => random.normal(0, 1));
        for (const one of [m, g]) fillRandom(one, () => size * random.normal(0, 1));
        fillRandom(v, () => size ** 2 * random.uniform(0.5, 1.5));
        for (const tensor of tensors) backend.upload(tensor);
      }
      for (const [p, m, v, g] of all) backend.adam(p, m, v, g, 0.1);
      for (const tensor of all.flat()) await backend.download(tensor);
      return all.flat().map(valuesOf);
    };
    const expected = await updated(createReferenceBackend());
    const values = await using(openWebGpu(), async (backend) => {
      const all = await updated(backend);
      expect(backend.lastLaunches).toBe(3);
      return all;
    });
    values.forEach((one, n) => expectNumbers(one, expected[n], 1e-6));
  });

  test('updates of one tensor, or of what another update reads, are launches one after another', async () => {
    await using(openWebGpu(), async (backend) => {
      const [p, m, v, g, p2, m2, v2, g2] = Array.from({ length: 8 }, () => backend.allocate([3, 5]));
      const launchesOf = async (updates: readonly (readonly Tensor[])[]): Promise<number> => {
        for (const [a, b, c, d] of updates) backend.adam(a, b, c, d, 0.1);
        await backend.download(p);
        return backend.lastLaunches;
      };
      const first = [p, m, v, g];
      expect(await launchesOf([first, [p2, m2, v2, g2]])).toBe(1);
      expect(await launchesOf([first, first])).toBe(2);
      expect(await launchesOf([first, [p2, m2, v2, p]])).toBe(2);
      expect(await launchesOf([first, [p2, m, v2, g2]])).toBe(2);
    });
  });

  test('more workgroups than one row of them holds', async () => {
    await using(openWebGpu(), async (backend) => {
      const [rows, last] = [4_200_000, 4_199_999];
      const tensor = backend.allocate([rows, 1]);
      backend.fill(tensor, 3);
      const seen = await Promise.all(
        [0, 4_194_239, 4_194_240, last].map(async (row) => {
          await backend.download(rowsOf(tensor, row, row + 1));
          return tensor.get(row, 0);
        }),
      );
      expect(seen).toEqual([3, 3, 3, 3]);
    });
  });

  test('σ and tanh keep their digits, also near 0', async () => {
    await using(openWebGpu(), async (backend) => {
      const H = 4000;
      const [random, z] = [new Random(2), backend.allocate([1, 4 * H])];
      fillRandom(z, () => random.normal(0, 1) * 10 ** (random.below(9) - 7));
      backend.upload(z);
      const [h, c, cPrev] = [0, 1, 2].map(() => backend.allocate([1, H]));
      const gates = backend.allocate([1, 4 * H]);
      backend.lstmCellForward(h, c, gates, z, cPrev, 0);
      await backend.download(gates);
      let largest = 0;
      for (let n = 0; n < 2 * H; n++) {
        const x = z.get(0, n);
        const exact = n < H ? 1 / (1 + Math.exp(-x)) : Math.tanh(x);
        largest = Math.max(largest, Math.abs(gates.get(0, n) / exact - 1));
      }
      expect(largest).toBeLessThan(4 * 2 ** -23);
    });
  });

  test('uploads and frees between calls keep the order of the calls', async () => {
    await using(openWebGpu(), async (backend) => {
      const [a, sum] = [backend.allocate([2, 3]), backend.allocate([2, 3])];
      for (const value of [1, 10]) {
        fill(a, value);
        backend.upload(a);
        backend.add(sum, a);
      }
      const gone = backend.allocate([2, 3]);
      backend.fill(gone, 100);
      backend.add(sum, gone);
      backend.free(gone);
      const next = backend.allocate([2, 3]); // in the memory of the one before
      backend.add(sum, next);
      await backend.download(sum);
      expect([...new Set(valuesOf(sum))]).toEqual([111]);
    });
  });

  test('numbers that are not finite stay so, and large ones have finite results', async () => {
    await using(openWebGpu(), async (backend) => {
      const [B, H] = [1, 4];
      const z = backend.allocate([B, 4 * H]);
      const rows = [NaN, Infinity, -Infinity, 1e30];
      for (let gate = 0; gate < 4; gate++) rows.forEach((value, n) => z.set(0, gate * H + n, value));
      backend.upload(z);
      const [h, c, cPrev] = [0, 1, 2].map(() => backend.allocate([B, H]));
      const gates = backend.allocate([B, 4 * H]);
      backend.lstmCellForward(h, c, gates, z, cPrev, 1);
      await backend.download(gates);
      const nj = [0, 1].map((gate) => rows.map((_, n) => gates.get(0, gate * H + n)));
      expect(nj).toEqual([
        [NaN, 1, 0, 1],
        [NaN, 1, -1, 1],
      ]);
    });
  });

  test('a view that is not made of whole rows is refused, and so is another backend’s tensor', async () => {
    await using(openWebGpu(), async (backend) => {
      const tensor = backend.allocate([4, 6]);
      expect(() => backend.fill(tensor.hi(4, 3), 1)).toThrow(/not made of whole rows of 6/);
      expect(() => backend.fill(flatten(tensor).lo(3).hi(6), 1)).toThrow(/not made of whole rows of 6/);
      expect(() => backend.fill(zeros([2, 2]), 1)).toThrow(/was not allocated by this backend/);
      expect(() =>
        backend.add(stepOf(backend.allocate([2, 3, 3]), 1).transpose(1, 0), backend.allocate([3, 3])),
      ).toThrow(/must not be a transpose/);
    });
  });

  test('the public function opens it and names the adapter', async () => {
    const backend = await createWebGpuBackend();
    expect(backend.description).toMatch(/^webgpu: ./);
    await backend.dispose();
    const unknown = await failureOf(createWebGpuBackend({ mode: 'fast' } as object));
    expect(unknown).toBeInstanceOf(TypeError);
  });
});
