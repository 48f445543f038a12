/** JSON from strangers: JSON.parse of two equal keys keeps silently the last, and builds whatever depth it is given. */

/** The value of `text`. Throws a SyntaxError where it is no JSON, has a key twice in an object, or nests deeper than `depth`. */
export function parseStrictJson(text: string, depth: number): unknown {
  const open: Set<string>[] = []; // the keys of each object (or array) that is open
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
    }
  }
  return JSON.parse(text);
}

function addKey(keys: Set<string> | undefined, literal: string): void {
  const key = JSON.parse(literal) as string;
  if (keys?.has(key)) throw new SyntaxError(`key ${literal.length > 60 ? `${literal.slice(0, 59)}…` : literal} twice`);
  keys?.add(key);
}

/** Behind the quotation mark that closes the string which starts at `start`; the text's end where none does. */
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

function isFollowedByColon(text: string, end: number): boolean {
  let at = end;
  while (at < text.length && /\s/.test(text[at])) at++;
  return text[at] === ':';
}
