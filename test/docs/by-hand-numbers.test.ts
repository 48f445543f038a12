/** The number fields of docs/learn/by-hand.md: what the page says about a right, a rounded and a mistaken number. */
import { evaluate, namesIn, partsOf } from '../../docs/.vitepress/theme/by-hand/formulas.js';
import { mistakesIn } from '../../docs/.vitepress/theme/by-hand/formulas.js';
import type { Line, Verdict } from '../../docs/.vitepress/theme/by-hand/number-fields.js';
import { ALL_LINES, LINES, numberFrom, verdictOn } from '../../docs/.vitepress/theme/by-hand/number-fields.js';
import { valuesOfTheEngine } from '../../docs/learn/programs/by-hand.mjs';
import { read } from '../helpers/chapter.js';

const values = valuesOfTheEngine() as Record<string, number>;
const line = (name: string): Line => ALL_LINES.find((one) => one.name === name)!;
const shown = (name: string): string => values[name].toFixed(4);
const on = (name: string, number: number | string, numbers = {}): Verdict =>
  verdictOn(line(name), typeof number === 'string' ? number : number.toFixed(4), numbers);

test('every line of the program has a field, and its formula gives the engine’s number', () => {
  expect(ALL_LINES).toHaveLength(61);
  for (const { name, formula } of ALL_LINES)
    expect([name, evaluate(formula, values)]).toEqual([name, expect.closeTo(values[name], 13) as number]);
});

