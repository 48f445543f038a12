/**
 * The cells beside the programs in test/fixtures/cells.py, which compute them with PyTorch's automatic differentiation in f64. And what
 * must hold for each cell in a network: its gradients are the numeric ones with every feature. The states that it carries are those of a longer sequence.
 */
import { readFileSync } from 'node:fs';
import { createReferenceBackend } from '../../kernels/reference/index.js';
import type { BoundCell, Cell } from '../../src/cells/cell.js';
import { cellOf } from '../../src/cells/cells.js';
import { type CellName, CELL_NAMES } from '../../src/cells/names.js';
import { fillRandom, Random } from '../../src/core/rng.js';
import type { Shape, Tensor } from '../../src/core/tensor.js';
import { copyInto, rowsOf, stepOf, tensorFrom, valuesOf, zeros } from '../../src/core/tensor.js';
import { checkNetworkGradients } from '../../src/network/network-check.js';
import { expectNumbers } from '../helpers/numeric.js';

const backend = createReferenceBackend({ dtype: 'f64' });

type Numbers = Readonly<Record<string, readonly number[]>>;
interface Fixture {
  readonly values: Numbers;
  readonly dh: readonly number[];
  readonly h: readonly number[];
  readonly gradients: Numbers;
}
interface Sizes {
  readonly T: number;
  readonly B: number;
  readonly I: number;
  readonly H: number;
}
const fixtures = JSON.parse(readFileSync(new URL('../fixtures/cells.json', import.meta.url), 'utf8')) as Record<
  string,
  Fixture
> & { readonly sizes: Sizes & { readonly forgetBias: number } };

/** A cell over new tensors, all zero. */
function bound(cell: Cell, sizes: Sizes, { signed = false, reverse = false, forgetBias = 1 } = {}): BoundCell {
  const { T, B, I } = sizes;
  const all = (shapes: Readonly<Record<string, Shape>>): Record<string, Tensor> =>
    Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, zeros(shape, 'f64')]));
  return cell.bind({
    ...{ sizes, signed, reverse, forgetBias, values: all(cell.parameterShapes(sizes)) },
    ...{ gradients: all(cell.parameterShapes(sizes)), activations: all(cell.activationShapes(sizes)) },
    ...{ inputs: [zeros([T, B, I], 'f64')], dInputs: [zeros([T, B, I], 'f64')] },
  });
}

const NAMES = ['lstm-peephole', 'mingru', 'minlstm', 'mingru signed', 'minlstm signed', 'slstm'] as const;

test.each(NAMES)('%s: states and gradients are those of PyTorch in f64, to 1e-12', (name) => {
  const { values, dh, h, gradients } = fixtures[name];
  const { sizes } = fixtures;
  const { T, B, H } = sizes;
  const signed = name.endsWith(' signed');
  const cell = bound(cellOf(name.replace(' signed', '') as CellName), sizes, { signed, forgetBias: sizes.forgetBias });
  const placeOf = (key: string): Tensor =>
    key === 'x' ? cell.inputs[0] : key.endsWith('0') ? cell.initial[key.slice(0, -1)] : cell.values[key];
  for (const [key, list] of Object.entries(values)) copyInto(placeOf(key), tensorFrom(list, placeOf(key).shape, 'f64'));
  copyInto(rowsOf(cell.dUpstream.h!, 1, T + 1), tensorFrom(dh, [T, B, H], 'f64'));

  cell.forward(backend);
  cell.backward(backend);
  expectNumbers(cell.outputs.h, h, 1e-12, 'h');
  const gradientOf = (key: string): Tensor =>
    key === 'x' ? cell.dInputs[0] : key.endsWith('0') ? stepOf(cell.dStates[key.slice(0, -1)], 0) : cell.gradients[key];
  for (const [key, theirs] of Object.entries(gradients))
    expectNumbers(gradientOf(key), theirs, 1e-12, `gradient of ${key},`);
});

/** Random parameters, inputs and initial states. */
function randomise(cell: BoundCell): void {
  const random = new Random(3);
  for (const tensor of [...Object.values(cell.values), ...cell.inputs, ...Object.values(cell.initial)]) {
    fillRandom(tensor, () => random.normal(0, 0.7));
  }
  for (const [name, value] of Object.entries(cell.cell.heldStates ?? {}))
    fillRandom(cell.initial[name], () => value.at);
}

const OTHERS = ['lstm-peephole', 'mingru', 'minlstm', 'slstm'] as const;
const CELLS = ['rnn', 'gru', ...OTHERS] as const;

