/**
 * Chapters 2 and 4: the lines of the backward pass that the reader writes. A line is computed with the chapter's numbers, and then with random
 * ones, and a known mistake is one that gives all of these numbers.
 */
import { Random } from '../../../../src/core/rng.js';
import { GIVEN } from '../../../learn/programs/by-hand-lines.mjs';
import { gradientsOf, SEQUENCE, statesOf, TARGET, WEIGHTS } from '../../../learn/programs/one-unit.mjs';
import { type Mistake, type Values, evaluate, mistakesIn, namesIn, withNames } from './formulas.js';
import { ALL_LINES, EXACT, valuesFrom } from './lines.js';

/** The same names in every set of numbers. */
type Given = readonly Values[];

/** A line of the reader. */
export interface Asked {
  /** What stands before the field: `dc +=`. */
  readonly left: string;
  /** As its chapter writes it, with the reader's names. */
  readonly formula: string;
  readonly mistakes: readonly Mistake[];
  /** What is computed from it, in words. */
  readonly feeds: string;
  /** The arrows of pictures/cell.mjs that the line serves. */
  readonly lights: readonly string[];
  /** What the reader can use: the chapter's numbers first, and then sets of random ones. */
  readonly given: Given;
}

/** How many sets of random numbers. */
const DRAWS = 5;
const draws = (draw: (random: Random) => Values): Values[] =>
  Array.from({ length: DRAWS }, (_, n) => draw(new Random(n + 1)));

/** Two steps of an LSTM, with the numbers of chapter 4, and with others. */
const LSTM: Given = [
  EXACT,
  ...draws((random) => valuesFrom(Object.fromEntries(Object.keys(GIVEN).map((name) => [name, random.normal(0, 1)])))),
];

/** `c₂` → `c` in step 2, where `c₁` is `cPrev`. In step 1, what belongs to step 2 is `cNext`. A name with brackets stays out. */
function readersName(name: string, step: '₁' | '₂'): string | undefined {
  if (name.includes('[')) return undefined;
  const row = /[₀₁₂]$/.exec(name)?.[0];
  if (row === undefined) return name;
  const after = '₀₁₂'.indexOf(row) - '₀₁₂'.indexOf(step);
  return after < -1 ? undefined : name.slice(0, -1) + (['Prev', '', 'Next'] as const)[after + 1];
}

/** A line of chapter 4. `line`: its name there; the reader can use what is computed before it. */
function ofLstm(left: string, line: string, feeds: string, lights: readonly string[], formula?: string): Asked {
  const step = line.startsWith('dc₁') && !line.includes('[') ? '₁' : '₂';
  const before = ALL_LINES.slice(
    0,
    ALL_LINES.findIndex(({ name }) => name === line),
  ).map(({ name }) => name);
  const names = [...Object.keys(GIVEN), ...before].flatMap((name): [string, string][] => {
    const own = readersName(name, step);
    return own === undefined ? [] : [[name, own]];
  });
  const written = formula ?? ALL_LINES.find(({ name }) => name === line)?.formula ?? '';
  const readers = (text: string): string => withNames(text, EXACT, (name) => readersName(name, step) ?? name);
  return {
    ...{ left, feeds, lights, formula: readers(written) },
    mistakes: mistakesIn(line, written).map(({ formula: other, condition }) => ({
      ...{ formula: readers(other), condition: readers(condition) },
    })),
    given: LSTM.map((values) => Object.fromEntries(names.map(([name, own]) => [own, values[name]]))),
  };
}

/** The last step of chapter 1's RNN, and random ones. */
const RNN: Given = [exampleStep(), ...draws(randomStep)];

function exampleStep(): Values {
  const T = SEQUENCE.length;
  const h = statesOf(SEQUENCE, WEIGHTS);
  const { dh } = gradientsOf(SEQUENCE, WEIGHTS, h, TARGET);
  return { x: SEQUENCE[T - 1], hPrev: h[T - 1], ...WEIGHTS, h: h[T], dh: dh[T] };
}

function randomStep(random: Random): Values {
  const [x, hPrev, Wx, Wh, dh] = Array.from({ length: 5 }, () => random.normal(0, 1));
  return { x, hPrev, Wx, Wh, h: Math.tanh(x * Wx + hPrev * Wh), dh };
}

const DZ = 'dh·(1 - h²)';
const withDz = RNN.map((values) => ({ ...values, dz: evaluate(DZ, values) }));
const ofRnn = (left: string, formula: string, feeds: string, given: Given = withDz): Asked => ({
  ...{ left, formula, feeds, given, lights: [] },
  mistakes: mistakesIn(`RNN ${left.split(' ')[0]}`, formula),
});

