/** The engine behind the page: it holds the images and one training run, and answers the page. Runs in a Web Worker. */
import { expose, proxy } from 'comlink';
import mistakenOperations from 'virtual:planted-mistakes';
import { createReferenceBackend } from '../../kernels/reference/index.js';
import type { Backend } from '../core/backend.js';
import { DataError } from '../core/errors.js';
import { withShapeChecks } from '../core/shape-checks.js';
import type { GradientReport } from '../equations/gradcheck-report.js';
import { checkModelGradients } from '../network/network-check.js';
import { type Checkpoint, checkpointBytes, parseCheckpoint } from '../training/checkpoint.js';
import { type Evaluation, dataFor, evaluateData } from '../training/evaluate.js';
import { newRun, resumedRun } from '../training/run-data.js';
import { Training } from '../training/training.js';
import { type BackendName, type Subject, type TextFacts, pageOptionsOf, Queue } from './common.js';
import { chooseBackend, webGpu } from './choose-backend.js';
import { fetchMnist, fetchText } from './fetch-data.js';
import { type Inspection, type InspectionRequest, ImageInspector } from './inspect-image.js';
import { type LiveHooks, type Progress, LiveRun } from './live-run.js';
import type { RunSettings, Settings } from './settings.js';
import type { SubjectSplit } from './subject-data.js';
import { namingCharacters, optionsOf, SubjectData, trainingFor, withLength } from './subject-data.js';
import { type TextCopy, TextTools } from './text/text-tools.js';
import { type CellChoice, type CellLine, trainTwoCells } from './two-cells.js';

/** A run that has just been started or resumed. */
export interface Started {
  /** The backend's description: what it really runs on. */
  readonly description: string;
  readonly step: number;
  /** What it computes with, and a sentence that says why; empty if the visitor chose it. */
  readonly backend: BackendName;
  readonly note: string;
  readonly hasWebGpu: boolean;
}

export interface TestResult extends Pick<Evaluation, 'accuracy' | 'loss' | 'count'> {
  /** Empty for a text. */
  readonly misread: readonly MisreadImage[];
}

export interface MisreadImage {
  /** Its number among the test images. */
  readonly image: number;
  readonly label: number;
  readonly predicted: number;
}

/** The settings that are no options of the training. */
type Choices = Pick<Settings, 'backend' | 'threads' | 'rateChanges' | 'planted'>;

const FETCH_REPORT_MS = 100;

/** Steps between two lines; a line costs about a third of a step. */
const LINE_EVERY: Readonly<Record<Subject, number>> = { digits: 10, text: 20 };

export class Engine {
  private readonly data = new SubjectData();
  private runData: SubjectSplit | undefined;
  private run: LiveRun | undefined;
  /** The id of the mistake with which the run trains, or `none`. */
  private planted = 'none';
  private abortTest = new AbortController();
  private abortCells = new AbortController();
  private readonly imageInspector = new ImageInspector();
  /** What the page does with the network of a text besides training. */
  readonly text = proxy(new TextTools(() => this.textCopy()));
  /** The last copy of the network, for the next request if no step was made since. */
  private lastCopy: (TextCopy & { readonly run: LiveRun }) | undefined;
  /** Runs all work that uses the run's tensors, one job at a time. */
  private readonly queue = new Queue();

  /** Rejects with a DataError if a file does not arrive complete. */
  async loadData(
    subject: Subject,
    folder: string,
    bypassCache: boolean,
    progress: (share: number) => void,
  ): Promise<TextFacts | null> {
    let reportedAt = 0;
    const report = (share: number): void => {
      const now = performance.now();
      if (now - reportedAt < FETCH_REPORT_MS && share < 1) return;
      reportedAt = now;
      progress(share);
    };
    if (subject === 'text') return this.data.setText(await fetchText(new URL(folder), bypassCache, report));
    this.data.mnist = await fetchMnist(new URL(folder), bypassCache, report);
    return null;
  }

  /** Replaces the text; the next run uses it. Rejects with a DataError if the text is too short or too long. */
  async useText(text: string): Promise<TextFacts> {
    return this.data.setText(text);
  }

