/** What “Look inside” shows: the probabilities after each row, and the values and gradients of every layer and direction; the axes of charts. */
import { readFileSync } from 'node:fs';
import { parseHTML } from 'linkedom';
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { createWasmBackend } from '../../kernels/wasm/index.js';
import { cellOf } from '../../src/cells/cells.js';
import { CELL_NAMES } from '../../src/cells/names.js';
import type { Backend } from '../../src/core/backend.js';
import { Random } from '../../src/core/rng.js';
import { norm, rowsOf, tensorFrom, valuesOf } from '../../src/core/tensor.js';
import type { NetworkConfig } from '../../src/network/config.js';
import { completeConfig } from '../../src/network/config.js';
import { lstmsIn, Network } from '../../src/network/network.js';
import { powersOfTen, powerText, WHOLE_DISTANCES } from '../../src/page/axis-marks.js';
import { ImageInspector } from '../../src/page/inspect-image.js';
import { TUTORIAL } from '../../src/training/options.js';
import { firstProbabilities, probabilitiesByRow } from '../../src/training/predict.js';
import { newRun } from '../../src/training/run-data.js';
import { Training } from '../../src/training/training.js';
import { smallImages } from '../helpers/small-data.js';

const T = 6;
const I = 3;
const C = 10;

function networkOf(backend: Backend, layers: NetworkConfig['layers'], sizes: { T: number; B: number }): Network {
  const dropout = layers.length > 1 ? 0.2 : 0;
  const network = new Network(backend, completeConfig({ inputs: I, layers, outputs: C, dropout }), sizes);
  network.initialise(new Random(3));
  return network;
}

/** `[T,B,I]`; the first sequence does not depend on B. */
function inputsOf(B: number) {
  const x = tensorFrom(new Float32Array(T * B * I), [T, B, I]);
  const first = new Random(5);
  for (let t = 0; t < T; t++) for (let i = 0; i < I; i++) x.set(t, 0, i, first.normal(0, 1));
  for (let t = 0; t < T; t++) for (let b = 1; b < B; b++) x.set(t, b, 0, t - b);
  return x;
}

const BOTH = { bidirectional: true };
const LAYERS: Record<string, NetworkConfig['layers']> = {
  'one layer': [{ hidden: 4 }],
  'two layers': [{ hidden: 4 }, { hidden: 5 }],
  'both directions': [{ hidden: 4, ...BOTH }],
  'two layers in both directions': [
    { hidden: 4, ...BOTH },
    { hidden: 5, ...BOTH },
  ],
  'the lower layer in both directions': [{ hidden: 4, ...BOTH }, { hidden: 5 }],
};

describe.each([
  ['reference', () => Promise.resolve(createReferenceBackend())],
  ['wasm', () => createWasmBackend({ threads: 1 })],
] as const)('on %s, the probabilities after each row', (_, create) => {
  let backend: Backend;
  beforeAll(async () => (backend = await create()));
  afterAll(() => backend.dispose());

  test.each(Object.keys(LAYERS).flatMap((name) => [1, 4, T].map((B) => [name, B] as const)))(
    'of %s are those of images that end there; batch of %i',
    async (name, B) => {
      const network = networkOf(backend, LAYERS[name], { T, B });
      const x = inputsOf(B);
      const labels = new Uint8Array(B);
      network.setBatch(x, { labels });
      const rows = await probabilitiesByRow(network);

      expect(rows).toHaveLength(T);
      for (let t = 1; t <= T; t++) {
        const ending = networkOf(backend, LAYERS[name], { T: t, B: 1 });
        ending.setBatch(rowsOf(inputsOf(1), 0, t), { labels: [0] });
        ending.forward();
        const expected = await firstProbabilities(ending);
        rows[t - 1].forEach((probability, k) => expect(probability).toBeCloseTo(expected[k], 6));
      }

      network.forward(); // every sequence has T steps again
      const whole = await firstProbabilities(network);
      rows[T - 1].forEach((probability, k) => expect(probability).toBeCloseTo(whole[k], 6));
      expect([...whole]).not.toEqual([...rows[0]]);
    },
  );
});

