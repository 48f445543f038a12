/** What the page and its worker both know: subjects, backends, limits, and the options that a run on the page has. */
import type { Mode } from '../../kernels/gpu/gpu-js.js';
import { PLANTED_MISTAKES as all } from '../mistakes/planted-mistakes.mjs';
import { type TrainOptions, layersOf } from '../training/options.js';

/** What the network learns to read: the digits of MNIST, or the characters of a text. */
export const SUBJECTS = ['digits', 'text'] as const;
export type Subject = (typeof SUBJECTS)[number];

/** `gpu` is Longhand's own WebGPU backend; `webgpu` and `webgl2` are the GPU.js modes that use a browser's GPU. */
export type BackendName = 'wasm' | 'gpu' | 'reference' | Extract<Mode, 'webgpu' | 'webgl2'>;

/** `automatic`: `wasm` or `gpu`, the quicker one for the run's network. A run that has begun has a `BackendName`. */
export type BackendChoice = BackendName | 'automatic';

/** From `step` on the learning rate is `rate`: the visitor changed it during the run. */
export interface RateChange {
  readonly step: number;
  readonly rate: number;
}

/** The options of the training that the page offers. Their defaults, kinds and ranges are those of the table. */
export type PageOptions = Pick<
  TrainOptions,
  'cell' | 'layers' | 'bidirectional' | 'forgetBias' | 'batchSize' | 'learningRate' | 'seed' | 'shuffle'
> & { readonly hidden: number };

/** These options alone. The form has one number of hidden units for all layers; a list of equal numbers means the same. */
export function pageOptionsOf(options: TrainOptions | PageOptions): PageOptions {
  const layers = layersOf(options);
  const { cell, bidirectional, forgetBias, batchSize, learningRate, seed, shuffle } = options;
  const hidden = layers[0].hidden;
  return { cell, hidden, layers: layers.length, bidirectional, forgetBias, batchSize, learningRate, seed, shuffle };
}

/** What the page says about a visitor's own text. */
export interface TextFacts {
  /** Code points. */
  readonly length: number;
  /** The different characters. */
  readonly characters: readonly string[];
}

/** The limits of a visitor's own text, in code points. */
export const TEXT_LIMITS = { least: 200, most: 10_000_000 } as const;
/** The longest passage that is looked at, and the longest prompt. */
export const LONGEST_PASSAGE = 400;
/** The characters of a passage of the text. */
export const PASSAGE = 300;

/** The states of a unit that can colour a text. */
export const STATES = ['c', 'h'] as const;
export type State = (typeof STATES)[number];

/** The planted mistakes that the page offers: for the gradient check, and for a run that trains with one. */
export const PLANTED_MISTAKES = all.filter(({ onPage }) => onPage);

/** Undefined for `none`, and for an id that the page does not offer. */
export const mistakeOf = (id: string) => PLANTED_MISTAKES.find((mistake) => mistake.id === id);

/** What a form shows of a setting. */
export interface FormField {
  readonly label: string;
  /** Shown when the visitor points at the field. */
  readonly help: string;
  /** Shown in an empty field, which means null. Default: the field cannot be empty. */
  readonly placeholder?: string;
  /** The label of each value. Default: the field is a text or a number. */
  readonly choices?: Readonly<Record<string, string>>;
  /** A run that has begun applies a change; other changes need a new run. */
  readonly isLive?: true;
  /** The subject that has this field. Default: both. */
  readonly subject?: Subject;
  /** Of a number. A field for whole numbers has arrows. */
  readonly range?: Range;
}

export interface Range {
  /** `positive`: above `least`; the others include it. */
  readonly kind: 'whole' | 'number' | 'positive';
  readonly least: number;
  readonly most: number;
}

/** Runs asynchronous jobs one after another. */
export class Queue {
  private last: Promise<unknown> = Promise.resolve();

  /** Resolves or rejects as `job` does; a job that fails does not stop the jobs after it. */
  run<Result>(job: () => Promise<Result>): Promise<Result> {
    const result = this.last.then(job);
    this.last = result.catch(() => {});
    return result;
  }
}

/** A job that is repeated while a run plays. Calls of `run` during the job lead to one more run of it. */
export class RepeatedJob {
  private isRunning = false;
  private mustRunAgain = false;
  /** How long the last run took. */
  private lastMs = 0;

  /** `job` must never reject. It begins every `everyMs`, or less often: it takes at most `largestShare` of the time. */
  constructor(
    private readonly job: () => Promise<void>,
    private readonly everyMs: number,
    private readonly largestShare: number,
  ) {}

  /** The least time from the beginning of one run to that of the next. */
  get periodMs(): number {
    return Math.max(this.everyMs, this.lastMs / this.largestShare);
  }

  run(): void {
    if (this.isRunning) {
      this.mustRunAgain = true;
      return;
    }
    this.isRunning = true;
    const began = performance.now();
    void this.job().finally(() => {
      this.isRunning = false;
      this.lastMs = performance.now() - began;
      if (!this.mustRunAgain) return;
      this.mustRunAgain = false;
      this.run();
    });
  }
}
