/** Random backward passes, right and wrong: each sentence on a gradient is true of every number, by formulas of this file. */
import { Random } from '../../src/core/rng.js';
import { type Gradients, COLUMNS, problemOf, reportsWith, times } from '../helpers/gradient-problem.js';
import { inTier } from '../helpers/needs.js';

const PASSES = inTier(25, 200);
const NAMES = ['x', 'W', 'b', 'V'];

/** What can be done to a gradient: some of it has a name, some has none. `given`: the tensor's own numbers. */
type Spoil = (list: Float64Array, all: Gradients, random: Random, N: number, given: Float64Array) => Float64Array;
const SPOILS: readonly Spoil[] = [
  (list, _, random) => times([2, -1, 1 / 4, 5, -3, 0.5, 1.1, 0, Math.sqrt(5)][random.below(9)])(list),
  (list, _, random) => times(random.normal(0, 1))(list),
  (list, _, random) => list.map((value) => value + random.normal(0, 0.1)),
  (list, _, random, N) => changedAt(list, N, random, () => random.normal(0, 1)),
  (list, _, random, N) => changedAt(list, N, random, (value) => 3 * value),
  (list, _, random, N) => changedAt(list, N, random, () => 0),
  (list, _, random) => list.map((value) => value + random.normal(0, 1) * value ** 2),
  (list) => list.slice().reverse(),
  (list, _, __, N) => list.map((___, n) => list[(n + N) % list.length]),
  (list, all, random) => list.map((value, n) => value + (all.x[n] ?? 0) * [1, -1, 0.3][random.below(3)]),
  (list, _, random) => list.map((value) => value + [0.1, 1e-3, 1e-6][random.below(3)]),
  (list, _, random, N) => list.map((value, n) => value + (n < N ? 0 : 0.01 * (random.below(2) + 1))),
  (list, _, random) => {
    const one = list.slice();
    one[random.below(list.length)] += 1e-4;
    return one;
  },
  (list, _, __, N) => list.map((___, n) => list[(n % (list.length / N)) * N + Math.floor(n / (list.length / N))]),
  (list) => list.map((value) => Math.abs(value)),
  (list) => list.map((value) => Math.fround(value) * 1.001),
  (list, _, random, __, given) => {
    const [over, under] = [random.below(5), random.below(5)].map((n) => [...FACTORS.values()][n]);
    return list.map((value, n) => (value * over(given[n])) / under(given[n]));
  },
  (list, _, random) => list.map((value) => value * random.below(2)),
  (list, _, __, N) => list.map((value, n) => value * (1.5 + (n % N))),
];

/** Factors in words. */
const FACTORS = new Map<string, (v: number) => number>([
  ['#', (v) => v],
  ['σ(#)', (v) => 1 / (1 + Math.exp(-v))],
  ['tanh′(#)', (v) => 1 - Math.tanh(v) ** 2],
  ['(1 - #²)', (v) => 1 - v * v],
  ['(1 - tanh(#))', (v) => 1 - Math.tanh(v)],
  ['1', () => 1],
]);

/** The rows or columns of a random axis that are chosen at random are changed. */
function changedAt(list: Float64Array, N: number, random: Random, to: (value: number) => number): Float64Array {
  const isRow = random.below(2) === 0;
  const chosen = Array.from({ length: 20 }, () => random.below(2) === 0);
  return list.map((value, n) => (chosen[isRow ? Math.floor(n / N) : n % N] ? to(value) : value));
}

const near = (a: ArrayLike<number>, b: ArrayLike<number>): boolean =>
  Array.from(a).every((value, n) => Math.abs(value - b[n]) <= 2e-7 * Math.max(Math.abs(b[n]), 1e-2));

/** What a sentence is compared with: the numbers found in one of the gradients, and all that is right. */
interface Facts extends Awaited<ReturnType<typeof reportsWith>> {
  readonly name: string;
  readonly found: Gradients;
  readonly own: Float64Array;
  readonly expected: Float64Array;
  readonly N: number;
  readonly rows: number;
}

