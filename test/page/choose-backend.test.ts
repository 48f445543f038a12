/** What a run on the page computes with: the quicker backend, and all cores if there is no GPU. */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { createWasmBackend } from '../../kernels/wasm/index.js';
import type { Backend } from '../../src/core/backend.js';
import { BackendUnavailableError } from '../../src/core/errors.js';
import { lstmCellBackward, lstmCellForward } from '../../src/equations/lstm.js';
import { valuesOf } from '../../src/core/tensor.js';
import type { BackendName } from '../../src/page/common.js';
import { type NewRun, type Surroundings, chooseBackend } from '../../src/page/choose-backend.js';
import { continuedNote, isGpuFailure } from '../../src/page/run-notes.js';
import { DEFAULTS } from '../../src/page/settings.js';
import { optionsOf, SubjectData } from '../../src/page/subject-data.js';
import { newRun } from '../../src/training/run-data.js';
import { Training } from '../../src/training/training.js';
import { countingBackend } from '../helpers/backends.js';
import { smallImages } from '../helpers/small-data.js';

const HARDWARE = { vendor: 'acme', architecture: 'one', device: '', description: '', isFallbackAdapter: false };
const SOFTWARE = { ...HARDWARE, vendor: 'google', architecture: 'swiftshader' };

type Raced = 'gpu' | 'wasm';

interface Given {
  readonly gpuMs?: number;
  readonly coresMs?: number;
  readonly adapter?: Partial<GPUAdapterInfo> | string;
  /** Default: backends that count their tensors. */
  readonly open?: (name: Raced) => Promise<Backend>;
}

/** A browser in which a step takes these times, and what happened in it. */
function surroundings({ gpuMs = 1, coresMs = 2, adapter = HARDWARE, open }: Given) {
  const counting = { gpu: countingBackend(), wasm: countingBackend() };
  const created: BackendName[] = [];
  const disposed: Raced[] = [];
  const steps = { gpu: 0, wasm: 0 };
  let clock = 0;
  const create = async (name: BackendName): Promise<Backend> => {
    created.push(name);
    if (name !== 'gpu' && name !== 'wasm') throw new Error(`${name} is not chosen here`);
    const backend = (await open?.(name)) ?? counting[name].backend;
    const [keepPace, dispose] = [backend.keepPace.bind(backend), backend.dispose.bind(backend)];
    return Object.assign(backend, {
      name,
      keepPace() {
        steps[name] += 1;
        clock += name === 'gpu' ? gpuMs : coresMs;
        return keepPace();
      },
      dispose() {
        disposed.push(name);
        return dispose();
      },
    });
  };
  const here: Surroundings = { adapter: async () => adapter as GPUAdapterInfo | string, create, now: () => clock };
  return { here, created, disposed, steps, held: (name: Raced) => counting[name].held.size };
}

const images = smallImages(40, 6, 5);
const DATA = { train: images, validation: images, test: images };
const OPTIONS = { ...optionsOf(DEFAULTS.digits), hidden: 4, batchSize: 8 };
const RUN: NewRun = {
  threads: 2,
  cells: undefined,
  createTraining: (backend) => Training.start(backend, newRun(DATA, OPTIONS)),
};

