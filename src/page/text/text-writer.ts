/** A character model of the page, in the worker; the network that keeps its weights; and what it writes while its run trains or pauses. */
import { createWasmBackend } from '../../../kernels/wasm/index.js';
import type { Backend } from '../../core/backend.js';
import { DataError } from '../../core/errors.js';
import { type Vocabulary, characterOf } from '../../data/text.js';
import { type CompleteConfig, completeConfig } from '../../network/config.js';
import { Network } from '../../network/network.js';
import type { NamedTensors } from '../../network/parameters.js';
import { type WrittenCharacter, assertWrites, writeWith } from '../../training/sample.js';
import { Queue } from '../common.js';

/** A trained character model, on the host. It stays in the worker. */
export interface TextModel {
  readonly network: CompleteConfig;
  /** The weights by name, as `Network.save` gives them. They are not changed: other weights are another object. */
  readonly parameters: NamedTensors;
  readonly vocabulary: Vocabulary;
}

/** A character that can come next. */
export interface Choice {
  /** One code point; U+FFFD for the class of all other characters. */
  readonly character: string;
  /** 0 … 1 */
  readonly probability: number;
}

/** Choices that the page shows of one distribution. */
const MOST_CHOICES = 12;

/**
 * The 12 likeliest characters of a distribution `[C]`, the likeliest first; of equal ones, the first class first. Characters
 * of probability 0 are left out.
 */
export function likeliest(probabilities: ArrayLike<number>, vocabulary: Vocabulary): Choice[] {
  return Array.from(probabilities, (probability, index) => ({ probability, index }))
    .filter(({ probability }) => probability > 0)
    .sort((a, b) => b.probability - a.probability || a.index - b.index)
    .slice(0, MOST_CHOICES)
    .map(({ probability, index }) => ({ character: characterOf(vocabulary, index), probability }));
}

/** A network of one sequence for the weights of one model after another. It is made again only if the sizes change. */
export class KeptNetwork {
  private kept: Network | undefined;

  /**
   * The network with the weights of `model`, for T steps, without dropout. `inputKind`: what it reads, `'numbers'` with
   * ∂loss/∂x; the weights have the same shapes for both.
   */
  with(
    { network, parameters }: TextModel,
    backend: Backend,
    T: number,
    inputKind: CompleteConfig['inputKind'],
  ): Network {
    const sizes = completeConfig({ ...network, inputKind, dropout: 0 }); // dropout is used only in training
    if (this.kept && (this.kept.sizes.T !== T || JSON.stringify(this.kept.config) !== JSON.stringify(sizes))) {
      this.kept.dispose();
      this.kept = undefined;
    }
    this.kept ??= new Network(backend, sizes, { T, B: 1 }, { inputGradient: inputKind === 'numbers' });
    this.kept.load(parameters);
    return this.kept;
  }
}

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
      for await (const { character } of writeWith(network, model.vocabulary, { length, temperature, seed }))
        text += character;
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
