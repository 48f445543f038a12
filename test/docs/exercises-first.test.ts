/** Each exercise is asked before its document shows the line that it asks for. */
import { readFileSync } from 'node:fs';
import { EXERCISES } from '../../src/exercises/exercises.js';

/** The document, the exercises that a sentence of it asks, and the first line that gives an answer away. */
const ASKED: readonly [document: string, ask: RegExp, line: string][] = [
  ['learn/plain-rnn.md', /Try it first: exercise (1) /, 'dW = xᵀ·dz'],
  ['learn/plain-rnn.md', /Try it first: exercise (2) /, 'dz = dh*(1-h²)'],
  ['learn/plain-rnn.md', /Try it first: exercise (3) /, 'dStart = Σ dh[0]'],
  ['learn/by-hand.md', /Try it first: exercises (4) to (7) /, 'do₂ = '],
  ['learn/by-hand.md', /Try it first: exercises (4) to (7) /, 'σ·(1 - σ)'],
  ['learn/by-hand.md', /Exercise (8) asks .* exercise (9) .* before you read on/, 'dh₁ = dzi₂·Whi'],
  ['learn/loss-and-update.md', /Try it first: exercise (10) /, 'dLogits = (p - y) / B'],
  ['learn/loss-and-update.md', /Exercise (11) of \S+ \S+ asks for its lines/, 'm += (g - m)'],
  ['learn/networks.md', /Try it first: exercise (12) /, 'dhUpstream'],
  ['derivation.md', /Try it first: exercise (10) /, 'dLogits = (p*Σy - y) / count'],
  ['derivation.md', /Try it first: exercises (4) to (8) .*, and exercise (9) /, 'do = dh*tanh(c)'],
  ['derivation.md', /Try it first: exercise (11) /, 'm += (g - m)'],
];

/** Without line breaks. */
const read = (document: string): string => readFileSync(`docs/${document}`, 'utf8').replace(/\s+/g, ' ');

test.each(ASKED)('%s: %s comes before “%s”', (document, ask, line) => {
  const text = read(document);
  const [asked, shown] = [text.search(ask), text.indexOf(line)];
  expect([asked > 0, shown > asked]).toEqual([true, true]);
});

test('every exercise is asked in a chapter, in the order of the chapters', () => {
  const numbers = ASKED.flatMap(([document, ask]) => {
    const [first, last = first] = ask.exec(read(document))!.slice(1).map(Number);
    return document.startsWith('learn/') ? Array.from({ length: last - first + 1 }, (_, n) => first + n) : [];
  });
  expect([...new Set(numbers)]).toEqual(EXERCISES.map(({ number }) => number));
});
