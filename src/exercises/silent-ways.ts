/** Ways of writing an answer that raise no error and yet cannot be right: what the text of a wrong answer shows about them. */
import { listed } from '../core/arguments.js';

/** The text without comments and strings, with the same lines. */
const codeOf = (source: string): string =>
  source.replace(/\/\*[^]*?\*\/|\/\/.*|'[^'\n]*'|"[^"\n]*"|`[^`]*`/g, (text) => text.replace(/[^\n]/g, ' '));

/** What code ends with if its next line belongs to the same statement. */
const CONTINUES = /(?:[([,=+\-*/%?:&|<>!~^.]|\breturn)$/;

/** The names of the parameters of the functions that the answer exports. */
const parametersIn = (code: string): Set<string> =>
  new Set(
    Array.from(code.matchAll(/^export function\*?\s+\w+\s*\(([^)]*)\)/gm)).flatMap(([, list]) =>
      list.split(',').flatMap((one) => /^\s*(\w+)/.exec(one)?.[1] ?? []),
    ),
  );

/** Sentences for the author of a wrong answer; '' if nothing is to say. */
export function silentWays(source: string): string {
  const code = codeOf(source);
  const parameters = parametersIn(code);
  const lines = code.split(/\r\n|[\r\n]/);
  const linesWith = (isOne: (line: string, n: number) => boolean): string[] =>
    lines.flatMap((line, n) => (isOne(line, n) ? [`line ${n + 1}`] : []));
  // A line that continues the one before, as an argument on a line of its own does, is no statement.
  const beginsStatement = (n: number): boolean => !CONTINUES.test(lines.slice(0, n).join('\n').trimEnd());
  const data = linesWith((line) => /\.data\b|\{[^}]*\bdata\b[^}]*\}\s*=/.test(line));
  const replaced = linesWith(
    (line, n) => parameters.has(/^\s*(\w+)\s*=(?![=>])/.exec(line)?.[1] ?? '') && beginsStatement(n),
  );
  const views = linesWith(
    (line, n) => /^\s*(?:transposeOf|rowsOf|stepOf|matrixOf|flatten)\(/.test(line) && beginsStatement(n),
  );
  const say = (found: readonly string[], words: string): string[] =>
    found.length === 0 ? [] : [`${capital(listed(found))}: ${words}`];
  return [
    ...say(data, 'data is a whole array, of which a tensor is only a part. So read with get, and write with set.'),
    ...say(
      replaced,
      'this gives a parameter another value, which the caller does not see. So write the elements of what it was.',
    ),
    ...say(views, 'this makes a view, and nothing uses it. So pass it on, or give it a name.'),
  ].join(' ');
}

const capital = (words: string): string => words.replace(/^l/, 'L');

/** A refusal of `using`, which some engines cannot read, and others end with an error about views. */
export function whyNoUsing(source: string): string | undefined {
  const line = codeOf(source)
    .split(/\r\n|[\r\n]/)
    .findIndex((one) => /^\s*(?:await\s+)?using\s+\w+\s*=/.test(one));
  return line < 0
    ? undefined
    : `line ${line + 1}: write const in place of using: a view has nothing that must be given back`;
}
