/**
 * Beside the chapters: the numbers of docs/derivation.md and docs/learn/questions.md, the letters of docs/learn/notation.md, and where the
 * exercises are asked.
 */
import { adam, adamRate, BETA1, BETA2, EPSILON } from '../../src/equations/adam.js';
import { rateAt } from '../../src/equations/schedule.js';
import { tensorFrom } from '../../src/core/tensor.js';
import { folder, read } from '../helpers/chapter.js';
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { Random } from '../../src/core/rng.js';
import { fillBatch } from '../../src/data/batches.js';
import { loadMnist } from '../../src/data/mnist-files.js';
import { Model } from '../../src/door/model.js';
import { readdirSync, readFileSync } from 'node:fs';
import { EXERCISES } from '../../src/exercises/exercises.js';

const prose = read('../derivation.md').replace(/\s+/g, ' ');

/** The updates of `adam` with these gradients, and with rate 1 in place of α if it is not corrected. */
function updatesOf(gradients: readonly number[], corrected: boolean): number[] {
  const [p, m, v, g] = Array.from({ length: 4 }, () => tensorFrom(new Float64Array(1), [1]));
  return gradients.map((gradient, n) => {
    const before = p.get(0);
    g.set(0, gradient);
    adam(p, m, v, g, corrected ? adamRate(1, n + 1) : 1);
    return before - p.get(0);
  });
}

/** Algorithm 1 of Kingma and Ba, with an ε of its own for each update. */
function algorithm1(gradients: readonly number[], epsilonOf: (t: number) => number): number[] {
  let [m, v] = [0, 0];
  return gradients.map((g, n) => {
    const t = n + 1;
    m += (g - m) * (1 - BETA1);
    v += (g * g - v) * (1 - BETA2);
    return m / (1 - BETA1 ** t) / (Math.sqrt(v / (1 - BETA2 ** t)) + epsilonOf(t));
  });
}

test('(6): without α the updates are 3.2·lr at first and at most 6.6·lr, at the twelfth', () => {
  const updates = updatesOf(new Array(40).fill(1), false);
  const largest = updates.indexOf(Math.max(...updates));
  expect(largest + 1).toBe(12);
  expect(prose).toContain(
    `${updates[0].toFixed(1)}·lr at first, and at most ${updates[largest].toFixed(1)}·lr, at the twelfth`,
  );
});

test('(6): the form of the engine is Algorithm 1 with ε/√(1-β₂ᵗ), for tiny gradients too', () => {
  const factor = (t: number): number => 1 / Math.sqrt(1 - BETA2 ** t);
  const gradients = Array.from({ length: 30 }, (_, n) => 1e-8 * Math.sin(n + 1));
  const expected = algorithm1(gradients, (t) => EPSILON * factor(t));
  updatesOf(gradients, true).forEach((update, n) => expect(update / expected[n]).toBeCloseTo(1, 10));
  expect(prose).toContain(
    `ε/√(1-β₂) ≈ ${factor(1).toFixed(0)}·ε at the first update, ${factor(10).toFixed(0)}·ε at the tenth and ${factor(1000).toFixed(1)}·ε at the thousandth`,
  );
  const [there] = algorithm1([EPSILON], () => EPSILON);
  const [here] = updatesOf([EPSILON], true);
  expect(prose).toContain(`which is ${(there / here).toFixed(0)} at |g| = ε`);
});

test('(8): the rates of the example', () => {
  const base = { learningRate: 0.1, warmUp: 4, decayEvery: 3, decayRate: 0.5 };
  const ratesOf = (schedule: 'constant' | 'cosine' | 'step'): number[] =>
    Array.from({ length: 12 }, (_, n) => rateAt({ ...base, schedule }, n + 1, 12));
  expect(prose).toContain('For lr = 0.1, w = 4 and S = 12, the warm-up has the rates 0.025, 0.05, 0.075 and 0.1.');
  ratesOf('cosine').forEach((rate, n) =>
    expect(rate).toBeCloseTo(n < 4 ? 0.025 * (n + 1) : 0.1 * Math.cos((Math.PI * (n - 4)) / 16) ** 2, 15),
  );
  expect(prose).toContain('cosine has 0.1·cos²(π·n/16) for n = 0 to 7');
  expect(ratesOf('step').slice(4)).toEqual([0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.025, 0.025]);
  expect(prose).toContain('`step` has 0.1 three times, 0.05 three times and 0.025 twice');
  expect(rateAt({ ...base, schedule: 'cosine' }, 13, 12)).toBe(0); // “would reach 0 at step S+1”
});