describe('automatic', () => {
  test.each([
    [1, 2, 'gpu', 'Automatic: GPU 1.0 ms, 2 threads 2.0 ms a step, so the run computes on the GPU.'],
    [2, 1, 'wasm', 'Automatic: GPU 2.0 ms, 2 threads 1.0 ms a step, so the run computes on 2 threads.'],
    [3.14, 640.4, 'gpu', 'Automatic: GPU 3.1 ms, 2 threads 640 ms a step, so the run computes on the GPU.'],
    [1, 1, 'wasm', 'Automatic: GPU 1.0 ms, 2 threads 1.0 ms a step, so the run computes on 2 threads.'],
  ] as const)('GPU %d ms, cores %d ms: takes %s, and frees everything else', async (gpuMs, coresMs, name, note) => {
    const all = surroundings({ gpuMs, coresMs });
    const chosen = await chooseBackend('automatic', RUN, all.here);
    expect([chosen.name, chosen.backend.name, chosen.note]).toEqual([name, name, note]);
    expect(all.created).toEqual(['wasm', 'gpu']);
    expect(all.disposed).toEqual([name === 'gpu' ? 'wasm' : 'gpu']);
    expect([all.held('gpu'), all.held('wasm')]).toEqual([0, 0]);
    expect(all.steps.gpu).toBeGreaterThanOrEqual(5); // two to warm up, and three that are timed
    expect(Math.max(all.steps.gpu, all.steps.wasm)).toBeLessThanOrEqual(23);
  });

  test('warms up with two steps of a large network, and times three', async () => {
    const { here, steps } = surroundings({ gpuMs: 5000, coresMs: 9000 });
    expect((await chooseBackend('automatic', RUN, here)).name).toBe('gpu');
    expect(steps).toEqual({ gpu: 5, wasm: 5 });
  });

  test('names the cores if the visitor has chosen no threads', async () => {
    const { note } = await chooseBackend('automatic', { ...RUN, threads: null }, surroundings({ gpuMs: 4 }).here);
    expect(note).toMatch(/^Automatic: GPU 4\.0 ms, \d+ cores? 2\.0 ms a step, so the run computes on all cores\.$/);
  });

  test('never takes a software adapter, and does not even open it', async () => {
    for (const adapter of [SOFTWARE, { ...HARDWARE, isFallbackAdapter: true }]) {
      const all = surroundings({ adapter });
      const { name, note } = await chooseBackend('automatic', { ...RUN, threads: null }, all.here);
      expect([name, all.created, all.steps]).toEqual(['wasm', ['wasm'], { gpu: 0, wasm: 0 }]);
      expect(note).toMatch(
        /^Automatic: the browser’s GPU is a software adapter \((google|acme) \w+\), so the run computes on all cores\.$/,
      );
    }
  });

  test('takes all cores without WebGPU, for a planted mistake, and if the GPU fails', async () => {
    const without = await chooseBackend(
      'automatic',
      RUN,
      surroundings({ adapter: 'this browser offers no WebGPU' }).here,
    );
    expect(without).toMatchObject({
      name: 'wasm',
      note: 'Automatic: this browser offers no WebGPU, so the run computes on 2 threads.',
    });

    const planted = { ...RUN, cells: { lstmCellForward, lstmCellBackward } };
    expect(await chooseBackend('automatic', planted, surroundings({}).here)).toMatchObject({
      name: 'wasm',
      note: 'Automatic: a GPU cannot train with a mistake, so the run computes on 2 threads.',
    });

    const all = surroundings({});
    const createTraining = (backend: Backend): Training => {
      const training = RUN.createTraining(backend);
      if (backend.name === 'gpu') training.makeStep = () => Promise.reject(new Error('webgpu: the device was lost'));
      return training;
    };
    const failed = await chooseBackend('automatic', { ...RUN, createTraining }, all.here);
    expect([failed.name, failed.backend.name, all.disposed, all.held('gpu')]).toEqual(['wasm', 'wasm', ['gpu'], 0]);
    expect(failed.note).toBe(
      'Automatic: the GPU failed (webgpu: the device was lost), so the run computes on 2 threads.',
    );
  });

  test('passes on the error of a run that cannot be created, and leaves no backend', async () => {
    const all = surroundings({});
    const createTraining = (): never => {
      throw new RangeError('no such run');
    };
    await expect(chooseBackend('automatic', { ...RUN, createTraining }, all.here)).rejects.toThrow('no such run');
    expect([all.created, all.disposed]).toEqual([['wasm'], ['wasm']]);
  });

  test.each(['digits', 'text'] as const)(
    '%s: the run has the bits of one that was started without it',
    async (subject) => {
      const data = new SubjectData();
      data.setText('It was a text of some characters, repeated. '.repeat(100));
      const settings = { ...DEFAULTS.text, T: 5, batchSize: 4, hidden: 4 };
      const createTraining = (backend: Backend): Training =>
        subject === 'digits'
          ? RUN.createTraining(backend)
          : Training.start(backend, newRun(data.forSettings(settings), optionsOf(settings, data.textLength)));
      const valuesAfter = async (training: Training, steps: number): Promise<number[][]> => {
        for (let step = 0; step < steps; step++) await training.makeStep();
        return Object.values(await training.network.save()).map((tensor) => [...valuesOf(tensor)]);
      };
      const open = (): Promise<Backend> => createWasmBackend({ threads: 1 });
      for (const gpuMs of [1, 3]) {
        const { here } = surroundings({ gpuMs, open });
        const { name, backend } = await chooseBackend('automatic', { ...RUN, createTraining }, here);
        expect(name).toBe(gpuMs === 1 ? 'gpu' : 'wasm');
        const [plain, own] = [await open(), createTraining(backend)];
        const expected = createTraining(plain);
        expect(own.step).toBe(0);
        for (const steps of [0, 6]) expect(await valuesAfter(own, steps)).toEqual(await valuesAfter(expected, steps));
        await Promise.all([plain.dispose(), backend.dispose()]);
      }
    },
  );
});