test('the last probabilities of the tutorial’s network have the bits of its forward pass', async () => {
  const network = networkOf(createReferenceBackend(), LAYERS['one layer'], { T, B: 1 });
  network.setBatch(inputsOf(1), { labels: [0] });
  network.forward();
  const whole = await firstProbabilities(network);
  expect((await probabilitiesByRow(network))[T - 1]).toEqual(whole);
});

describe('an inspection of two layers in both directions', () => {
  const images = smallImages(40, T, I);
  const image = 7;
  const label = images.labels[image];
  const options = { ...TUTORIAL, hidden: 4, layers: 2, bidirectional: true, batchSize: 8 };
  const start = (changed = {}) =>
    Training.start(
      createReferenceBackend(),
      newRun({ train: images, validation: undefined }, { ...options, ...changed }),
    );
  const training = start();
  const { network } = training;
  const inspector = new ImageInspector();
  const inspect = () => inspector.inspect(training, images, { image });
  beforeAll(() => training.makeStep());

  /** The values of every parameter, by name. */
  const parameters = Object.fromEntries(network.parameters.map(({ name, value }) => [name, value]));

  test('has every layer and direction', async () => {
    const { step, T: rows, I: columns, loss, probabilities, cells } = await inspect();
    expect([step, rows, columns]).toEqual([1, T, I]);
    expect(cells.map(({ layer, reverse, H }) => [layer, reverse, H])).toEqual([
      [0, false, 4],
      [0, true, 4],
      [1, false, 4],
      [1, true, 4],
    ]);
    expect(loss).toBeCloseTo(-Math.log(probabilities[(T - 1) * C + label]), 5);
  });

  test('in reverse, row t is the state after rows T-1 … t: that of the turned image, read forward', async () => {
    const config = { inputs: I, layers: [{ hidden: 4 }], outputs: C };
    const forward = new Network(createReferenceBackend(), completeConfig(config), { T, B: 1 });
    const { outKernel, outBias } = Object.fromEntries(forward.parameters.map(({ name, value }) => [name, value]));
    forward.load({ kernel: parameters['kernel.0.reverse'], bias: parameters['bias.0.reverse'], outKernel, outBias });
    const start = image * T * I;
    for (let t = 0; t < T; t++) {
      for (let i = 0; i < I; i++) {
        forward.activations.x.set(t, 0, i, images.pixels[start + (T - 1 - t) * I + i] * Math.fround(1 / 255));
      }
    }
    forward.forward();
    const { h, c, gates } = lstmsIn(forward)[0][0];
    const [, reverse] = (await inspect()).cells;
    for (let t = 0; t < T; t++) {
      for (let n = 0; n < 4; n++) {
        const at = (T - 1 - t) * 4 + n;
        expect(reverse.states.h[at]).toBeCloseTo(h.get(t + 1, 0, n), 6);
        expect(reverse.states.c[at]).toBeCloseTo(c.get(t + 1, 0, n), 6);
        Object.values(reverse.gates).forEach((gate, k) => expect(gate[at]).toBeCloseTo(gates.get(t, 0, 4 * k + n), 6));
      }
    }
  });

  test('the output layer’s gradient arrives after the last row, and in reverse after row 0', async () => {
    const { cells, probabilities } = await inspect();
    const dLogits = Array.from({ length: C }, (_, k) => probabilities[(T - 1) * C + k] - (k === label ? 1 : 0));
    const arriving = (direction: number): number => {
      const sums = Array.from({ length: 4 }, (_, n) =>
        dLogits.reduce((sum, d, k) => sum + d * parameters.outKernel.get(4 * direction + n, k), 0),
      );
      return norm(tensorFrom(sums, [4]));
    };
    expect(cells[2].norms.h[T]).toBeCloseTo(arriving(0), 5);
    expect(cells[3].norms.h[0]).toBeCloseTo(arriving(1), 5);
    for (const { norms } of cells) for (const value of [...norms.h, ...norms.c]) expect(value).toBeGreaterThan(0);
  });

  test('follows the run: other weights, and then another network', async () => {
    const before = await inspect();
    await training.makeStep();
    const after = await inspect();
    expect(after.step).toBe(2);
    expect(after.loss).not.toBe(before.loss);
    const other = start({ bidirectional: false, hidden: 3 });
    const { cells, dx } = await inspector.inspect(other, images, { image });
    expect(cells.map(({ layer, reverse, H }) => [layer, reverse, H])).toEqual([
      [0, false, 3],
      [1, false, 3],
    ]);
    expect(valuesOf(tensorFrom(dx, [T, I])).some((value) => value !== 0)).toBe(true);
  });

  test.each(CELL_NAMES)('has the gates and states of the cell %s by their names, in both directions', async (cell) => {
    const { cells, probabilities } = await inspector.inspect(start({ cell }), images, { image });
    const own = cellOf(cell);
    const [gates, states] = [own.gates, Object.keys(own.stateWidths({ I, H: 4 }))];
    expect(cells).toHaveLength(4);
    for (const one of cells) {
      expect([one.cell, Object.keys(one.gates), Object.keys(one.states)]).toEqual([cell, gates, states]);
      for (const values of Object.values({ ...one.gates, ...one.states })) expect(values).toHaveLength(T * 4);
      for (const values of Object.values(one.norms)) expect(values).toHaveLength(T + 1);
      expect(Math.min(...one.norms.h)).toBeGreaterThan(0);
    }
    // the output layer reads h after the last row, and in reverse after row 0
    const { outKernel, outBias } = Object.fromEntries(
      start({ cell }).network.parameters.map(({ name, value }) => [name, value]),
    );
    const read = [...cells[2].states.h.slice(-4), ...cells[3].states.h.slice(0, 4)];
    const logits = Array.from({ length: C }, (_, k) =>
      read.reduce((sum, h, row) => sum + h * outKernel.get(row, k), outBias.get(k)),
    );
    const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
    logits.forEach((logit, k) => expect(probabilities[(T - 1) * C + k]).toBeCloseTo(Math.exp(logit) / total, 5));
  });
});

