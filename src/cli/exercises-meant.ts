/** What may have been meant by words behind `longhand exercises` that are no command of it, such as `chek 5`. */

/** What one may write in place of a command, and yet could be a folder's name: `exercises 5`. */
const MEANT: readonly [RegExp, (number: string) => string][] = [
  [/^(?:che(?:ck|kc|k)s?[ -]?)?(\d+)$/i, (number) => `check ${number}`],
  [/^che(?:ck|kc|k)s?$/i, () => 'check'],
  [/^hints?[ -]?(\d*)$/i, (number) => `hint ${number || 1}`],
  [/^t(?:rain|rian|arin|rani)s?$/i, () => 'train'],
  [/^watch$/i, () => 'check --watch'],
  [/^help$/i, () => '--help'],
];

/** The command that was probably meant. undefined if the only word can be the name of a folder, or no word is like a command. */
export function meantBy(words: readonly string[]): string | undefined {
  if (words.length > 1) return meantBySeveral(words);
  for (const [pattern, meant] of MEANT) {
    const [found, number = ''] = pattern.exec(words[0]) ?? [];
    if (found !== undefined) return meant(number);
  }
  return undefined;
}

/** Several words are no folder, so a word that is only like a command is enough. */
function meantBySeveral(words: readonly string[]): string | undefined {
  const numbers = words.filter((word) => /^\d+$/.test(word));
  const command = ['check', 'hint', 'train'].find((name) => words.some((word) => isNear(word.toLowerCase(), name)));
  if (command === 'hint' && numbers.length === 0) return 'hint 1';
  return command === 'train' ? command : command && [command, ...numbers].join(' ');
}

/** Whether one letter has been added, left out, replaced, or exchanged with the next. */
function isNear(word: string, name: string): boolean {
  const first = name.split('').findIndex((letter, n) => word[n] !== letter);
  if (first < 0) return word.length <= name.length + 1;
  const [rest, right] = [word.slice(first), name.slice(first)];
  const isExchanged = rest.slice(0, 2) === `${right[1]}${right[0]}` && rest.slice(2) === right.slice(2);
  return isExchanged || [rest, rest.slice(1)].includes(right.slice(1)) || rest.slice(1) === right;
}