/** The lines of a place, by the id of its element in a chapter. */
export const ASKED: Readonly<Record<string, readonly Asked[]>> = {
  'write-rnn': [
    ofRnn('dz =', DZ, 'dWx, dWh, dBias and dhPrev', RNN),
    ofRnn('dWx +=', 'x·dz', ''),
    ofRnn('dWh +=', 'hPrev·dz', ''),
    ofRnn('dBias +=', 'dz', ''),
    ofRnn('dhPrev =', 'dz·Wh', 'all gradients of the steps before'),
  ],
  'write-4': [ofLstm('do =', 'do₂', 'dzo', ['o-h']), ofLstm('dc +=', 'dc₂', 'di, dj, df and dcPrev', ['c-h'])],
  'write-3': [
    ofLstm('di =', 'di₂', 'dzi', ['i-c']),
    ofLstm('dj =', 'dj₂', 'dzj', ['j-c']),
    ofLstm('df =', 'df₂', 'dzf', ['f-c']),
    ofLstm('dcPrev +=', 'dc₁[c₂]', 'dc of the step before', ['cPrev-c']),
  ],
  'write-2': (['i', 'j', 'f', 'o'] as const).map((gate) =>
    ofLstm(`dz${gate} =`, `dz${gate}₂`, 'dhPrev, dx, and the gradients of the parameters', [`z-${gate}`]),
  ),
  'write-1': [ofLstm('dhPrev +=', 'dh₁', 'dh of the step before', ['hPrev-z']), ofLstm('dx =', 'dx₂', '', ['x-z'])],
  'write-dc': [ofLstm('dc =', 'dc₁', 'di, dj, df and dcPrev', ['c-next', 'c-h'], 'dc₂·f₂ + dh₁·o₁·(1 - (tanh c₁)²)')],
};

export interface Reply {
  readonly kind: 'right' | 'wrong' | 'unreadable';
  readonly words: string;
  /** What is known about a wrong line. The reader asks for it. */
  readonly mistake?: string;
}

const isNear = (one: number, other: number): boolean => Math.abs(one - other) <= 1e-9 * Math.max(1e-3, Math.abs(other));

/** The names of a line, as its reader writes them. */
export const namesOf = ({ formula, given }: Asked): string[] => [
  ...new Set(namesIn(formula, given[0]).map((name) => name.replace(/^tanh /, ''))),
];

const four = (value: number): string => value.toFixed(4).replace('-', '−');

/** What the page says about a line of the reader, perhaps with its left side. */
export function replyOn(asked: Asked, line: string): Reply {
  const { left, formula, feeds, given } = asked;
  const [name] = left.split(' ');
  const text = line.replace(/^[^=]*=/, '').trim();
  if (text === '') return { kind: 'unreadable', words: `Write what stands behind ${left}` };
  let found: number[];
  try {
    found = given.map((values) => evaluate(text, values));
  } catch (error) {
    const usual = namesOf(asked).join(', ');
    return { kind: 'unreadable', words: `${(error as Error).message}. The line can be written with ${usual}.` };
  }
  const right = given.map((values) => evaluate(formula, values));
  const wrong = right.findIndex((value, n) => !isNear(found[n], value));
  if (wrong < 0)
    return {
      kind: 'right',
      words: `Right: ${four(right[0])} with the chapter’s numbers, and right with ${DRAWS} sets of others.`,
    };
  const follows = feeds === '' ? '' : ` What is computed from it differs too: ${feeds}.`;
  const where = wrong === 0 ? '' : 'With the chapter’s numbers it is right, and only by chance. With others, ';
  return {
    kind: 'wrong',
    words: `${where}${name} differs: it is ${four(found[wrong])}, but must be ${four(right[wrong])}.${follows}`,
    mistake: mistakeIn(asked, found),
  };
}

function mistakeIn({ mistakes, given, left }: Asked, found: readonly number[]): string {
  const known = mistakes.find((mistake) => {
    try {
      return given.every((values, n) => isNear(found[n], evaluate(mistake.formula, values)));
    } catch {
      return false; // it reads what the reader does not have here
    }
  });
  if (known) return `Your line gives these numbers if ${known.condition}.`;
  return `The page does not know this mistake. Which lines of the forward pass read what ${left.split(' ')[0].slice(1)} stands for?`;
}