  /** Replaces the current run with a new one at step 0. */
  async start(settings: Settings): Promise<Started> {
    if (settings.planted !== 'none' && settings.cell !== 'lstm')
      throw new DataError(`planted mistakes are in the equations of the LSTM: the cell is ${settings.cell}`);
    const data = this.data.forSettings(settings);
    return this.replaceRun(settings, data, (backend) =>
      Training.start(backend, newRun(data, optionsOf(settings, this.data.textLength))),
    );
  }

  /** Replaces the current run with that of a checkpoint. If the bytes are damaged, rejects with a DataError and keeps the run. */
  async load(
    bytes: Uint8Array,
    name: string,
    { subject, backend, threads, characters }: Settings,
  ): Promise<Started & { settings: RunSettings }> {
    const checkpoint = parseCheckpoint(bytes, name);
    const { options } = trainingFor(checkpoint, name, subject);
    const data = this.data.forCheckpoint(checkpoint.model, options, characters);
    const choices = { characters, planted: 'none', threads, rateChanges: [] };
    const started = await this.resume(checkpoint, { ...choices, backend }, data);
    const { T } = checkpoint.model;
    const steps = this.currentRun.training.steps;
    const settings = { subject, T, ...choices, backend: started.backend, ...pageOptionsOf(options), steps };
    return { ...started, settings };
  }

  /** Returns to the copy of the run that was kept before training failed, on the same backend or another. */
  async goBack(backend: BackendName, threads: number | null): Promise<Started> {
    const { kept } = this.currentRun;
    const rateChanges = this.currentRun.rateChangesUntil(kept.training?.step ?? 0);
    return this.resume(kept, { backend, threads, rateChanges, planted: this.planted }, this.currentData);
  }

  /** See `LiveRun.play`. Ends a test. */
  async play(pauseAt: number, report: (progress: Progress) => Promise<void> | void): Promise<void> {
    this.abortTest.abort();
    return this.currentRun.play(pauseAt, report);
  }

  async setPauseAt(step: number): Promise<void> {
    this.currentRun.setPauseAt(step);
  }

  async pause(): Promise<void> {
    await this.run?.pause();
  }

  /** Ends a test. */
  async makeOneStep(): Promise<Progress> {
    this.abortTest.abort();
    return this.currentRun.makeOneStep();
  }

  /** Applies from the next step on. */
  async setLearningRate(rate: number): Promise<void> {
    this.currentRun.setLearningRate(rate);
  }

  /** Tests the network on all test images, or on the validation part of the text. Null if `stopTest` ended it. */
  async test(): Promise<TestResult | null> {
    this.abortTest.abort();
    this.abortTest = new AbortController();
    const { signal } = this.abortTest;
    const { test } = this.currentData;
    try {
      const result = await this.queue.run(() => {
        const { network } = this.currentRun.training;
        return evaluateData('evaluate', network, dataFor(network, test), signal);
      });
      const { accuracy, loss, count } = result;
      return { accuracy, loss, count, misread: 'labels' in test ? misreadOf(test.labels, result) : [] };
    } catch (error) {
      if (signal.aborted) return null;
      throw error;
    }
  }

  async stopTest(): Promise<void> {
    this.abortTest.abort();
  }

  /** All values and gradients of the current network for one image. */
  async inspect(request: InspectionRequest): Promise<Inspection> {
    const cells = mistakenOperations[this.planted];
    return this.queue.run(() =>
      this.imageInspector.inspect(this.currentRun.training, this.data.images.test, request, cells),
    );
  }

  /** `[count,28,28]`, 0 … 255: the test images with these numbers. */
  async images(numbers: readonly number[]): Promise<Uint8Array> {
    const { pixels, rows, columns } = this.data.images.test;
    const size = rows * columns;
    const copies = new Uint8Array(numbers.length * size);
    numbers.forEach((number, n) => copies.set(pixels.subarray(number * size, (number + 1) * size), n * size));
    return copies;
  }

  /** See `trainTwoCells`. */
  async trainCells(choices: readonly CellChoice[], report: (line: CellLine) => void): Promise<void> {
    this.abortCells = new AbortController();
    await trainTwoCells(choices, report, this.abortCells.signal);
  }

