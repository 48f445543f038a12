/** docs/learn/why-57.md: its numbers are those of paths.json, and the split into paths is compared with the engine. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { chapter, folder, read } from '../../helpers/chapter.js';

const { page, says, ask } = chapter('why-57', {
  'path-switches.mjs': ['backwardAlong', 'CASES', 'differenceFromEngine', 'inputGradients', 'listsOf'],
  'gap-paths.mjs': ['gapPaths'],
  longhand: ['allocateLstm', 'fill', 'fillRandom', 'lstmBackward', 'lstmForward', 'Random', 'stepOf'],
  'longhand/reference': ['createReferenceBackend'],
});

/** An LSTM with weights, biases and initial states that are not zero has made both passes. Its gradient enters at the last h. */
const SMALL_LSTM = `
  const [T, B, I, H] = [7, 2, 3, 5];
  const backend = createReferenceBackend({ dtype: 'f64' });
  const lstm = allocateLstm(backend, { T, B, I, H });
  const random = new Random(2);
  const { x, kernel, bias, h, c, dhUpstream } = lstm;
  for (const tensor of [x, kernel, bias, stepOf(h, 0), stepOf(c, 0), stepOf(dhUpstream, T)])
    fillRandom(tensor, () => random.uniform(-1, 1));
  lstmForward(backend, lstm);
  lstmBackward(backend, lstm);
  const numbers = (rows) => rows.map((row) => [...row]);`;

test("with all paths open, the split is the engine's dc and dx", async () => {
  const [differences, own, engine] = (await ask(`${SMALL_LSTM}
    const sequences = listsOf(lstm);
    const dx = sequences.map((_, b) => Array.from({ length: T }, (_, t) => Array.from({ length: I }, (_, k) => lstm.dx.get(t, b, k))));
    return [sequences.map(differenceFromEngine), sequences.map((one) => numbers(inputGradients(CASES.all, one))), dx];`)) as [
    number[],
    number[][][],
    number[][][],
  ];
  expect(differences).toHaveLength(2);
  for (const difference of differences) expect(difference).toBeLessThan(1e-14);
  expect(own.flat()).toEqual(engine.flat().map((row) => row.map((value) => expect.closeTo(value, 13) as number)));
  expect(Math.max(...own.flat(2).map(Math.abs))).toBeGreaterThan(0.1);
});

/** The engine has no switches, but after its forward pass its Wh and its f can be set to 0. */
test.each<[string, string, number[], boolean]>([
  ['direct', '{ direct: true, i: false, j: false, f: false, o: false }', [0, 1, 2, 3], false],
  ['direct and j', 'CASES["direct and j"]', [0, 2, 3], false],
  ['without i', 'CASES["without i"]', [0], false],
  ['without j', 'CASES["without j"]', [1], false],
  ['without f', 'CASES["without f"]', [2], false],
  ['without o', 'CASES["without o"]', [3], false],
  ['without direct and f', '{ ...CASES["without direct"], f: false }', [2], true],
])(
  'a closed path is a part of Wh or f that is 0 in the backward pass of the engine: %s',
  async (_, open, blocks, noF) => {
    const [own, engine] = (await ask(`${SMALL_LSTM}
    const own = numbers(backwardAlong(${open}, listsOf(lstm)[1]).dc);
    for (const gate of ${JSON.stringify(blocks)}) fill(lstm.Wh.hi(-1, (gate + 1) * H).lo(0, gate * H), 0);
    if (${noF}) fill(lstm.gates.hi(-1, -1, 3 * H).lo(0, 0, 2 * H), 0);
    lstmBackward(backend, lstm);
    return [own, numbers(listsOf(lstm)[1].dc)];`)) as [number[][], number[][]];
    expect(own).toEqual(engine.map((row) => row.map((value) => expect.closeTo(value, 14) as number)));
    expect(Math.max(...own.flat().map(Math.abs))).toBeGreaterThan(0.1);
  },
);

