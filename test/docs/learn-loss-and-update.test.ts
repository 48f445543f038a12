/** The programs of docs/learn/loss-and-update.md: what they print, their numbers by other formulas, and the chapter's figures. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { chapter, folder } from '../helpers/chapter.js';

const { page, prose, blocks, says, ask } = chapter('loss-and-update', {
  'one-softmax.mjs': ['engineOf'],
  'softmax.mjs': ['naiveLossInF32', 'squaredErrorGradient'],
  'one-spike.mjs': ['afterSpike', 'gradientsWith', 'SPIKE'],
  'random-rnn.mjs': ['gradientsOf', 'newParameters', 'randomNumbers', 'whichCameFirst'],
  'clipping.mjs': ['descent', 'lossAndGradient', 'START'],
  longhand: ['Model', 'Random'],
  'longhand/reference': ['createReferenceBackend'],
});
/** The lines below the line that begins with `head`, in the page's blocks. */
const rowsBelow = (head: string): string[][] => {
  const lines = blocks.join('\n').split('\n');
  const rows = lines.slice(lines.findIndex((line) => line.trim().startsWith(head)) + 1);
  const end = rows.findIndex((line) => !/^[\s\d.]|^-\d/.test(line) || line === '');
  return rows.slice(0, end).map((line) => line.trim().split(/\s+/));
};

test('the example of three classes, by the definition and by numeric derivatives', () => {
  const logits = [2, 1, 0];
  const powers = logits.map(Math.exp);
  const sum = powers.reduce((total, power) => total + power);
  const p = powers.map((power) => power / sum);
  const cells = (name: string): string[] =>
    new RegExp(`^\\| ${name} +\\|(.+)\\|$`, 'm')
      .exec(page)![1]
      .split('|')
      .map((cell) => cell.trim());
  expect(cells('exp\\(logit\\)')).toEqual([...powers, sum].map((value) => value.toFixed(4)));
  expect(cells('p')).toEqual([...p.map((value) => value.toFixed(4)), '1']);
  const loss = (of: readonly number[]): number =>
    Math.log(of.reduce((total, logit) => total + Math.exp(logit), 0)) - of[1];
  says(`The loss is -log ${p[1].toFixed(5)} = ${loss(logits).toFixed(4)}.`);
  const numeric = logits.map((_, k) => {
    const moved = (delta: number): number => loss(logits.map((logit, m) => (m === k ? logit + delta : logit)));
    return (moved(1e-5) - moved(-1e-5)) / 2e-5;
  });
  expect(cells('dLogits = \\(p - y\\)')).toEqual([...numeric.map((value) => value.toFixed(4)), '0']);
});

test('the gradient of the squared error is its numeric derivative, and its size is the page’s', async () => {
  const [wrong, given] = (await ask(`
    const logits = [0.4, -0.3, 1.1];
    return [squaredErrorGradient(engineOf([10, 0], 1).p, 1), squaredErrorGradient(engineOf(logits, 2).p, 2)];`)) as number[][];
  const loss = (logits: readonly number[]): number => {
    const sum = logits.reduce((total, logit) => total + Math.exp(logit), 0);
    return logits.reduce((total, logit, k) => total + (Math.exp(logit) / sum - (k === 2 ? 1 : 0)) ** 2, 0);
  };
  const logits = [0.4, -0.3, 1.1];
  given.forEach((value, k) => {
    const moved = (delta: number): number => loss(logits.map((logit, m) => (m === k ? logit + delta : logit)));
    expect(value).toBeCloseTo((moved(1e-5) - moved(-1e-5)) / 2e-5, 9);
  });
  expect(Math.abs(wrong[0])).toBeLessThan(2e-4);
});

