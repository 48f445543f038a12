/** What can go wrong with a WebGPU device, and what a program then learns: an error that says what to do. Nothing waits for ever. */
import { Device } from '../../kernels/webgpu/device.js';
import { createWebGpuBackend } from '../../kernels/webgpu/index.js';
import { BackendUnavailableError, OutOfMemoryError } from '../../src/core/errors.js';
import { valuesOf } from '../../src/core/tensor.js';
import type { Checkpoint } from '../../src/training/checkpoint.js';
import { train } from '../../src/door/train.js';
import { failureOf } from '../helpers/failures.js';
import { IMAGES, OPTIONS } from '../helpers/small-data.js';
import { imaginary, ImaginaryDevice, withAdapter, withOwnAdapter } from '../helpers/webgpu-adapters.js';
import { describeWebGpu, openWebGpu, using } from '../helpers/webgpu.js';

const LOST =
  /^webgpu: the device was lost \(.+\), with all tensors on it; make a new backend, and resume from the last checkpoint: npm run -s longhand -- train --resume FILE, with --backend wasm if this happens again$/;

/** The error with which work ends, which must be one line. */
async function errorOfWork(work: Promise<unknown>): Promise<Error> {
  const error = await failureOf(work);
  expect(error).toBeInstanceOf(Error);
  expect((error as Error).message).not.toContain('\n');
  return error as Error;
}

/** Opens a device on an adapter that does not exist. */
async function openImaginary(info: Partial<GPUAdapterInfo> = {}) {
  const gpu = new ImaginaryDevice();
  const device = await withAdapter(
    async () => imaginary(info, gpu),
    () => Device.open(),
  );
  return { gpu, device };
}

describe('an adapter', () => {
  const refusal = async (adapter: unknown): Promise<Error> => {
    const error = await errorOfWork(
      withAdapter(
        async () => adapter,
        () => createWebGpuBackend(),
      ),
    );
    expect(error).toBeInstanceOf(BackendUnavailableError);
    return error;
  };

  test('that is missing is an error that says what to install or to choose', async () => {
    const { message } = await refusal(null);
    expect(message).toMatch(/no adapter \(none was offered\).*apt-get install mesa-vulkan-drivers.*--backend wasm/);
  });

  test('that fails while it is asked for is such an error, too, with its reason', async () => {
    const { message } = await refusal(Promise.reject(new Error('the driver\n  crashed')));
    expect(message).toMatch(/no adapter \(the driver crashed\).*--backend wasm/);
  });

  test('without a device is an error with its reason', async () => {
    const requestDevice = (): Promise<never> => Promise.reject(new Error('too many devices\nare open'));
    const { message } = await refusal({ ...imaginary({}, undefined), requestDevice });
    expect(message).toBe("the webgpu backend's adapter gave no device (too many devices are open): use --backend wasm");
  });

  test.each<[Partial<GPUAdapterInfo>, RegExp]>([
    [
      { description: 'llvmpipe: Mesa 25 (LLVM 19, 256 bits)' },
      /^llvmpipe: Mesa 25 \(LLVM 19, 256 bits\); a software adapter: it/,
    ],
    [
      { vendor: 'google', architecture: 'swiftshader' },
      /^google swiftshader; a software adapter: it computes on the CPU$/,
    ],
    [{ description: 'Microsoft Basic Render Driver' }, /; a software adapter: it computes on the CPU$/],
    [{ description: 'some CPU', isFallbackAdapter: true }, /; a software adapter: it computes on the CPU$/],
  ])('that is a software adapter says so: %j', async (info, description) => {
    const { device } = await openImaginary(info);
    expect([device.kind, device.description]).toEqual(['software', expect.stringMatching(description)]);
  });

  test.each<[Partial<GPUAdapterInfo>, string]>([
    [{ description: 'NVIDIA GeForce RTX 4070', vendor: 'nvidia' }, 'NVIDIA GeForce RTX 4070'],
    [{ vendor: 'apple', architecture: 'metal-3' }, 'apple metal-3'],
    [{}, 'unnamed adapter'],
  ])('that is a GPU has its name: %j', async (info, description) => {
    const { device } = await openImaginary(info);
    expect([device.kind, device.description]).toEqual(['gpu', description]);
  });
});

