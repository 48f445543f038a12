/** What may have been meant by words behind `longhand exercises` that are no command of it, such as `chek 5`. */

/** Commands by other names that one may try. The first: without a word, it says what is solved. */
const OTHER_NAMES: readonly [RegExp, string][] = [
  [/^(status|progress|list|show)$/, ''],
  [/^watch$/, 'check --watch'],
  [/^help$/, '--help'],
];

/** The command that was probably meant, of those with these names. undefined if no word is like one of them. */
export function meantBy(words: readonly string[], names: readonly string[]): string | undefined {
  const parts = words.flatMap((word) => word.toLowerCase().match(/[a-z]+|\d+|[^a-z\d]+/g) ?? []);
  if (words.some((word) => /[^a-z\d -]/i.test(word)) || parts.length > 4) return undefined;
  const numbers = parts.filter((part) => /^\d+$/.test(part));
  const command = names.find((name) => parts.some((part) => isNear(part, name)));
  if (command === 'hint' && numbers.length === 0) return 'hint 1';
  if (command !== undefined)
    return ['check', 'hint', 'bugs'].includes(command) ? [command, ...numbers].join(' ') : command;
  if (parts.length === 1 && numbers.length === 1) return `check ${numbers[0]}`;
  return OTHER_NAMES.find(([pattern]) => pattern.test(parts.join('')))?.[1];
}

/** Whether one letter has been added, left out, replaced, or exchanged with the next. */
function isNear(word: string, name: string): boolean {
  const first = name.split('').findIndex((letter, n) => word[n] !== letter);
  if (first < 0) return word.length <= name.length + 1;
  const [rest, right] = [word.slice(first), name.slice(first)];
  const isExchanged = rest.slice(0, 2) === `${right[1]}${right[0]}` && rest.slice(2) === right.slice(2);
  return isExchanged || [rest, rest.slice(1)].includes(right.slice(1)) || rest.slice(1) === right;
}