test('what the text says about logits and numbers in f32', () => {
  const [half, thousandth] = [0.5, 0.001].map((p) => (-Math.log(p)).toPrecision(2));
  says(`${half} for a probability of ½, and ${thousandth} for one of 0.001`);
  const first = Array.from({ length: 200 }, (_, n) => n).find((n) => Math.fround(Math.exp(n)) === Infinity);
  says(`In f32 the exponential of ${first} is Infinity`);
  const zero = Array.from({ length: 2000 }, (_, n) => n).find((n) => Math.exp(-n) === 0)!; // in f64
  says(`only beyond a difference of about ${zero - 1}`);
});

test('log-sum-exp with every result rounded to f32 has the engine’s column', () => {
  const f32 = Math.fround;
  const cells = [...page.matchAll(/^([-\d, ]+); (\d) .* (\S+)$/gm)];
  expect(cells).toHaveLength(6);
  for (const [, list, label, engine] of cells) {
    const logits = list.split(', ').map(Number);
    const max = Math.max(...logits);
    const sum = logits.reduce((total, logit) => f32(total + f32(Math.exp(f32(logit - max)))), 0);
    const logP = f32(f32(logits[Number(label)] - max) - f32(Math.log(sum)));
    expect(Math.abs(logP).toPrecision(5)).toBe(engine);
  }
});

test('the definition’s softmax of a logit of 100: which parameters are NaN after one update, and after two', async () => {
  const counts = (await ask(`
    const f32 = Math.fround;
    const crossEntropyForward = (losses, p, logits, y) => {
      for (let b = 0; b < losses.size; b++) {
        const powers = [0, 1, 2].map((k) => f32(Math.exp(logits.get(b, k))));
        const sum = powers.reduce((total, power) => f32(total + power));
        for (const [k, power] of powers.entries()) p.set(b, k, f32(power / sum));
      }
    };
    const model = new Model({ ...createReferenceBackend(), crossEntropyForward }, { T: 4, B: 2, I: 3, H: 5, C: 3 });
    model.initialise(new Random(1));
    for (const { name, value } of model.parameters) if (name === 'outBias') value.set(0, 100);
    const random = new Random(2);
    model.activations.x.data.forEach((_, n, data) => (data[n] = random.normal(0, 1)));
    return [1, 2].map(() => {
      model.forward();
      model.backward();
      for (const { value, gradient } of model.parameters)
        value.data.forEach((_, n) => (value.data[n] -= 0.1 * gradient.data[n]));
      const entries = model.parameters.map(({ name, value }) => [name, value.data.filter(Number.isNaN).length]);
      return Object.fromEntries(entries);
    });`)) as Record<string, number>[];
  const every = { kernel: 8 * 20, bias: 20, outKernel: 5 * 3, outBias: 3 };
  expect(counts).toEqual([{ ...every, outKernel: 5, outBias: 1 }, every]);
});

test('a batch of twice the sequences, each of them twice, has the same gradients', async () => {
  const difference = (await ask(`
    const { x, labels } = whichCameFirst(5);
    const parameters = newParameters({ I: 3, H: 4, C: 2 }, randomNumbers(3));
    const once = gradientsOf(x, labels, parameters).gradients;
    const twice = gradientsOf(x.map((rows) => [...rows, ...rows]), [...labels, ...labels], parameters).gradients;
    const numbers = (gradients) => Object.values(gradients).flatMap((rows) => rows.flatMap((row) => [...row]));
    return Math.max(...numbers(once).map((value, n) => Math.abs(value - numbers(twice)[n])));`)) as number;
  expect(difference).toBeLessThan(1e-15);
});

test('momentum: the sums of the text', () => {
  const geometric = (ratio: number): string => ((1 - ratio ** 100) / (1 - ratio)).toFixed(2);
  const [, still] = rowsBelow('momentum');
  expect(still).toEqual(['0.9', geometric(0.9), Math.abs((1 - (-0.9) ** 100) / 1.9).toFixed(2)]);
});

