/** The gap, an experiment of docs/learn/plain-rnn.md and docs/learn/lstm.md: its table, and what the text says about its networks. */
import { chapter, read } from '../../helpers/chapter.js';

const { page, says, ask } = chapter('plain-rnn', {
  'random-rnn.mjs': ['gradientsOf', 'newParameters', 'normOf', 'randomNumbers'],
  'gap.mjs': ['gapRun', 'gapTask', 'LENGTHS', 'NETWORKS', 'SEEDS', 'UPDATES'],
  'gradient-norms.mjs': ['spectralRadius'],
  longhand: ['train'],
  'longhand/wasm': ['createWasmBackend'],
});
const lstm = read('lstm.md').replace(/\s+/g, ' ');

interface GapExperiment {
  readonly NETWORKS: readonly { readonly name: string }[];
  readonly LENGTHS: readonly number[];
  readonly SEEDS: readonly number[];
  readonly UPDATES: number;
}

interface GapResult {
  readonly network: string;
  readonly T: number;
  readonly first: number | null;
  readonly correct: number;
  readonly loss: number;
}

test('the tables of chapters 2 and 3 have the runs of gap.json', async () => {
  const results = JSON.parse(read('programs/gap.json')) as GapResult[];
  const { NETWORKS, LENGTHS, SEEDS, UPDATES } = (await ask(
    'return { NETWORKS, LENGTHS, SEEDS, UPDATES };',
  )) as GapExperiment;
  expect(results).toHaveLength(NETWORKS.length * LENGTHS.length * SEEDS.length);
  const runs = (network: string, T: number): string =>
    results
      .filter((one) => one.network === network && one.T === T)
      .map(({ first, correct }) => (first === null ? '–' : correct === 56 ? String(first) : `${first}, lost`))
      .join('; ');
  const rowOf = (network: string): string => [network, ...LENGTHS.map((T) => runs(network, T))].join(' | ');
  const rowsOf = (text: string): string[] =>
    text
      .split('\n')
      .filter((line) => /^\| (plain RNN|LSTM, \w+ bias)/.test(line))
      .map((line) =>
        line
          .slice(2, -2)
          .replace(/ +\| +/g, ' | ')
          .trim(),
      );
  expect(rowsOf(page)).toEqual([rowOf('plain RNN')]);
  expect(rowsOf(read('lstm.md'))).toEqual(NETWORKS.map(({ name }) => rowOf(name)));
  expect(lstm).toContain(`correct after ${UPDATES} updates`);
  says(`not learned the task after ${UPDATES} updates`);
  // “each of the three networks stays at log 2, the loss of a guess”; “answers everything after 100 updates, and half of it at the end”
  const guesses = results.filter(({ network, T }) => network === 'plain RNN' && T === 64).map(({ loss }) => loss);
  expect(guesses.map((loss) => loss.toFixed(2))).toEqual(Array(3).fill(Math.log(2).toFixed(2)));
  const lost = results.filter(
    ({ network, first, correct }) => network.includes('chrono') && first !== null && correct < 56,
  );
  expect(lost.map(({ first, correct }) => [first, correct])).toEqual([[100, 28]]);
});

test('before training, the gradient of the plain RNN has vanished over 32 steps', async () => {
  const ratios = (await ask(`
    const { x, labels } = gapTask(32);
    return SEEDS.map((seed) => {
      const { dh } = gradientsOf(x, labels, newParameters({ I: 3, H: 8, C: 2 }, randomNumbers(seed)));
      return normOf(dh[0]) / normOf(dh[32]);
    });`)) as number[];
  expect(ratios).toHaveLength(3);
  for (const ratio of ratios) expect(ratio).toBeLessThan(1e-9);
  says('the norm of dh[0] is less than 10⁻⁹ of that of dh[32]');
});

test('over 32 steps, Wh grows in the run that learns, and then the gradient reaches the symbols', async () => {
  const [learns, fails] = (await ask(`
    const { x, labels } = gapTask(32);
    return Promise.all([1, 2].map(async (seed) => {
      const lines = [];
      const add = (parameters) => {
        const { dh } = gradientsOf(x, labels, parameters);
        lines.push({ radius: spectralRadius(parameters.Wh), ratio: normOf(dh[0]) / normOf(dh[32]) });
      };
      add(newParameters({ I: 3, H: 8, C: 2 }, randomNumbers(seed)));
      await gapRun(undefined, NETWORKS[0], 32, seed, 150, (_, parameters) => add(parameters));
      return lines;
    }));`)) as { radius: number; ratio: number }[][];
  const [first, last] = [learns[0], learns[15]];
  says(
    `Its spectral radius grows from ${first.radius.toFixed(2)} to ${last.radius.toFixed(2)} in 150 updates. Then the norm of dh[0] is ${last.ratio.toFixed(1)} times that of dh[32]`,
  );
  const [from, ...later] = fails.slice(10).map(({ radius }) => radius.toFixed(2));
  expect(new Set([from, ...later]).size).toBe(1);
  says(`In the run with seed 2 the radius stays at ${from} from update 100 on.`);
});

