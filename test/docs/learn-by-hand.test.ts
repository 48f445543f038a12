/**
 * The worked example of docs/learn/by-hand.md: its numbers are the engine's, and those of two other computations. And its number fields: what
 * the page says about a right, a rounded and a mistaken number.
 */
import { chapter, read } from '../helpers/chapter.js';
import { evaluate, mistakesIn, namesIn, partsOf } from '../../docs/.vitepress/theme/by-hand/formulas.js';
import { ALL_LINES, type Line, LINES } from '../../docs/.vitepress/theme/by-hand/lines.js';
import { type Verdict, numberFrom, verdictOn } from '../../docs/.vitepress/theme/by-hand/number-fields.js';
import { valuesOfTheEngine } from '../../docs/learn/programs/by-hand.mjs';

const { page, says, ask } = chapter('by-hand', {
  'by-hand-lines.mjs': ['GIVEN'],
  'by-hand.mjs': ['tableOf', 'valuesOfTheEngine'],
});

type Numbers = Readonly<Record<string, number>>;

const { GIVEN, values } = (await ask('return { GIVEN, values: valuesOfTheEngine() };')) as {
  GIVEN: Numbers;
  values: Numbers;
};

const blocks = [...page.matchAll(/```\n([\s\S]*?)```/g)].map(([, block]) => block);

/** Every line of the page: `name = formula = the formula with numbers = result`. */
const lines = blocks.flatMap((block) => {
  const [, ...rest] = block.trimEnd().replace(/\n +=/g, ' =').split('\n');
  return rest.map((line) => {
    const [name, formula, numbers, result, ...more] = line.split(' = ');
    expect([line, more, result]).toEqual([line, [], expect.stringMatching(/^-?\d\.\d{4}$/)]);
    return { name, formula, numbers, result };
  });
});
const isGradient = ({ name }: { name: string }): boolean => name.startsWith('d');

test('the page shows what the program prints', async () => {
  const printed = (await ask('return tableOf(valuesOfTheEngine());')) as string[];
  expect(blocks.map((block) => block.trimEnd()).join('\n\n')).toBe(printed.join('\n\n'));
});

test('the page counts its numbers, and its tables have the given ones', () => {
  says(`${lines.length} numbers in all`);
  says(`for all ${lines.filter(isGradient).length} gradients`);
  const tables = [...page.split('## Why 1%')[0].matchAll(/^\|(.+)\|$/gm)].map(([, row]) =>
    row.split('|').map((cell) => cell.trim()),
  );
  const [names, , given, gates, , ...parameters] = tables;
  const shown = Object.fromEntries([
    ...names.map((name, n) => [name, Number(given[n])] as const),
    ...parameters.flatMap(([name, ...cells]) => cells.map((cell, n) => [name + gates[n + 1], Number(cell)] as const)),
  ]);
  expect(shown).toEqual(GIVEN);
});

/** A formula of the page as JavaScript. `numbers`: the value of each name. */
async function evaluated(formulas: readonly string[]): Promise<number[]> {
  const scripts = formulas.map((formula) =>
    formula.replaceAll('σ', 'sigmoid').replaceAll('·', '*').replaceAll('²', '**2'),
  );
  return (await ask(`
    const sigmoid = (z) => 1 / (1 + Math.exp(-z));
    const { tanh } = Math;
    return [${scripts.join(', ')}];`)) as number[];
}

test('with the rounded numbers, a calculator gives every result to the last digit', async () => {
  (await evaluated(lines.map(({ numbers }) => numbers))).forEach((value, n) => {
    const { name, result } = lines[n];
    expect([name, value.toFixed(4)]).toEqual([name, result]);
    // not near the middle between two results, so every calculator rounds alike
    expect(Math.abs(((Math.abs(value) * 1e4) % 1) - 0.5)).toBeGreaterThan(0.02);
  });
});

