/**
 * Strict JSON, for files from unknown sources. JSON.parse alone keeps the last of two equal keys without an error, accepts
 * any depth, and reads 2.0, 1e2 and -0 as whole numbers.
 */

interface JsonLimits {
  /** The largest allowed nesting of objects and lists. */
  readonly depth: number;
  /** Every number must be whole, at least 0, and written in digits alone. */
  readonly onlyPlainIntegers?: boolean;
}

/** The value of `text`. Throws a SyntaxError if it is not JSON, has a key twice in an object, or exceeds the limits. */
export function parseStrictJson(text: string, { depth, onlyPlainIntegers = false }: JsonLimits): unknown {
  const open: Set<string>[] = []; // the keys so far of each object or array that is not closed
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '{' || character === '[') {
      if (open.push(new Set()) > depth) throw new SyntaxError(`nested deeper than ${depth} at position ${at}`);
    } else if (character === '}' || character === ']') {
      open.pop();
    } else if (character === '"') {
      const end = endOfString(text, at);
      if (isFollowedByColon(text, end)) addKey(open.at(-1), text.slice(at, end));
      at = end - 1;
    } else if (onlyPlainIntegers && /[-\d]/.test(character)) {
      const end = endOfNumber(text, at);
      assertPlainInteger(text.slice(at, end), open);
      at = end - 1;
    }
  }
  return JSON.parse(text);
}

function assertPlainInteger(number: string, open: readonly Set<string>[]): void {
  if (/^\d+$/.test(number)) return;
  const keys = open.flatMap((names) => [...names].slice(-1)).map((name) => shortened(JSON.stringify(name)));
  throw new SyntaxError(`${keys.join('.')} has ${shortened(number)}, must be whole numbers ≥ 0, in digits alone`);
}

function addKey(keys: Set<string> | undefined, literal: string): void {
  const key = JSON.parse(literal) as string;
  if (keys?.has(key)) throw new SyntaxError(`key ${shortened(literal)} occurs twice`);
  keys?.add(key);
}

const shortened = (text: string): string => (text.length > 60 ? `${text.slice(0, 59)}…` : text);

/** The position after the string that starts at `start`; the end of the text if the string is not closed. */
function endOfString(text: string, start: number): number {
  let quote = start;
  let isEscaped: boolean;
  do {
    quote = text.indexOf('"', quote + 1);
    if (quote < 0) return text.length;
    let backslashes = 0;
    while (text[quote - 1 - backslashes] === '\\') backslashes++;
    isEscaped = backslashes % 2 === 1;
  } while (isEscaped);
  return quote + 1;
}

function endOfNumber(text: string, start: number): number {
  let end = start;
  while (end < text.length && /[-+.\deE]/.test(text[end])) end++;
  return end;
}

function isFollowedByColon(text: string, end: number): boolean {
  let at = end;
  while (at < text.length && /\s/.test(text[at])) at++;
  return text[at] === ':';
}
