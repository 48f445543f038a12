/** The exercises and their checker. test/cli/exercises.test.ts runs the command, test/slow/docs/site-exercises.test.ts the site. */
import { readFileSync } from 'node:fs';
import { check, computedFrom, computeSource, reportOf, verdictOf } from '../../src/exercises/check.js';
import { type Verdict, withMistake } from '../../src/exercises/exercise.js';
import { LAST_STEP, EXERCISES, fileNameOf } from '../../src/exercises/exercises.js';
import { folderContents } from '../../src/exercises/folder.js';
import { answerLosses, rightLosses } from '../../src/exercises/train.js';
import { smallImages } from '../helpers/small-data.js';
import { changed, exercise, patternIn, rows } from './changed.js';

test('there are fourteen, in the order of the chapters, with a text, three hints and a place that derives it', () => {
  expect(EXERCISES.map(fileNameOf)).toEqual([
    ...['01-product', '02-rnn-step', '03-initial-state', '04-sigmoid', '05-hidden-state', '06-cell-state'],
    ...['07-gates', '08-weights', '09-through-time', '10-softmax', '11-adam', '12-every-step'],
    ...['13-scan', '14-gru-step'],
  ]);
  for (const { task, hints, formula, chapter, source, title } of EXERCISES) {
    for (const text of [task, title, ...hints, ...formula]) expect(text).not.toBe('');
    expect(hints).toHaveLength(3);
    expect(readFileSync(source, 'utf8')).not.toBe('');
    expect(readFileSync(`docs/${chapter.replace(/#.*/, '')}`, 'utf8')).toMatch(/^# /);
  }
});

/** Exercise 1 has lines of chapter 2's output layer, with the names of a product: without white space. */
const RENAMED: Readonly<Partial<Record<string, string>>> = {
  'db[n]+=dz[b][n]': 'dBiasY[0][k]+=dLogit',
  'for(letk=0;k<I;k++){': 'for(letn=0;n<H;n++){',
  'dW[k][n]+=x[b][k]*dz[b][n]': 'dWy[n][k]+=h[T][b][n]*dLogit',
  'dx[b][k]+=dz[b][n]*W[k][n]': 'dh[T][b][n]+=dLogit*Wy[n][k]',
};

describe.each(EXERCISES.map((one) => [fileNameOf(one), one] as const))('%s', (_, one) => {
  test.each(['typescript', 'javascript'] as const)('%s: the solution is right, the start is not begun', (language) => {
    expect(check(one, one[language].solution, language)).toEqual({
      outcome: 'right',
      compared: expect.any(Number) as number,
    });
    expect(check(one, one[language].start, language)).toEqual({ outcome: 'untouched' });
    expect(check(one, `// a comment\n\n${one[language].start}`)).toEqual({ outcome: 'untouched' });
    expect(['wrong', 'error']).toContain(check(one, `${one[language].start};`, language).outcome);
  });

  test('JavaScript imports what TypeScript imports, types aside', () => {
    const imports = (text: string): string[] => text.match(/^import \{.*$/gm) ?? [];
    for (const text of ['start', 'solution'] as const)
      expect(imports(one.javascript[text])).toEqual(imports(one.typescript[text]));
  });

  test('the solution has lines that the start lacks, and these are lines of the code', () => {
    const code = readFileSync(one.source, 'utf8').replace(/\s+/g, '');
    const begun = new Set(one.typescript.start.split('\n'));
    const solution = one.typescript.solution.replace('a.get(t, b, n)', 'aAt(t, b, n)'); // of a scan, with tensors in place of functions
    const isOther = (line: string): boolean => one.name === 'scan' && /let t|stepOf|d[ab]\.set/.test(line);
    const taken = solution.split('\n').filter((line) => !begun.has(line) && !isOther(line));
    expect(taken.length).toBeGreaterThan(0);
    const places = [
      one.source,
      'src/cells/cell.ts',
      'src/cells/lstm.ts',
      'src/equations/dense.ts',
      'src/network/layers.ts',
      'src/network/output.ts',
      'src/network/network.ts',
    ].map((file) => readFileSync(file, 'utf8').replace(/\s+/g, ''));
    for (const line of taken) {
      const statement = line
        .trim()
        .replace(/^return /, '')
        .replace(/\s+/g, '')
        .replace(/;$/, '');
      if (['every-step', 'weights', 'through-time'].includes(one.name)) {
        // composed of parts of lines, or without the cases that these exercises leave out
        const words = statement.match(/[A-Za-z]{4,}/g) ?? [];
        for (const word of words) expect(places.join('')).toContain(word);
      } else expect(code).toContain(RENAMED[statement] ?? statement);
    }
  });

  test.each(one.mistakes.map((mistake) => [mistake.words, mistake] as const))(
    'a wrong answer: %s',
    (words, mistake) => {
      expect(one.typescript.solution.split(mistake.right)).toHaveLength(2);
      expect(one.typescript.start).not.toContain(mistake.right);
      const diagnosis = `These are the numbers of a known mistake: ${words}.`;
      expect(check(one, withMistake(one.typescript.solution, mistake))).toMatchObject({ outcome: 'wrong', diagnosis });
    },
  );
});

describe('an answer may be written in another way', () => {
  const ALPHA = '(learningRate * Math.sqrt(1 - BETA2 ** t)) / (1 - BETA1 ** t)';
  const SQUARE = 'V.get(n) + (gradient * gradient - V.get(n)) * (1 - BETA2)';
  test.each([
    ['gates', 'dI * i * (1 - i)', '(i - i ** 2) * dI', {}],
    ['hidden-state', '(1 - tanhC * tanhC)', '/ Math.cosh(c.get(b, n)) ** 2', { remove: ' * ' }],
    [
      'softmax',
      '(probabilities.get(b, k) * sum - y.get(b, k)) / count',
      'probabilities.get(b, k) * sum / count - y.get(b, k) / count',
      {},
    ],
    ['weights', 'dhPrev, dz, WhTransposed, {', 'step.dhPrev, dz, lstm.WhTransposed, {', {}],
    ['adam', 'M.get(n) + (gradient - M.get(n)) * (1 - BETA1)', 'BETA1 * M.get(n) + (1 - BETA1) * gradient', {}],
    ['adam', 'M.get(n) + (gradient - M.get(n)) * (1 - BETA1)', '(9 * M.get(n) + gradient) / 10', {}],
    ['adam', SQUARE, '0.999 * V.get(n) + 0.001 * gradient ** 2', {}],
    [
      'adam',
      SQUARE,
      'V.get(n) - (1 - BETA2) * (Math.sqrt(V.get(n)) - gradient) * (Math.sqrt(V.get(n)) + gradient)',
      {},
    ],
    ['adam', ALPHA, 'learningRate * Math.sqrt((1 - BETA2 ** t) / (1 - BETA1 ** t) ** 2)', {}],
    [
      'adam',
      ALPHA,
      '(learningRate * Math.sqrt(-Math.expm1(t * Math.log(BETA2)))) / -Math.expm1(t * Math.log(BETA1))',
      {},
    ],
    ['adam', '(rate * mean) / (Math.sqrt(square) + EPSILON)', 'rate * (mean / (1e-8 + square ** 0.5))', {}],
  ] as const)('%s', (name, right, other, { remove = '' }: { remove?: string }) => {
    expect(changed(name, remove + right, (remove === '' ? '' : ' ') + other)).toMatchObject({ outcome: 'right' });
  });
});

test('a mistake that is not in the list names the element and both numbers', () => {
  const verdict = changed('gates', 'dF * f * (1 - f)', 'dF * f * (1 - f) + (b === 1 && n === 2 ? 0.25 : 0)');
  expect(verdict).toEqual({
    outcome: 'wrong',
    differences: [
      {
        tensor: 'dz',
        element: 'dz[1, 8] (sequence 1, gate f, unit 2)',
        expected: expect.any(Number) as number,
        found: expect.any(Number) as number,
        differing: 1,
        size: 36,
        behind: {
          inputs: ['i', 'j', 'f', 'o', 'dI', 'dJ', 'dF', 'dO'].map((name) => ({
            name,
            values: [expect.any(Number)],
          })),
        },
      },
    ],
    diagnosis: expect.stringMatching(/^Gate f of dz is wrong, .* Look at the line of dz for gate f\.$/) as string,
  });
  const [{ expected, found }] = (verdict as Extract<Verdict, { outcome: 'wrong' }>).differences;
  expect(found - expected).toBeCloseTo(0.25, 9);
});

describe('an answer that changes what it may only read, or writes elsewhere, is not right', () => {
  test.each(rows`
    softmax | row b, class 0 of the probabilities | for (let b = 0; | probabilities.set(1, 0, 5); for (let b = 0; | probabilities[1, 0] from
    softmax | a class too many | /(?<=dLogits)\.set\(b, k, (.*)\);/ | .data[dLogits.offset + b * C + k + 1] = $1; | beyond the end of dLogits
    every-step | W | /(?=backend\.columnSums)/ | W.set(0, 0, 1);  | W[0, 0] from
    hidden-state | dh | /(?=const tanhC)/ | if (n === H - 1) dh.set(b, 0, 1);  | dh[0, 0] from
    through-time | h | /(?=for \(let n = steps\.length)/ | lstm.h.set(0, 0, 0, 1);  | h[0, 0, 0] from
    every-step | W | /(?=lstmBackward\()/ | W.set(0, 0, 1);  | W[0, 0] from
    adam | the gradient | /(?=const gradient)/ | if (n > 0) G.set(n - 1, 7);  | g[0, 0] from
    rnn-step | the states | /(?=const dStart)/ | h[0][0][0] = 1;  | h[0][0, 0] from
    adam | a number too many | P.set(n, | p.data[p.offset + n + 1] = 0; $& | beyond the end of p
    gates | a gate too many | /(?=dz\.set\(b, n,)/ | dz.data[dz.index(b, 4 * H + n)] = 7;  | beyond the end of dz
    cell-state | the step before | /(?=const dI)/ | dcPrev.data[0] = 1;  | before the beginning of dcPrev
    initial-state | a parameter | /(?=const h =)/ | start[0][1] = 7;  | start[0, 1] from
  `)('%s: %s', (name, _, right, wrong, message) => {
    expect(changed(name, right, wrong, 'typescript')).toEqual({
      outcome: 'error',
      message: expect.stringMatching(`^it (changes|writes) ${message.replace(/[[\]]/g, '\\$&')}`) as string,
    });
  });

  // lists that it gets stay as they are: the engine refuses the change
  test.each([
    ['rnn-step', /(?=const dStart)/, 'labels[0] = 7; '],
    ['rnn-step', /(?=const dStart)/, 'Wx[0] = undefined; '],
    ['initial-state', /(?=return \{ gradients)/, 'h.reverse(); '],
    ['every-step', /(?=backend\.columnSums)/, 'states.reverse(); '],
    [
      'through-time',
      'for (let n = steps.length - 1; n >= 0; n--) ',
      'steps.reverse(); for (let n = 0; n < steps.length; n++) ',
    ],
    // as do the views of its tensors: numbers in another array would not reach the tensor's memory
    ['softmax', /(?=let sum)/, 'dLogits.data = new Float64Array(B * C); dLogits.offset = 0; '],
    ['softmax', /(?=let sum)/, 'probabilities.shape.reverse(); '],
    ['every-step', /(?=backend\.columnSums)/, 'dW.shape.pop(); '],
    ['every-step', /(?=backend\.columnSums)/, 'backend.columnSums = () => 0; '],
    ['gates', /(?=dz\.set\(b, n,)/, 'dz.stride.sort(); '],
    ['through-time', /(?=for \(let n = steps\.length)/, 'dh.data = new Float64Array(dh.size); '],
  ] as const)('%s: %s → %s', (name, right, wrong) => {
    expect(changed(name, right, wrong, 'typescript')).toEqual({
      outcome: 'error',
      message: expect.stringMatching(
        /^line \d+: (this list cannot be changed: copy it first, as in \[\.\.\.list\]|\w+ can only be read: it cannot be replaced)$/,
      ) as string,
    });
  });

  test.each([
    ['dWh.pop()', 'dWh must have 5 rows, but has 4'],
    ['dWh[4] = dWh[4].slice(1)', 'dWh[4] must have 5 numbers, but has 4'],
    ['dWh[2] = new DataView(new ArrayBuffer(40))', 'dWh[2] is a DataView: it must be a row of 5 numbers'],
    ['delete dBias[0]', 'dBias[0] is undefined: it must be a row of 5 numbers'],
    ['dWh[1] += dWh[0]', 'dWh[1] is "1.6099'],
  ])('rnn-step: %s', (change, message) => {
    const source = exercise('rnn-step').typescript.solution.replace(/(?=return \{ gradients)/, `${change}; `);
    expect(check(exercise('rnn-step'), source)).toEqual({
      outcome: 'error',
      message: expect.stringContaining(message) as string,
    });
  });
});

test.each<string[]>([
  ...rows`
    sigmoid | return dI * i * (1 - i) | return [dI * i * (1 - i)] | sigmoidBackward returns an Array: it must return a number
    adam | /return (\(learningRate.*);/ | return String($1); | /^adamRate returns "0\.\d+": it must/
    adam | export function adam( | export async function adam( | it returns a promise: the function must not be async
    every-step | export function denseBackward | export function* denseBackward | it returns a generator: the function must not have a *
    rnn-step | /return \{ gradients.*/ |  | backward must return { gradients, dh }, but returns undefined
    rnn-step | / dh \};/ |  dh: null }; | backward must return { gradients, dh }, but its dh is null
    rnn-step | / dh \};/ |  dh: Array(2 ** 32 - 1) }; | dh must have 5 matrices, but has 4294967295
    initial-state | , start = matrix(1, Wh.length) } | , start } | /^line \d+: what stands before \[\d+\] is undefined, and no list: an index before it may be too large$/
    rnn-step | dWh[m][n] +=  | dWh[m] = ['1', '2', '3', '4', '5']; dWh[m][n] +=  | /^dWh\[0, 0\] is "1": it must be a number/
    initial-state | return { h, logits } | return { states: h, logits } | forward must return { h, logits }, but its h is undefined
  `,
  [
    'sigmoid',
    'return dI * i * (1 - i)',
    'return `${dI * i * (1 - i)}`',
    String.raw`/^sigmoidBackward returns "[-\d.e]+": it must return a number/`,
  ],
])('%s: %s → %s is refused', (name, right, wrong, message) => {
  const pattern = patternIn(message) ?? new RegExp(`^${message.replace(/[()+{}[\]]/g, '\\$&')}`);
  expect(changed(name, right, wrong)).toEqual({ outcome: 'error', message: expect.stringMatching(pattern) as string });
});

test('a number that is missing in a result counts as NaN', () => {
  const one = exercise('sigmoid');
  const { numbers } = computeSource(one, one.typescript.solution) as { numbers: number[][][] };
  const shorter = numbers.map((tensors) => tensors.map((tensor) => [...tensor].slice(0, -1)));
  expect(verdictOf(one, { numbers: shorter })).toMatchObject({
    outcome: 'wrong',
    differences: [{ tensor: 'dzi', found: NaN, differing: 1, size: 17 }],
  });
});

describe('the numbers of an answer as a line', () => {
  const one = exercise('softmax');
  test('are the same numbers, NaN and infinities included', () => {
    const numbers = [[[1 / 3, NaN, -Infinity, 5e-324]], [[]], [[]]];
    const words = numbers.map((tensors) => tensors.map((tensor) => tensor.map(String)));
    expect(computedFrom(reportOf({ numbers }))).toEqual({ numbers: words });
    expect(computedFrom(reportOf({ error: 'a "b"\n' }))).toEqual({ error: 'a "b"\n' });
    const right = computeSource(one, one.typescript.solution);
    expect(verdictOf(one, computedFrom(reportOf(right)))).toEqual(check(one, one.typescript.solution));
  });

  test.each(['', 'null', '5'])('are not %j', (line) => expect(() => computedFrom(line)).toThrow());

  test.each(['{}', '{"numbers":[[["1"]]]}', '{"numbers":[[["1"]],[[], []],[[]]]}', '{"numbers":[[5],[5],[5]]}'])(
    'of another exercise have no verdict: %j',
    (line) => expect(verdictOf(one, computedFrom(line))).toMatchObject({ outcome: 'error' }),
  );
});

describe('an answer that cannot be checked', () => {
  const { start } = exercise('sigmoid').typescript;
  test.each([
    ['a syntax error', start.replace('return NaN', 'return (NaN'), 'line 6, column 14: '],
    ['an exception', start.replace('return NaN', 'throw new Error("no")'), 'line 6: no'],
    [
      'a name that is not defined',
      start.replace('return NaN', 'return zi'),
      'line 6: ReferenceError: zi is not defined',
    ],
    [
      'no function of that name',
      'export const other = 1;',
      'sigmoidBackward: the file must export a function of this name',
    ],
    [
      'another import',
      `import fs from 'node:fs'; fs.rmSync('x');\n${start}`,
      "import from 'node:fs': only 'longhand' can be imported here",
    ],
    [
      'an unknown import',
      `import { lstmBackwards } from 'longhand'; lstmBackwards();\n${start}`,
      'longhand has no lstmBackwards here; it has BETA1, ',
    ],
    [
      'a name that is declared twice',
      start.replace('return NaN', 'const i = 1; const i = 2; return i'),
      "Identifier 'i' has already been declared",
    ],
    ['something else is thrown', `${start}\nthrow 'x';`, 'it throws x'],
    ['an object without a prototype is thrown', `${start}\nthrow Object.create(null);`, 'a value that cannot be shown'],
    [
      'an error without a readable message is thrown',
      `${start}\nthrow Object.defineProperty(new Error(), 'message', { get() { throw new Error('inside'); } });`,
      'a value that cannot be shown',
    ],
    [
      'a recursion without an end',
      start.replace('return NaN', 'return sigmoidBackward(dI, i)'),
      /^line 6: RangeError: Maximum call stack size exceeded$/,
    ],
    ['a decorator', `@other class A {}\n${start}`, 'line 1, column 1: @ cannot be used here: decorators are not'],
    [
      'an export cannot be read',
      "Object.defineProperty(exports, 'sigmoidBackward', { get() { throw new Error('no'); } });",
      'line 1: no',
    ],
  ])('%s', (_, source, message) => {
    const verdict = check(exercise('sigmoid'), source);
    const isContained = typeof message === 'string';
    const words = (isContained ? expect.stringContaining(message) : expect.stringMatching(message)) as string;
    expect(verdict).toEqual({ outcome: 'error', message: words });
  });
});

describe('training with the answer', () => {
  const images = smallImages(64, 8, 6);
  const trained = EXERCISES.filter(({ trains }) => trains !== undefined);

  test('the exercises whose function a training step uses', () => {
    expect(trained.map(({ name }) => name)).toEqual(LAST_STEP);
  });

  /** test/slow/exercises/exercises.test.ts compares the losses of all steps. */
  const FIRST = 3;
  const firstOf = (losses: Iterator<number>): (number | undefined)[] =>
    Array.from({ length: FIRST }, () => losses.next().value as number);

  test('the solutions give the first losses of the project’s own functions', () => {
    const right = firstOf(rightLosses(images));
    expect(new Set(right).size).toBe(FIRST);
    for (const one of trained) expect(firstOf(answerLosses(one, one.typescript.solution, images))).toEqual(right);
  });

  test.each(trained.map((one) => [one.name, one] as const))('%s: a mistake changes the losses', (_, one) => {
    const [, second] = rightLosses(images);
    const [, mistaken] = answerLosses(one, withMistake(one.typescript.solution, one.mistakes[0]), images);
    expect([typeof mistaken, mistaken === second]).toEqual(['number', false]);
  });
});

describe('the folder', () => {
  const contents = folderContents({});

  test('has each exercise in both languages, with its text', () => {
    expect([...contents.keys()].filter((file) => /^(typescript|javascript)\//.test(file))).toHaveLength(28);
    for (const one of EXERCISES) {
      const file = contents.get(`typescript/${fileNameOf(one)}.ts`)!;
      expect(file).toContain(`// Exercise ${one.number}: ${one.title}`);
      expect(file.endsWith(one.typescript.start)).toBe(true);
      expect(check(one, file)).toEqual({ outcome: 'untouched' });
    }
  });
});
