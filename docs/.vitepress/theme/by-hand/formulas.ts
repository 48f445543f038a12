/**
 * The formulas of docs/learn/programs/by-hand-lines.mjs as numbers, such as `dh₂·o₂·(1 - (tanh c₂)²)`, and those that a reader writes; and
 * frequent mistakes in these lines, each as the formula that somebody calculates who makes it.
 */
import jsep from 'jsep';

export type Values = Readonly<Record<string, number>>;

type Call = (value: number) => number;
const sigmoid: Call = (z) => 1 / (1 + Math.exp(-z));
/** σ and tanh, by each of the names that a reader may give them; and `tan`, a key beside tanh. */
const FUNCTIONS = new Map<string, Call>([
  ...['σ', 'sigmoid', 'sigma'].map((name) => [name, sigmoid] as const),
  ...[['tanh', Math.tanh] as const, ['tan', Math.tan] as const],
]);
const OPERATIONS = new Map<string, (a: number, b: number) => number>([
  ['+', (a, b) => a + b],
  ['-', (a, b) => a - b],
  ['*', (a, b) => a * b],
  ['/', (a, b) => a / b],
  ['**', (a, b) => a ** b],
]);

/**
 * The value of a formula of names, numbers, σ, tanh, + - · / and powers. It is parsed, and only what is listed above is computed. Throws an
 * Error in words for the reader.
 */