test.each(OTHERS)('%s: parts of a sequence that carry their state compute the numbers of the whole', (name) => {
  const sizes = { T: 6, B: 3, I: 4, H: 5 };
  const whole = bound(cellOf(name), sizes);
  randomise(whole);
  whole.forward(backend);
  for (const T of [1, 2, 3]) {
    const part = bound(cellOf(name), { ...sizes, T });
    for (const [key, value] of Object.entries(whole.values)) copyInto(part.values[key], value);
    for (const [key, value] of Object.entries(whole.initial)) copyInto(part.initial[key], value);
    for (let from = 0; from < sizes.T; from += T) {
      copyInto(part.inputs[0], rowsOf(whole.inputs[0], from, from + T));
      part.forward(backend);
      expectNumbers(part.outputs.h, valuesOf(rowsOf(whole.outputs.h, from, from + T)), 1e-14);
      for (const [key, value] of Object.entries(part.final)) copyInto(part.initial[key], value);
    }
  }
});

test.each(OTHERS)('%s: nothing beyond the end of a sequence is read, in both directions', (name) => {
  for (const reverse of [false, true]) {
    const cell = bound(cellOf(name), { T: 4, B: 3, I: 2, H: 5 }, { reverse });
    randomise(cell);
    const lengths = [4, 3, 1];
    cell.setLengths(lengths);
    fillRandom(cell.dUpstream.h!, () => 1);
    const passes = (): number[][] => {
      cell.forward(backend);
      cell.backward(backend);
      return [...Object.values(cell.final), ...Object.values(cell.gradients)].map((tensor) => [...valuesOf(tensor)]);
    };
    const before = passes();
    lengths.forEach((length, b) => {
      for (let t = length; t < 4; t++) for (let i = 0; i < 2; i++) cell.inputs[0].set(t, b, i, NaN);
    });
    expect(passes()).toEqual(before);
    expect(before.flat().every(Number.isFinite)).toBe(true);
  }
});

const layer = { hidden: 3 };
test.each(CELLS)('%s: the gradients of a network are the numeric ones, with each feature', async (cell) => {
  const inputs = 4;
  const wide = {
    inputs,
    outputs: 3,
    forgetBias: 0.4,
    ...(cell.startsWith('min') && { eigenvalues: 'signed' as const }),
  };
  const inBoth = { ...layer, cell, bidirectional: true };
  const problems = [
    { network: { ...wide, layers: [inBoth, { hidden: 2, cell }], reads: 'every' as const }, lengths: [2, 4, 3] },
    {
      network: {
        ...{ inputs, outputs: 3, inputKind: 'classes' as const },
        layers: [{ ...layer, cell, bias: false }, layer, { hidden: 4, cell: 'gru' as const }, { hidden: 2, cell }],
      },
      lengths: undefined,
    },
  ];
  for (const { network, lengths } of problems) {
    const reports = await checkNetworkGradients(backend, network, { T: 4, B: 3 }, { ...(lengths && { lengths }) });
    expect(reports.filter(({ ok }) => !ok)).toEqual([]);
    expect(reports.some(({ name }) => name.startsWith('h0'))).toBe(true);
  }
});

test('the gradients of 5 random networks of all cells are the numeric ones', async () => {
  const random = new Random(31);
  const oneOf = <Value>(...choices: readonly Value[]): Value => choices[random.below(choices.length)];
  for (let n = 0; n < 5; n++) {
    const [T, B] = [1 + random.below(5), 1 + random.below(3)];
    const layers = Array.from({ length: 1 + random.below(3) }, () => ({
      ...{ hidden: 1 + random.below(4), bidirectional: oneOf(true, false), bias: oneOf(true, true, false) },
      cell: oneOf(...CELL_NAMES),
    }));
    const isScan = layers.some(({ cell }) => cellOf(cell).hasFactors === true);
    const network = {
      ...{
        inputs: 1 + random.below(4),
        layers,
        outputs: 2,
        reads: oneOf<'last' | 'every'>('last', 'every'),
        forgetBias: random.normal(0, 1),
      },
      ...{
        inputKind: oneOf<'numbers' | 'classes'>('numbers', 'classes'),
        eigenvalues: isScan ? oneOf<'positive' | 'signed'>('positive', 'signed') : 'positive',
      },
    } as const;
    const lengths = Array.from({ length: B }, () => 1 + random.below(T));
    const reports = await checkNetworkGradients(backend, network, { T, B }, { lengths, seed: n });
    expect([network, reports.filter(({ ok }) => !ok)]).toEqual([network, []]);
  }
});

test('signed eigenvalues need a cell that has them', async () => {
  const network = { inputs: 1, layers: [{ hidden: 1 }], outputs: 2, eigenvalues: 'signed' as const };
  await expect(checkNetworkGradients(backend, network, { T: 1, B: 1 })).rejects.toThrow(
    'network: eigenvalues is signed: must be positive, because no layer is a mingru or minlstm',
  );
});
