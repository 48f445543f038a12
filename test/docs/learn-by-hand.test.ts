/** The worked example of docs/learn/by-hand.md: its numbers are the engine's, and those of two other computations. */
import { chapter, read } from '../helpers/chapter.js';

const { page, prose, ask, drawn } = chapter('by-hand', {
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
  expect(prose).toContain(`${lines.length} numbers in all`);
  expect(prose).toContain(`for all ${lines.filter(isGradient).length} gradients`);
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
    for (const gate of 'ijfo') {
      set(`z${gate}${t}`, all[`x${t}`] * all[`Wx${gate}`] + all[`h${p}`] * all[`Wh${gate}`] + all[`b${gate}`]);
    }
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

test('the formulas of the page, calculated in turn in full precision, give the engine’s numbers', async () => {
  const names = [...Object.keys(GIVEN), ...lines.map(({ name }) => name)].sort((a, b) => b.length - a.length);
  const anyName = new RegExp(
    `(?<![\\p{L}])(${names.map((name) => name.replace(/[[\]]/g, '\\$&')).join('|')})(?![\\p{L}₀₁₂[])`,
    'gu',
  );
  const script = (formula: string): string =>
    formula
      .replace(anyName, (name) => `v['${name}']`)
      .replaceAll('σ', 'sigmoid')
      .replaceAll('·', '*')
      .replaceAll('²', '**2');
  const own = (await ask(`
    const sigmoid = (z) => 1 / (1 + Math.exp(-z));
    const { tanh } = Math;
    const v = ${JSON.stringify(GIVEN)};
    ${lines.map(({ name, formula }) => `v['${name}'] = ${script(formula)};`).join('\n')}
    return v;`)) as Numbers;
  for (const { name } of lines) expect([name, own[name]]).toEqual([name, expect.closeTo(values[name], 13) as number]);
});

test('what the text says about the numbers', () => {
  // “set Wxi to 0.101 … then 0.099, and divide the difference of the two losses by 0.002”
  const difference = forwardOf({ Wxi: 0.001 }).L - forwardOf({ Wxi: -0.001 }).L;
  expect(prose).toContain(`The result rounds to dWxi = ${(difference / 0.002).toFixed(4)}.`);
  const percent = (share: number): string => `${Math.round(100 * share)}%`;
  expect(prose).toContain(`dc₁ is ${percent(values['dc₁[h₁]'] / values['dc₁'])} too small in size`);
  expect(prose).toContain(`the direct path carries ${percent(values['dc₁[c₂]'] / values['dc₁'])} of the gradient`);
  expect(prose).toContain(
    `The cell keeps ${percent(values['f₁'])} of 0.8 and adds about ${(values['i₁'] * values['j₁']).toFixed(2)}`,
  );
  const parameters = Object.keys(values).filter((name) => /^d(W[xh]|b)[ijfo]$/.test(name));
  expect(parameters).toHaveLength(12);
  for (const name of parameters) expect(values[name]).toBeLessThan(0);
});

test('the picture is the one that the program draws, and its numbers are the page’s', async () => {
  expect(await drawn('two-paths.svg')).toBe(read('two-paths.svg'));
  const shown = [...read('two-paths.svg').matchAll(/−?\d\.\d{4}/g)].map(([number]) => number.replace('−', '-'));
  expect(shown).toHaveLength(10);
  const results = new Set(lines.map(({ result }) => result));
  expect(shown.filter((number) => !results.has(number))).toEqual([]);
});
