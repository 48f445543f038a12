/** docs/learn/gates.md: its cells' gradients, PyTorch's numbers, and the experiment. docs/learn/networks.md: its experiments and pictures. */
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { chapter, outputOf, placeOf, read } from '../helpers/chapter.js';
import { directoryOf } from '../helpers/temporary-directories.js';

const { page, says, ask } = chapter('gates', {
  'cells.mjs': ['lstmBackward', 'lstmForward'],
  'gates.mjs': ['CELLS', 'largestDifference', 'tableOf'],
});

interface Row {
  readonly name: string;
  readonly gap: Readonly<Record<string, readonly (number | null)[]>>;
  readonly digits: readonly number[];
}
const { rows } = JSON.parse(read('programs/gates.json')) as { rows: Row[] };
const rowOf = (name: string): Row => rows.find((row) => row.name === name)!;
/** The smallest and the largest number of updates of a cell, if all its seeds learned. */
const rangeOf = (name: string, T: number): [number, number] => {
  const updates = rowOf(name).gap[T].map((count) => count ?? NaN);
  return [Math.min(...updates), Math.max(...updates)];
};
/** How many seeds learned. */
const learned = (T: number): Record<string, number> =>
  Object.fromEntries(rows.map(({ name, gap }) => [name, gap[T].filter((count) => count !== null).length]));

/** What the program prints of each cell's gradients. */
const differences = (output: string): [name: string, count: string, largest: number][] =>
  [...output.matchAll(/^(.+): (\d+) gradients, largest difference (.+)$/gm)].map(([, name, count, largest]) => [
    name,
    count,
    Number(largest),
  ]);

const output = outputOf('gates.mjs');

test('gates.mjs prints the check that the page shows: every cell, and gradients that agree with numeric ones', () => {
  const shown = differences(page);
  expect(shown.map(([name]) => name)).toHaveLength(9);
  const found = differences(output);
  expect(found.map(([name, count]) => [name, count])).toEqual(shown.map(([name, count]) => [name, count]));
  for (const [, , largest] of [...shown, ...found]) expect(largest).toBeLessThan(1e-9);
});

test('the page’s table, the output and gates.json have the same numbers', async () => {
  const table = (await ask(
    "return tableOf(JSON.parse((await import('node:fs')).readFileSync('docs/learn/programs/gates.json', 'utf8')).rows);",
  )) as string[][];
  const lines = page.split('\n').filter((line) => /^\| .*\d\.\d \(/.test(line));
  const cells = lines.map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
  expect(cells).toEqual(table);
  expect(output.split('\n').slice(9, -1)).toEqual(table.map((row) => row.join(' | ')));
  for (const { gap, digits } of rows) {
    expect(Object.keys(gap)).toEqual(['8', '32', '64', '100']);
    for (const results of [...Object.values(gap), digits]) expect(results).toHaveLength(3);
  }
});

test('what the text says about the gap', () => {
  for (const T of [8, 32]) expect(Object.values(learned(T))).toEqual(rows.map(() => 3));
  const [low, high] = rangeOf('full LSTM', 32);
  for (const { name } of rows) {
    const [lowest, highest] = rangeOf(name, 32);
    expect(lowest <= high && highest >= low).toBe(true);
  }
  // “At T = 8 some do not”
  const [first, last] = rangeOf('full LSTM', 8);
  const apart = (is: (range: [number, number]) => boolean): string[] =>
    rows.map(({ name }) => name).filter((name) => is(rangeOf(name, 8)));
  expect(apart(([, slowestRun]) => slowestRun < first)).toEqual([
    'no forget gate',
    'no output gate',
    'full LSTM, bias 3',
  ]);
  expect(apart(([fastestRun]) => fastestRun > last)).toEqual(['coupled', 'GRU', 'GRU, bias 3', 'full LSTM, bi = -1']);
  const [slow, slowest] = rangeOf('full LSTM, bi = -1', 8);
  expect([slow >= rangeOf('GRU', 8)[0], slowest <= rangeOf('GRU', 8)[1]]).toEqual([true, true]); // “as slow as the GRU”
  expect(learned(64)).toMatchObject({
    'full LSTM': 0,
    'no forget gate': 2,
    coupled: 2,
    GRU: 3,
    'full LSTM, bias 3': 2,
    'full LSTM, bi = -1': 0,
  });
  expect(Object.entries(learned(100)).filter(([, count]) => count > 0)).toEqual([['GRU, bias 3', 3]]);
  const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));
  expect([1, 3, -1].map((bias) => sigmoid(bias).toFixed(2))).toEqual(['0.73', '0.95', '0.27']);
  expect((sigmoid(1) ** 56).toExponential(0)).toBe('2e-8');
  says('0.73⁵⁶ = 2·10⁻⁸');
});

