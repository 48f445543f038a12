/** The engine behind the page: it holds the images and one training run, and answers the page. Runs in a Web Worker. */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { createWasmBackend } from '../../kernels/wasm/index.js';
import type { Backend } from '../backend.js';
import type { Mnist } from '../data/mnist.js';
import { DataError } from '../errors.js';
import type { GradientReport } from '../gradcheck.js';
import type { Checkpoint, SavedTraining } from '../training/checkpoint.js';
import { checkpointBytes, parseCheckpoint } from '../training/checkpoint.js';
import { evaluate } from '../training/evaluate.js';
import { layersOf, stepCount, TUTORIAL } from '../training/options.js';
import { Training } from '../training/run.js';
import { checkWith } from './check.js';
import { fetchMnist } from './fetch-data.js';
import type { Inspection, InspectionRequest } from './inspect-image.js';
import { ImageInspector } from './inspect-image.js';
import type { Progress } from './live-run.js';
import { LiveRun } from './live-run.js';
import { Queue } from './queue.js';
import type { BackendName, RateChange, Settings } from './settings.js';
import { pageOptionsOf } from './settings.js';

/** A run that has just been started or resumed. */
export interface Started {
  /** The backend's description: what it really runs on. */
  readonly description: string;
  readonly step: number;
}

export interface TestResult {
  readonly accuracy: number;
  readonly loss: number;
  readonly count: number;
  readonly misread: readonly MisreadImage[];
}

export interface MisreadImage {
  /** Its number among the test images. */
  readonly image: number;
  readonly label: number;
  readonly predicted: number;
}

const FETCH_REPORT_MS = 100;

export class Engine {
  private mnist: Mnist | undefined;
  private run: LiveRun | undefined;
  private readonly inspector = new ImageInspector();
  /** Runs all work that uses the run's tensors, one job at a time. */
  private readonly queue = new Queue();

  /** Rejects with a DataError if a file does not arrive complete. */
  async loadData(folder: string, bypassCache: boolean, progress: (share: number) => void): Promise<void> {
    let reportedAt = 0;
    this.mnist = await fetchMnist(new URL(folder), bypassCache, (share) => {
      const now = performance.now();
      if (now - reportedAt < FETCH_REPORT_MS && share < 1) return;
      reportedAt = now;
      progress(share);
    });
  }

  /** Replaces the current run with a new one at step 0. */
  async start(settings: Settings): Promise<Started> {
    return this.replaceRun(settings.backend, settings.threads, settings.rateChanges, (backend) => {
      const trainingIters = itersFor(settings.steps, settings.batchSize);
      return Training.start(backend, this.trainingData, { ...TUTORIAL, ...pageOptionsOf(settings), trainingIters });
    });
  }

  /** Replaces the current run with that of a checkpoint. If the bytes are damaged, rejects with a DataError and keeps the run. */
  async load(
    bytes: Uint8Array,
    name: string,
    backend: BackendName,
    threads: number | null,
  ): Promise<Started & { settings: Settings }> {
    const checkpoint = parseCheckpoint(bytes, name);
    const { options } = trainingFor(checkpoint, name);
    const started = await this.resume(checkpoint, backend, threads, []);
    const steps = stepCount(options, this.trainingData.train.count);
    const settings = { backend, threads, ...pageOptionsOf(options), rateChanges: [], steps };
    return { ...started, settings };
  }

  /** Returns to the copy of the run that was kept before training failed, on the same backend or another. */
  async goBack(backend: BackendName, threads: number | null): Promise<Started> {
    const { kept } = this.currentRun;
    return this.resume(kept, backend, threads, this.currentRun.rateChangesUntil(kept.training?.step ?? 0));
  }

  /** See `LiveRun.play`. */
  async play(pauseAt: number, report: (progress: Progress) => Promise<void> | void): Promise<void> {
    return this.currentRun.play(pauseAt, report);
  }

  async setPauseAt(step: number): Promise<void> {
    this.currentRun.setPauseAt(step);
  }

  async pause(): Promise<void> {
    await this.run?.pause();
  }

  async makeOneStep(): Promise<Progress> {
    return this.currentRun.makeOneStep();
  }

  /** Applies from the next step on. */
  async setLearningRate(rate: number): Promise<void> {
    this.currentRun.setLearningRate(rate);
  }