test('(7): the five-point rule is (4·D(δ) - D(2δ))/3, with the error -δ⁴·L⁽⁵⁾/30', () => {
  const L = (p: number): number => p ** 5; // its fifth derivative is 120
  const D = (delta: number): number => (L(delta) - L(-delta)) / (2 * delta);
  const delta = 0.1;
  const combined = (4 * D(delta) - D(2 * delta)) / 3;
  const five = (8 * (L(delta) - L(-delta)) - (L(2 * delta) - L(-2 * delta))) / (12 * delta);
  expect(combined).toBeCloseTo(five, 15);
  expect(combined / (-(delta ** 4) * (120 / 30))).toBeCloseTo(1, 10); // L′(0) is 0, so all of it is the error
});

describe('questions.md', () => {
  const prose = read('questions.md').replace(/\s+/g, ' ');

  test('the first losses of the tutorial’s network are above ln C; with glorot they are near it', async () => {
    const { train } = loadMnist();
    const model = new Model(createReferenceBackend(), { T: 28, B: 128, I: 28, H: 128, C: 10 });
    const { x, y } = model.activations;
    fillBatch(x, y, train, [...Array(128).keys()]);
    const firstLoss = async (seed: number, outputInit: 'normal' | 'glorot'): Promise<number> => {
      model.initialise(new Random(seed), outputInit);
      model.forward();
      return (await model.metrics()).loss;
    };
    const losses: string[] = [];
    for (const seed of [1, 2, 3]) losses.push((await firstLoss(seed, 'normal')).toFixed(2));
    expect(prose).toContain(
      `the losses of \`Model.initialise\` with the seeds 1 to 3 are ${losses[0]}, ${losses[1]} and ${losses[2]}.`,
    );
    expect(prose).toContain(`for 10 classes ${Math.log(10).toFixed(2)}.`);
    expect(await firstLoss(1, 'glorot')).toBeCloseTo(Math.log(10), 1);
  });

  test('the list of mistakes.md has the programs that the answer counts', () => {
    const [list] = read('mistakes.md').split('Training with Adam')[1].split('```');
    const accuracies = [...list.matchAll(/^ {2}(\S+) .* accuracy (\S+)$/gm)].filter(([, name]) => name !== 'no');
    const good = accuracies.filter(([, , accuracy]) => Number(accuracy) >= 0.98);
    expect([accuracies.length, good.length]).toEqual([13, 8]);
    // The gradients of `loss-of-p` are those of the right loss, and those of `no-forget-bias` fit its forward pass.
    const wrong = good.filter(([, name]) => name !== 'loss-of-p' && name !== 'no-forget-bias');
    expect(wrong).toHaveLength(6);
    expect(prose).toContain(
      'eight of 13 programs with a mistake answer at least 98% correctly, and six of these eight',
    );
  });
});

describe('notation.md', () => {
  const page = read('notation.md');
  const prose = page.replace(/\s+/g, ' ');
  const [letters] = page.split('## The same LSTM in other texts');

  /** The names in the first cell of each row of the tables of letters. */
  const listed = new Set(
    [...letters.matchAll(/^\| (.+?) +\|/gm)].flatMap(
      ([, cell]) => cell.replace(/\(.*?\)/g, ' ').match(/[A-Za-zα-ω]+/g) ?? [],
    ),
  );

  const WITHOUT_FORMULAS = ['notation.md', 'mistakes.md', 'mistakes-table.md', 'questions.md', 'fast.md'];
  const chapters = readdirSync(folder).filter((file) => file.endsWith('.md') && !WITHOUT_FORMULAS.includes(file));

  /** The indented formulas of a chapter, and those between dollars. */
  function formulasOf(file: string): string[] {
    const text = read(file).replace(/```[\s\S]*?```/g, '');
    return text.match(/^ {4}(?!npm|npx|node ).*$|\$\$[\s\S]*?\$\$|\$[^$\n]+\$/gm) ?? [];
  }

  const WORDS = ['Algorithm', 'PyTorch', 'LEARNING', 'RATE']; // of remarks in formulas, and of a constant
  /** LaTeX, such as \frac, and what a gradient is of: dX has the letter of X. */
  const isListed = (name: string): boolean =>
    listed.has(name) ||
    (name.startsWith('d') &&
      [name.slice(1), name.charAt(1).toLowerCase() + name.slice(2)].some((of) => listed.has(of)));

  test.each([...chapters, '../derivation.md'])('every letter of the formulas in %s is listed', (file) => {
    const formulas = formulasOf(file).map((formula) => formula.replace(/\\[a-z]+/g, ' '));
    // single letters, and names with a capital letter; the rest are words
    const names = formulas.flatMap(
      (one) => one.match(/(?<![A-Za-zα-ω′])([A-Za-zα-ω]|[a-z]*[A-Z][A-Za-z]*)(?![A-Za-zα-ω])/g) ?? [],
    );
    expect(names.filter((name) => !isListed(name) && !WORDS.includes(name))).toEqual([]);
  });

  test('the formulas of the chapters have the letters that the list was made for', () => {
    const all = [...chapters, '../derivation.md'].flatMap(formulasOf).join('\n');
    for (const name of ['Wy', 'biasY', 'dhNext', 'bRecurrent', 'lr(s)', 'decayRate', 'l_{k}', 'W_{kn}'])
      expect(all).toContain(name);
  });

  test('f in a new network is about 0.73, and with it a cell halves in 2.2 steps', () => {
    const f = 1 / (1 + Math.exp(-1));
    expect(prose).toContain(
      `f is then about ${f.toFixed(2)}, so what a cell holds halves in ${(Math.log(0.5) / Math.log(f)).toFixed(1)} steps`,
    );
  });

  test('step t reads row t and writes row t+1: the engine’s states and gates have these rows', () => {
    const T = 5;
    const model = new Model(createReferenceBackend(), { T, B: 2, I: 3, H: 4, C: 2 });
    const { x, h, c, gates } = model.activations;
    expect([x, gates].map(({ shape: [rows] }) => rows)).toEqual([T, T]);
    expect([h, c].map(({ shape: [rows] }) => rows)).toEqual([T + 1, T + 1]);
  });
});

