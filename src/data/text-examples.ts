/** A text as the examples of a run: B streams, read side by side. */
import { counted } from '../core/arguments.js';
import { DataError } from '../core/errors.js';
import type { Examples } from './examples.js';
import { type Text, classCount } from './text.js';

/** How a text is divided. */
export interface Streams {
  /** B: streams that are read side by side, one for each row of a batch. */
  readonly B: number;
  /**
   * Whether every character is predicted. Then the last batch, and the last streams, may be shorter. In training all
   * batches are full, and up to T-1 characters at the end of each stream are left out.
   */
  readonly toEnd: boolean;
}

/**
 * Example n is the sequence n div B of stream n mod B, so B examples in a row are a batch. `text` has been checked. Throws a
 * DataError that begins with `what` if it is too short.
 */
export function textExamples(what: string, text: Text, { B, toEnd }: Streams): Examples {
  const { characters, T } = text;
  // frozen, because the run shares it with its checkpoints; a copy, because the caller may change the given one
  const vocabulary = Object.freeze({ ...text.vocabulary, characters: Object.freeze([...text.vocabulary.characters]) });
  const predicted = characters.length - 1; // the first character is only read
  const L = toEnd ? Math.ceil(predicted / B) : Math.floor(predicted / B);
  const sequences = toEnd ? Math.ceil(L / T) : Math.floor(L / T);
  if (toEnd && predicted < 1)
    throw new DataError(`${what}: a text of ${counted(characters.length, 'character')}: at least 2 are necessary`);
  if (!toEnd && sequences === 0) {
    throw new DataError(
      `${what}: a text of ${counted(characters.length, 'character')}: ${counted(B, 'stream')} of ${T} steps need at least ${B * T + 1}`,
    );
  }
  const classes = classCount(vocabulary);
  return {
    count: sequences * B,
    T,
    inputs: classes,
    inputKind: 'classes',
    classes,
    targets: 0,
    fitsMoreClasses: false,
    reads: 'every',
    continues: true,
    task: TEXT_TASK,
    vocabulary,
    fill(x, indices) {
      const labels = new Int32Array(T * B).fill(-1);
      indices.forEach((n, row) => {
        const [stream, start] = [n % B, Math.floor(n / B) * T];
        for (let t = 0; t < T; t++) {
          const place = stream * L + start + t;
          const isInside = start + t < L && place < predicted;
          x.set(t, row, isInside ? characters[place] : 0);
          if (isInside) labels[t * B + row] = characters[place + 1];
        }
      });
      return { targets: { labels }, indices };
    },
    bytes: [
      new TextEncoder().encode(JSON.stringify([T, vocabulary])),
      new Uint8Array(characters.buffer, characters.byteOffset, characters.byteLength),
    ],
  };
}

/** The name of a text in checkpoints. */
export const TEXT_TASK = 'text';
