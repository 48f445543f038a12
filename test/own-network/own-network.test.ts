/** A network that trains with the answers to the exercises: they join into the engine's own backward pass. */
import { createWasmBackend } from '../../kernels/wasm/index.js';
import type { TrainingData } from '../../src/data/train-data.js';
import { textTask } from '../../src/data/text.js';
import { Random } from '../../src/core/rng.js';
import { EVERY_STEP, exercisesOf, LAST_STEP, solutionOf } from '../../src/exercises/exercises.js';
import { functionsOf } from '../../src/exercises/network-answers.js';
import type { AnswerText } from '../../src/exercises/exercises.js';
import { type OwnTask, IMAGES_TASK, TEXT_TASK, trainOwn } from '../../src/own-network/own-network.js';

const [COUNT, SIDE] = [96, 28];

/** Random pixels of ten classes, in which a bright row shows the class. */
function images() {
  const random = new Random(3);
  const labels = Uint8Array.from({ length: COUNT }, (_, n) => n % 10);
  const pixels = Uint8Array.from({ length: COUNT * SIDE * SIDE }, () => random.below(100));
  labels.forEach((label, n) => pixels.fill(255, (n * SIDE + 2 * label) * SIDE, (n * SIDE + 2 * label + 1) * SIDE));
  return { count: COUNT, rows: SIDE, columns: SIDE, labels, pixels };
}

const IMAGES: TrainingData = { train: images(), validation: images() };
const TEXT: TrainingData = textTask('to be or not to be, that is the question. '.repeat(60), { T: 8 });
const brief = (task: OwnTask): OwnTask => ({ ...task, steps: 6, displayStep: 1 });

const right = (names: Parameters<typeof exercisesOf>[0]): AnswerText[] => exercisesOf(names).map(solutionOf);

/** The losses of each update, and on the test data. */
async function lossesOf(data: TrainingData, task: OwnTask, answers?: readonly AnswerText[]): Promise<number[]> {
  const backend = await createWasmBackend({ threads: 1 });
  const losses: number[] = [];
  try {
    const functions = answers && functionsOf(answers);
    const hooks = { onLine: ({ loss }: { loss: number }) => losses.push(loss) };
    const { test, network } = await trainOwn(backend, data, brief(task), hooks, functions);
    network.dispose();
    return [...losses, test.loss];
  } finally {
    await backend.dispose();
  }
}

const engines = new Map<TrainingData, Promise<number[]>>();

/** As `lossesOf` without answers, computed once. */
function engineOn(data: TrainingData, task: OwnTask): Promise<number[]> {
  const losses = engines.get(data) ?? lossesOf(data, task);
  engines.set(data, losses);
  return losses;
}

/** The right answers with a change in one of them. */
const changed = (name: string, from: string, to: string, names: Parameters<typeof exercisesOf>[0] = LAST_STEP) =>
  right(names).map((one) => {
    if (one.name !== name) return one;
    expect(one.source).toContain(from);
    return { ...one, file: `mine/${name}.ts`, source: one.source.replace(from, to) };
  });

/** Sums of f32 in another order. */
const DIGITS = 4;

test.each([
  ['MNIST', IMAGES, IMAGES_TASK, LAST_STEP],
  ['a text', TEXT, TEXT_TASK, EVERY_STEP],
] as const)('%s: right answers compute the numbers of the engine', async (_, data, task, names) => {
  const [own, engine] = [await lossesOf(data, task, right(names)), await engineOn(data, task)];
  expect(own).toHaveLength(7);
  own.forEach((loss, n) => expect(loss).toBeCloseTo(engine[n], DIGITS));
});

