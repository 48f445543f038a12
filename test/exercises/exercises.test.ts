/** The exercises and their checker. test/cli/exercises.test.ts runs the command, test/slow/docs/site-exercises.test.ts the site. */
import { readFileSync } from 'node:fs';
import { check, computedFrom, computeSource, reportOf, verdictOf } from '../../src/exercises/check.js';
import { type Verdict, isUntouched, withMistake } from '../../src/exercises/exercise.js';
import { LAST_STEP, EXERCISES, fileNameOf } from '../../src/exercises/exercises.js';
import { folderContents } from '../../src/exercises/folder.js';
import { answerLosses, rightLosses, TRAINING_STEPS } from '../../src/exercises/train.js';
import { smallImages } from '../helpers/small-data.js';
import { changed, exercise, patternIn, rows } from './wrong-answers.js';

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

test('there are at least 30 wrong answers, and their words differ within an exercise', () => {
  expect(EXERCISES.flatMap(({ mistakes }) => mistakes).length).toBeGreaterThanOrEqual(80);
  for (const { mistakes } of EXERCISES) expect(new Set(mistakes.map(({ words }) => words)).size).toBe(mistakes.length);
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

test('a mistake in other words is recognised', () => {
  expect(
    changed(
      'hidden-state',
      'const dC = dc.get(b, n) + dh.get(b, n) * o * (1 - tanhC * tanhC);',
      'const dC = dh.get(b, n) * o * (1 - tanhC ** 2);',
    ),
  ).toMatchObject({
    diagnosis: 'These are the numbers of a known mistake: dc without the term of the later steps.',
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

test('a small number of Adam that is wrong is shown, although it is wrong by less than 1e-8', () => {
  const verdict = changed('adam', 'V.set(n, square)', 'V.set(n, Math.max(square, EPSILON ** 2))');
  const { differences } = verdict as Extract<Verdict, { outcome: 'wrong' }>;
  expect(differences[0]).toMatchObject({ element: 'v[0, 1] after update 1', differing: 3 });
});

describe('an answer that changes what it may only read, or writes elsewhere, is not right', () => {
  test.each(rows`
    softmax | row b, class 0 of the probabilities | for (let b = 0; | probabilities.set(1, 0, 5); for (let b = 0; | probabilities[1, 0] from
    softmax | a class too many | /(?<=dLogits)\.set\(b, k, (.*)\);/ | .data[dLogits.offset + b * C + k + 1] = $1; | beyond the end of dLogits
    every-step | dLogits | /(?=backend\.columnSums)/ | dLogits.set(0, 0, 1);  | dLogits[0, 0] from
    every-step | W | /(?=backend\.columnSums)/ | W.set(0, 0, 1);  | W[0, 0] from
    every-step | a state | /(?=backend\.columnSums)/ | states[0].set(1, 0, 1);  | states[0][1, 0] from
    hidden-state | dh | /(?=const tanhC)/ | if (n === H - 1) dh.set(b, 0, 1);  | dh[0, 0] from
    cell-state | cPrev | /(?=const dI)/ | if (n > 0) cPrev.set(b, n - 1, 1);  | cPrev[0, 0] from
    gates | the gates | /(?=dz\.set\(b, n,)/ | gates.set(b, n, 0);  | gates[0, 0] from
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
    ['rnn-step', /(?=const dStart)/, 'Wx.push(Wx[0]); '],
    ['rnn-step', /(?=const dStart)/, 'Wx[0] = undefined; '],
    ['rnn-step', /(?=return \{ gradients)/, 'p.pop(); '],
    ['rnn-step', /(?=return \{ gradients)/, 'x.reverse(); '],
    ['rnn-step', /(?=return \{ gradients)/, 'h.length = 0; '],
    ['initial-state', /(?=return \{ gradients)/, 'h.reverse(); '],
    ['initial-state', /(?=return \{ gradients)/, 'h.pop(); '],
    ['every-step', /(?=backend\.columnSums)/, 'states.reverse(); '],
    [
      'through-time',
      'for (let n = steps.length - 1; n >= 0; n--) ',
      'steps.reverse(); for (let n = 0; n < steps.length; n++) ',
    ],
    ['every-step', /(?=lstmBackward\()/, 'lstm.steps.reverse(); '],
    // as do the views of its tensors: numbers in another array would not reach the tensor's memory
    ['softmax', /(?=let sum)/, 'dLogits.data = new Float64Array(B * C); dLogits.offset = 0; '],
    ['softmax', /(?=let sum)/, 'dLogits.set = () => 0; '],
    ['softmax', /(?=let sum)/, 'probabilities.shape.reverse(); '],
    ['every-step', /(?=backend\.columnSums)/, 'db.data = new Float64Array(db.size); db.offset = 0; '],
    ['every-step', /^(?=.*dStates\[k\])/m, 'for (const d of dStates) d.data = new Float64Array(d.size); '],
    ['every-step', /(?=backend\.columnSums)/, 'dW.shape.pop(); '],
    ['every-step', /(?=backend\.columnSums)/, 'states[0].shape[0]--; '],
    ['every-step', /(?=backend\.columnSums)/, 'backend.columnSums = () => 0; '],
    ['gates', /(?=dz\.set\(b, n,)/, 'dz.stride.sort(); '],
    ['adam', /(?=const gradient)/, 'p.shape = null; '],
    ['weights', /(?=backend\.columnSums)/, 'step.dz.shape.shift(); '],
    ['through-time', /(?=for \(let n = steps\.length)/, 'dh.data = new Float64Array(dh.size); '],
    ['every-step', /(?=lstmBackward\()/, 'dhUpstream.shape[0]--; '],
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
    ['dWh.push(dWh[0])', 'dWh must have 5 rows, but has 6'],
    ['dBias.splice(0, 1, ...dBias[0])', 'dBias must have 1 row, but has 5'],
    ['dWh.length = 0', 'dWh must have 5 rows, but has 0'],
    ['dWh[1] = Array(5).fill(2n)', 'dWh[1, 0] is 2n: it must be a number'],
    ['dWh[2] = Array(2 ** 32 - 1)', 'dWh[2] must have 5 numbers, but has 4294967295'],
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

test('a write into a tensor’s array has its line; where another size leaves no element, a size may be a number', () => {
  const { solution } = exercise('gates').typescript;
  const inArray = solution.replace('dz.set(b, n, dI * i * (1 - i))', 'dz.data[b * 4 * H + n] = dI * i * (1 - i)');
  const line = 1 + inArray.split('\n').findIndex((text) => text.includes('dz.data['));
  expect(check(exercise('gates'), inArray)).toEqual({
    outcome: 'error',
    message: `it writes before the beginning of dz: line ${line} uses data, the whole array, of which dz is a part: use get and set`,
  });
  const withNumber = solution.replace(/(dz\.set\(b, \d) \* H/g, '$1 * 3'); // the first case has three units
  expect(check(exercise('gates'), withNumber)).toEqual({
    outcome: 'error',
    message: expect.stringMatching(
      /^line \d+: RangeError: tensor: set\(4, 9, …\): there is no such element in \[5,8\]; with other sizes it ran: is a size written as a number\?$/,
    ) as string,
  });
});

describe('lists of a class of the answer’s own, whose constructor takes a list', () => {
  const own = (base: string): string =>
    `class Own extends ${base} { constructor(all) { super(${base === 'Array' ? '' : 'all.length'});
       for (let k = 0; k < all.length; k++) this[k] = all[k]; } }\n`;
  test.each(rows`
    rnn-step | Array | Wx: dWx | Wx: new Own(dWx.map((row) => new Own(row)))
    rnn-step | Array | / dh \};/ |  dh: new Own(dh.map((rows) => new Own(rows))) };
    rnn-step | Float64Array | Wx: dWx | Wx: dWx.map((row) => new Own(row))
    initial-state | Array | return { h, logits } | return { h: new Own(h.map((m) => new Own(m))), logits: new Own(logits) }
    initial-state | Array | return { h, logits } | return { h: h.map((m) => m.map((r) => new Own(r))), logits: logits.map((r) => new Own(r)) }
    initial-state | Float64Array | return { h, logits } | return { h: h.map((m) => m.map((r) => new Own(r))), logits: logits.map((r) => new Own(r)) }
  `)('%s: %s, %s', (name, base, right, other) => {
    expect(changed(name, right, other, 'javascript', own(base)).outcome).toBe('right');
  });
});

test('a row that is a list is a list in the backward pass too', () => {
  const source = exercise('initial-state')
    .javascript.solution.replace('return { h, logits }', 'return { h: h.map((m) => m.map((r) => [...r])), logits }')
    .replace(/(?=const dStart)/, "if (h[0][0].map(() => 'a')[0] !== 'a') throw h; ");
  expect(source).toContain('throw h');
  expect(check(exercise('initial-state'), source, 'javascript').outcome).toBe('right');
});

test.each(rows`
    every-step | columnSums(db, dLogits | columnSums(db | columnSums: a is undefined: must be a tensor
    every-step | dStates[k], dLogits | dStates, dLogits | matmul: out is an Array: must be a tensor
    every-step | transposeOf(Wk) | transposeOf() | transposeOf: matrix is undefined: must be a tensor
    weights | dhPrev, dz, WhTransposed, | dhPrev, dz, | matmul: b is an Object: must be a tensor
    weights | dx, dWx, dz, xTransposed | dx[0], dWx, dz, xTransposed | inputBackward: dx is a tensor: must be a list of tensors
    through-time | backend, lstm, running | lstm, running | lstmStepBackward: backend is an Object: must be the backend
    through-time | backend, lstm, running | backend, lstm, steps[n] | lstmStepBackward: step is an Object: must be the running rows of a step
    through-time | backend.copy(dh, dhUpstream) | backend.copy(dh) | copy: a is undefined: must be a tensor
    every-step | lstmBackward(backend, lstm) | lstmBackward(backend) | lstmBackward: lstm is undefined: must be the LSTM
  `)('%s: a call with %s → %s names the argument', (name, right, wrong, message) => {
  const verdict = changed(name, right, wrong);
  expect(verdict).toEqual({ outcome: 'error', message: expect.stringContaining(`: TypeError: ${message}`) as string });
});

test.each([
  ['h[0] = start[0];', 'h[0] is a Float64Array: it must be a list of 3 rows'],
  ['h[0] = { 0: start[0] };', 'h[0] is an Object: it must be a list of 3 rows'],
  ['h[0][1] = start[0][0];', ': it must be a row of 5 numbers'],
])('initial-state: a forward pass with %s says which state is wrong', (change, message) => {
  const source = exercise('initial-state').javascript.solution.replace(/(?=return \{ h, logits \})/, `${change} `);
  expect(check(exercise('initial-state'), source, 'javascript')).toEqual({
    outcome: 'error',
    message: expect.stringContaining(message) as string,
  });
});

test.each<string[]>([
  ...rows`
    softmax | /\/ count(?=\);)/ | / (probabilities.shape[0] - 1)
    softmax | /\/ count(?=\);)/ | / 3
    softmax | /\(probabilities.*count(?=\);)/ | b < count ? $& : 0
    sigmoid | dI * i * (1 - i) | $& || i
    every-step | /\(\{ shape: \[, H\] \}\) => .*(?=\);)/ | ({ shape: [, H] }, k) => ((end = k === 0 ? 0 : states[k - 1].shape[1]), rowsOf(W, end, end + H))
    rnn-step | /const dz = (dh\[t \+ 1\]\[b\]\[n\]) \*(.*);/ | const dz = ($1 *=$2);
    initial-state | /n < H(?=; n\+\+\) dStart)/ | n < 5
    through-time | for (const dInput of dInputs) backend.fill(dInput, 0) | dInputs[0] && backend.fill(dInputs[0], 0)
    through-time | /if \(running\) .*;/ | lstmStepBackward(backend, lstm, running); backend.fill(running.dh, 0);
    through-time | /if \(running\) .*;/ | lstmStepBackward(backend, lstm, running); backend.fill(running.dc, 0);
    adam | const gradient = G.get(n); | $& if (gradient === 0) continue;
    adam | (learningRate * | (0.1 *
    adam | V.set(n, square) | V.set(n, Math.max(V.get(n), square))
  `,
  [
    'softmax', // of rows from here on: only one row has no loss
    String.raw`/(?=for \(.*dLogits\.set)/`,
    'if (sum === 0) { for (let r = b; r < B; r++) for (let k = 0; k < C; k++) dLogits.set(r, k, 0); break; } ',
  ],
  ['hidden-state', String.raw`/(?=const tanhC)/`, 'if (dh.get(b, n) === 0) continue; '],
  [
    'weights',
    String.raw`/inputBackward\(backend, .*/`,
    `if (dx.length > 0) backend.matmul(dx[0], dz, WxTransposed[0], { accumulate: true });
     backend.matmul(dWx[0], xTransposed[0], dz, { accumulate: true });`,
  ],
  [
    'every-step',
    String.raw`/denseBackward\(backend, \[readRows\(dhUpstream\)\](.*)/`,
    `const added = backend.allocate([T * sizes.B, sizes.H]);
     denseBackward(backend, [added]$1
     backend.add(readRows(dhUpstream), added);`,
  ],
  ['adam', String.raw`/(?<=export function adam\([^]*?\{\n)/`, '  if (p.dimension === 1) return;\n'],
])('%s: %p → %p is wrong', (name, right, wrong) => {
  expect(changed(name, right, wrong).outcome).toBe('wrong');
});

test.each([
  ['hidden-state', 'dh', /dh\.get\(b, n\)/g, 'dh.data[b * H + n]'],
  ['cell-state', 'cPrev', 'cPrev.get(b, n)', 'cPrev.data[b * H + n]'],
  ['cell-state', 'dcPrev', /dcPrev\.set\(b, n, .*;/, 'dcPrev.data[b * H + n] += dC * f;'],
  ['adam', 'm', 'M.set(n, mean)', 'm.data[n] = mean'],
] as const)('%s: an answer that takes the array of %s for its tensor is not right', (name, _, right, wrong) => {
  expect(changed(name, right, wrong).outcome).toMatch(/wrong|error/);
});

test.each<string[]>([
  ...rows`
    sigmoid | return dI * i * (1 - i) | return [dI * i * (1 - i)] | sigmoidBackward returns an Array: it must return a number
    adam | /return (\(learningRate.*);/ | return String($1); | /^adamRate returns "0\.\d+": it must/
    adam | export function adam( | export async function adam( | it returns a promise: the function must not be async
    every-step | export function denseBackward | export function* denseBackward | it returns a generator: the function must not have a *
    adam | export function adam( | export async function* adam( | it returns a generator: the function must be neither async nor have a *
    rnn-step | /return \{ gradients.*/ |  | backward must return { gradients, dh }, but returns undefined
    rnn-step | / dh \};/ |  dh: null }; | backward must return { gradients, dh }, but its dh is null
    rnn-step | Wx: dWx | Wx: Array(2 ** 32 - 1) | dWx must have 2 rows, but has 4294967295
    rnn-step | / dh \};/ |  dh: Array(2 ** 32 - 1) }; | dh must have 5 matrices, but has 4294967295
    rnn-step | / dh \};/ |  dh: dh.slice(1) }; | dh must have 5 matrices, but has 4
    initial-state | , start = matrix(1, Wh.length) } | , start } | /^line \d+: what stands before \[\d+\] is undefined, and no list: an index before it may be too large$/
    rnn-step | dWh[m][n] +=  | dWh[m] = ['1', '2', '3', '4', '5']; dWh[m][n] +=  | /^dWh\[0, 0\] is "1": it must be a number/
    initial-state | length: T + 1 } | length: T + 2 } | h must have 5 matrices, but has 6
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

test('JavaScript that means something else in TypeScript is read as JavaScript', () => {
  const { solution } = exercise('sigmoid').javascript;
  const inside = 'const inside = (below, above) => below && above;';
  for (const [right, other] of [
    ['return dI', 'return inside(i < 2, i > (-1)) && dI'],
    ['return dI', 'const f = i > -1 ? (dI) : x => x; return f'],
  ]) {
    const source = `${inside} ${solution.replace(right, other)}`;
    expect(check(exercise('sigmoid'), source, 'javascript').outcome).toBe('right');
    expect(check(exercise('sigmoid'), source, 'typescript').outcome).toBe('error');
  }
});

/** In each pair the numbers that an answer did not write are NaN in both. */
test.each([
  ['every-step', 'backend.columnSums(db, dLogits)', 'backend.fill(db, 0 / 0)', undefined],
  ['every-step', /matmul\(dWk, .*(?=\)\);)/, '$&, { accumulate: true }', 'dW is added to what it held before'],
  ['every-step', '[readRows(h)], W)', '[readRows(h)], dW)', 'dW in place of W'],
  ['every-step', 'readRows(dhUpstream)', 'readRows(lstm.dh)', undefined],
] as const)('%s: %p → %p is called no mistake that it does not have', (name, right, wrong, mistake) => {
  const verdict = changed(name, right, wrong) as Extract<Verdict, { outcome: 'wrong' }>;
  const [, words] = /^These are the numbers of a known mistake: (.*)\.$/.exec(verdict.diagnosis ?? '') ?? [];
  expect([verdict.outcome, words]).toEqual(['wrong', mistake]);
});

test('an answer may keep lists from call to call', () => {
  const source = exercise('initial-state')
    .javascript.solution.replace(/(?=export function forward)/, 'const states = [];\n')
    .replace(/const h = (.*);/, 'states.length = 0;\n  states.push(...$1);\n  const h = states;');
  expect(source).toContain('const h = states;');
  expect(check(exercise('initial-state'), source, 'javascript').outcome).toBe('right');
});

test('an infinite number is that of no known mistake', () => {
  expect(changed('cell-state', 'dC * cPrev.get(b, n)', 'dC / 0')).not.toHaveProperty('mistake');
  expect(changed('sigmoid', 'dI * i * (1 - i)', 'Infinity')).not.toHaveProperty('mistake');
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

test('a start text of an earlier version is not begun: it had the lines of other exercises', () => {
  const linesOf = (name: string): string => {
    const { start, solution } = exercise(name).javascript;
    const begun = new Set(start.split('\n'));
    return `${solution
      .split('\n')
      .filter((line) => !begun.has(line) && !line.startsWith(' *')) // of the comment, too, the start hides a line
      .join('\n')}\n`;
  };
  const earlier = exercise('gates')
    .javascript.start.replace(/^import .*\n\n/, '')
    .replace(/^.*= hiddenStateBackward.*\n/m, linesOf('hidden-state'))
    .replace(/^.*= cellStateBackward.*\n/m, linesOf('cell-state'));
  expect(earlier).toContain('const dF = dC * cPrev.get(b, n);');
  expect(isUntouched(exercise('gates'), earlier)).toBe(true);
  expect(isUntouched(exercise('gates'), `${earlier};`)).toBe(false);
  expect(isUntouched(exercise('cell-state'), earlier)).toBe(false);
});

test('a file of empty lines has been begun, and is read at once', () => {
  expect(isUntouched(exercise('sigmoid'), '\n'.repeat(1e6))).toBe(false);
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
    [
      'an exception of the engine’s functions',
      start.replace('return NaN', 'structuredClone(() => 1)'),
      'line 6: DataCloneError: () => 1 could not be cloned',
    ],
    ['something else is thrown', `${start}\nthrow 'x';`, 'it throws x'],
    ['an object without a prototype is thrown', `${start}\nthrow Object.create(null);`, 'a value that cannot be shown'],
    [
      'an error without a readable message is thrown',
      `${start}\nthrow Object.defineProperty(new Error(), 'message', { get() { throw new Error('inside'); } });`,
      'a value that cannot be shown',
    ],
    [
      'an error without a readable stack is thrown',
      `${start}\nthrow Object.defineProperty(new Error('no'), 'stack', { get() { throw new Error('inside'); } });`,
      'no',
    ],
    [
      'an error with a line beyond the file in its stack is thrown',
      `${start}\nthrow Object.assign(new Error('no'), { stack: 'Error: no\\n at answer:77:1' });`,
      /^no$/,
    ],
    [
      'an error with a line beyond the file, as the engine’s own functions name it, is thrown',
      `${start}\nthrow Object.assign(new Error('no'), { stack: 'Error: no\\n at <anonymous>:77:1' });`,
      /^no$/,
    ],
    [
      'an error that claims another line in its message is thrown',
      start.replace('return NaN', "throw new Error('<anonymous>:1234')"),
      /^line 6: <anonymous>:1234$/,
    ],
    [
      'a recursion without an end',
      start.replace('return NaN', 'return sigmoidBackward(dI, i)'),
      /^line 6: RangeError: Maximum call stack size exceeded$/,
    ],
    [
      'an assignment to a number',
      start.replace('return NaN', '1 = 2'),
      /^line 6, column 3: this cannot be assigned to$/,
    ],
    ['a decorator', `@other class A {}\n${start}`, 'line 1, column 1: @ cannot be used here: decorators are not'],
    [
      'an error with a number as its message and its name is thrown',
      `${start}\nthrow Object.assign(new Error('no'), { message: 5, name: 6 });`,
      '6: 5',
    ],
    [
      'an error of the library with a number as its message is thrown',
      `import * as all from 'longhand';\n${start}\ntry { all.f(); } catch (error) { error.message = 5; throw error; }`,
      '5',
    ],
    [
      'a revoked proxy is thrown',
      `${start}\nconst { proxy, revoke } = Proxy.revocable({}, {});\nrevoke();\nthrow proxy;`,
      'a value that cannot be shown',
    ],
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

  test('a long message is cut', () => {
    const verdict = check(exercise('sigmoid'), `${start}\nthrow 'x'.repeat(1e6);`);
    expect(verdict).toEqual({ outcome: 'error', message: `it throws ${'x'.repeat(990)}` });
  });

  test('a wrong shape is reported with its line and the rule', () => {
    expect(changed('every-step', 'transposeOf(states[k])', 'states[k]')).toEqual({
      outcome: 'error',
      message: expect.stringMatching(
        /^line \d+: RangeError: matmul: a \[5,3\] · b \[5,4\]: inner 3 ≠ 5: .*the shapes fit with transposeOf\(a\)$/,
      ) as string,
    });
  });
});

describe('training with the answer', () => {
  const images = smallImages(64, 8, 6);
  const trained = EXERCISES.filter(({ trains }) => trains !== undefined);

  test('the exercises whose function a training step uses', () => {
    expect(trained.map(({ name }) => name)).toEqual(LAST_STEP);
  });

  test('the page of the exercises says how many updates there are', () => {
    const page = readFileSync('docs/exercises/index.md', 'utf8');
    expect(page).toContain(`${TRAINING_STEPS - 1} updates, and a loss before each and after the last one`);
    expect([...rightLosses(images)]).toHaveLength(TRAINING_STEPS);
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