/* The page's pictures: under each stands what to look for, and the axes of the charts have whole marks. */

/** Pictures without such a sentence, and why. */
const WITHOUT: Readonly<Record<string, string>> = {
  digit: 'it is the image that the network reads',
  'experiment-norms': 'the words of the experiment stand beside it',
};

test('each of the 12 pictures of the page has a sentence that says what to look for', () => {
  const html = readFileSync('src/page/index.html', 'utf8').replaceAll(/<(\/?)template/g, '<$1section'); // whose contents a query skips
  const { document } = parseHTML(`<!doctype html><html><body>${html}</body></html>`);
  const figures = Array.from(document.querySelectorAll('figure')).filter(({ id }) => !(id in WITHOUT));
  const words = figures.map((figure) => {
    const found = figure.querySelector('.look-for') ?? figure.nextElementSibling;
    return [figure.querySelector('[id]')?.id, found?.classList.contains('look-for') ? found.textContent.trim() : ''];
  });
  for (const [id, text] of words) expect([id, text]).toEqual([id, expect.stringMatching(/^(Look for|Move) [^]*[.?]$/)]);
  expect(words).toHaveLength(12);
});

test('the marks of counts are whole numbers, and those of a logarithmic axis are powers of ten', () => {
  expect(WHOLE_DISTANCES.slice(0, 7)).toEqual([1, 2, 5, 10, 20, 50, 100]);
  expect(WHOLE_DISTANCES.every(Number.isInteger)).toBe(true);
  expect(powersOfTen(0.002, 300).map(powerText)).toEqual(['10⁻²', '10⁻¹', '10⁰', '10¹', '10²']);
  expect(powersOfTen(1e-15, 10).map(powerText)).toEqual(['10⁻¹⁵', '10⁻¹¹', '10⁻⁷', '10⁻³', '10¹']);
  expect(powersOfTen(2, 3)).toEqual([]);
});

test('a picture that is removed is no longer repainted when the page changes its colours', async () => {
  let changeColours = (): void => undefined;
  class Observer {
    constructor(changed: () => void) {
      changeColours = changed;
    }
    readonly observe = (): void => undefined;
  }
  Object.assign(globalThis, { document: parseHTML('<html></html>').document, MutationObserver: Observer });
  try {
    const { onColourChange } = await import('../../src/page/heatmaps.js');
    const painted: string[] = [];
    const [forget] = ['removed', 'shown'].map((name) => onColourChange(() => painted.push(name)));
    forget();
    changeColours();
    expect(painted).toEqual(['shown']);
  } finally {
    Reflect.deleteProperty(globalThis, 'document');
    Reflect.deleteProperty(globalThis, 'MutationObserver');
  }
});