const PLACE =
  '(?:all but )?(?:(?:row|column|element)s? \\d[\\d, ]*(?:(?: and| to) \\d+)?|the last (?:row|column|element))';

/** The indices in words such as `rows 1 and 2`, `columns 0 to 3`, `the last row`; with `all but` those that are left out. */
function indicesIn(words: string, { N, rows }: Facts): number[] {
  const [first, last] = (words.match(/\d+/g) ?? []).map(Number);
  if (words.includes('last')) return [(words.includes('column') ? N : rows) - 1];
  if (words.includes(' to ')) return Array.from({ length: last - first + 1 }, (_, n) => first + n);
  return (words.match(/\d+/g) ?? []).map(Number);
}

/** Whether an element is at these places. */
function placesIn(words: string, facts: Facts): (n: number) => boolean {
  const indices = indicesIn(words, facts);
  const { N } = facts;
  return (n) =>
    indices.includes(words.includes('column') ? n % N : Math.floor(n / N)) !== words.toLowerCase().includes('all but');
}

/** The elements for which `isIn` holds are right. */
const areRight = ({ own, expected }: Facts, isIn: (n: number) => boolean): boolean =>
  near(
    own.filter((_, n) => isIn(n)),
    expected.filter((_, n) => isIn(n)),
  );

/** The numbers are the expected ones of other places. */
const areFrom = ({ own, expected }: Facts, from: (n: number) => number): boolean =>
  near(
    own,
    expected.map((_, n) => expected[from(n)]),
  );

function isMultiple(facts: Facts, factor: number, places: string | undefined): boolean {
  const isIn = places === undefined ? () => true : placesIn(places, facts);
  const isFactor = (value: number, n: number): boolean => {
    return !isIn(n) || Math.abs(value - factor * facts.expected[n]) <= 1e-5 * Math.max(Math.abs(value), 1e-3);
  };
  return areRight(facts, (n) => !isIn(n)) && facts.own.every(isFactor);
}

/** The numbers of `the gradient of b`, `x`, `the outputs`. */
function numbersOf(words: string, { right, values, outputs, dOutputs, gradients, name }: Facts): ArrayLike<number> {
  if (words === 'the outputs') return outputs;
  if (words === 'the gradient of the outputs') return dOutputs;
  if (words.includes('the last row of the outputs'))
    return gradients(dOutputs, (row) => (row === 3) === words.includes('alone'))[name];
  if (words.includes('row 0 of the outputs'))
    return gradients(dOutputs, (row) => (row === 0) === words.includes('alone'))[name];
  const all: Readonly<Record<string, ArrayLike<number>>> = words.startsWith('the gradient of ') ? right : values;
  return all[words.replace('the gradient of ', '')];
}

/** √3, 0.25 */
const valueOf = (text: string): number => (text.startsWith('√') ? Math.sqrt(Number(text.slice(1))) : Number(text));

/** found = expected·over/under, with factors such as `tanh′(x)` in words. */
function isQuotient(facts: Facts, over: string, under: string): boolean {
  const { own, expected, values, N } = facts;
  const of = (words: string): ((n: number) => number) => {
    for (const [name, list] of Object.entries(values))
      for (const [form, f] of FACTORS)
        if (form.replaceAll('#', name) === words) {
          const index = (n: number): number =>
            list.length === own.length ? n : list.length === N ? n % N : Math.floor(n / N);
          return (n) => f(list[index(n)]);
        }
    throw new Error(`no factor is ${words}`);
  };
  const [a, b] = [over || '1', under || '1'].map(of);
  return own.every((value, n) => {
    const right = (expected[n] * a(n)) / b(n);
    return Math.abs(value - right) <= 1e-5 * Math.max(Math.abs(right), 1e-3);
  });
}

