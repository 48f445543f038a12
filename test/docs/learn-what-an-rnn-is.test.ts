/**
 * Chapter 1, docs/learn/what-an-rnn-is.md, with the listing of docs/tutorial-parity.md: quotes are lines of src. And docs/learn/min-char-rnn.md:
 * the file to fill, and its solution.
 */
import path from 'node:path';
import { modelOf } from '../../docs/.vitepress/theme/moby-dick/model.js';
import { equationOf, reachOf, wordsOf as wordsOfLook } from '../../docs/.vitepress/theme/moby-dick/words.js';
import { startIn, wordsOf } from '../../docs/.vitepress/theme/own-writer/results.js';
import { parseSafetensors } from '../../src/files/safetensors.js';
import { networkParameterShapes } from '../../src/network/config.js';
import { modelNetwork } from '../../src/network/tutorial-network.js';
import { stepCount, TUTORIAL } from '../../src/training/options.js';
import {
  chapter,
  expectIn,
  outputOf,
  placeOf,
  read,
  tutorialOutput,
  withoutTrailingSpaces,
} from '../helpers/chapter.js';
import { linesOf } from '../helpers/longhand-process.js';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { directoryOf } from '../helpers/temporary-directories.js';

const { page, prose, says, ask } = chapter('what-an-rnn-is', {
  'one-state.mjs': ['train'],
  'one-unit.mjs': ['gradientsOf', 'lossOf', 'nudge', 'SEQUENCE', 'statesOf', 'TARGET', 'WEIGHTS'],
});

const listing = read('../tutorial-parity.md');

const withoutIndent = (text: string): string => {
  const indents = text.split('\n').flatMap((line) => (line === '' ? [] : [/^ */.exec(line)![0].length]));
  return text.replaceAll(new RegExp(`^ {${Math.min(...indents)}}`, 'gm'), '');
};

test('the page shows the samples of first-text.json, and the sentence is as long as it says', () => {
  const samples = JSON.parse(read('programs/first-text.json')) as { update: number; text: string }[];
  expect(page).toContain(samples.map(({ update, text }) => `${update} updates: ${text}`).join('\n'));
  const [, between] = /harpooneer(s, who .*closed ) *… eyes/.exec(prose.replace(/> /g, ''))!;
  expect(between.length).toBeGreaterThan(70);
});

test('the gradients are those of a second forward pass', async () => {
  const { dWx, dWh, dh, numeric } = (await ask(`
    const { w = WEIGHTS } = {};
    const loss = (weights, start = 0, from = 0) => {
      const h = [start];
      for (let t = from; t < 3; t++) h.push(Math.tanh(weights.Wx * SEQUENCE[t] + weights.Wh * h.at(-1)));
      return lossOf(h, TARGET);
    };
    const states = statesOf(SEQUENCE, w);
    const derivative = (of) => (of(1e-5) - of(-1e-5)) / 2e-5;
    return { ...gradientsOf(SEQUENCE, w, states, TARGET), numeric: {
      dWx: derivative((d) => loss({ ...w, Wx: w.Wx + d })), dWh: derivative((d) => loss({ ...w, Wh: w.Wh + d })),
      dh: states.map((h, row) => derivative((d) => loss(w, h + d, row))) } };`)) as Record<'dWx' | 'dWh', number> & {
    dh: number[];
    numeric: Record<'dWx' | 'dWh', number> & { dh: number[] };
  };
  expect(dWx).toBeCloseTo(numeric.dWx, 8);
  expect(dWh).toBeCloseTo(numeric.dWh, 8);
  expect(dh).toEqual(numeric.dh.map((value) => expect.closeTo(value, 8) as number));
  const shown = dh.map((value, row) => `dh[${row}] = ${value.toFixed(4).replace('-', '−')}`);
  for (const text of shown) {
    expect(page).toContain(text); // the alternative text
    expect(read('unrolled.svg')).toContain(text);
  }
});