test('Adam: the first update of both forms, by the formulas of docs/derivation.md', () => {
  const rows = rowsBelow('g  ');
  expect(rows).toHaveLength(7);
  for (const [g, here, other] of rows.map((cells) => cells.map(Number))) {
    expect(here).toBeCloseTo(g / (g + 1e-8 / Math.sqrt(0.001)), 4);
    expect(other).toBeCloseTo(g / (g + 1e-8), 4);
  }
  expect(1 / Math.sqrt(0.001)).toBeCloseTo(32, 0); // “by up to a factor of 32”
  expect((0.1 / Math.sqrt(0.001)).toFixed(1)).toBe('3.2');
  for (const [g, here] of rows.map((cells) => cells.map(Number))) {
    if (g >= 0.0001) expect(1 - here).toBeLessThan(0.004); // “lr within 0.4%”
  }
  const weights = [1 - 0.9 ** 10, 1 - 0.999 ** 1000].map((weight) => `${Math.round(100 * weight)}% of the weight in`);
  for (const weight of weights) says(weight);
});

test('the spike: m and √v by their sums', () => {
  const rows = rowsBelow('after  ').slice(1);
  expect(rows).toHaveLength(13);
  for (const [k, m, root, update] of rows.map((cells) => cells.map(Number))) {
    const mean = 1 + 0.1 * 99 * 0.9 ** k;
    const square = Math.sqrt(1 + 0.001 * 9999 * 0.999 ** k);
    expect(m).toBeCloseTo(mean, 3);
    expect(Math.abs(root - square)).toBeLessThan(0.002);
    expect(Math.abs(update - mean / square)).toBeLessThan(0.002);
  }
  const sum = (from: number, to: number): number => {
    let total = 0;
    for (let k = from; k <= to; k++) total += (1 + 9.9 * 0.9 ** k) / Math.sqrt(1 + 9.999 * 0.999 ** k);
    return total;
  };
  const printed = [...page.matchAll(/updates (\d+) to (\d+): (\S+) instead of (\d+)/g)].map((row) => row.map(Number));
  expect(printed.map(([, from, to]) => `${from} ${to}`)).toEqual(['0 13', '14 1000', '0 5000']);
  for (const [, from, to, printedSum, instead] of printed) {
    expect(Math.abs(printedSum - sum(from, to))).toBeLessThan(0.2);
    expect(instead).toBe(to - from + 1);
  }
  expect(0.999 ** 693).toBeCloseTo(0.5, 3);
});

type State = Readonly<Record<'w' | 'b' | 'loss' | 'norm', number>>;

/** The network of the cliff without any of the chapter's functions: two states and their cross-entropies. */
function ownLoss(w: number, b: number): number {
  const losses = [1, -1].map((sign) => {
    let h = Math.tanh(sign + b);
    for (let t = 1; t < 30; t++) h = Math.tanh(w * h + b);
    return Math.log(1 + Math.exp(-4 * sign * h)); // logits 2h and -2h
  });
  return (losses[0] + losses[1]) / 2;
}

test('the cliff: loss and gradient by an own forward pass', async () => {
  const points = [
    [1.6, 0.4],
    [1.363, 0.143],
    [0.7, -0.2],
    [2.1, -1.2],
  ];
  const found = (await ask(`
    return ${JSON.stringify(points)}.map(([w, b]) => {
      const { loss, gradient } = lossAndGradient(w, b);
      return [loss, gradient.get(0), gradient.get(1)];
    });`)) as number[][];
  points.forEach(([w, b], n) => {
    const delta = 1e-6;
    expect(found[n][0]).toBeCloseTo(ownLoss(w, b), 12);
    const dw = (ownLoss(w + delta, b) - ownLoss(w - delta, b)) / (2 * delta);
    const db = (ownLoss(w, b + delta) - ownLoss(w, b - delta)) / (2 * delta);
    expect(Math.hypot(found[n][1] - dw, found[n][2] - db) / Math.hypot(dw, db)).toBeLessThan(1e-5);
  });
});