test('each substitution has the numbers of its formula', () => {
  const shown = new Map<string, string>(Object.entries(GIVEN).map(([name, value]) => [name, String(value)]));
  for (const { name, formula, numbers, result } of lines) {
    const names = formula.match(/tanh c[₁₂]|dc₁\[..\]|[a-zA-Z]+[₀₁₂]|W[xh][ijfo]|b[ijfo]|\by\b/g)!;
    const expected = names.map((one) => shown.get(one));
    // without the constants of the formula: 1 in (4′), (2′) and the forget bias, 2 in (13′)
    const constants = formula.match(/(?<![\w₀-₉])\d/g) ?? [];
    const all = numbers.replace(/ - /g, ' ').match(/-?\d+(\.\d+)?/g)!;
    for (const constant of constants) all.splice(all.indexOf(constant), 1);
    expect([name, all.sort()]).toEqual([name, expected.sort()]);
    shown.set(name, result);
  }
});

/**
 * The loss by a forward pass of its own, with other formulas for σ and tanh. Each of the `nudges` is added to the number that it names.
 * `c₁[h₁]` and `c₁[c₂]` add to c₁ only as h₁ or c₂ reads it.
 */
function forwardOf(nudges: Numbers = {}): Record<string, number> {
  const all: Record<string, number> = {};
  const set = (name: string, value: number): number => (all[name] = value + (nudges[name] ?? 0));
  const sigmoid = (z: number): number => (1 + Math.tanh(z / 2)) / 2;
  const tanh = (z: number): number => 1 - 2 / (Math.exp(2 * z) + 1);
  for (const [name, value] of Object.entries(GIVEN)) set(name, value);
  for (const [p, t] of ['₀₁', '₁₂']) {
    for (const gate of 'ijfo')
      set(`z${gate}${t}`, all[`x${t}`] * all[`Wx${gate}`] + all[`h${p}`] * all[`Wh${gate}`] + all[`b${gate}`]);
    const i = set(`i${t}`, sigmoid(all[`zi${t}`]));
    const j = set(`j${t}`, tanh(all[`zj${t}`]));
    const f = set(`f${t}`, sigmoid(all[`zf${t}`] + 1));
    const o = set(`o${t}`, sigmoid(all[`zo${t}`]));
    const c = set(`c${t}`, f * (all[`c${p}`] + (nudges[`c${p}[c${t}]`] ?? 0)) + i * j);
    all[`tanh c${t}`] = tanh(c + (nudges[`c${t}[h${t}]`] ?? 0));
    set(`h${t}`, o * all[`tanh c${t}`]);
  }
  all.L = (all['h₂'] - all.y) ** 2;
  return all;
}

test('a second forward pass gives the engine’s numbers', () => {
  const own = forwardOf();
  const forward = lines.filter((line) => !isGradient(line));
  expect(forward).toHaveLength(23);
  for (const { name } of forward) expect([name, values[name]]).toEqual([name, expect.closeTo(own[name], 13) as number]);
});

test('every gradient agrees with a numeric derivative of the loss', () => {
  const step = 1e-4;
  const at = (name: string, delta: number): number => forwardOf({ [name]: delta }).L;
  for (const { name, result } of lines.filter(isGradient)) {
    const of = name.slice(1);
    const near = at(of, step) - at(of, -step);
    const far = at(of, 2 * step) - at(of, -2 * step);
    const numeric = (8 * near - far) / (12 * step);
    expect([name, values[name]]).toEqual([name, expect.closeTo(numeric, 10) as number]);
    expect([name, numeric.toFixed(4)]).toEqual([name, result]);
  }
});

test('what the text says about the numbers', () => {
  // “set Wxi to 0.101 … then 0.099, and divide the difference of the two losses by 0.002”
  const difference = forwardOf({ Wxi: 0.001 }).L - forwardOf({ Wxi: -0.001 }).L;
  says(`The result rounds to dWxi = ${(difference / 0.002).toFixed(4)}.`);
  const percent = (share: number): string => `${Math.round(100 * share)}%`;
  says(`dc₁ is ${percent(values['dc₁[h₁]'] / values['dc₁'])} too small in size`);
  says(`the direct path carries ${percent(values['dc₁[c₂]'] / values['dc₁'])} of the gradient`);
  says(`The cell keeps ${percent(values['f₁'])} of 0.8 and adds about ${(values['i₁'] * values['j₁']).toFixed(2)}`);
  const parameters = Object.keys(values).filter((name) => /^d(W[xh]|b)[ijfo]$/.test(name));
  expect(parameters).toHaveLength(12);
  for (const name of parameters) expect(values[name]).toBeLessThan(0);
});

