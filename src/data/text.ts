/**
 * Text to train a character model with. A character is a Unicode code point, and its class is its place in the vocabulary.
 *
 * B streams read the text side by side: each has its own part of it, of L characters. Batch k has the characters
 * k·T … k·T+T-1 of every stream, and predicts for each the character after it. Then batch k+1 continues batch k, so the
 * states are carried from one to the next.
 */
import type { TypeName } from '../core/arguments.js';
import {
  assertKinds,
  assertKnownNames,
  assertNumbers,
  assertSizes,
  assertString,
  assertWhole,
  counted,
  describe,
} from '../core/arguments.js';
import { DataError } from '../core/errors.js';

/** The characters that a network knows; a character's place is its class. */
export interface Vocabulary {
  /** Each character once, in the order of their code points. */
  readonly characters: readonly string[];
  /** Whether one more class, the last, takes every other character. */
  readonly hasOther: boolean;
}

/** A text as classes of its vocabulary. */
export interface Text {
  /** `[n]`: the class of each character. */
  readonly characters: Uint32Array;
  /** Which character each class is. */
  readonly vocabulary: Vocabulary;
  /** T: steps from which the gradient of a batch is computed. */
  readonly T: number;
}

/** The two parts of a text. */
export interface TextTask {
  /** The first 95%. */
  readonly train: Text;
  /** The last 5%. */
  readonly validation: Text;
}

/** Options of `textTask`. */
export interface TextOptions {
  /** T: steps from which the gradient of a batch is computed. Default: 50. */
  readonly T?: number;
  /**
   * Characters that occur less often than this share one class; it also takes unknown characters. Default: 0, no such class. Not
   * with `vocabulary`.
   */
  readonly rare?: number;
  /** The vocabulary, if there is one already, for example a checkpoint's. Default: that of the text. */
  readonly vocabulary?: Vocabulary | undefined;
}

/** What stands for a character of the last class: U+FFFD. */
export const OTHER = '\ufffd';
/** The share of a text to train with. */
const TRAIN_SHARE = 0.95;

/** The number of classes. */
export const classCount = ({ characters, hasOther }: Vocabulary): number => characters.length + Number(hasOther);

/** The character of each class. */
export const characterOf = ({ characters }: Vocabulary, index: number): string => characters.at(index) ?? OTHER;

const KINDS = { T: 'number', rare: 'number', vocabulary: 'object' } satisfies Record<keyof TextOptions, TypeName>;

/**
 * Splits a text: the first 95% to train with, the last 5% to validate with. Throws a TypeError or a RangeError for a wrong argument.
 * Throws a DataError if the text has fewer than 4 characters or 2 different ones, or a character that a given vocabulary does not
 * have.
 */
export function textTask(text: string, options: TextOptions = {}): TextTask {
  assertString('textTask: text', text);
  assertKinds('textTask', options, KINDS);
  const { T = 50, rare = 0, vocabulary } = options;
  assertSizes('textTask', { T }, ['T']);
  if (vocabulary !== undefined && rare > 0)
    throw new TypeError(`textTask: rare ${rare} with a vocabulary, which says what is rare: give one of them`);
  const known = vocabulary ?? vocabularyOf(text, rare);
  const characters = classesIn(text, known);
  const n = characters.length;
  const split = Math.min(Math.floor(TRAIN_SHARE * n), n - 2); // 2 characters: one to read and one to predict
  if (split < 2) throw new DataError(`a text of ${counted(n, 'character')}: at least 4 are necessary`);
  const part = (from: number, to: number): Text => ({
    characters: characters.subarray(from, to),
    vocabulary: known,
    T,
  });
  return { train: part(0, split), validation: part(split, n) };
}

/**
 * The characters of a text that occur at least `rare` times (default: 0). With `rare` > 0 there is one more class for all
 * others. Throws a DataError if there are fewer than two classes, because nothing could then be predicted; also a TypeError or a
 * RangeError for a wrong argument.
 */