describe('each exercise is asked before its document shows the line that it asks for', () => {
  const here = (name: string): RegExp => new RegExp(`<ExerciseHere name="${name}" />`);

  /** The document, where it asks, and the first line that gives an answer away. */
  const ASKED: readonly [document: string, ask: RegExp, line: string][] = [
    ['learn/plain-rnn.md', here('product'), 'dW = xᵀ·dz'],
    ['learn/plain-rnn.md', here('rnn-step'), 'dz = dh*(1-h²)'],
    ['learn/plain-rnn.md', here('initial-state'), 'dStart = Σ dh[0]'],
    ['learn/by-hand.md', here('sigmoid'), 'σ·(1 - σ)'],
    ['learn/by-hand.md', here('cell-state'), 'di₂ = dc₂'],
    ['learn/by-hand.md', here('gates'), 'dzi₂ = di₂'],
    ['learn/by-hand.md', here('weights'), 'dh₁ = dzi₂·Whi'],
    ['learn/by-hand.md', here('through-time'), 'Each gradient is a sum over the two steps'],
    ['learn/loss-and-update.md', here('softmax'), 'dLogits = (p - y) / B'],
    ['learn/other-cells.md', here('gru-step'), 'The gradient of ahn is'],
    ['learn/other-cells.md', here('scan'), 'da = dh*hPrev'],
    ['derivation.md', /Try it first: exercise 10 /, 'dLogits = (p*Σy - y) / count'],
    ['derivation.md', /Try it first: exercises 4 to 8 .*, and exercise 9 /, 'do = dh*tanh(c)'],
    ['derivation.md', /Try it first: exercise 11 /, 'm += (g - m)'],
    ['derivation.md', /Try it first: exercise 13 /, 'da = dh*hPrev'],
    ['derivation.md', /Try it first: exercise 14 /, 'dn = dh*(1-z)'],
  ];

  /** Without line breaks. */
  const read = (document: string): string => readFileSync(`docs/${document}`, 'utf8').replace(/\s+/g, ' ');

  test.each(ASKED)('%s: %s comes before “%s”', (document, ask, line) => {
    const text = read(document);
    const [asked, shown] = [text.search(ask), text.indexOf(line)];
    expect([asked > 0, shown > asked]).toEqual([true, true]);
  });

  test('every exercise stands open in one chapter, whose words name its number before it', () => {
    const files = readdirSync(folder).filter((file) => file.endsWith('.md'));
    const places = files.flatMap((file) => {
      const text = read(`learn/${file}`);
      return Array.from(text.matchAll(/<ExerciseHere name="([\w-]+)" \/>/g), ({ index, 1: name }) => {
        const { number } = EXERCISES.find((exercise) => exercise.name === name)!;
        const isNamed = new RegExp(`\\bexercises?\\b\\S* (?:\\d+ to )?${number}\\b`, 'i').test(text.slice(0, index));
        return isNamed ? number : `${file}: ${number} is not named`;
      });
    });
    expect(places.sort((one, other) => Number(one) - Number(other))).toEqual(EXERCISES.map(({ number }) => number));
  });
});
