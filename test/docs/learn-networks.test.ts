/** docs/learn/networks.md: what it says about its experiments, and the engine's steps are those of the pictures. */
import { chapter, read } from '../helpers/chapter.js';

const { page, prose, ask, drawn } = chapter('networks', {
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
  expect(prose).toContain('(11·½ + 1)/12 = 0.54');
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

test.each(['networks.svg', 'lengths.svg'])('%s is the picture that the program draws', async (name) => {
  expect(await drawn(name)).toBe(read(name));
});

test('the picture of lengths has the numbers of its text alternative', () => {
  const picture = read('lengths.svg');
  expect(picture.match(/>runs</g)).toHaveLength(2 * (5 + 3 + 2));
  expect(picture.match(/>keeps</g)).toHaveLength(2 * (2 + 3));
  expect(prose).toContain('B_t is 3, 3, 2, 1, 1.');
  const rows = [...read('networks.svg').matchAll(/>h row (\d)</g)].map(([, row]) => Number(row));
  const [forward, reverse] = [
    [1, 2, 3, 4],
    [3, 2, 1, 0],
  ];
  expect(rows).toEqual([...forward, ...reverse, ...forward, ...reverse]);
});