  /** Tests the network on all test images. */
  async test(): Promise<TestResult> {
    const { test } = this.data;
    const { accuracy, loss, correct, predicted } = await this.queue.run(() =>
      evaluate(this.currentRun.training.network, test),
    );
    const misread = [...correct.keys()]
      .filter((image) => correct[image] === 0)
      .map((image) => ({ image, label: test.labels[image], predicted: predicted[image] }));
    return { accuracy, loss, count: test.count, misread };
  }

  /** All values and gradients of the current network for one image. */
  async inspect(request: InspectionRequest): Promise<Inspection> {
    return this.queue.run(() => this.inspector.inspect(this.currentRun.training, this.data.test, request));
  }

  /** `[count,28,28]`, 0 … 255: the test images with these numbers. */
  async images(numbers: readonly number[]): Promise<Uint8Array> {
    const { pixels, rows, columns } = this.data.test;
    const size = rows * columns;
    const copies = new Uint8Array(numbers.length * size);
    numbers.forEach((number, n) => copies.set(pixels.subarray(number * size, (number + 1) * size), n * size));
    return copies;
  }

  /** See `checkWith`. */
  async check(mistake: string): Promise<GradientReport[]> {
    return checkWith(mistake);
  }

  /** The bytes of a checkpoint file. */
  async save(): Promise<Uint8Array> {
    return checkpointBytes(await this.queue.run(() => this.currentRun.training.checkpoint()));
  }

  private resume(
    checkpoint: Checkpoint,
    backend: BackendName,
    threads: number | null,
    rateChanges: readonly RateChange[],
  ): Promise<Started> {
    return this.replaceRun(backend, threads, rateChanges, (created) =>
      Training.resume(created, this.trainingData, checkpoint),
    );
  }

  /** If the new run cannot be created, the old one stays. */
  private async replaceRun(
    name: BackendName,
    threads: number | null,
    rateChanges: readonly RateChange[],
    createTraining: (backend: Backend) => Training,
  ): Promise<Started> {
    await this.pause();
    return this.queue.run(async () => {
      const backend = await createBackend(name, threads);
      const run = await LiveRun.create(backend, this.queue, rateChanges, createTraining);
      await this.run?.backend.dispose().catch(() => {}); // a GPU that was lost cannot free its memory
      this.run = run;
      return { description: backend.description, step: run.step };
    });
  }

  private get data(): Mnist {
    if (!this.mnist) throw new DataError('the images have not been loaded');
    return this.mnist;
  }

  private get trainingData() {
    return { train: this.data.train, validation: this.data.validation };
  }

  private get currentRun(): LiveRun {
    if (!this.run) throw new DataError('no run has been started');
    return this.run;
  }
}

/** The training of a checkpoint. Throws a DataError if the page cannot continue it. */
function trainingFor({ training }: Checkpoint, name: string): SavedTraining {
  if (!training) throw new DataError(`${name}: holds only a network, not the state of its training`);
  if (training.task !== null) {
    throw new DataError(`${name}: a run of the task “${training.task}”, but the page trains only on MNIST’s images`);
  }
  const hidden = layersOf(training.options).map((layer) => layer.hidden);
  if (new Set(hidden).size > 1) {
    throw new DataError(
      `${name}: its layers have ${hidden.join(', ')} hidden units, but on the page all layers have the same number: ` +
        'longhand train --resume can continue this run',
    );
  }
  return training;
}

/** The `trainingIters` that makes `steps` updates (see `stepCount`): the tutorial's own value if it gives as many. */
function itersFor(steps: number, batchSize: number): number {
  const { trainingIters } = TUTORIAL;
  const tutorialSteps = Math.ceil(trainingIters / batchSize) - 1;
  return steps === tutorialSteps ? trainingIters : steps * batchSize + 1;
}

async function createBackend(name: BackendName, threads: number | null): Promise<Backend> {
  if (name === 'reference') return createReferenceBackend();
  if (name === 'wasm') return createWasmBackend(threads === null ? {} : { threads });
  const { createGpuBackend } = await import('../../kernels/gpu/index.js'); // GPU.js: loaded only if it is chosen
  return createGpuBackend({ mode: name });
}