describe('the GPU, chosen by hand', () => {
  test('computes, and a software adapter says that it is one', async () => {
    expect(await chooseBackend('gpu', RUN, surroundings({}).here)).toMatchObject({ name: 'gpu', note: '' });
    const { name, note } = await chooseBackend('gpu', RUN, surroundings({ adapter: SOFTWARE }).here);
    expect([name, note]).toEqual([
      'gpu',
      'The browser’s GPU is a software adapter (google swiftshader): it computes on the processor, where “all cores” is usually quicker.',
    ]);
  });

  test('gives way to all cores, with a sentence, if there is none or if it does not work', async () => {
    const without = surroundings({ adapter: 'this browser offers no WebGPU' });
    expect(await chooseBackend('gpu', { ...RUN, threads: null }, without.here)).toMatchObject({
      name: 'wasm',
      note: 'This browser offers no WebGPU, so the run computes on all cores.',
    });
    expect(without.created).toEqual(['wasm']);

    const refusing = (error: Error): Surroundings =>
      surroundings({
        open: async (name) => {
          if (name === 'gpu') throw error;
          return createReferenceBackend();
        },
      }).here;
    const wrong = refusing(new BackendUnavailableError('it computes a product wrong'));
    expect(await chooseBackend('gpu', { ...RUN, threads: 1 }, wrong)).toMatchObject({
      name: 'wasm',
      note: 'The GPU cannot be used (it computes a product wrong), so the run computes on 1 thread.',
    });
    await expect(chooseBackend('gpu', RUN, refusing(new Error('a fault of ours')))).rejects.toThrow('a fault of ours');
  });

  test('refuses a planted mistake before anything is opened', async () => {
    const planted = { ...RUN, cells: { lstmCellForward, lstmCellBackward } };
    await expect(chooseBackend('gpu', planted)).rejects.toThrow('only WebAssembly and plain TypeScript can train with');
  });
});

test('in Node, which has no WebGPU of its own, the page’s choice is all cores', async () => {
  const chosen = await chooseBackend('automatic', { ...RUN, threads: 1 });
  expect(chosen).toMatchObject({
    name: 'wasm',
    note: 'Automatic: this browser offers no WebGPU, so the run computes on 1 thread.',
  });
  await chosen.backend.dispose();
});

test('a lost GPU is said in one sentence; errors of the engine are not the GPU’s', () => {
  const lost = new Error('webgpu: the device was lost (destroyed), with all tensors on it; make a new backend');
  expect(continuedNote(lost, 63, 50)).toBe(
    'The GPU was lost at step 63, so the run continues from its copy after step 50, on all cores.',
  );
  expect(continuedNote(new Error('webgpu: the device has no more memory'), 20, 0)).toBe(
    'The GPU failed (webgpu: the device has no more memory) at step 20, so the run begins again, on all cores.',
  );
  expect(isGpuFailure(lost)).toBe(true);
  expect(isGpuFailure(new RangeError('a number out of range'))).toBe(false);
});
