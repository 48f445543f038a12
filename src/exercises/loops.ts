/** Ends a loop of an answer that lasts too long, and names it: nothing else can say which one it was. */
import type { Node, Program } from 'acorn';
import { AnswerError } from './answer-error.js';

/** What a loop of an answer calls now and then: `n` counts its turns since it has begun. */
export type Turn = (loop: number, n: number) => void;

/** A loop in the text of an answer. */
export interface Loop {
  /** Counted from 1. */
  readonly line: number;
  /** The function that it is in. undefined: none. */
  readonly within: string | undefined;
  /** A turn makes a list or an object. */
  readonly makes: boolean;
}

/** A text that belongs between two characters of the code. */
export interface Insertion {
  readonly at: number;
  readonly text: string;
}

/** How many turns pass between two calls of `turn`, less one: a power of 2, less one. */
const MASK = 63;

type Fields = Node & Readonly<Record<string, unknown>>;

const isNode = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string';

const LOOPS = /^(For|ForIn|ForOf|While|DoWhile)Statement$/;
const MAKERS = /^(push|unshift|splice|concat|repeat|slice|map|filter|flatMap|from|of|join|split)$/;

/** Whether this part of a program makes a list, an object or a text. */
const makes = ({ type, callee }: Fields): boolean =>
  /^(Array|Object|New)Expression$|^TemplateLiteral$/.test(type) ||
  (type === 'CallExpression' && isNode(callee) && isNode(callee.property) && MAKERS.test(String(callee.property.name)));

/**
 * The loops of a program, and what to insert so that each calls the function `turn`. Each loop counts its turns in a variable of its own,
 * whose name begins with `turn` too. The code has no such name.
 */
export function loopsOf(program: Program, turn: string): { loops: Loop[]; insertions: Insertion[] } {
  const loops: Loop[] = [];
  const insertions: Insertion[] = [];
  visit(program as unknown as Fields, undefined);
  return { loops, insertions: insertions.sort((one, other) => one.at - other.at) };

  /** `start`: where the labels of this statement begin, if it has any. */
  function visit(node: Fields, within: string | undefined, start = node.start): void {
    if (LOOPS.test(node.type)) addLoop(node, within, start);
    const inside = nameOf(node) ?? within;
    for (const child of partsOf(node))
      visit(child, inside, node.type === 'LabeledStatement' && child === node.body ? start : child.start);
  }

  function addLoop(node: Fields, within: string | undefined, start: number): void {
    const [body, number] = [node.body as Fields, loops.length];
    const count = `${turn}${number}`;
    const { line } = (node.loc as { start: { line: number } }).start;
    loops.push({ line, within, makes: some(node, makes) });
    insertions.push(
      { at: start, text: `{let ${count}=0;` },
      { at: body.start, text: `{if(!(++${count}&${MASK}))${turn}(${number},${count});` },
      { at: body.end, text: '}' },
      { at: node.end, text: '}' },
    );
  }
}

/** The name of a function, as its author calls it. */
function nameOf({ type, id, key, init, value }: Fields): string | undefined {
  const named = (node: unknown): string | undefined => (isNode(node) ? (node.name as string | undefined) : undefined);
  if (type.startsWith('Function')) return named(id);
  const isFunction = [init, value].some((node) => isNode(node) && node.type.includes('Function'));
  return isFunction ? (named(id) ?? named(key)) : undefined;
}

function some(node: Fields, isIt: (node: Fields) => boolean): boolean {
  return isIt(node) || partsOf(node).some((child) => some(child, isIt));
}

/** The nodes of which a node consists. */
function partsOf(node: Fields): Fields[] {
  const parts: Fields[] = [];
  for (const value of Object.values(node)) {
    if (Array.isArray(value)) parts.push(...value.filter(isNode));
    else if (isNode(value)) parts.push(value);
  }
  return parts;
}

/** The longest answer needs a tenth of a second for all its loops; the callers end it after 10 seconds. */
const LONGEST_MS = 3000;

/** While its process or its computer sleeps, a loop does not last longer. */
const LONGEST_GAP_MS = 1000;

/** What `loops` call. It throws an AnswerError with the line of a loop that lasts too long. */
export function turnOf(loops: readonly Loop[], longestMs = LONGEST_MS, now = Date.now): Turn {
  const lasted = loops.map(() => ({ ms: 0, last: 0 }));
  return (loop, n) => {
    const one = lasted[loop];
    const time = now();
    if (n <= MASK + 1) [one.ms, one.last] = [0, time];
    one.ms += Math.min(time - one.last, LONGEST_GAP_MS);
    one.last = time;
    if (one.ms >= longestMs) throw new AnswerError(wordsFor(loops[loop], longestMs));
  };
}

function wordsFor({ line, within, makes }: Loop, longestMs: number): string {
  const where = within === undefined ? 'this loop' : `this loop of ${within}`;
  const memory = makes ? ' If it keeps what it makes, it fills the memory too.' : '';
  return `line ${line}: ${where} did not end within ${longestMs / 1000} seconds: what should end it?${memory}`;
}