test('at the edge, most steps multiply a change of h by more than 1 for one input, and none for the other', () => {
  for (const w of [1.4, 1.6, 2]) {
    const stateAfter = (b: number, input = -1): number[] => {
      const h = [Math.tanh(input + b)];
      for (let t = 1; t < 30; t++) h.push(Math.tanh(w * h[t - 1] + b));
      return h;
    };
    let [inside, outside] = [0, 1];
    for (let n = 0; n < 100; n++) {
      const middle = (inside + outside) / 2;
      if (stateAfter(middle)[29] < 0) inside = middle;
      else outside = middle;
    }
    const growing = (h: number): boolean => w * (1 - h * h) > 1;
    expect(stateAfter(inside).filter(growing).length).toBeGreaterThan(15);
    expect(stateAfter(inside, 1).some(growing)).toBe(false);
    says('For the other input it is below 1 in every step');
    expect([stateAfter(inside)[29] < 0, stateAfter(outside)[29] > 0]).toEqual([true, true]);
  }
});

test('the two runs are the same up to the cliff; only the clipped one stays inside', async () => {
  const runs = await ask('return [{}, { limit: 1 }].map((options) => descent(START, options));');
  const [without, clipped] = runs as State[][];
  expect(without.slice(0, 18)).toEqual(clipped.slice(0, 18));
  expect(without.slice(0, 17).every(({ norm }) => norm < 1)).toBe(true);
  const distance = Math.hypot(clipped[18].w - clipped[17].w, clipped[18].b - clipped[17].b);
  expect(distance).toBeCloseTo(0.05, 10);
  says('next update has length 0.05');
  says(`At update 17 the norm is ${without[17].norm.toFixed(2)}.`);
  expect(without.slice(18).every(({ loss }) => loss > 2)).toBe(true);
  expect(clipped.slice(18).every(({ loss }) => loss < 0.05)).toBe(true);
});

test('what the text says about the 49 starts and about clipping', () => {
  const found = [...page.matchAll(/of (\d+) starts: without clipping (\d+), clipped (\d+)/g)];
  const counts = found.map(([, ...numbers]) => numbers.map(Number));
  const [[fail, failClipped], [fail2, failClipped2]] = counts.map(([all, without, clipped]) => [
    all - without,
    all - clipped,
  ]);
  says(`${fail} starts fail without clipping and ${failClipped} with it`);
  says(`${fail2} starts fail without it, and ${failClipped2} with it`);
  const norm = Math.hypot(10, 1);
  says(`becomes (${(10 / norm).toFixed(3)}, ${(1 / norm).toFixed(4)})`);
});

test('the schedules by their definition', () => {
  const rows = rowsBelow('update     constant').map((row) => row.map(Number));
  expect(rows).toHaveLength(9);
  for (const [step, constant, cosine, halved] of rows) {
    const warm = Math.min(1, step / 100);
    expect(constant).toBeCloseTo(warm, 4);
    expect(cosine).toBeCloseTo(step <= 100 ? warm : (1 + Math.cos((Math.PI * (step - 101)) / 900)) / 2, 4);
    expect(halved).toBeCloseTo(step <= 100 ? warm : 0.5 ** Math.floor((step - 101) / 300), 4);
  }
});

test('the figures of the recipe, and the pictures', () => {
  const recipe = readFileSync(path.join(folder, '../recipe.md'), 'utf8');
  for (const accuracy of /from (0\.\d+) to (0\.\d+) on the test images/.exec(prose)!.slice(1))
    expect(recipe).toContain(`| ${accuracy}`);
  expect(recipe).toContain(`| ${/Ten epochs with the tutorial's other options reach (0\.\d+)/.exec(prose)![1]}`);
  for (const name of ['spike.svg', 'clipping.svg']) expect(page).toContain(`](pictures/${name})`);
});
