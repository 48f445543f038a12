/** What a network reads before it writes, unless a user says something else. */
import type { Vocabulary } from '../data/text.js';

export const PRIME = 'Call me';

/** `PRIME`, or nothing if the vocabulary lacks a character of it. */
export function defaultPrime({ characters, hasOther }: Vocabulary): string {
  return hasOther || Array.from(PRIME).every((character) => characters.includes(character)) ? PRIME : '';
}