export function evaluate(formula: string, values: Values): number {
  const names = longestFirst(values);
  const text = formula
    .replace(nameIn(names), (name) => `$${names.indexOf(name)}`) // jsep reads no `tanh c₂`
    .replace(/[·×]/g, '*')
    .replace(/²|\^2/g, '**2')
    .replaceAll('−', '-')
    .replace(/(^|[(+\-/]|(?<!\*)\*)(\s*)-/g, '$1$2(-1)*'); // -a² is -(a²)
  return valueOf(parsed(text, formula), (name) => {
    const own = /^\$(\d+)$/.exec(name);
    if (own) return values[names[Number(own[1])]];
    if (FUNCTIONS.has(name)) throw new Error(`${name} needs its argument in parentheses`);
    throw new Error(`there is no ${name} here`);
  });
}

function parsed(text: string, formula: string): jsep.Expression {
  try {
    return jsep(text);
  } catch {
    throw new Error(`“${formula}” cannot be read: is a parenthesis or an operator missing?`);
  }
}

/** Of a part of a formula. `read`: the number of a name. */
function valueOf(part: jsep.Expression, read: (name: string) => number): number {
  const of = (inner: unknown): number => valueOf(inner as jsep.Expression, read);
  switch (part.type) {
    case 'Literal':
      if (typeof part.value === 'number') return part.value;
      break;
    case 'Identifier':
      return read((part as jsep.Identifier).name);
    case 'UnaryExpression':
      if (part.operator === '-') return -of(part.argument);
      break;
    case 'BinaryExpression': {
      const operation = OPERATIONS.get((part as jsep.BinaryExpression).operator);
      if (operation) return operation(of(part.left), of(part.right));
      break;
    }
    case 'CallExpression': {
      const { callee, arguments: given } = part as jsep.CallExpression;
      const call = callee.type === 'Identifier' ? FUNCTIONS.get((callee as jsep.Identifier).name) : undefined;
      if (call && given.length === 1) return call(of(given[0]));
      throw new Error(call ? 'σ and tanh have one argument' : 'between a name and ( an operator is missing, such as *');
    }
    case 'Compound':
      throw new Error('an operator is missing, such as *');
  }
  throw new Error('only names, numbers, + - * / ², σ( ) and tanh( ) can stand here');
}

/** Each of these names where it stands alone, and calls nothing. */
const nameIn = (names: readonly string[]): RegExp =>
  new RegExp(
    `(?<![\\p{L}₀-₉])(${names.map((name) => name.replace(/[[\]]/g, '\\$&')).join('|')})(?![\\p{L}₀-₉[(])`,
    'gu',
  );

/** dc₁[c₂] comes before dc₁. */
const longestFirst = (values: Values): string[] => Object.keys(values).sort((a, b) => b.length - a.length);

/** The names that a formula uses. */
export const namesIn = (formula: string, values: Values): string[] => formula.match(nameIn(longestFirst(values))) ?? [];

/** `text` with other names. */
export const withNames = (text: string, values: Values, other: (name: string) => string): string =>
  text.replace(nameIn(longestFirst(values)), (name) => other(name));

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

export interface Mistake {
  /** What is calculated in place of the line's formula. */
  readonly formula: string;
  /** What was done: “you get this number if …”. */
  readonly condition: string;
}

/** A text of the right formula, what stands in its place, and the condition. */
type Change = readonly [from: string | RegExp, to: string, condition: string];

/** The changes that are possible in the lines whose name matches. In a name, G is its gate, t its step, and p the row before. */
interface Family {
  readonly names: RegExp;
  readonly changes: (part: Readonly<Record<'gate' | 't' | 'p', string>>) => readonly Change[];
}

const FAMILIES: readonly Family[] = [
  {
    names: /^z(?<gate>[ijfo])(?<t>[₁₂])$/, // (1)
    changes: ({ gate, t }) => [
      ['h₁', 'h₀', 'you use h₀ in place of h₁'],
      ['x₂', 'x₁', 'you use x₁ in place of x₂'],
      [`h${t === '₁' ? '₀' : '₁'}`, `c${t === '₁' ? '₀' : '₁'}`, 'you use c in place of h'],
      [/^(.+)·Wx(.) \+ (.+)·Wh(.)/, '$1·Wh$2 + $3·Wx$4', 'you exchange Wx and Wh'],
      [` + b${gate}`, ` - b${gate}`, 'the sign of b is wrong'],
    ],
  },
  {
    names: /^(?<gate>[ifo])(?<t>[₁₂])$/, // (2)
    changes: () => [
      [' + 1)', ')', 'the forget bias is missing'],
      ['σ(', 'tanh(', 'you use tanh in place of σ'],
      [/^(.+)$/, '1 - $1', 'the sign in the exponent of σ is wrong: σ(z) = 1 / (1 + e^-z)'],
    ],
  },
  {
    names: /^(j|tanh c)(?<t>[₁₂])$/, // (2), (4)
    changes: () => [
      ['tanh(', 'σ(', 'you use σ in place of tanh'],
      ['tanh(', 'tan(', 'you use tan in place of tanh'],
    ],
  },
  {
    names: /^c(?<t>[₁₂])$/, // (3)
    changes: ({ t, p }) => [
      [`f${t}·c${p} + i${t}`, `i${t}·c${p} + f${t}`, 'you exchange f and i'],
      [`·c${p}`, `·h${p}`, `you use h${p} in place of c${p}`],
      ['c₁', 'c₀', 'you use c₀ in place of c₁'],
    ],
  },
  {
    names: /^h(?<t>[₁₂])$/, // (4)
    changes: ({ t }) => [
      ['tanh c', 'c', `you use c${t} in place of tanh c${t}`],
      ['o', 'i', 'you use i in place of o'],
      ['o', 'f', 'you use f in place of o'],
    ],
  },
  {
    names: /^L$/, // (13)
    changes: () => [
      ['²', '', 'the square is missing'],
      [/^/, '0.5·', 'you divide by 2, which (13) does not'],
    ],
  },
  {
    names: /^do(?<t>[₁₂])$/, // (4′)
    changes: ({ t }) => [
      ['tanh c', 'c', `you use c${t} in place of tanh c${t}`],
      ['tanh c', 'h', `you use h${t} in place of tanh c${t}`],
    ],
  },
  {
    names: /^dc₂$|^dc₁(\[h₁\])?$/, // (4′)
    changes: () => [
      [/\(tanh (c.)\)²/, '$1²', 'tanh′ has the wrong argument: it is 1 - tanh² c, and not 1 - c²'],
      [/\(tanh c(.)\)²/, 'h$1²', 'tanh′ has the wrong argument: it is 1 - tanh² c, and not 1 - h²'],
      [/\((tanh c.)\)²/, '$1', 'the square of tanh c is missing'],
      [/\(1 - (.+)\)$/, '$1', 'you use tanh² c in place of 1 - tanh² c'],
    ],
  },
  {
    names: /^dc₁$/, // (4′)
    changes: () => [
      [/^.+ \+ /, '', 'dc₁ lacks the gradient that arrives from step 2: the term dc₁[c₂]'],
      [' + ', ' - ', 'you subtract the second term'],
    ],
  },
  {
    names: /^d(?<gate>[ijf])(?<t>[₁₂])$|^dc₀$|^dc₁\[c₂\]$/, // (3′)
    changes: ({ gate, t, p }) => [
      ['dc₁·', 'dc₁[c₂]·', 'dc₁ lacks the gradient that comes through h₁'],
      ['dc₁·', 'dc₁[h₁]·', 'dc₁ lacks the gradient that arrives from step 2'],
      [/·[jic].$/, `·${gate}${t}`, `you multiply by ${gate}${t} itself, and not by the other factor of (3)`],
      [`·c${p}`, `·c${t}`, `you use c${t} in place of c${p}`],
      [`·c${p}`, `·h${p}`, `you use h${p} in place of c${p}`],
    ],
  },
  {
    names: /^dz(?<gate>[ifo])(?<t>[₁₂])$/, // (2′)
    changes: ({ gate, t }) => [
      [`·${gate}${t}·(1 - ${gate}${t})`, `·(1 - ${gate}${t}²)`, 'you use tanh′ in place of σ′'],
      [
        `·${gate}${t}·(1 - ${gate}${t})`,
        `·z${gate}${t}·(1 - z${gate}${t})`,
        `σ′ has the wrong argument: it is computed from ${gate}${t}, and not from z${gate}${t}`,
      ],
      [`·${gate}${t}·(1 - ${gate}${t})`, '', 'σ′ is missing'],
    ],
  },
  {
    names: /^dzj(?<t>[₁₂])$/, // (2′)
    changes: ({ t }) => [
      [`(1 - j${t}²)`, `j${t}·(1 - j${t})`, 'you use σ′ in place of tanh′'],
      [`j${t}²`, `j${t}`, 'the square is missing'],
      [`j${t}²`, `zj${t}²`, `tanh′ has the wrong argument: it is computed from j${t}, and not from zj${t}`],
    ],
  },
  {
    names: /^dh[₀₁]$|^dx[₁₂]$/, // (1′)
    changes: () => [
      [/Wh/g, 'Wx', 'you use Wx in place of Wh'],
      [/Wx/g, 'Wh', 'you use Wh in place of Wx'],
      [/·W../g, '', 'the factors W are missing'],
    ],
  },
  {
    names: /^dW[xh][ijfo]$|^db[ijfo]$/, // (1′)
    changes: () => [
      [/^(.+)·(.+) \+ (.+)·(.+)$/, '$3·$2 + $1·$4', 'you exchange the two steps'],
      [/h₀(.+)h₁/, 'h₁$1h₂', 'you use h after each step, and not the h that (1) reads'],
      [/h₀(.+)h₁/, 'x₁$1x₂', 'you use x in place of h'],
      [/x₁(.+)x₂/, 'h₀$1h₁', 'you use h in place of x'],
      [/^(?:.+)·(.+) \+ (?:.+)·(.+)$/, '$1 + $2', 'the factors before dz are missing'],
      [/^(.+)$/, '0.5·($1)', 'you take the mean of the two steps: (1′) adds them'],
    ],
  },
];

/** The lines of chapter 2's RNN: h is the state after the step, and hPrev the one before it. */
const RNN_FAMILIES: readonly Family[] = [
  {
    names: /^RNN dz$/,
    changes: () => [
      ['(1 - h²)', '(1 - hPrev²)', 'you use the h before the step: tanh′ is computed from the h after it'],
      ['(1 - h²)', 'h·(1 - h)', 'you use σ′ in place of tanh′'],
      ['(1 - h²)', '(1 - tanh(h)²)', 'you apply tanh to h, which is already tanh(z)'],
      ['(1 - h²)', '(1 - h)', 'the square of h is missing'],
      ['(1 - h²)', 'h²', 'you use h² in place of 1 - h²'],
    ],
  },
  {
    names: /^RNN dWx$/,
    changes: () => [['x', 'hPrev', 'you use hPrev in place of x']],
  },
  {
    names: /^RNN dWh$/,
    changes: () => [
      ['hPrev', 'h', 'you use the h after the step, and not the one that (a) reads'],
      ['hPrev', 'x', 'you use x in place of hPrev'],
    ],
  },
  {
    names: /^RNN d(Bias|hPrev)$/,
    changes: () => [
      ['Wh', 'Wx', 'you use Wx in place of Wh'],
      ['dz', 'dh', 'you use dh in place of dz: the factor tanh′ is missing'],
    ],
  },
];

/** Of any line: the wrong sign, and a missing term or factor. */
function missingParts(formula: string): Mistake[] {
  const terms = partsOf(formula, ' + ');
  const without = (parts: readonly string[], n: number): string[] => parts.filter((_, m) => m !== n);
  const withoutTerm = terms.map((term, n) => ({
    formula: without(terms, n).join(' + '),
    condition: `the term ${term} is missing`,
  }));
  const withoutFactor = terms.flatMap((term, n) => {
    const factors = partsOf(term, '·');
    return factors.map((factor, m) => ({
      formula: terms.map((other, k) => (k === n ? without(factors, m).join('·') : other)).join(' + '),
      condition: `the factor ${factor} is missing`,
    }));
  });
  return [
    { formula: `0 - (${formula})`, condition: 'the sign is wrong' },
    ...(terms.length > 1 ? withoutTerm : []),
    ...withoutFactor.filter((mistake) => partsOf(mistake.formula, ' + ').every((term) => term !== '')),
  ];
}

/** The mistakes that this line has, the more particular ones first. */
export function mistakesIn(name: string, formula: string): Mistake[] {
  const particular = [...FAMILIES, ...RNN_FAMILIES].flatMap(({ names, changes }) => {
    const { groups } = names.exec(name) ?? {};
    if (!names.test(name)) return [];
    const { gate = '', t = '' } = groups ?? {};
    return changes({ gate, t, p: t === '₂' ? '₁' : '₀' }).map(([from, to, condition]) => ({
      formula: formula.replace(from, to),
      condition,
    }));
  });
  return [...particular, ...missingParts(formula)].filter((mistake) => mistake.formula !== formula);
}
