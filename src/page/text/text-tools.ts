/** What the page does with the network of a run on a text besides training: it writes, looks inside, and sorts the units. */
import { createWasmBackend } from '../../../kernels/wasm/index.js';
import type { Backend } from '../../core/backend.js';
import type { Text } from '../../data/text.js';
import { textOf } from '../../data/text.js';
import type { Network } from '../../network/network.js';
import type { TextInspection } from './inspect-text.js';
import { TextInspector } from './inspect-text.js';
import type { UnitRanking } from './rank-units.js';
import { rankUnits } from './rank-units.js';
import type { TextModel } from './text-model.js';
import type { WriteRequest, WrittenChoice } from './text-writer.js';
import { TextWriter } from './text-writer.js';

/** A copy of a run's network after some step, and the text that it is validated with. */
export interface TextCopy {
  readonly model: TextModel;
  /** Training steps that the network has made. */
  readonly step: number;
  readonly validation: Text;
}

/** A passage, and the prediction in it that is explained. */
export interface PassageRequest {
  /** The visitor's own passage; empty: one of the validation part. */
  readonly reading: string;
  /** Where the passage of the validation part begins, and its characters. */
  readonly start: number;
  readonly length: number;
  /** The last character that is read before the prediction; at most the last but one of the passage. */
  readonly target: number;
}

/** An inspection of a passage. */
export interface PassageInspection extends TextInspection {
  /** Where the passage begins in the validation part: the request's `start`, or less so that the passage ends in the text. */
  readonly start: number;
  /** Whether a passage of the validation part follows. */
  readonly isLast: boolean;
}

/** The samples during training. */
const SAMPLE = { length: 200, temperature: 0.8, seed: 1 } as const;
/** Characters of the validation part in which the units are sorted. */
const RANKED_CHARACTERS = 20_000;

export class TextTools {
  private abortWriting = new AbortController();
  private readonly writer: TextWriter;
  private readonly inspector: TextInspector;

  /** `copy` copies the network of the present run. */
  constructor(private readonly copy: () => Promise<TextCopy>) {
    let backend: Promise<Backend> | undefined;
    // one small backend, which never disturbs that of the run
    const create = (): Promise<Backend> => (backend ??= createWasmBackend({ threads: 1 }));
    this.writer = new TextWriter(create);
    this.inspector = new TextInspector(create);
  }

  /** 200 characters by this network. */
  async sample({ network, ...others }: Pick<TextModel, 'vocabulary'> & { network: Network }): Promise<string> {
    this.writer.load({ ...others, network: network.network, parameters: await network.save() });
    return this.writer.sample(SAMPLE.length, SAMPLE.temperature, SAMPLE.seed);
  }

  /** See `TextWriter.write`. Ends an earlier writing. */
  async write(request: WriteRequest, report: (written: WrittenChoice[]) => Promise<void> | void): Promise<void> {
    this.stopWriting();
    this.abortWriting = new AbortController();
    const { signal } = this.abortWriting;
    const { model } = await this.copy();
    this.writer.load(model);
    await this.writer.write(request, report, signal);
  }

  stopWriting(): void {
    this.abortWriting.abort();
  }

  /** See `TextInspector.inspect`. */
  async inspect({ reading, start, length, target }: PassageRequest): Promise<PassageInspection> {
    const { model, step, validation } = await this.copy();
    const { characters, vocabulary } = validation;
    const first = Math.max(0, Math.min(start, characters.length - length));
    const passage = characters.subarray(first, first + length);
    const text = reading === '' ? textOf(passage, vocabulary) : reading;
    const last = Array.from(text).length - 2;
    const request = { text, target: Math.max(0, Math.min(target, last)) };
    const inspection = await this.inspector.inspect(model, { step }, request);
    return { ...inspection, start: first, isLast: first + passage.length >= characters.length };
  }

  /** See `rankUnits`. */
  async rank(property: string): Promise<UnitRanking> {
    const { model, step, validation } = await this.copy();
    const text = textOf(validation.characters.subarray(0, RANKED_CHARACTERS), validation.vocabulary);
    return { ...(await rankUnits(this.inspector, model, text, property)), step };
  }
}