test('the picture’s numbers are the page’s', () => {
  const shown = [...read('two-paths.svg').matchAll(/−?\d\.\d{4}/g)].map(([number]) => number.replace('−', '-'));
  expect(shown).toHaveLength(10);
  const results = new Set(lines.map(({ result }) => result));
  expect(shown.filter((number) => !results.has(number))).toEqual([]);
});

describe('the number fields', () => {
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
    expect(
      [of('-a^2'), of('2*-a'), of('2**-a'), of('a/4 - −a'), of('sigmoid(-c₁) × 1')].map((value) => value.toFixed(4)),
    ).toEqual(['-4.0000', '-4.0000', '0.2500', '2.5000', '0.3775']);
    expect(() => of('b + 1')).toThrow('there is no b here');
    expect(() => of('(a')).toThrow('“(a” cannot be read: is a parenthesis or an operator missing?');
    expect(() => of('a a')).toThrow('an operator is missing, such as *');
    expect(() => of('a(1 - a)')).toThrow('between a name and ( an operator is missing, such as *');
    expect(() => of('1 + tanh')).toThrow('tanh needs its argument in parentheses');
    // nothing of the page can be reached, and nothing else is computed
    for (const text of [
      'a.constructor',
      'a["b"]',
      'this',
      'a = 1',
      'a, 1',
      '() => 1',
      '"1"',
      '[a]',
      '!a',
      'a ? 1 : 2',
      'tanh(a, 1)',
      'constructor',
      'a % 2',
    ])
      expect(() => of(text)).toThrow();
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
    const [words, mistake] = [
      'i₁ differs, and so does what is computed from it: c₁, dj₁ and dzi₁.',
      'The page does not know this mistake.',
    ];
    expect(on('i₁', '0.54')).toEqual({ kind: 'wrong', words, mistake });
    expect(on('dWxi', '1').words).toBe('dWxi differs.');
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
    const { kind, words, mistake } = on(name, number);
    expect([kind, mistake]).toEqual(['wrong', expect.stringContaining(`You get this number if ${condition}`)]);
    expect(words).not.toContain(condition); // it is named only if the reader asks
  });

  test('every number of a mistake is recognised, unless it is the right number: x₁ is 1', () => {
    const unknown: string[] = [];
    for (const { name, formula } of ALL_LINES)
      for (const mistake of mistakesIn(name, formula)) {
        const reply = on(name, evaluate(mistake.formula, values));
        const isKnown = reply.mistake?.includes('You get this number if ') === true;
        if (!isKnown && mistake.condition !== 'the factor x₁ is missing')
          unknown.push(`${mistake.formula}: ${reply.words}`);
      }
    expect(unknown).toEqual([]);
  });

  test('a number that follows from a wrong one, and the number of another line', () => {
    const numbers = { 'c₁': 0.93 };
    const follows = Math.tanh(0.93);
    expect(on('tanh c₁', follows, numbers).mistake).toBe('It follows from your c₁, which is not right yet.');
    expect(on('tanh c₁', follows).mistake).toBe('The page does not know this mistake.');
    expect(on('tanh c₁', v('tanh c₁'), numbers).words).toBe('Right.');
    const both = { 'f₁': 0.7, 'i₁': 0.6 };
    expect(on('c₁', 0.7 * 0.8 + 0.6 * v('j₁'), both).mistake).toContain(
      'It follows from your f₁ and i₁, which are not',
    );
    expect(on('zj₁', v('zo₁')).mistake).toBe('This is the number of zo₁.');
  });
});