export function vocabularyOf(text: string, rare = 0): Vocabulary {
  assertString('vocabularyOf: text', text);
  assertWhole('vocabularyOf: rare', rare, 0);
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  const kept = [...counts].filter(([, count]) => count >= rare).map(([character]) => character);
  const characters = kept.sort((a, b) => codePoint(a) - codePoint(b));
  const vocabulary = { characters, hasOther: rare > 0 };
  if (classCount(vocabulary) >= 2) return vocabulary;
  if (counts.size >= 2) {
    const [most, count] = [...counts].reduce((one, other) => (other[1] > one[1] ? other : one));
    throw new DataError(
      `rare ${rare}: none of the ${counted(counts.size, 'different character')} occurs as often, so all would share one class: ` +
        `the most frequent one, ${quoted(most)}, occurs ${counted(count, 'time')}`,
    );
  }
  throw new DataError(`a text with ${counted(counts.size, 'different character')}: at least 2 are necessary`);
}

/**
 * The class of each character. Throws a DataError for a character that the vocabulary does not have, or for a faulty vocabulary.
 * `what` begins the first one (default: 'text'). Throws a TypeError for what is no text.
 */
export function classesIn(text: string, vocabulary: Vocabulary, what = 'text'): Uint32Array {
  assertString(what, text);
  assertVocabulary('vocabulary', vocabulary);
  const { characters, hasOther } = vocabulary;
  const classOf = new Map(characters.map((character, index) => [character, index]));
  const classes = new Uint32Array(text.length);
  let n = 0;
  for (const character of text) {
    const index = classOf.get(character) ?? (hasOther ? characters.length : undefined);
    if (index === undefined) {
      throw new DataError(
        `${what}: character ${n} is ${quoted(character)}, which is not among the ${characters.length} of the vocabulary`,
      );
    }
    classes[n++] = index;
  }
  return classes.subarray(0, n); // a code point above U+FFFF has two units of the string
}

/**
 * The text of these classes. Throws a RangeError for a number that is no class of the vocabulary, as -1 in predictions, and a DataError
 * for a faulty vocabulary. Throws a TypeError for what is no list of numbers.
 */
export function textOf(classes: ArrayLike<number>, vocabulary: Vocabulary): string {
  assertNumbers('textOf: classes', classes);
  assertVocabulary('vocabulary', vocabulary);
  const last = classCount(vocabulary) - 1;
  const characters = Array.from(classes, (index, n) => {
    assertWhole(`textOf: classes[${n}] is`, index, 0, last);
    return characterOf(vocabulary, index);
  });
  return characters.join('');
}

const codePoint = (character: string): number => character.codePointAt(0) ?? 0;

/** `"é" (U+00E9)`. */
const quoted = (character: string): string =>
  `${JSON.stringify(character)} (U+${codePoint(character).toString(16).toUpperCase().padStart(4, '0')})`;

/**
 * Throws a TypeError or a DataError that says what is wrong with a text; `what` is for messages.
 */
export function assertText(what: string, text: Text): void {
  assertKnownNames(what, text, ['characters', 'vocabulary', 'T']);
  const { characters, vocabulary } = text;
  if (!((characters as unknown) instanceof Uint32Array))
    throw new TypeError(`${what}.characters is ${describe(characters)}: must be a Uint32Array of classes`);
  assertSizes(what, text, ['T']);
  assertVocabulary(`${what}.vocabulary`, vocabulary);
  const classes = classCount(vocabulary);
  const wrong = characters.findIndex((index) => index >= classes);
  if (wrong < 0) return;
  throw new DataError(`${what}.characters[${wrong}] is ${characters[wrong]}: must be a class 0…${classes - 1}`);
}

/** Throws a DataError unless each entry is one character, in the order of code points, so that none occurs twice. */
export function assertVocabulary(what: string, vocabulary: unknown): asserts vocabulary is Vocabulary {
  const { characters, hasOther } = Object(vocabulary) as Partial<Vocabulary>;
  if (!Array.isArray(characters) || typeof hasOther !== 'boolean') {
    throw new DataError(
      `${what} is ${describe(vocabulary)}: must have characters, a list, and hasOther, true or false`,
    );
  }
  let before = -1;
  for (let n = 0; n < characters.length; n++) {
    const character: unknown = characters[n];
    const isOne = typeof character === 'string' && Array.from(character).length === 1;
    if (!isOne || codePoint(character) <= before) {
      throw new DataError(
        `${what}: characters[${n}] is ${describe(character)}: must be one character, in the order of code points`,
      );
    }
    before = codePoint(character);
  }
  if (characters.length + Number(hasOther) >= 2) return;
  throw new DataError(`${what} has ${counted(characters.length, 'character')}: at least 2 classes are necessary`);
}