/** Each row, or each column, is one factor times the expected one. */
const isMultipleInLines = ({ own, expected, N }: Facts, line: string): boolean =>
  own.every((value, n) =>
    expected.every((other, k) => {
      const isSame = line === 'row' ? Math.floor(n / N) === Math.floor(k / N) : n % N === k % N;
      return (
        !isSame || Math.abs(value * other - own[k] * expected[n]) <= 1e-6 * Math.max(Math.abs(value * other), 1e-3)
      );
    }),
  );

/** Each kind of sentence with a formula. The first that fits counts. */
const FORMULAS: readonly (readonly [string, (facts: Facts, ...parts: string[]) => boolean])[] = [
  [
    `^(?:(${PLACE}) of )?the gradients? of .* ha(?:s|ve) the wrong sign`,
    (facts, at) => isMultiple(facts, -1, at || undefined),
  ],
  [
    `^every number of (?:(${PLACE}) of )?the gradients? of .* divided by (-?)(√?\\d+)`,
    (facts, at, sign, by) => isMultiple(facts, (sign ? -1 : 1) / valueOf(by), at || undefined),
  ],
  [
    `^every number of (?:(${PLACE}) of )?the gradients? of .* is (-?)(√?[\\d.e-]+) times`,
    (facts, at, sign, by) => isMultiple(facts, (sign ? -1 : 1) * valueOf(by), at || undefined),
  ],
  [
    '^every number of the gradients? of .* is the expected one(?: times (.+?))?(?:(?: and)? divided by (.+?))?: is ',
    isQuotient,
  ],
  ['every number is the expected one times a factor, which is the same in each (row|column)', isMultipleInLines],
  [
    ', (\\d+) numbers are 0 where others are expected, and all other numbers are right',
    ({ own, expected }, count) =>
      own.filter((value, n) => value === 0 && expected[n] !== 0).length === Number(count) &&
      own.every((value, n) => value === 0 || near([value], [expected[n]])),
  ],
  [' 0 everywhere', ({ own }) => own.every((value) => value === 0)],
  [
    `, (${PLACE}) (?:is|are) 0, and all other numbers are right`,
    (facts, at) =>
      areRight(facts, (n) => !placesIn(at, facts)(n)) &&
      facts.own.every((value, n) => !placesIn(at, facts)(n) || value === 0),
  ],
  [`, only (${PLACE}) (?:is|are) wrong`, (facts, at) => areRight(facts, (n) => !placesIn(at, facts)(n))],
  [`, only (${PLACE}) (?:is|are) right`, (facts, at) => areRight(facts, placesIn(at, facts))],
  [' transposed', (facts) => areFrom(facts, (n) => (n % facts.rows) * facts.N + Math.floor(n / facts.rows))],
  [
    ' in reverse order(?: along ax[ei]s (.+))?\\.$',
    (facts, axes) => {
      const { N, rows } = facts;
      const [byRow, byColumn] = ['0', '1'].map((axis) => axes === '' || axes.includes(axis));
      return areFrom(facts, (n) => {
        const [row, column] = [Math.floor(n / N), n % N];
        return (byRow ? rows - 1 - row : row) * N + (byColumn ? N - 1 - column : column);
      });
    },
  ],
  [
    `(${PLACE} ha(?:s|ve) the expected numbers of ${PLACE}.*)`,
    (facts, runs) => {
      const { N, rows } = facts;
      const isColumn = runs.includes('column');
      const sources = Array.from({ length: isColumn ? N : rows }, (_, n) => n);
      for (const [, to, from] of runs.matchAll(new RegExp(`(${RUN}) ha(?:s|ve) the expected numbers of (${RUN})`, 'g')))
        indicesIn(to, facts).forEach((place, n) => (sources[place] = indicesIn(from, facts)[n]));
      return areFrom(facts, (n) =>
        isColumn ? Math.floor(n / N) * N + sources[n % N] : sources[Math.floor(n / N)] * N + (n % N),
      );
    },
  ],
  [
    '^the gradients of (\\w) and (\\w) are exchanged',
    ({ found, right }, one, other) => near(found[one], right[other]) && near(found[other], right[one]),
  ],
  [' has the (?:expected )?numbers of (.+)\\.$', (facts, words) => near(facts.own, numbersOf(words, facts))],
  [
    'a term is (added|missing) that equals (?:([\\d.e-]+) times )?(.+)\\.$',
    (facts, verb, times, words) => {
      const c = (verb === 'added' ? 1 : -1) * Number(times || 1);
      const term = numbersOf(words, facts);
      return differenceIn(facts).every(
        (value, n) => Math.abs(value - c * term[n]) <= 1e-2 * Math.abs(c * term[n]) + 1e-7,
      );
    },
  ],
  [
    'the difference from the expected numbers is (?:the same|a multiple of (.+?))(?: in each (row|column))?: is',
    (facts, words, line) => {
      const term = words === '' ? facts.own.map(() => 1) : numbersOf(words, facts);
      const difference = differenceIn(facts);
      const lineOf = (n: number): number =>
        line === 'row' ? Math.floor(n / facts.N) : line === 'column' ? n % facts.N : 0;
      return difference.every((value, n) =>
        difference.every((other, k) => lineOf(n) !== lineOf(k) || Math.abs(value * term[k] - other * term[n]) <= 1e-6),
      );
    },
  ],
];

