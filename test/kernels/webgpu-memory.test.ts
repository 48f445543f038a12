/** The memory of the WebGPU backend: addresses, growth, and what stays when tensors, lists and networks are gone. */
import { Device } from '../../kernels/webgpu/device.js';
import { Heap } from '../../kernels/heap.js';
import { Memory } from '../../kernels/webgpu/memory.js';
import { Random } from '../../src/core/rng.js';
import { valuesOf } from '../../src/core/tensor.js';
import { modelNetwork } from '../../src/network/tutorial-network.js';
import { Network } from '../../src/door/network.js';
import { Adam } from '../../src/training/optimisers.js';
import { openCounted } from '../helpers/webgpu-adapters.js';
import { describeWebGpu, openWebGpu, using } from '../helpers/webgpu.js';

describe('the heap', () => {
  test('gives parts that lie apart, and joins what is released', () => {
    const [heap, random] = [new Heap(0, 100), new Random(3)];
    const parts: { address: number; size: number }[] = [];
    for (let n = 0; n < 2000; n++) {
      if (parts.length > 0 && random.below(2) === 0) {
        const [{ address, size }] = parts.splice(random.below(parts.length), 1);
        expect(heap.release(address)).toBe(size);
        continue;
      }
      const size = 1 + random.below(20);
      const address = heap.allocate(size);
      if (address === undefined) continue;
      const isApart = parts.every((other) => address + size <= other.address || other.address + other.size <= address);
      if (address < 0 || address + size > 100 || !isApart) throw new Error(`${size} at ${address} overlap`);
      parts.push({ address, size });
    }
    for (const { address } of parts) heap.release(address);
    expect([heap.allocate(101), heap.allocate(100)]).toEqual([undefined, 0]);
  });

  test('uses all of itself, and what it grows by', () => {
    const heap = new Heap(0, 10);
    expect([heap.allocate(4), heap.allocate(5), heap.allocate(2), heap.allocate(1)]).toEqual([0, 4, undefined, 9]);
    heap.release(9);
    heap.grow(13);
    expect([heap.size, heap.freeAtEnd, heap.allocate(4), heap.allocate(1)]).toEqual([13, 4, 9, undefined]);
    expect(heap.freeAtEnd).toBe(0);
    expect(() => heap.release(1)).toThrow('nothing is allocated at 1');
  });
});

await describeWebGpu(() => {
  test('tensors keep their numbers when the memory grows, and new ones are zeros', async () => {
    await using(openWebGpu(), async (backend) => {
      const first = backend.allocate([7]);
      backend.fill(first, 3);
      await backend.keepPace();
      const others = Array.from({ length: 5 }, () => backend.allocate([500, 301]));
      backend.fill(others[2], 4);
      backend.free(others[2]);
      const again = backend.allocate([400, 301]);
      for (const tensor of [first, again, others[4]]) await backend.download(tensor);
      expect([first, again, others[4]].map((tensor) => [...new Set(valuesOf(tensor))])).toEqual([[3], [0], [0]]);
    });
  });

  test('a buffer that a larger one has replaced is freed; together they are at most 2.25 times what the tensors need', async () => {
    const { backend, buffers } = await openCounted();
    const MiB = 2 ** 20;
    for (let needed = 1; needed <= 10; needed++) {
      backend.allocate([MiB / 4]); // the first one fills the first buffer
      expect(buffers.count).toBe(1);
      expect(buffers.mostBytes / MiB).toBeLessThanOrEqual(2.25 * needed);
    }
    await backend.dispose();
    expect(buffers).toMatchObject({ count: 0, bytes: 0 });
  });

  test('a list is replayed after the memory has grown', async () => {
    await using(openWebGpu(), async (backend) => {
      const tensor = backend.allocate([7]);
      const fillWith = async (value: number): Promise<number> => {
        backend.fill(tensor, value);
        await backend.download(tensor);
        return tensor.get(6);
      };
      const before = [await fillWith(1), await fillWith(2)];
      backend.allocate([2000, 1000]);
      expect([...before, await fillWith(3)]).toEqual([1, 2, 3]);
      expect(backend.queue.counts).toEqual({ recorded: 1, replayed: 2 });
    });
  });

  test('lists share room for their own numbers, which one that needs more does not get', async () => {
    const device = await Device.open();
    const memory = new Memory(device);
    expect([memory.scratch(5), memory.allocate(1), memory.scratch(9), memory.scratch(16), memory.scratch(8)]).toEqual([
      0, 8, 9, 9, 9,
    ]);
    memory.dispose();
    device.close();
  });

  test('downloads use the same staging buffers again, and several at once have their own', async () => {
    const { backend, buffers } = await openCounted();
    const tensors = [1, 2, 3].map((value) => {
      const tensor = backend.allocate([5, 7]);
      backend.fill(tensor, value);
      return tensor;
    });
    await Promise.all(tensors.map((tensor) => backend.download(tensor)));
    expect(tensors.map((tensor) => [...new Set(valuesOf(tensor))])).toEqual([[1], [2], [3]]);
    const { count } = buffers;
    for (let n = 0; n < 20; n++) await Promise.all(tensors.map((tensor) => backend.download(tensor)));
    expect(buffers.count).toBe(count);
    await backend.dispose();
  });

  test('at most 64 lists are kept', async () => {
    const { backend, buffers } = await openCounted();
    const tensor = backend.allocate([300, 3]);
    await backend.download(tensor);
    const { count } = buffers;
    for (let n = 0; n < 150; n++) {
      backend.fill(tensor.hi(n + 1, 3), n);
      await backend.keepPace();
    }
    expect(buffers.count).toBe(count + 64);
    expect(backend.queue.counts.recorded).toBe(150);
    await backend.dispose();
  });

  test('networks that are disposed of leave no list and no memory', async () => {
    const { backend, buffers } = await openCounted();
    const after: number[][] = [];
    for (let n = 0; n < 6; n++) {
      const network = new Network(backend, modelNetwork({ I: 30, H: 64, C: 5 }, 1), { T: 3, B: 40 });
      const adam = new Adam(backend, network.parameters);
      for (let step = 0; step < 2; step++) {
        network.forward();
        network.backward();
        adam.update(0.01);
        await backend.keepPace();
      }
      adam.dispose();
      network.dispose();
      after.push([buffers.count, buffers.bytes]);
    }
    expect(after[5]).toEqual(after[1]);
    await backend.dispose();
    expect(buffers.bytes).toBeLessThan(1000 * 512);
  });
});