// each answer is used: a change in it changes the run. Without `/ count` it would not: Adam divides a constant factor out again.
test.each([
  ['product', 'db[n] += dz[b][n];', ''],
  ['hidden-state', 'const dO = dh', 'const dO = 2 * dh'],
  ['hidden-state', 'dc.get(b, n) + dh', 'dc.get(b, n) - dh'],
  ['cell-state', 'const dI = dC * j', 'const dI = dC'],
  ['cell-state', '+ dC * f', '+ dC'],
  ['gates', 'dJ * (1 - j * j)', 'dJ'],
  ['weights', 'backend.matmul(dhPrev, dz, WhTransposed, { accumulate: true });', ''],
  ['through-time', 'backend.fill(dKernel, 0);', 'backend.fill(dKernel, 1);'],
  ['softmax', '- y.get(b, k)) / count', '- 0.5 * y.get(b, k)) / count'],
  ['adam', 'rate * mean', '2 * rate * mean'],
  ['adam', 'learningRate * Math.sqrt', '2 * learningRate * Math.sqrt'],
])('%s with %s changed: another run', async (name, from, to) => {
  const own = await lossesOf(IMAGES, IMAGES_TASK, changed(name, from, to));
  const engine = await engineOn(IMAGES, IMAGES_TASK);
  expect(Math.max(...own.map((loss, n) => Math.abs(loss - engine[n])))).toBeGreaterThan(10 ** -DIGITS);
});

test('a loss at every step uses the answer to it, and that calls the reader’s others', async () => {
  const engine = await engineOn(TEXT, TEXT_TASK);
  for (const answers of [
    changed('every-step', 'lstmBackward(backend, lstm);', '', EVERY_STEP),
    changed('every-step', 'backend.columnSums(db, dLogits)', 'backend.fill(db, 0)', EVERY_STEP),
  ]) {
    const own = await lossesOf(TEXT, TEXT_TASK, answers);
    expect(Math.abs(own[5] - engine[5])).toBeGreaterThan(10 ** -DIGITS);
  }
});

// the answer before has done it already: in place of the call, the same lines would add a gradient twice
test.each([
  ['gates', 'cellStateBackward(dcPrev, cPrev, b, n, { i, j, f, dC })', '{ dI: 0, dJ: 0, dF: 0 }'],
  ['gates', 'hiddenStateBackward(dc, dh, c, b, n, { o })', '{ dO: 0, dC: 0 }'],
  ['cell-state', 'hiddenStateBackward(dc, dh, c, b, n, { o })', '{ dO: 0, dC: 0 }'],
])('%s without %s is refused', async (name, call, own) => {
  await expect(lossesOf(IMAGES, IMAGES_TASK, changed(name, call, own))).rejects.toThrow(
    `the answer to ${name} must call ${call.split('(')[0]} as its start text does, but did not for element (0, 0)`,
  );
});

test('an error names the file and the line of the answer in which it occurred', async () => {
  const thrown = changed('gates', 'dz.set(b, n, dI * i * (1 - i));', "throw new Error('mine');");
  await expect(lossesOf(IMAGES, IMAGES_TASK, thrown)).rejects.toThrow(/^mine\/gates\.ts: line \d+: mine$/);
  const silent = changed('hidden-state', 'gatesBackward(dz, b, n,', 'void (b, n,');
  await expect(lossesOf(IMAGES, IMAGES_TASK, silent)).rejects.toThrow(
    'the answer to hidden-state must call gatesBackward as its start text does, but did not for element (0, 0)',
  );
  expect(() => functionsOf(changed('adam', 'export function adamRate', 'function adamRate'))).toThrow(
    'mine/adam.ts: adamRate: the file must export a function of this name',
  );
  const { now } = Date;
  let time = now();
  Date.now = () => (time += 500);
  try {
    const endless = changed('weights', 'const { dz,', 'for (;;);\n  const { dz,');
    await expect(lossesOf(IMAGES, IMAGES_TASK, endless)).rejects.toThrow(
      /^mine\/weights\.ts: line \d+: this loop of lstmStepBackward did not end within 3 seconds/,
    );
  } finally {
    Date.now = now;
  }
});