describe('work on a device', () => {
  const never = new Promise<never>(() => undefined);

  test('that never ends is rejected when the device is lost, and so is later work', async () => {
    const { gpu, device } = await openImaginary();
    const waiting = [device.result(never), device.result(never)];
    gpu.lose({ message: 'the GPU\nwas unplugged', reason: 'unknown' });
    for (const work of [...waiting, device.result(Promise.resolve(1))]) {
      const error = await errorOfWork(work);
      expect(error).toBeInstanceOf(BackendUnavailableError);
      expect(error.message).toMatch(LOST);
      expect(error.message).toContain('(the GPU was unplugged)');
    }
    expect(() => device.assertWorks()).toThrow(LOST);
  });

  test('is rejected with an OutOfMemoryError when the device has no more memory', async () => {
    const { gpu, device } = await openImaginary();
    const waiting = device.result(never);
    gpu.report('GPUOutOfMemoryError', 'vkAllocateMemory failed\n - While calling [Device].CreateBuffer');
    const error = await errorOfWork(waiting);
    expect(error).toBeInstanceOf(OutOfMemoryError);
    expect(error.message).toBe(
      'webgpu: the device has no more memory: vkAllocateMemory failed - While calling [Device].CreateBuffer; ' +
        'use smaller tensors, or the wasm backend',
    );
  });

  test('is rejected with the first error of several, also if the work itself fails before it', async () => {
    const { gpu, device } = await openImaginary();
    let end: (error: Error) => void = () => undefined;
    const waiting = device.result(new Promise((_, reject) => (end = reject)));
    end(new Error('aborted'));
    gpu.report('GPUValidationError', 'a wrong kernel');
    gpu.lose({ message: '', reason: 'destroyed' });
    expect((await errorOfWork(waiting)).message).toBe('webgpu: a wrong kernel');
    expect(() => device.assertWorks()).toThrow('webgpu: a wrong kernel');
  });

  test('is not rejected by the end that the program asked for', async () => {
    const { gpu, device } = await openImaginary();
    device.close();
    gpu.lose({ message: '', reason: 'destroyed' });
    await gpu.lost;
    expect([gpu.isDestroyed, await device.result(Promise.resolve(3))]).toEqual([true, 3]);
  });
});

await describeWebGpu(() => {
  test('a lost device ends what waits, and every later call', async () => {
    const backend = await openWebGpu();
    const tensor = backend.allocate([2, 3]);
    const { gpu } = backend.device;
    backend.fill(tensor, 1);
    const waiting = backend.download(tensor);
    await backend.keepPace();
    const paced = backend.keepPace();
    gpu.destroy();
    for (const work of [waiting, gpu.lost.then(() => backend.download(tensor)), backend.keepPace()]) {
      const error = await errorOfWork(work);
      expect(error).toBeInstanceOf(BackendUnavailableError);
      expect(error.message).toMatch(LOST);
    }
    await Promise.allSettled([paced]);
    backend.free(tensor);
    await backend.dispose();
  });

  test('disposing of a backend ends a download that waits', async () => {
    const backend = await openWebGpu();
    const tensor = backend.allocate([200, 300]);
    backend.matmul(backend.allocate([200, 200]), tensor, tensor.transpose(1, 0));
    const waiting = failureOf(backend.download(tensor));
    await backend.dispose();
    await waiting;
    expect(await failureOf(backend.download(tensor))).toBeInstanceOf(Error);
  });

  test('a run whose device is lost rejects, and has its checkpoints', async () => {
    const backend = await openWebGpu();
    const options = { ...OPTIONS, displayStep: 1 };
    const onStep = (step: number): void => {
      if (step === 6) backend.device.gpu.destroy();
    };
    const saved: (number | undefined)[] = [];
    const onCheckpoint = ({ training }: Checkpoint): unknown => saved.push(training?.step);
    const error = await errorOfWork(train(backend, IMAGES, options, { onStep, checkpointEvery: 4, onCheckpoint }));
    expect([error.message, saved]).toEqual([expect.stringMatching(LOST), [4]]);
    await backend.dispose();
  });

  test('more than the adapter allows is an OutOfMemoryError that names both, and the tensors before it still work', async () => {
    const limits = { maxBufferSize: 2 ** 23, maxStorageBufferBindingSize: 2 ** 22 };
    await withOwnAdapter(async () => {
      await using(openWebGpu(), async (backend) => {
        const kept = [backend.allocate([2 ** 8, 2 ** 10]), backend.allocate([2 ** 8, 2 ** 10])];
        backend.fill(kept[1], 2);
        const error = failureOfCall(() => backend.allocate([2 ** 9, 2 ** 11]));
        expect(error).toBeInstanceOf(OutOfMemoryError);
        expect((error as Error).message).toBe(
          "webgpu: 4194304 bytes requested beside 2097152: over this adapter's limit of 4194304 bytes; " +
            'use smaller tensors, or the wasm backend',
        );
        kept.push(backend.allocate([2 ** 9, 2 ** 9]), backend.allocate([2 ** 9, 2 ** 9])); // up to the limit
        expect(failureOfCall(() => backend.allocate([1]))).toBeInstanceOf(OutOfMemoryError);
        backend.copy(kept[0], kept[1]);
        await backend.download(kept[0]);
        expect([...new Set(valuesOf(kept[0]))]).toEqual([2]);
        backend.free(kept[1]);
        backend.allocate([2 ** 7, 2 ** 11]);
      });
      await using(openWebGpu(), async (backend) => {
        backend.allocate([3 * 2 ** 16]);
        backend.allocate([13 * 2 ** 16]); // the rest of the first buffer, and what it can grow by
        expect(failureOfCall(() => backend.allocate([1]))).toBeInstanceOf(OutOfMemoryError);
      });
    }, limits);
  });
});

function failureOfCall(call: () => unknown): unknown {
  try {
    call();
    return undefined;
  } catch (error) {
    return error;
  }
}