test('a nudge: δ·dWh and the change of the loss, whose difference becomes 100 times smaller with a δ 10 times smaller', async () => {
  const nudges = (await ask(
    'return [0.1, 0.01, 0.001].map((delta) => nudge(SEQUENCE, WEIGHTS, TARGET, delta));',
  )) as Record<'dWh' | 'expected' | 'measured', number>[];
  const loss = (Wh: number): number => (Math.tanh(Wh * Math.tanh(Wh * Math.tanh(1)) - 1) - 0.2) ** 2;
  [0.1, 0.01, 0.001].forEach((delta, n) => {
    const { dWh, expected, measured } = nudges[n];
    expect(measured).toBeCloseTo(loss(0.5 + delta) - loss(0.5), 12);
    expect(dWh).toBeCloseTo((loss(0.5 + 1e-5) - loss(0.5 - 1e-5)) / 2e-5, 8);
    expect(expected).toBeCloseTo(delta * dWh, 12);
  });
  const errors = nudges.map(({ expected, measured }) => measured - expected);
  for (const n of [0, 1]) expect(Math.abs(errors[n] / errors[n + 1] - 100)).toBeLessThan(2); // “About 100 times”
});

test('what the text says about the training', async () => {
  const [first, second] = (await ask('return train(SEQUENCE, TARGET, { updates: 1, learningRate: 0.5 });')) as Record<
    string,
    number
  >[];
  says(`the loss is ${second.loss.toFixed(4)} instead of ${first.loss.toFixed(4)}`);
  says(`1 - 0.5·${first.dWx.toFixed(4)} = ${second.Wx.toFixed(4)}`);
  expect([first.dWx > 0, first.dWh < 0]).toEqual([true, true]);
  const grown = (await ask(
    'return lossOf(statesOf(SEQUENCE, { ...WEIGHTS, Wx: 1.001 }), TARGET) - lossOf(statesOf(SEQUENCE, WEIGHTS), TARGET);',
  )) as number;
  says('from 1 to 1.001');
  expect(grown / 0.001).toBeCloseTo(first.dWx, 2);
  says(`about 0.001·${first.dWx.toFixed(4)}`);
});