interface PathsFrame {
  readonly task: 'mnist' | 'adding' | 'pixels';
  readonly step: number;
  readonly earlyJ: number;
  readonly direct: number;
  readonly f: {
    readonly mean: number;
    readonly range: [number, number];
    readonly units: number[];
    readonly single: number[];
  };
  readonly rows: number[];
  readonly norms: Readonly<Record<string, number[]>>;
}
const frames = JSON.parse(read('programs/paths.json')) as PathsFrame[];
const frameOf = (task: string, step: number): PathsFrame =>
  frames.find((frame) => frame.task === task && frame.step === step)!;
const power = (value: number): string => {
  const [digits, exponent] = value.toExponential(1).split('e');
  return `${digits}·10${exponent.replace(/./g, (sign) => (sign === '-' ? '⁻' : '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(sign)]))}`;
};
/** As the page writes a norm. */
const written = (value: number): string => (value < 0.01 ? power(value) : value.toPrecision(2));

test('the table of open paths has the numbers of paths.json, which are also those of reach.json', () => {
  const rows = [...page.matchAll(/^\| (.+?) +\| (.+?) +\| (.+?) +\| (.+?) +\| (.+?) +\|$/gm)].map(([, ...row]) => row);
  const steps = [1, 100, 300, 781].map((step) => frameOf('mnist', step));
  const names = Object.keys(steps[0].norms);
  const labels = names.map((name) =>
    name === 'all' || name === 'direct' ? name : name.replace('without', 'all but').replace('direct and', 'direct,'),
  );
  expect(rows[0].slice(1)).toEqual(['1 update', '100', '300', '781']);
  expect(rows.slice(2)).toEqual(
    names.map((name, n) => [labels[n], ...steps.map(({ norms: { [name]: values } }) => written(values[0]))]),
  );
  const reach = JSON.parse(read('programs/reach.json')) as {
    step: number;
    f: number;
    shares: number[];
    direct: number;
  }[];
  for (const { step, norms, f } of steps) {
    const same = reach.find((frame) => frame.step === step)!;
    norms.all.forEach((value, t) => expect(Math.abs(value / same.shares[t] - 1)).toBeLessThan(0.006));
    expect(Math.abs(norms.direct[0] / same.direct - 1)).toBeLessThan(0.006);
    expect(f.mean).toBeCloseTo(same.f, 3);
  }
});

