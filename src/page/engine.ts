/** The engine behind the page: one training run, and all that the page asks about it. Runs in a Web Worker. */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { createWasmBackend } from '../../kernels/wasm/index.js';
import type { Backend } from '../backend.js';
import type { Mnist } from '../data/mnist.js';
import { DataError } from '../errors.js';
import type { GradientReport } from '../gradcheck.js';
import type { Checkpoint } from '../training/checkpoint.js';
import { checkpointBytes, parseCheckpoint } from '../training/checkpoint.js';
import { evaluate } from '../training/evaluate.js';
import { yieldToEventLoop } from '../training/event-loop.js';
import { stepCount, TUTORIAL } from '../training/options.js';
import type { Line } from '../training/run.js';
import { Training } from '../training/run.js';
import { checkWith } from './check.js';
import { loadMnist } from './data.js';
import type { Look, LookRequest } from './inside.js';
import { Inside } from './inside.js';
import type { Machine, RateChange, Settings } from './settings.js';

/** How the run stands. */
export interface Standing {
  readonly description: string;
  readonly step: number;
}

/** What a run tells while it goes on. */
export interface Update {
  readonly step: number;
  readonly lines: readonly Line[];
  /** Since the play button was pressed, or over the last second. */
  readonly stepsPerSecond: number | null;
  /** The present learning rate, and every change of it that this run has made or will make. */
  readonly learningRate: number;
  readonly rateChanges: readonly RateChange[];
}

export interface TestResult {
  readonly accuracy: number;
  readonly loss: number;
  readonly count: number;
  readonly wrong: readonly { readonly image: number; readonly label: number; readonly predicted: number }[];
}

/** How often the run tells how far it is. */
const UPDATE_MS = 100;
/** A copy is kept so often, to go back to when training diverges or a machine is lost. */
const KEEP_EVERY = 50;

export class Engine {
  private mnist: Mnist | undefined;
  private backend: Backend | undefined;
  private training: Training | undefined;
  private rateChanges: readonly RateChange[] = [];
  private newRate: number | undefined;
  private playing = new AbortController();
  /** Resolves when the present play has told its last. */
  private played: Promise<void> = Promise.resolve();
  private pauseAt = 0;
  private kept: Checkpoint | undefined;
  private readonly inside = new Inside();
  /** The last of the work that must not overlap with other work on the run. */
  private last: Promise<unknown> = Promise.resolve();

  /** Rejects with a DataError where a file does not arrive whole. */
  async loadData(folder: string, isAgain: boolean, progress: (share: number) => void): Promise<void> {
    let toldAt = 0;
    this.mnist = await loadMnist(new URL(folder), isAgain, (share) => {
      const now = performance.now();
      if (now - toldAt < UPDATE_MS && share < 1) return;
      toldAt = now;
      progress(share);
    });
  }

  /** A new run at step 0; the one before is gone. */
  async start(settings: Settings): Promise<Standing> {
    return this.replace(settings.machine, settings.threads, settings.rateChanges, (backend) => {
      const { hidden, batchSize, learningRate, seed, shuffle, steps } = settings;
      const options = { ...TUTORIAL, hidden, batchSize, learningRate, seed, shuffle };
      return Training.start(backend, this.trainingData, { ...options, trainingIters: itersFor(steps, batchSize) });
    });
  }

  /** The run of a checkpoint's bytes. Rejects with a DataError, and the present run stays, where they are damaged. */
  async load(bytes: Uint8Array, name: string, machine: Machine, threads: number | null): Promise<Standing & Settings> {
    const checkpoint = parseCheckpoint(bytes, name);
    if (!checkpoint.training) throw new DataError(`${name}: holds only a network, not the state of its training`);
    const standing = await this.resume(checkpoint, machine, threads, []);
    const { options } = checkpoint.training;
    const steps = stepCount(options, this.trainingData.images.count);
    const { hidden, batchSize, learningRate, seed, shuffle } = options;
    return { ...standing, machine, threads, hidden, batchSize, learningRate, rateChanges: [], seed, shuffle, steps };
  }

  /** The last copy that was kept before training failed, on this or another machine. */
  async goBack(machine: Machine, threads: number | null): Promise<Standing> {
    const { kept } = this;
    if (!kept?.training) throw new DataError('nothing has been kept to go back to');
    const { step } = kept.training;
    return this.resume(
      kept,
      machine,
      threads,
      this.rateChanges.filter((change) => change.step <= step),
    );
  }

  /** Steps until `pause`, or until there are `steps`; resolves when all has been told. Rejects where training fails. */
  async play(steps: number, tell: (update: Update) => Promise<void> | void): Promise<void> {
    this.pauseAt = steps;
    this.playing = new AbortController();
    const playing = this.makeSteps(this.playing.signal, tell);
    this.played = playing.catch(() => {}); // who plays is told
    return playing;
  }

  /** While it plays: where it pauses now. */
  async setPauseAt(steps: number): Promise<void> {
    this.pauseAt = steps;
  }

  private async makeSteps(signal: AbortSignal, tell: (update: Update) => Promise<void> | void): Promise<void> {
    const pace = new Pace();
    let lines: Line[] = [];
    let toldAt = performance.now();
    const report = async (): Promise<void> => {
      await tell(this.update(lines, pace.at(this.running.step)));
      lines = [];
      toldAt = performance.now();
    };
    try {
      pace.at(this.running.step);
      while (this.running.step < this.pauseAt) {
        await yieldToEventLoop();
        if (signal.aborted) break;
        const line = await this.alone(() => this.makeStep(TUTORIAL.displayStep));
        if (line) lines.push(line);
        if (performance.now() - toldAt >= UPDATE_MS) await report();
      }
    } finally {
      await report();
    }
  }