test('the page shows the lines of its programs, and counts those of tutorial.mjs', () => {
  const [[gradients], [tutorial]] = [page, listing].map((text) =>
    [...text.matchAll(/```js\n([\s\S]*?)```/g)].map(([, code]) => code.trimEnd()),
  );
  expect(read('one-unit.mjs')).toContain(gradients.replace(/^/gm, '  '));
  expect(read('tutorial.mjs')).toContain(tutorial);
  expect(tutorial.split('\n').at(-1)).toBe('await backend.dispose();');
  expect(tutorial.match(/\bfor \(/g)).toHaveLength(1); // over the updates; that over an image's rows is in model.forward()
  const code = tutorial.split('\n').filter((line) => line !== '' && !line.startsWith('import'));
  expectIn(listing, `does this in ${code.length} lines, without the imports and empty lines`);
  says(`written with the library, has ${code.length} lines`);
});

test('the output of tutorial.mjs has the lines of npm start, and the text its numbers', () => {
  const shown = tutorialOutput(listing);
  const lines = linesOf(shown).filter((line) => line.startsWith('Iter'));
  expect(lines).toHaveLength(3);
  expect(read('../../README.md')).toContain(lines.join('\n')); // test/docs/docs.test.ts runs this training
  const accuracy = Number(/Testing Accuracy: ([\d.]+)/.exec(shown)![1]);
  expectIn(listing, `${accuracy}·128 = ${accuracy * 128} images`);
  const updates = (trainingIters: number): number => stepCount({ ...TUTORIAL, trainingIters }, 55000);
  expect([updates(4000), updates(100000)]).toEqual([31, 781]);
});

test('every block of TypeScript is the lines of src that its link names', () => {
  const quotes = [...listing.matchAll(/^([\w.-]+), from \[.+\]\((.+)#L(\d+)-L(\d+)\):\n\n```ts\n([\s\S]*?)```/gm)];
  expect(quotes).toHaveLength([...listing.matchAll(/```ts/g)].length);
  expect(quotes.length).toBeGreaterThan(15);
  for (const [, name, file, first, last, block] of quotes) {
    expect(path.basename(file)).toBe(name);
    const lines = read(path.join('..', file))
      .split('\n')
      .slice(Number(first) - 1, Number(last));
    expect({ file, block: block.trimEnd() }).toEqual({ file, block: withoutIndent(lines.join('\n')) });
  }
});

test('the listing has the tutorial’s constants, and the network its shapes', () => {
  const constants = Object.fromEntries(
    [...listing.matchAll(/^(\w+) = ([\d.]+)$/gm)].map(([, name, value]) => [name, Number(value)]),
  );
  const { learningRate, trainingIters, batchSize, displayStep, hidden, forgetBias } = TUTORIAL;
  expect(constants).toMatchObject({
    ...{ learning_rate: learningRate, training_iters: trainingIters, batch_size: batchSize },
    ...{ display_step: displayStep, n_hidden: hidden, n_input: 28, n_steps: 28, n_classes: 10 },
  });
  expect(listing).toContain(`forget_bias=${forgetBias.toFixed(1)}`);
  const shapes = networkParameterShapes(modelNetwork({ I: 28, H: 128, C: 10 }));
  const count = Object.values(shapes).reduce((sum, shape) => sum + shape.reduce((size, n) => size * n, 1), 0);
  says(`${count.toLocaleString('en')} parameters`);
  expect(shapes).toMatchObject({ kernel: [28 + 128, 512], bias: [512] });
});

test('the Moby-Dick network has at most 400 kB, in numbers of 16 bits', () => {
  const bytes = readFileSync('docs/learn/programs/moby-dick.safetensors');
  expect(bytes.length).toBeLessThan(400_000);
  const { tensors } = parseSafetensors(bytes, 'moby-dick.safetensors');
  expect([...tensors.values()].map(({ dtype }) => dtype)).toEqual(['F16', 'F16', 'F16', 'F16']);
  const { network, parameters, vocabulary } = modelOf(bytes);
  expect([network.layers[0].hidden, vocabulary.characters.includes('“')]).toEqual([176, true]);
  const shapes = networkParameterShapes(network);
  expect(Object.fromEntries(Object.entries(parameters).map(([name, { shape }]) => [name, shape]))).toEqual(shapes);
  says(`The network is an LSTM with ${network.layers[0].hidden} units`);
});

test('a look says what is likely, what comes, and how far back the gradient reaches', () => {
  const norms = Float32Array.of(0.0009, 0.002, 0, 0.1, 0.05, 0);
  expect(reachOf(norms, 4)).toBe(4);
  const choices = [' ', 'e', '\n', 'x'].map((character, n) => ({ character, probability: 0.4 / 2 ** n }));
  const characters = Array.from('“Ahab!');
  const inspection = { step: 0, characters, target: 4, loss: -Math.log(0.123), losses: norms, choices, dxNorms: norms };
  expect(wordsOfLook({ ...inspection, cells: [] })).toEqual([
    'After “b” it expects space 40%, “e” 20%, line end 10%.',
    '“!” comes, which had 12%.',
    'The farthest character with 1% of the largest gradient stands 4 characters before it.',
  ]);
  const [c, h] = [Float32Array.of(1, 2, 3, 0.7), Float32Array.of(0, 0, 0, 0.5)];
  const gates = { i: h, j: Float32Array.of(0, 0, 0, -0.3), f: c, o: h };
  const cell = { cell: 'lstm', layer: 0, reverse: false, H: 2, gates, states: { c, h }, norms: {} };
  expect(equationOf(cell, 1, 1)).toBe(
    'c = f*cPrev + i*j = 0.70·2.00 + 0.50·(−0.30) = 0.70, and h = o*tanh(c) = 0.50·tanh(0.70) = 0.50',
  );
});

describe('min-char-rnn.md', () => {
  const { page, prose, shownOf } = chapter('min-char-rnn');
  const [start, solution] = ['min-char-rnn.mjs', 'min-char-rnn-solution.mjs'].map(read);

  /** What the solution prints if a part of it is replaced. */
  function outputWith(part: string, replacement: string, ...args: string[]): string {
    expect(solution.split(part)).toHaveLength(2);
    const place = directoryOf();
    writeFileSync(path.join(place, 'mine.mjs'), solution.replace(part, replacement));
    return outputOf('mine.mjs', args, place);
  }

  const answers = [...page.matchAll(/<details>\n<summary>The \w+<\/summary>\n\n```js\n([^]*?)```/g)].map(([, code]) =>
    code.replace(/^(?=.)/gm, '  '),
  );

  test('the start says what is missing', () => {
    expect(shownOf('min-char-rnn.mjs')).toMatch(/\n\ngradients: not written yet\n$/);
    const [, update] = answers;
    expect(outputWith(update, '')).toMatch(/: right\nupdate: not written yet\n$/);
  });

  test('the start is the solution without the two answers, which the page shows', () => {
    expect(answers).toHaveLength(2);
    expect(answers.reduce((text, answer) => text.replace(answer, ''), solution)).toBe(start);
    expect(solution).not.toMatch(/from '(?!node:)/);
  });

  test('the editor has the two functions of the file, and says what a run has found', () => {
    const text = startIn(start);
    expect(text.match(/^function \w+/gm)).toEqual(['function backward', 'function update']);
    expect(text.match(/Your answer/g)).toHaveLength(2);
    const found = ['Wx', 'Wh', 'biasY'].map((name, n) => ({ name, count: 30, largest: n / 4, isRight: n === 0 }));
    expect(wordsOf([{ kind: 'ready' }, { kind: 'checked', found }, { kind: 'end' }])).toEqual([
      'Wrong: dWh (off by up to 3e-1), dBiasY (off by up to 5e-1).',
      'Right: dWx.',
    ]);
    expect(wordsOf([{ kind: 'checked', found: null }])).toEqual([expect.stringContaining('not written yet')]);
    expect(wordsOf([{ kind: 'checked', found: found.slice(0, 1) }])).toEqual([expect.stringContaining('are right')]);
  });

  test('the solution passes its own check, its loss falls in 100 updates, and it prints what the page shows', () => {
    const output = withoutTrailingSpaces(outputOf('min-char-rnn-solution.mjs', ['-', '100']));
    const blank = (text: string): string => text.replace(/\d+e-\d+/g, '#');
    expect(blank(shownOf('min-char-rnn-solution.mjs')).startsWith(blank(output).trim())).toBe(true);
    expect(output.match(/: right$/gm)).toHaveLength(5);
    const losses = [...output.matchAll(/loss ([\d.]+)/g)].map(([, loss]) => Number(loss));
    expect(losses[0].toFixed(2)).toBe(Math.log(27).toFixed(2));
    expect(losses[1]).toBeLessThan(3);
    expect(((10 * Math.log(10)) / 1558).toFixed(3)).toBe('0.015');
    expect(prose).toContain('10·log 10 / 1558 ≈ 0.015');
    expect(output).toContain('1558 characters, 27 different ones');
  });

  test.each([
    ['    addRow(dh, dhNext); // (f′)\n', '', ['Wx', 'Wh', 'bias']], // “if you forget dhNext”
    ['addProduct(dWh, h[t], dz)', 'addProduct(dWh, h[t + 1], dz)', ['Wh']],
    [' * (1 - h[t + 1][n] ** 2)', '', ['Wx', 'Wh', 'bias']],
    ['(k === targets[t] ? 1 : 0)) / T', '(k === targets[t] ? 1 : 0))', ['Wx', 'Wh', 'bias', 'Wy', 'biasY']],
    ['addProduct(dWy, h[t + 1], dLogits);', '', ['Wy']],
    ['addRow(dBias[0], dz)', 'dBias[0][0] = NaN', ['bias']],
  ])('the check finds the mistake %j → %j, and the training does not begin', (part, mistake, wrong) => {
    const output = outputWith(part, mistake, '-', '100');
    expect([...output.matchAll(/^(\w+): .*: WRONG$/gm)].map(([, name]) => name)).toEqual(wrong);
    expect(output).not.toContain('after 100 updates');
  });

  test('a text of your own, read again from its beginning; one that is too short has a sentence', () => {
    const place = directoryOf();
    const file = path.join(place, 'text.txt');
    writeFileSync(file, 'abc déf '.repeat(20));
    const output = outputOf('min-char-rnn-solution.mjs', [file, '100']);
    expect(output).toContain('160 characters, 7 different ones');
    expect(Number(/after 100 updates: loss ([\d.]+)/.exec(output)![1])).toBeLessThan(1.5);
    writeFileSync(file, 'abc');
    const { stderr } = spawnSync(process.execPath, [placeOf('min-char-rnn-solution.mjs'), file], { encoding: 'utf8' });
    expect(stderr).toContain('The text needs more than 25 characters.');
  });
});
