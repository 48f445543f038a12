/** The formulas of docs/learn/programs/by-hand-lines.mjs as numbers: `dh₂·o₂·(1 - (tanh c₂)²)`. */

export type Values = Readonly<Record<string, number>>;

const FUNCTIONS: Readonly<Record<string, (value: number) => number>> = {
  'σ(': (z) => 1 / (1 + Math.exp(-z)),
  'tanh(': Math.tanh,
  'tan(': Math.tan, // a key beside tanh
};

/** The value of a formula of names, numbers, σ, tanh, and + - · ². A sum has products, and a product has factors. */
export function evaluate(formula: string, values: Values): number {
  const names = longestFirst(values);
  let rest = formula;
  const take = (token: string): boolean => {
    const isNext = rest.startsWith(token);
    if (isNext) rest = rest.slice(token.length);
    return isNext;
  };
  const closed = (value: number): number => {
    if (!take(')')) throw new Error(`${formula}: no ) before “${rest}”`);
    return value;
  };

  function sum(): number {
    let total = product();
    for (;;) {
      if (take(' + ')) total += product();
      else if (take(' - ')) total -= product();
      else return total;
    }
  }
  function product(): number {
    let result = factor();
    while (take('·')) result *= factor();
    return result;
  }
  function factor(): number {
    const value = atom();
    return take('²') ? value * value : value;
  }
  function atom(): number {
    const call = Object.keys(FUNCTIONS).find(take);
    if (call !== undefined) return FUNCTIONS[call](closed(sum()));
    if (take('(')) return closed(sum());
    const [number] = /^\d+(\.\d+)?/.exec(rest) ?? [];
    if (number !== undefined && take(number)) return Number(number);
    const name = names.find(take);
    if (name === undefined) throw new Error(`${formula}: no name begins “${rest}”`);
    return values[name];
  }

  const value = sum();
  if (rest !== '') throw new Error(`${formula}: “${rest}” is left`);
  return value;
}

/** dc₁[c₂] comes before dc₁. */
const longestFirst = (values: Values): string[] => Object.keys(values).sort((a, b) => b.length - a.length);

/** The names that a formula uses. */
export const namesIn = (formula: string, values: Values): string[] => {
  const names = longestFirst(values).map((name) => name.replace(/[[\]]/g, '\\$&'));
  return formula.match(new RegExp(`(?<![\\p{L}₀-₉])(${names.join('|')})(?![\\p{L}₀-₉[(])`, 'gu')) ?? [];
};

/** A formula's parts between the `separator`s that are in no parentheses. */
export function partsOf(formula: string, separator: string): string[] {
  const parts = [''];
  let depth = 0;
  for (let n = 0; n < formula.length; n++) {
    if (depth === 0 && formula.startsWith(separator, n)) {
      parts.push('');
      n += separator.length - 1;
      continue;
    }
    if (formula[n] === '(') depth++;
    if (formula[n] === ')') depth--;
    parts[parts.length - 1] += formula[n];
  }
  return parts;
}