  private update(lines: readonly Line[], stepsPerSecond: number | null): Update {
    const { step, learningRate } = this.running;
    return { step, lines, stepsPerSecond, learningRate, rateChanges: this.rateChanges };
  }

  async pause(): Promise<void> {
    this.playing.abort();
    await this.played;
  }

  async makeOneStep(): Promise<Update> {
    const line = await this.alone(() => this.makeStep(1));
    return this.update(line ? [line] : [], null);
  }

  /** From the next step on. */
  async setLearningRate(rate: number): Promise<void> {
    this.newRate = rate;
  }

  /** All test images. */
  async test(): Promise<TestResult> {
    const { test } = this.data;
    const { accuracy, loss, correct, predicted } = await this.alone(() => evaluate(this.running.model, test));
    const wrong = [...correct.keys()]
      .filter((image) => correct[image] === 0)
      .map((image) => ({ image, label: test.labels[image], predicted: predicted[image] }));
    return { accuracy, loss, count: test.count, wrong };
  }

  /** What goes on inside the present network while it reads an image. */
  async look(request: LookRequest): Promise<Look> {
    return this.alone(() => this.inside.look(this.running, this.data.test, request));
  }

  /** `[count,28,28]`, 0 … 255, of the test images with these numbers. */
  async images(numbers: readonly number[]): Promise<Uint8Array> {
    const { pixels, rows, columns } = this.data.test;
    const size = rows * columns;
    const copies = new Uint8Array(numbers.length * size);
    numbers.forEach((number, n) => copies.set(pixels.subarray(number * size, (number + 1) * size), n * size));
    return copies;
  }

  async check(mistake: string): Promise<GradientReport[]> {
    return checkWith(mistake);
  }

  /** The bytes of a checkpoint. */
  async save(): Promise<Uint8Array> {
    return checkpointBytes(await this.alone(() => this.running.checkpoint()));
  }

  private async makeStep(displayStep: number): Promise<Line | undefined> {
    const training = this.running;
    const rate = this.rateBefore(training.step + 1);
    if (rate !== undefined) training.changeLearningRate(rate);
    await training.makeStep();
    const { step } = training;
    const line = step % displayStep === 0 ? await training.line() : undefined;
    if (step % KEEP_EVERY === 0) this.kept = await training.checkpoint();
    return line;
  }

  /** The rate that step `step` begins with, where it is another: a new one, or one of the run that is repeated. */
  private rateBefore(step: number): number | undefined {
    const rate = this.newRate;
    if (rate === undefined) return this.rateChanges.find((change) => change.step === step)?.rate;
    this.newRate = undefined;
    // another run from here on: what would have come later does not
    this.rateChanges = [...this.rateChanges.filter((change) => change.step < step), { step, rate }];
    return rate;
  }

  private resume(
    checkpoint: Checkpoint,
    machine: Machine,
    threads: number | null,
    rateChanges: readonly RateChange[],
  ): Promise<Standing> {
    return this.replace(machine, threads, rateChanges, (backend) =>
      Training.resume(backend, this.trainingData, checkpoint),
    );
  }

  /** Where the new run cannot be made, the old one stays. */
  private async replace(
    machine: Machine,
    threads: number | null,
    rateChanges: readonly RateChange[],
    make: (backend: Backend) => Training,
  ): Promise<Standing> {
    await this.pause();
    return this.alone(async () => {
      const backend = await createBackend(machine, threads);
      let training: Training;
      let kept: Checkpoint;
      try {
        training = make(backend);
        kept = await training.checkpoint();
      } catch (error) {
        await backend.dispose();
        throw error;
      }
      await this.backend?.dispose().catch(() => {}); // a machine that was lost has nothing to give back
      this.backend = backend;
      this.training = training;
      this.newRate = undefined;
      this.rateChanges = rateChanges;
      this.kept = kept;
      return { description: backend.description, step: training.step };
    });
  }

  private alone<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.last.then(work);
    this.last = result.catch(() => {});
    return result;
  }

  private get data(): Mnist {
    if (!this.mnist) throw new DataError('the images have not been loaded');
    return this.mnist;
  }

  private get trainingData() {
    return { images: this.data.train, validation: this.data.validation };
  }

  private get running(): Training {
    if (!this.training) throw new DataError('no run has been started');
    return this.training;
  }
}

/** Steps a second, over the last second or so. */
class Pace {
  private readonly marks: { readonly step: number; readonly at: number }[] = [];

  at(step: number): number | null {
    const now = performance.now();
    this.marks.push({ step, at: now });
    while (this.marks.length > 2 && now - this.marks[1].at > 1000) this.marks.shift();
    const [first] = this.marks;
    return step > first.step ? (1000 * (step - first.step)) / (now - first.at) : null;
  }
}

/** The option that makes so many steps; see `stepCount`. The tutorial's own number where it comes to the same. */
function itersFor(steps: number, batchSize: number): number {
  const { trainingIters } = TUTORIAL;
  const tutorialSteps = Math.ceil(trainingIters / batchSize) - 1;
  return steps === tutorialSteps ? trainingIters : steps * batchSize + 1;
}

async function createBackend(machine: Machine, threads: number | null): Promise<Backend> {
  if (machine === 'reference') return createReferenceBackend();
  if (machine === 'wasm') return createWasmBackend(threads === null ? {} : { threads });
  const { createGpuBackend } = await import('../../kernels/gpu/index.js');
  return createGpuBackend({ mode: machine });
}