test('what the text says about the digits', () => {
  const digitsOf = (name: string): readonly number[] => rowOf(name).digits;
  const [low, high] = [Math.min(...digitsOf('full LSTM')), Math.max(...digitsOf('full LSTM'))];
  says(`The full LSTM has ${low}% to ${high}%`);
  const apart = rows.filter(({ digits }) => Math.min(...digits) > high || Math.max(...digits) < low);
  expect(apart.map(({ name }) => name)).toEqual(['GRU', 'GRU, bias 3']);
  expect(Math.min(...digitsOf('GRU')) - high).toBeCloseTo(0.1, 9); // one image of 1,000
  const means = rows.map(({ name, digits }) => [name, (digits[0] + digits[1] + digits[2]) / 3] as const);
  const [[first, worst], [second, next]] = means.sort(([, one], [, other]) => one - other);
  expect([first, second]).toEqual(['no input gate', 'no forget gate']);
  says(`${worst.toFixed(1)}% without an input gate, and ${next.toFixed(1)}% without a forget gate`);
});

test('each switch changes what a cell computes', async () => {
  const losses = (await ask(`
    const { gradientsOf, newParameters } = await import('./docs/learn/programs/gates.mjs');
    const { randomNumbers } = await import('./docs/learn/programs/random-rnn.mjs');
    const sizes = { T: 3, B: 2, I: 2, H: 3, C: 2 };
    return Object.values(CELLS).map((cell) => {
      const parameters = newParameters(sizes, cell, randomNumbers(3));
      const x = Float64Array.from({ length: 12 }, (_, k) => Math.sin(k));
      return gradientsOf(x, [0, 1], parameters, sizes, cell).loss;
    });`)) as number[];
  expect(new Set(losses).size).toBe(9);
});

/** A mistake in one line of the backward pass, and the cells whose check finds it. */
const MISTAKES: [line: string, mistake: string, found: string[]][] = [
  ['dcs * cPrev[s] - (coupled ? di : 0)', 'dcs * cPrev[s]', ['coupled']],
  ['dzi = coupled ? 0 : di', 'dzi = di', ['coupled']],
  ['dcs += dzo * P[2 * H + n];', '', ['peepholes']],
  ['dzi * P[n] + dzf * P[H + n]', 'dzi * P[n]', ['peepholes']],
  ['inputTanh ? dj * (1 - j * j) : dj', 'dj * (1 - j * j)', ['no input tanh']],
  ['outputTanh ? 1 - shown * shown : 1', '1 - shown * shown', ['no output tanh']],
];

test('the check finds planted mistakes, each in the cells that compute the line', async () => {
  const program = read('cells.mjs');
  const place = directoryOf();
  const mine = read('gates.mjs').replace('./engine-gru.mjs', placeOf('engine-gru.mjs')); // it imports the library
  for (const file of ['plain-rnn.mjs', 'random-rnn.mjs']) copyFileSync(placeOf(file), path.join(place, file));
  for (const [n, [line, mistake]] of MISTAKES.entries()) {
    expect(program.split(line)).toHaveLength(2);
    writeFileSync(path.join(place, `cells${n}.mjs`), program.replace(line, mistake));
    writeFileSync(path.join(place, `gates${n}.mjs`), mine.replace('./cells.mjs', `./cells${n}.mjs`));
  }
  const failing = (await ask(`
    const found = [];
    for (let n = 0; n < ${MISTAKES.length}; n++) {
      const { CELLS, largestDifference } = await import(${JSON.stringify(path.join(place, 'gates'))} + n + '.mjs');
      const fails = ([, cell]) => largestDifference(cell, { T: 3, B: 1, I: 1, H: 2, C: 2 }).largest > 1e-4;
      found.push(Object.entries(CELLS).filter(fails).map(([name]) => name));
    }
    return found;`)) as string[][];
  expect(failing).toEqual(MISTAKES.map(([, , found]) => found));
});

interface Fixture {
  readonly h: readonly number[];
  readonly gradients: Readonly<Record<string, readonly number[]>>;
}
const fixture = readFileSync(new URL('../fixtures/cells.json', import.meta.url), 'utf8');
const fixtures = JSON.parse(fixture) as Record<'lstm', Fixture>;