const RUN = '(?:row|column|element)s? \\d+(?: to \\d+| and \\d+(?! ha))?|the last (?:row|column|element)';

const differenceIn = ({ own, expected }: Facts): Float64Array => own.map((value, n) => value - expected[n]);

function factsOf(name: string, result: Awaited<ReturnType<typeof reportsWith>>, found: Gradients): Facts {
  const [own, expected, N] = [found[name], result.right[name], COLUMNS[name]];
  return { ...result, name, found, own, expected, N, rows: own.length / N };
}

/** undefined: no formula is for such a sentence. */
function isTrue(sentence: string, facts: Facts): boolean | undefined {
  for (const [pattern, formula] of FORMULAS) {
    const match = new RegExp(pattern).exec(sentence[0].toLowerCase() + sentence.slice(1));
    if (match) return formula(facts, ...match.slice(1).map((part: string | undefined) => part ?? ''));
  }
  return undefined;
}

test('each sentence is true of every number, and a right gradient has none', async () => {
  const random = new Random(7);
  let [named, unnamed, rights] = [0, 0, 0];
  for (let seed = 1; seed <= PASSES; seed++) {
    let found: Gradients = {};
    const given: Gradients = problemOf(seed).values;
    const result = await reportsWith(seed, (right) => {
      found = { ...right };
      for (const name of NAMES) {
        if (random.below(3) > 0) continue;
        const spoil = SPOILS[random.below(SPOILS.length)];
        found[name] = spoil(right[name], right, random, COLUMNS[name], given[name]);
      }
      if (random.below(8) === 0)
        [found.x, found.W] = [found.W.subarray(0, 20), Float64Array.from([...found.x, ...found.b])];
      return found;
    });
    for (const { name, ok, cause } of result.reports) {
      const isRight = near(found[name], result.right[name]);
      if (cause === undefined) {
        if (ok) rights++;
        else unnamed++;
        continue;
      }
      named++;
      expect([seed, name, cause, isTrue(cause, factsOf(name, result, found)), isRight && ok]).toEqual([
        seed,
        name,
        cause,
        true,
        false,
      ]);
    }
  }
  expect(rights).toBeGreaterThan(2 * PASSES);
  expect(unnamed).toBeGreaterThan(PASSES / 10); // noise has no name
  expect(named).toBeGreaterThan(PASSES / 2);
});
