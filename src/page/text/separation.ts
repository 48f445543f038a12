/**
 * How well the value of one unit separates the positions of a text at which a property holds from all others. Pure functions.
 *
 * A position's value is that of the state after its character has been read. So inside quotation marks begins with the
 * opening mark, and ends with the character before the closing mark.
 */

/** Something that holds at some positions of a text. */
export interface Property {
  readonly id: string;
  /** For the page: continues “units that separate characters …”. */
  readonly words: string;
  /** `[N]`: 1 for each of the N characters at which the property holds, else 0. A character is one code point. */
  readonly holds: (characters: readonly string[]) => Uint8Array;
}

/** Characters before the end of a line that count as near it. */
const NEAR_LINE_END = 3;
/** A long word begins with this letter. */
const LONG_WORD = 6;

/** Every property that the page offers. */
export const PROPERTIES: readonly Property[] = [
  { id: 'in-quotes', words: 'inside quotation marks', holds: insideQuotes },
  { id: 'in-parentheses', words: 'inside parentheses', holds: insideParentheses },
  { id: 'line-end', words: `among the last ${NEAR_LINE_END} of a line`, holds: nearLineEnd },
  { id: 'after-space', words: 'at the start of a word', holds: startsOfWords },
  { id: 'space', words: 'that are white space', holds: eachCharacter(isSpace) },
  { id: 'capital', words: 'that are capital letters', holds: eachCharacter((character) => /\p{Lu}/u.test(character)) },
  { id: 'vowel', words: 'that are vowels', holds: eachCharacter(isVowel) },
  { id: 'long-word', words: `at the ${LONG_WORD}th letter of a word or a later one`, holds: longWords },
];

/** The property with this id. Throws a RangeError if there is none. */
export function propertyNamed(id: string): Property {
  const property = PROPERTIES.find((one) => one.id === id);
  if (property) return property;
  throw new RangeError(`property ${id}: must be one of ${PROPERTIES.map((one) => one.id).join(', ')}`);
}

function isSpace(character: string): boolean {
  return /\s/u.test(character);
}

/** Latin vowels, with or without accents. */
function isVowel(character: string): boolean {
  return /^[aeiouæœø]/iu.test(character.normalize('NFD'));
}

function eachCharacter(isOne: (character: string) => boolean): Property['holds'] {
  return (characters) => Uint8Array.from(characters, (character) => Number(isOne(character)));
}

/** Curly marks can be nested; a straight mark opens or closes. An empty line closes all marks: they were never closed. */
function insideQuotes(characters: readonly string[]): Uint8Array {
  let depth = 0;
  let isStraightOpen = false;
  return byParagraph(characters, {
    reset: () => ([depth, isStraightOpen] = [0, false]),
    read: (character) => {
      if (character === '“') depth++;
      if (character === '”') depth = Math.max(depth - 1, 0);
      if (character === '"') isStraightOpen = !isStraightOpen;
      return depth > 0 || isStraightOpen;
    },
  });
}

/** They can be nested. An empty line closes all of them. */
function insideParentheses(characters: readonly string[]): Uint8Array {
  let depth = 0;
  return byParagraph(characters, {
    reset: () => (depth = 0),
    read: (character) => {
      if (character === '(') depth++;
      if (character === ')') depth = Math.max(depth - 1, 0);
      return depth > 0;
    },
  });
}

interface Reader {
  /** Called at the end of each empty line, before `read`. */
  readonly reset: () => void;
  /** Whether the property holds after this character. */
  readonly read: (character: string) => boolean;
}

/** A line of white space counts as empty. */
function byParagraph(characters: readonly string[], { reset, read }: Reader): Uint8Array {
  let isEmptyLine = true;
  return Uint8Array.from(characters, (character) => {
    const isNewline = character === '\n';
    if (isNewline && isEmptyLine) reset();
    isEmptyLine = isNewline || (isEmptyLine && isSpace(character));
    return Number(read(character));
  });
}

/** The end of the text is not the end of a line. */
function nearLineEnd(characters: readonly string[]): Uint8Array {
  const holds = new Uint8Array(characters.length);
  let distance = Infinity; // to the next newline
  for (let n = characters.length - 1; n >= 0; n--) {
    distance = characters[n] === '\n' ? 0 : distance + 1;
    holds[n] = Number(distance >= 1 && distance <= NEAR_LINE_END);
  }
  return holds;
}

/** The first character after white space. */
function startsOfWords(characters: readonly string[]): Uint8Array {
  return Uint8Array.from(characters, (character, n) =>
    Number(n > 0 && isSpace(characters[n - 1]) && !isSpace(character)),
  );
}

/** Letters in a row; combining marks belong to the letter before them. */
function longWords(characters: readonly string[]): Uint8Array {
  let letters = 0;
  return Uint8Array.from(characters, (character) => {
    if (/\p{L}/u.test(character)) letters++;
    else if (!/\p{M}/u.test(character)) letters = 0;
    return Number(letters >= LONG_WORD);
  });
}

/** A unit, and how well it separates. */
export interface RankedUnit {
  /** 0 … H-1 */
  readonly unit: number;
  /** 0 … 1, see `separations`. */
  readonly auc: number;
}

/**
 * For each of H units the area under the ROC curve, `[H]`. Take a random position at which the property holds, and a random
 * one at which it does not. The area is the probability that the unit's value is larger at the first; equal values count
 * half. 1 and 0 separate completely; 0.5 does not separate. NaN if the property holds at no position or at all positions,
 * or if a value is NaN.
 *
 * `values`: `[N,H]`. `holds`: `[N]`, 0 or 1. It sorts, so the cost is O(N log N) a unit.
 */
export function separations(values: Float32Array, N: number, H: number, holds: Uint8Array): Float32Array {
  const inside = holds.reduce((sum, one) => sum + one, 0);
  const ones = new Float32Array(inside);
  const others = new Float32Array(N - inside);
  return Float32Array.from({ length: H }, (_, unit) => {
    let [one, other] = [0, 0];
    for (let n = 0; n < N; n++) {
      const value = values[n * H + unit];
      if (holds[n] === 1) ones[one++] = value;
      else others[other++] = value;
    }
    return areaUnderCurve(ones.sort(), others.sort());
  });
}

/** The share of pairs (one, other) with one > other; pairs of equal numbers count half. Both lists are sorted. */
function areaUnderCurve(ones: Float32Array, others: Float32Array): number {
  if (hasNaN(ones) || hasNaN(others)) return NaN;
  let [less, lessOrEqual, pairs] = [0, 0, 0];
  for (const value of ones) {
    while (less < others.length && others[less] < value) less++;
    while (lessOrEqual < others.length && others[lessOrEqual] <= value) lessOrEqual++;
    pairs += (less + lessOrEqual) / 2;
  }
  return pairs / (ones.length * others.length); // 0/0 is NaN
}

/** `sort` of a typed array puts NaN last. */
const hasNaN = (sorted: Float32Array): boolean => Number.isNaN(sorted.at(-1));

/** The units of `separations`, those that separate best first: by |auc - 0.5|; of equal ones the first. NaN is last. */
export function ranked(aucs: ArrayLike<number>): RankedUnit[] {
  const strength = ({ auc }: RankedUnit): number => (Number.isNaN(auc) ? -1 : Math.abs(auc - 0.5));
  return Array.from(aucs, (auc, unit) => ({ unit, auc })).sort((a, b) => strength(b) - strength(a) || a.unit - b.unit);
}