test('a line of a run has numbers alone: the browser copies and keeps each of them', async () => {
  const keys = await ask(`
    const keys = [];
    await gapRun(undefined, NETWORKS[0], 8, 1, 20, (line) => keys.push(Object.keys(line).join(' ')));
    return keys;`);
  expect(keys).toEqual(['update loss correct', 'update loss correct']);
});

/**
 * An LSTM of the gap after 200 updates with seed 1, with a forward pass in plain loops. `f`: the mean of each unit while the appended
 * blanks are read. `correct`: how many answers are. `closed`: how many are without h·Wh in these blanks.
 */
const afterTraining = async (T: number, biasInit: string): Promise<{ f: number[]; correct: number; closed: number }> =>
  (await ask(`
    const { x, labels } = gapTask(${T});
    const backend = await createWasmBackend({ deterministic: true });
    const data = { x: labels.map((_, b) => x.map((rows) => [...rows[b]])), labels };
    const network = await train(backend, data, {
      ...{ hidden: 8, batchSize: 56, trainingIters: 56 * 200 + 1, learningRate: 0.01, clipNorm: 1, forgetBias: 1 },
      ...{ biasInit: '${biasInit}', outputInit: 'glorot', seed: 1, displayStep: 200 },
    });
    const { kernel, bias, outKernel, outBias } = Object.fromEntries(network.parameters.map(({ name, value }) => [name, value]));
    const sigmoid = (z) => 1 / (1 + Math.exp(-z));
    const zeros = Array(8).fill(0);
    const product = (row, W, n, start) => row.reduce((sum, value, k) => sum + value * W.get(k, n), start);
    const run = (isOpen) => {
      const f = zeros.map(() => []);
      const right = labels.filter((label, b) => {
        let [h, c] = [zeros, zeros];
        x.forEach((rows, t) => {
          const row = [...rows[b], ...(t < 8 || isOpen ? h : zeros)];
          const z = (gate, n) => product(row, kernel, 8 * gate + n, bias.get(8 * gate + n));
          c = c.map((cPrev, n) => {
            const forget = sigmoid(z(2, n) + 1);
            if (t >= 8) f[n].push(forget);
            return forget * cPrev + sigmoid(z(0, n)) * Math.tanh(z(1, n));
          });
          h = c.map((value, n) => sigmoid(z(3, n)) * Math.tanh(value));
        });
        const [first, second] = [0, 1].map((k) => product(h, outKernel, k, outBias.get(k)));
        return (second > first ? 1 : 0) === label;
      });
      return { f: f.map((values) => values.reduce((sum, value) => sum + value) / values.length), correct: right.length };
    };
    const answer = { ...run(true), closed: run(false).correct };
    network.dispose();
    await backend.dispose();
    return answer;`)) as { f: number[]; correct: number; closed: number };

test('what the text says about f after 200 updates, and about the answers without h·Wh in the blanks', async () => {
  const { f, correct, closed } = await afterTraining(32, 'zeros');
  expect(correct).toBe(56);
  const [low, high] = [Math.min(...f), Math.max(...f)].map((value) => value.toFixed(2));
  expect(lstm).toContain(`has a mean f of ${low} to ${high} while blanks are read`);
  expect(lstm).toContain(`24 factors of ${high} leave only ${Math.round(100 * Number(high) ** 24)}%`);
  expect(lstm).toContain(`then answers ${closed} of 56 correctly`);
  const chrono = await afterTraining(100, 'chrono');
  const range = `${Math.min(...chrono.f).toFixed(2)} to ${Math.max(...chrono.f).toFixed(3)}`;
  expect(lstm).toContain(`the units have a mean f of ${range} after 200 updates`);
});

test('for how many steps the units of the runs with chrono biases keep their cells at the start', async () => {
  const steps = (await ask(`
    const { x, labels } = gapTask(100);
    const data = { x: labels.map((_, b) => x.map((rows) => [...rows[b]])), labels };
    const backend = await createWasmBackend({ threads: 1 });
    const found = [];
    for (const seed of [1, 2, 3]) {
      const options = { hidden: 8, batchSize: 56, trainingIters: 57, learningRate: 1e-9, biasInit: 'chrono', outputInit: 'glorot', seed };
      const network = await train(backend, data, options);
      const { bias } = Object.fromEntries(network.parameters.map(({ name, value }) => [name, value]));
      for (let n = 0; n < 8; n++) found.push(Math.exp(-bias.get(n))); // i is 1/(1+u)
      network.dispose();
    }
    await backend.dispose();
    return found;`)) as number[];
  expect(lstm).toContain(
    `keep their cells for ${Math.min(...steps).toFixed(0)} to ${Math.max(...steps).toFixed(0)} steps, and most for more than 20.`,
  );
  expect(steps.filter((u) => u > 20).length).toBeGreaterThan(12);
});