test('the full LSTM: states and gradients are those of PyTorch in f64', async () => {
  const found = (await ask(`
    const { sizes, lstm: { values, dh } } = JSON.parse(
      (await import('node:fs')).readFileSync('test/fixtures/cells.json', 'utf8'));
    const { T, B, H } = sizes;
    const parameters = Object.fromEntries(Object.entries(values).map(([name, list]) => [name, Float64Array.from(list)]));
    const cache = lstmForward(parameters.x, parameters, sizes);
    const upstream = new Float64Array((T + 1) * B * H);
    upstream.set(dh, B * H); // row 0 is the initial state
    const gradients = lstmBackward(upstream, parameters.x, parameters, cache, sizes);
    const lists = Object.keys(values).map((name) => [name, [...gradients[name]]]);
    return { h: [...cache.h.subarray(B * H)], gradients: Object.fromEntries(lists) };`)) as Fixture;
  const { h, gradients } = fixtures.lstm;
  const expectEqual = (ours: readonly number[], theirs: readonly number[]): void => {
    expect(ours).toHaveLength(theirs.length);
    ours.forEach((value, k) => expect(Math.abs(value - theirs[k])).toBeLessThan(1e-10));
  };
  expectEqual(found.h, h);
  expect(Object.keys(found.gradients)).toEqual(Object.keys(gradients));
  for (const [key, theirs] of Object.entries(gradients)) expectEqual(found.gradients[key], theirs);
});

describe('networks.md', () => {
  const { page, says, ask } = chapter('networks', {
    longhand: ['Network', 'Random', 'tensorFrom'],
    'longhand/reference': ['createReferenceBackend'],
    'longhand/wasm': ['createWasmBackend'],
    'networks.mjs': ['directions', 'lengths'],
  });

  /** What the experiments print: test/slow/docs/figures.test.ts runs all of them. Two are fast enough to run here too. */
  const quoted = [...page.matchAll(/```\n([\s\S]*?)```/g)].map(([, block]) => block);

  test('what the text says about the experiments', () => {
    const bits = [...quoted[0].matchAll(/: ([\d.]+)$/gm)].map(([, number]) => Number(number));
    expect(bits).toHaveLength(3);
    expect(Math.min(...bits)).toBe(bits[2]); // “the wider layer is best here”
    expect(bits[1]).toBeGreaterThan(bits[0]); // “a second layer did not help”
    const accuracies = [...quoted[1].matchAll(/accuracy ([\d.]+)$/gm)].map(([, number]) => Number(number));
    expect(accuracies).toEqual([0.54, 1]);
    expect(((11 / 2 + 1) / 12).toFixed(2)).toBe('0.54');
    says('(11·½ + 1)/12 = 0.54');
    expect([...quoted[2].matchAll(/difference (\S+)$/gm)].map(([, number]) => Number(number))).toEqual([0, 0, 0]);
  });

  test('the experiment with lengths gives what the chapter quotes', async () => {
    const rows = (await ask('return lengths();')) as { length: number; difference: number }[];
    const lines = rows.map(({ length, difference }) => `  ${length} steps: largest difference ${difference}\n`);
    expect(quoted[2]).toBe(`Lengths: a batch, and each of its sequences alone\n${lines.join('')}`);
  });

  test('the forward direction is always right at the last step, and else guesses', async () => {
    const [forward, both] = (await ask(`
    const backend = await createWasmBackend({ threads: 1, deterministic: true });
    const rows = await directions(backend);
    await backend.dispose();
    return rows;`)) as { accuracy: number; lastCorrect: boolean }[];
    expect(forward.lastCorrect).toBe(true);
    expect([forward.accuracy, both.accuracy].map((accuracy) => accuracy.toFixed(2))).toEqual(['0.54', '1.00']);
  });

  test('the numbers beyond an end are NaN in the experiment with lengths, and without lengths they are refused', async () => {
    const losses = await ask(`
    const network = new Network(createReferenceBackend(), { inputs: 1, layers: [{ hidden: 2 }], outputs: 2 }, { T: 2, B: 2 });
    network.initialise(new Random(1));
    const x = tensorFrom([1, 1, 1, NaN], [2, 2, 1]);
    const losses = [];
    for (const lengths of [[2, 1], [2, 2]]) {
      try {
        network.setBatch({ x, labels: [0, 1], lengths });
        network.forward();
        losses.push(Number.isFinite((await network.metrics()).loss));
      } catch (error) {
        losses.push(error.message);
      }
    }
    return losses;`);
    expect(losses).toEqual([true, expect.stringMatching(/^setBatch: x\[1,1,0\] is NaN: must be /)]);
    expect(read('networks.mjs')).toContain('x.set(t, b, k, NaN)');
  });

  test('the picture of lengths has the numbers of its text alternative', () => {
    const picture = read('lengths.svg');
    expect(picture.match(/>runs</g)).toHaveLength(2 * (5 + 3 + 2));
    expect(picture.match(/>keeps</g)).toHaveLength(2 * (2 + 3));
    says('B_t is 3, 3, 2, 1, 1.');
    const rows = [...read('networks.svg').matchAll(/>h row (\d)</g)].map(([, row]) => Number(row));
    const [forward, reverse] = [
      [1, 2, 3, 4],
      [3, 2, 1, 0],
    ];
    expect(rows).toEqual([...forward, ...reverse, ...forward, ...reverse]);
  });
});