test('what the text says about the paths', () => {
  const [before, after] = [frameOf('mnist', 1), frameOf('mnist', 781)];
  const [pixels, addingBefore, addingAfter] = [frameOf('pixels', 0), frameOf('adding', 1), frameOf('adding', 1000)];
  const first = ({ norms }: PathsFrame, name: string): number => norms[name][0];
  const percent = (value: number): string => `${Math.round(100 * value)}%`;
  const rangeOf = ({ f: { range } }: PathsFrame): string => range.map((value) => value.toFixed(2)).join(' and ');
  const perStep = (frame: PathsFrame, name: string): number => first(frame, name) ** (1 / 27);
  const direct = perStep(after, 'direct').toFixed(2);
  const [others, all] = ['without direct', 'all'].map((name) => perStep(after, name).toFixed(2));
  const without = ['without i', 'without f', 'without o'].map((name) => first(after, name).toFixed(2)).sort();
  const sum = (counts: number[]): number => counts.reduce((total, count) => total + count);
  const above = sum(after.f.single.slice(45)) / sum(after.f.single); // 0.9
  says(
    `is ${percent(first(before, 'all'))} of ‖dc‖ after the last row, and after 781 updates it is ${percent(first(after, 'all'))}.`,
    `The mean of f is ${before.f.mean} after one update and ${after.f.mean} after 781.`,
    `their means lie between ${rangeOf(after)}.`,
    `of all single values of f only ${(100 * above).toFixed(1)}% are.`,
    `The direct path alone leaves ${power(first(after, 'direct'))}.`,
    `leave even less: ${power(first(after, 'without direct'))}.`,
    `it and the direct path leave ${first(after, 'direct and j').toFixed(2)} together, and all paths except this block leave ${power(first(after, 'without j'))}.`,
    `The direct path alone leaves ${direct} in a step, because ${direct}²⁷ is 9·10⁻⁴. The way through h alone leaves ${others}, because ${others}²⁷ is 2·10⁻¹².`,
    `Both together leave ${all} and not ${(+direct + +others).toFixed(2)},`,
    `${percent(first(after, 'all'))} becomes ${percent(after.earlyJ)}.`,
    `If one of them is closed, ${without[0]} to ${without[2]} remains, but`,
    `The mean of f is ${pixels.f.mean}. After the first of 784 pixels ${first(pixels, 'all')} of ‖dc‖ is left on all paths, and ${first(pixels, 'direct')} on the direct path alone.`,
    `all paths leave ${first(addingBefore, 'all')} and the direct path ${first(addingBefore, 'direct').toFixed(3)}. After 1,000 updates these are ${first(addingAfter, 'all')} and ${first(addingAfter, 'direct')}.`,
    `the direct path alone still leaves ${percent(first(addingAfter, 'direct'))}.`,
    // the picture's alternative text
    `with all paths it is ${first(after, 'all').toFixed(2)} after row 1, with the direct path and the block of j ${first(after, 'direct and j').toFixed(2)}`,
    `between ${rangeOf(before)} after 1 update, between ${rangeOf(after)} after 781`,
    `With all paths the norm is ${first(pixels, 'all').toFixed(2)} after row 1, and the direct path alone has ${first(pixels, 'direct').toFixed(2)}.`,
  );
  const powers = [0.77, 0.37, 0.73, 0.23].map((one) => (one ** 27).toExponential(0));
  expect(powers).toEqual(['9e-4', '2e-12', '2e-4', '6e-18']);
  says('0.77²⁷ is 9·10⁻⁴, and 0.23²⁷ is 6·10⁻¹⁸, but (0.77 + 0.23)²⁷ is 1. So mixed paths bring 99.9% of it');
  expect(after.f.units.slice(45)).toEqual([0, 0, 0, 0, 0]); // “Not one is above 0.9”
  expect(pixels.f.units[49] / 64).toBeGreaterThan(0.9); // “nearly all units have an f above 0.98”
  const derivation = readFileSync(path.join(folder, '../derivation.md'), 'utf8').replace(/\s+/g, ' ');
  expect(derivation).toContain(
    `without the direct path, ${first(after, 'without direct').toExponential(0)[0]}·10⁻¹² remains`,
  );
});

type GapPaths = Readonly<Record<'all' | 'direct' | 'others', number>>;

test('what the text says about the gap: with chrono biases after one update, and with forget bias 1 after 200', async () => {
  const [chrono, [zeros]] = (await ask(`
    const chrono = [];
    for (const seed of [1, 2, 3]) chrono.push(...(await gapPaths('LSTM, chrono biases', 100, seed, [1])));
    return [chrono, await gapPaths('LSTM, forget bias 1', 32, 1, [200])];`)) as GapPaths[][];
  const range = (name: 'all' | 'direct'): string => {
    const values = chrono.map((run) => run[name]);
    return `${Math.min(...values).toFixed(3)} to ${Math.max(...values).toFixed(3)}`;
  };
  says(
    `all paths leave ${range('all')} over the 92 blanks, and the direct path alone leaves ${range('direct')}, so here the detours take something away.`,
    `all paths leave ${zeros.all.toFixed(1)} over the 24 blanks, and the direct path alone ${zeros.direct.toFixed(3)}.`,
    `without it leave only ${zeros.others.toExponential(0)[0]}·10⁻¹⁴`,
  );
  for (const { all, direct } of chrono) expect(direct).toBeGreaterThan(all);
  expect(Math.floor(Math.log10(zeros.others))).toBe(-14);
});
