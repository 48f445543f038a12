/** The text that chapter 1 of docs/learn trains on. */

/** Characters of Moby-Dick that it reads, from the beginning of the first chapter. */
export const CHARACTERS = 300_000;

/**
 * The part of Moby-Dick that begins with its first sentence; one space in place of line breaks.
 *
 * @param {string} book
 * @returns {string}
 */
export function beginningOf(book) {
  const first = book.indexOf('Call me Ishmael');
  return book.slice(first, first + CHARACTERS).replace(/\s+/g, ' ');
}