  async stopCells(): Promise<void> {
    this.abortCells.abort();
  }

  /** See `checkWith`. */
  async check(mistake: string): Promise<GradientReport[]> {
    return checkWith(mistake);
  }

  /**
   * The bytes of a checkpoint file. `steps`: the length of the run, which the visitor may have changed. Rejects with a DataError
   * if the run trains with a mistake: no file could say so, and a resumed run would not make it.
   */
  async save(steps: number): Promise<Uint8Array> {
    if (this.planted !== 'none') throw new DataError('a run that trains with a mistake cannot be saved');
    const checkpoint = await this.queue.run(() => this.currentRun.training.checkpoint());
    return checkpointBytes(withLength(checkpoint, steps));
  }

  private resume(checkpoint: Checkpoint, choices: Choices, data: SubjectSplit): Promise<Started> {
    return this.replaceRun(choices, data, (backend) =>
      namingCharacters(checkpoint.model, () => Training.resume(backend, resumedRun(data, checkpoint))),
    );
  }

  /** If the new run cannot be created, the old one stays. */
  private async replaceRun(
    { backend: choice, threads, rateChanges, planted }: Choices,
    data: SubjectSplit,
    createTraining: (backend: Backend) => Training,
  ): Promise<Started> {
    this.abortTest.abort();
    await this.pause();
    return this.queue.run(async () => {
      const cells = mistakenOperations[planted];
      const { backend, name, note } = await chooseBackend(choice, { threads, cells, createTraining });
      const run = await LiveRun.create(backend, this.queue, rateChanges, this.hooksFor(data), createTraining);
      this.run?.end(); // the visitor may have pressed Play meanwhile
      this.text.stopWriting();
      await this.run?.backend.dispose().catch(() => {}); // a GPU that was lost cannot free its memory
      this.run = run;
      this.planted = planted;
      this.runData = data;
      this.data.keepDigest(run.kept);
      const { description } = backend;
      return { description, step: run.step, backend: name, note, hasWebGpu: webGpu() !== undefined };
    });
  }

  private hooksFor(data: SubjectSplit): LiveHooks {
    if (!('characters' in data.train)) return { lineEvery: LINE_EVERY.digits, sample: undefined };
    const { vocabulary } = data.train;
    const sample = ({ network }: Training): Promise<string> => this.text.sample({ network, vocabulary });
    return { lineEvery: LINE_EVERY.text, sample };
  }

  /** A copy of the run's network, with the texts of the same run. */
  private textCopy(): Promise<TextCopy> {
    return this.queue.run(async () => {
      const { currentRun: run, lastCopy: last } = this;
      const { train, validation } = this.currentData;
      if (!('characters' in train && 'characters' in validation)) throw new DataError('the run reads no text');
      const { network, step } = run.training;
      if (last?.run === run && last.step === step) return last;
      const model = { network: network.config, parameters: await network.save(), vocabulary: train.vocabulary };
      this.lastCopy = { run, model, step, validation };
      return this.lastCopy;
    });
  }

  private get currentData(): SubjectSplit {
    if (!this.runData) throw new DataError('no run has been started');
    return this.runData;
  }

  private get currentRun(): LiveRun {
    if (!this.run) throw new DataError('no run has been started');
    return this.run;
  }
}

function misreadOf(labels: ArrayLike<number>, { correct, predicted }: Evaluation): MisreadImage[] {
  return [...correct.keys()]
    .filter((image) => correct[image] === 0)
    .map((image) => ({ image, label: labels[image], predicted: predicted[image] }));
}

/** The sizes of `longhand gradcheck`: all different, so that a swapped axis cannot hide. */
const SIZES = { T: 5, B: 3, I: 4, H: 6, C: 7 };

/** `mistake`: an id of a planted mistake, or `none`. The loss, and so the numeric gradients, always come from the correct file. */
function checkWith(mistake: string): Promise<GradientReport[]> {
  const correct = createReferenceBackend({ dtype: 'f64' });
  const suspect = withShapeChecks({ ...createReferenceBackend({ dtype: 'f64' }), ...mistakenOperations[mistake] });
  return checkModelGradients(correct, SIZES, { suspect });
}

expose(new Engine());
