/** What the page does with the network of a run on a text besides training: it writes, looks inside, and sorts the units. */
import { createWasmBackend } from '../../../kernels/wasm/index.js';
import { cellOf } from '../../cells/cells.js';
import type { Backend } from '../../core/backend.js';
import { type Text, characterOf, textOf } from '../../data/text.js';
import type { Network } from '../../network/network.js';
import { type State, STATES } from '../common.js';
import { type TextInspection, mostCharacters, TextInspector } from './inspect-text.js';
import type { RankedUnit } from './separation.js';
import { type WriteRequest, type WrittenChoice, type TextModel, TextWriter } from './text-writer.js';

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
  /** The request's `start`, or less so that the passage ends in the text. The passage begins with the word there: see `wordAt`. */
  readonly start: number;
  /** Whether a passage of the validation part follows. */
  readonly isLast: boolean;
}

/** A unit of a layer. */
export interface RankedState extends RankedUnit {
  readonly state: State;
  /** 0 for the lowest. */
  readonly layer: number;
}

/** The units that separate a property best. */
export interface UnitRanking {
  /** Those that separate best first; at most 12. Empty if fewer than 5 characters have the property, or have it not. */
  readonly units: readonly RankedState[];
  /** Characters that were read, and those of them that have the property. */
  readonly read: number;
  readonly found: number;
  /** Training steps that the network has made. */
  readonly step: number;
}

/** The samples during training. */
const SAMPLE = { length: 200, temperature: 0.8, seed: 1 } as const;
/** The longest way to the beginning of a word. */
const LONGEST_WORD = 50;

/**
 * Where the word begins that has character `at` of a text. A text begins anywhere, so if that word is its first one, the next
 * one is meant. If there is no word's beginning within 50 characters: `at` itself.
 */
export function wordAt({ characters, vocabulary }: Text, at: number): number {
  const isSpace = (n: number): boolean => /\s/.test(characterOf(vocabulary, characters[n]));
  const begins = (n: number): boolean => n > 0 && n < characters.length && isSpace(n - 1) && !isSpace(n);
  const places = Array.from({ length: LONGEST_WORD }, (_, n) => n);
  const before = places.map((n) => at - n).find(begins);
  return before ?? places.map((n) => at + n).find(begins) ?? at;
}

/** Characters of the validation part in which the units are sorted. */
const RANKED_CHARACTERS = 20_000;

const MOST_UNITS = 12;
/** With fewer characters on one side, many units separate them by chance. */
const LEAST_FOUND = 5;

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
    this.writer.load({ ...others, network: network.config, parameters: await network.save() });
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
    const begin = wordAt(validation, first);
    const passage = characters.subarray(begin, begin + length);
    const text = reading === '' ? textOf(passage, vocabulary) : reading;
    const last = Array.from(text).length - 2;
    const request = { text, target: Math.max(0, Math.min(target, last)) };
    const inspection = await this.inspector.inspect(model, { step }, request);
    return { ...inspection, start: first, isLast: begin + passage.length >= characters.length };
  }

  /** The hidden units of all layers, sorted by how well their h, or c if they have one, separates a property. Rejects as `TextInspector.rank`. */
  async rank(property: string): Promise<UnitRanking> {
    const { model, step, validation } = await this.copy();
    const text = textOf(validation.characters.subarray(0, RANKED_CHARACTERS), validation.vocabulary);
    const all: RankedState[] = [];
    const read = Math.min(Array.from(text).length, mostCharacters(model.network));
    let found = 0;
    for (const [layer, { cell, hidden }] of model.network.layers.entries()) {
      const own = cellOf(cell).stateWidths({ I: 1, H: hidden });
      for (const state of STATES.filter((name) => name in own)) {
        const ranking = await this.inspector.rank(model, text, property, state, layer);
        found = Math.round(ranking.share * read);
        all.push(...ranking.units.map((unit) => ({ ...unit, state, layer })));
      }
    }
    if (Math.min(found, read - found) < LEAST_FOUND) return { units: [], read, found, step };
    const strength = ({ auc }: RankedState): number => Math.abs(auc - 0.5);
    const units = all.filter(({ auc }) => !Number.isNaN(auc)).sort((a, b) => strength(b) - strength(a));
    return { units: units.slice(0, MOST_UNITS), read, found, step };
  }
}
