/** Writes text with a character model of the page, in the worker, while its run trains or pauses. */
import { createWasmBackend } from '../../../kernels/wasm/index.js';
import type { Backend } from '../../core/backend.js';
import { DataError } from '../../core/errors.js';
import type { Vocabulary } from '../../data/text.js';
import type { Network } from '../../network/network.js';
import type { WrittenCharacter } from '../../training/sample.js';
import { assertWrites, writeWith } from '../../training/sample.js';
import { Queue } from '../queue.js';
import type { Choice, TextModel } from './text-model.js';
import { KeptNetwork, likeliest } from './text-model.js';

/** What the page asks for. Each field has the meaning of `SampleOptions`; none has a default. */
export interface WriteRequest {
  /** All the text so far; the network reads it first. If it is empty, the first character is any of the vocabulary. */
  readonly prefix: string;
  /** Characters to write. */
  readonly length: number;
  readonly temperature: number;
  readonly top: number;
  readonly seed: number;
}

/** One written character. */
export interface WrittenChoice {
  /** One code point. */
  readonly character: string;
  /**
   * At most 12 choices, the likeliest first, each with a probability above 0. They are those of the distribution from which
   * the character was drawn, so `temperature` and `top` affect them. The written character may be a less likely one.
   */
  readonly choices: readonly Choice[];
}

/** Time between two reports. */
const REPORT_EVERY_MS = 30;

/** Keeps one network, and runs one job at a time: a job waits for the jobs before it. */
export class TextWriter {
  private model: TextModel | undefined;
  private backend: Backend | undefined;
  private readonly network = new KeptNetwork();
  private readonly queue = new Queue();

  /**
   * `createBackend` is called once, before the first job. Default: a WebAssembly backend of its own with one thread, so that
   * writing never disturbs the backend of the run.
   */
  constructor(private readonly createBackend = (): Promise<Backend> => createWasmBackend({ threads: 1 })) {}

  /**
   * Writes with this model from the next call on; a job that has been called keeps its model. Throws a DataError if the
   * network does not predict the next character of this vocabulary.
   */
  load(model: TextModel): void {
    assertWrites(model.network, model.vocabulary, 'text');
    this.model = model;
  }

  /**
   * Writes after `request.prefix`, and reports the new characters in order, in groups of about 30 ms. Resolves after the last
   * report. After `signal`, it stops and reports nothing more. Rejects with a DataError if no model was loaded or if the
   * vocabulary lacks a character of the prefix. Rejects with a RangeError for a number out of range.
   */
  async write(
    request: WriteRequest,
    report: (characters: WrittenChoice[]) => Promise<void> | void,
    signal?: AbortSignal,
  ): Promise<void> {
    const model = this.currentModel;
    const { prefix, ...options } = request;
    await this.queue.run(async () => {
      if (signal?.aborted) return;
      const network = await this.networkOf(model);
      const { vocabulary } = model;
      const characters = writeWith(network, vocabulary, { ...options, prime: prefix });
      await reportInGroups(characters, (written) => choiceOf(written, vocabulary), report, signal);
    });
  }

  /** A text of `length` characters, from a zero state and without a prefix. Rejects as `write` does. */
  async sample(length: number, temperature: number, seed: number): Promise<string> {
    const model = this.currentModel;
    return this.queue.run(async () => {
      const network = await this.networkOf(model);
      let text = '';
      for await (const { character } of writeWith(network, model.vocabulary, { length, temperature, seed })) {
        text += character;
      }
      return text;
    });
  }

  private get currentModel(): TextModel {
    if (!this.model) throw new DataError('no network that writes text has been loaded');
    return this.model;
  }

  private async networkOf(model: TextModel): Promise<Network> {
    this.backend ??= await this.createBackend();
    return this.network.with(model, this.backend, 1, 'classes');
  }
}

/** Reports what `convert` makes of the items, in groups of about 30 ms. After `signal`, reports nothing more. */
async function reportInGroups<Item, Reported>(
  items: AsyncIterable<Item>,
  convert: (item: Item) => Reported,
  report: (group: Reported[]) => Promise<void> | void,
  signal: AbortSignal | undefined,
): Promise<void> {
  let group: Reported[] = [];
  let reportedAt = performance.now();
  for await (const item of items) {
    if (signal?.aborted) return;
    group.push(convert(item));
    if (performance.now() - reportedAt >= REPORT_EVERY_MS) {
      await report(group);
      group = [];
      reportedAt = performance.now();
    }
  }
  if (group.length > 0 && !signal?.aborted) await report(group);
}

const choiceOf = ({ character, probabilities }: WrittenCharacter, vocabulary: Vocabulary): WrittenChoice => ({
  character,
  choices: likeliest(probabilities, vocabulary),
});