test('each section stands in a box of the chapter, so its fields have a place', () => {
  const boxes = [...read('by-hand.md').matchAll(/<details>\n([\s\S]*?)<\/details>/g)].map(([, box]) => box);
  const titles = boxes.flatMap((box) => [...box.matchAll(/^```\n(.+)$/gm)].map(([, title]) => title));
  expect(titles).toEqual(Object.keys(LINES));
});

test('a formula: precedence, names within names, and what is no formula', () => {
  const of = (formula: string): number => evaluate(formula, { a: 2, 'tanh c₁': 3, 'c₁': 0.5, 'c₁[h₁]': 7 });
  expect([of('1 - a·a²'), of('(1 - a)²·(tanh c₁)²'), of('c₁[h₁] + c₁'), of('2 - 3 + a')]).toEqual([-7, 9, 7.5, 1]);
  expect(of('tanh(c₁ + 0)·σ(0 - c₁)')).toBeCloseTo(Math.tanh(0.5) / (1 + Math.exp(0.5)), 15);
  expect(() => of('b + 1')).toThrow('b + 1: no name begins “b + 1”');
  expect(() => of('(a')).toThrow('(a: no ) before “”');
  expect(() => of('a a')).toThrow('a a: “ a” is left');
  expect(namesIn('dc₂·o₂·(1 - (tanh c₂)²)', values)).toEqual(['dc₂', 'o₂', 'tanh c₂']);
  expect(partsOf('dh₂·(1 - (a·b)²)', '·')).toEqual(['dh₂', '(1 - (a·b)²)']);
});

test('the chapter’s numbers are right, also with more digits; to three decimals they are rounded', () => {
  for (const { name } of ALL_LINES) {
    expect([name, on(name, shown(name)).words]).toEqual([name, 'Right.']);
    expect([name, on(name, values[name].toFixed(9)).words]).toEqual([name, 'Right.']);
    const three = values[name].toFixed(3);
    const isExact = Number(three) === Number(shown(name));
    const words = isExact ? 'Right.' : `Right, but rounded: ${shown(name)} to four decimals.`;
    expect([name, on(name, three).words]).toEqual([name, words]);
  }
  expect(on('dh₁', '-0.1778').words).toBe('Right, but rounded: -0.1777 to four decimals.');
  expect(on('i₁', ' +.5275 ').kind).toBe('right');
  expect(on('zi₁', '0.11').kind).toBe('right');
  expect(on('dh₁', '−0.1777').kind).toBe('right');
  expect(on('i₁', '5.275e-1').kind).toBe('right');
  expect(on('i₁', '0.53').words).toBe('Right so far, but too short: calculate four decimals.');
  expect(on('i₁', '0.54').words).toBe('Wrong. The page does not know this mistake.');
  expect(on('i₁', '1').words).toMatch(/^Wrong/);
});

test('numbers that are calculated from numbers with three decimals are right, or rounded', () => {
  const rough: Record<string, number> = { ...values };
  for (const { name, formula } of ALL_LINES) rough[name] = Number(evaluate(formula, rough).toFixed(3));
  const kinds = ALL_LINES.map(({ name }) => on(name, String(rough[name])).kind);
  expect(kinds.filter((kind) => kind === 'right' || kind === 'rounded').length).toBeGreaterThan(45);
});

test.each([
  ['', 'Type a number.'],
  ['  ', 'Type a number.'],
  ['0,5275', 'Write a decimal point, not a comma.'],
  ['about 0.5', 'This is not a number.'],
  ['0.5.2', 'This is not a number.'],
  ['Infinity', 'This is not a number.'],
  ['1e999', 'This number is too large.'],
])('“%s” is no number', (text, words) => {
  expect(numberFrom(text)).toBe(words);
  expect(on('i₁', text)).toEqual({ kind: 'unreadable', words });
});

const v = (name: string): number => values[name];
const tanhPrime = (x: number): number => 1 - x * x;

test.each([
  ['zi₂', v('x₂') * v('Wxi') + v('h₀') * v('Whi') + v('bi'), 'you use h₀ in place of h₁'],
  ['f₁', 1 / (1 + Math.exp(-v('zf₁'))), 'the forget bias is missing'],
  ['c₁', v('f₁') * v('c₀') + v('i₁'), 'the factor j₁ is missing'],
  ['h₁', v('o₁') * v('c₁'), 'you use c₁ in place of tanh c₁'],
  ['L', v('h₂') - 1, 'the square is missing'],
  ['dh₂', v('h₂') - 1, 'the factor 2 is missing'],
  ['dh₂', 2 - 2 * v('h₂'), 'the sign is wrong'],
  ['do₂', v('dh₂') * v('c₂'), 'you use c₂ in place of tanh c₂'],
  ['dc₂', v('dh₂') * v('o₂') * tanhPrime(v('c₂')), 'tanh′ has the wrong argument: it is 1 - tanh² c, and not 1 - c²'],
  ['dc₂', v('o₂') * tanhPrime(Math.tanh(v('c₂'))), 'the factor dh₂ is missing'],
  ['df₂', v('dc₂') * v('c₂'), 'you use c₂ in place of c₁'],
  ['di₂', v('dc₂') * v('i₂'), 'you multiply by i₂ itself, and not by the other factor of (3)'],
  ['dzi₂', v('di₂') * v('i₂'), 'the factor (1 - i₂) is missing'],
  ['dzj₂', v('dj₂') * tanhPrime(v('zj₂')), 'tanh′ has the wrong argument: it is computed from j₂, and not from zj₂'],
  ['dc₁', v('dc₁[c₂]'), 'the term dc₁[h₁] is missing'],
  ['dc₁', v('dc₁[h₁]'), 'dc₁ lacks the gradient that arrives from step 2: the term dc₁[c₂]'],
  ['di₁', v('dc₁[h₁]') * v('j₁'), 'dc₁ lacks the gradient that arrives from step 2'],
  ['dWxi', v('dzi₁') + v('dzi₂'), 'the factors before dz are missing'],
  ['dWhj', v('h₁') * v('dzj₁') + v('h₂') * v('dzj₂'), 'you use h after each step, and not the h that (1) reads'],
  ['dbo', v('dzo₂'), 'the term dzo₁ is missing'],
])('a mistake in %s: %d', (name, number, condition) => {
  const { kind, words } = on(name, number);
  expect([kind, words]).toEqual(['wrong', expect.stringContaining(`You get this number if ${condition}`)]);
});

test('every number of a mistake is recognised, unless it is the right number: x₁ is 1', () => {
  const unknown: string[] = [];
  for (const { name, formula } of ALL_LINES)
    for (const mistake of mistakesIn(name, formula)) {
      const { kind, words } = on(name, evaluate(mistake.formula, values));
      const isKnown = kind === 'wrong' && words.includes('You get this number if ');
      if (!isKnown && mistake.condition !== 'the factor x₁ is missing') unknown.push(`${mistake.formula}: ${words}`);
    }
  expect(unknown).toEqual([]);
});

test('a number that follows from a wrong one, and the number of another line', () => {
  const numbers = { 'c₁': 0.93 };
  const follows = Math.tanh(0.93);
  expect(on('tanh c₁', follows, numbers).words).toBe('Wrong. It follows from your c₁, which is not right yet.');
  expect(on('tanh c₁', follows).words).toBe('Wrong. The page does not know this mistake.');
  expect(on('tanh c₁', v('tanh c₁'), numbers).words).toBe('Right.');
  const both = { 'f₁': 0.7, 'i₁': 0.6 };
  expect(on('c₁', 0.7 * 0.8 + 0.6 * v('j₁'), both).words).toContain('It follows from your f₁ and i₁, which are not');
  expect(on('zj₁', v('zo₁')).words).toBe('Wrong. This is the number of zo₁.');
});
