/** 72 wrong backward passes that people write: how many have their cause named, and that no other cause is. */
import { Random } from '../../src/core/rng.js';
import { type Tensor, tensorFrom } from '../../src/core/tensor.js';
import { checkGradients } from '../../src/equations/gradcheck.js';
import { type Matrix, add, dot, each, normal, scaled, sigmoid, sums, times, turn } from '../helpers/matrices.js';
import * as nets from '../helpers/small-networks.js';
import { type Line, type Net, KEPT, LABELS, OTHER_MASK, TARGETS, throughTime } from '../helpers/small-networks.js';

const { activation, dense, hidden, layerNorm, batchNorm, lstm, rnn, crossEntropy, crossEntropyOfLogits } = nets;

const is =
  (name: string): Line =>
  ({ [name]: value }) =>
    value;
const none: Line = () => [[0]];
const byY =
  (f: (y: number) => number): Line =>
  ({ dy, y }) =>
    times(dy, each(f, y));
const byX =
  (f: (x: number) => number): Line =>
  ({ dy, x }) =>
    times(dy, each(f, x));

/** A network, the name of one of its backward lines, and wrong lines in its place, each with words of its right cause. */
// prettier-ignore
const PASSES: readonly (readonly [Net, string, readonly (readonly [Line, string])[]])[] = [
  // activations
  [activation('sigmoid'), 'dx', [
    [is('dy'), 'divided by σ′(x): is the derivative of σ missing'],
    [byY((y) => 1 - y), 'divided by σ(x): is the derivative of softplus (or a factor of that of σ) missing'],
    [byX((x) => x * (1 - x)), 'is x·(1 - x) in place of the derivative of σ'],
  ]],
  [activation('tanh'), 'dx', [
    [is('dy'), 'divided by tanh′(x): is the derivative of tanh missing'],
    [byY((y) => 1 - y), 'is (1 - tanh(x)) in place of the derivative of tanh'],
    [byX((x) => 1 - x * x), 'is (1 - x²) in place of the derivative of tanh'],
    [byY((y) => y * (1 - y)), 'is y·(1 - y) in place of the derivative of tanh'],
  ]],
  [activation('relu'), 'dx', [[is('dy'), '0 is expected, and all other numbers are right: is a mask missing']]],
  [activation('leakyRelu'), 'dx', [[is('dy'), 'is the factor y/x missing']]],
  [activation('gelu'), 'dx', [
    [is('dy'), 'is the derivative of GELU missing'],
    [byX(normal), 'is Φ(x) in place of the derivative of GELU'],
  ]],
  [activation('softplus'), 'dx', [
    [is('dy'), 'divided by σ(x): is the derivative of softplus (or a factor of that of σ) missing'],
    [byY(sigmoid), 'is σ(y) in place of the derivative of softplus'],
  ]],
  [activation('silu'), 'dx', [[byX(sigmoid), 'is σ(x) in place of the derivative of SiLU']]],
  // dense layers
  [dense('sigmoid'), 'dz', [
    [is('dy'), 'divided by σ′(z) (z: x·W + b): is the derivative of σ missing'],
    [byY((y) => (y * (1 - y)) ** 2), 'times σ′(z) (z: x·W + b): is the derivative of σ there once too often'],
  ]],
  [dense('tanh'), 'dz', [
    [is('dy'), 'divided by tanh′(z) (z: x·W + b): is the derivative of tanh missing'],
    [byY((y) => 1 - y), 'is (1 - tanh(z)) in place of the derivative of tanh'],
  ]],
  [dense('relu'), 'dz', [[is('dy'), '0 is expected, and all other numbers are right: is a mask missing']]],
  [dense('softplus'), 'dz', [[is('dy'), 'divided by σ(z) (z: x·W + b): is the derivative of softplus']]],
  [dense('tanh'), 'db', [
    [({ dz }) => scaled(1 / 4, sums(dz)), 'is there a division too many? 4 is the extent of axis 0 of the outputs'],
    [({ dz }) => dz.slice(-1), 'a loss of the last row of the outputs alone'],
    [({ b }) => scaled(0, b), 'is 0 everywhere'],
  ]],
  [dense('tanh'), 'dW', [
    [({ x, dz }) => scaled(-1, dot(turn(x), dz)), 'the wrong sign'],
    [({ x, dz }) => dot(turn(x.slice(1)), dz.slice(1)), 'a loss without row 0 of the outputs'],
  ]],
  [dense('tanh', 3, 3), 'dW', [[({ x, dz }) => dot(turn(dz), x), 'is transposed']]],
  [dense('tanh', 3, 3), 'dx', [[({ dz, W }) => dot(dz, W), 'W in place of Wᵀ']]],
  // hidden layers
  [hidden('sigmoid'), 'dz', [[is('da'), 'divided by σ′(z) (z: x·W + b): is the derivative of σ missing']]],
  [hidden('tanh'), 'dz', [
    [is('da'), 'divided by tanh′(z) (z: x·W + b): is the derivative of tanh missing'],
    [({ da, h }) => each((d, y) => d * (1 - y), da, h), 'is (1 - tanh(z)) in place of the derivative of tanh'],
  ]],
  [hidden('relu'), 'dz', [[is('da'), '0 is expected, and all other numbers are right: is a mask missing']]],
  [hidden('tanh'), 'dV', [[({ z, dy }) => dot(turn(z), dy), 'x·W + b in place of tanh(x·W + b)']]],
  [hidden('tanh', [[1]], 3), 'dh', [[({ dy, V }) => dot(dy, V), 'V in place of Vᵀ']]],
  [nets.hiddenDropout, 'da', [[is('dh'), 'all others are 0.5 times the expected ones: is a mask missing']]],
  // normalisation
  [layerNorm, 'm', [[none, 'is the same in each row: is a term with a mean or a sum missing?']]],
  [layerNorm, 'v', [[none, 'is a multiple of x plus a number in each row']]],
  [layerNorm, 'dg', [[({ dy }) => sums(dy), 'has the expected numbers of the gradient of b']]],
  [layerNorm, 'dn', [[is('dy'), 'is the factor g missing']]],
  [layerNorm, 'dx', [
    [({ s, dn }) => times(s, dn), 'is a multiple of x plus a number in each row'],
    [({ s, dn, m, v }) => times(s, add(dn, m, m, v)), 'in each row: is a term with a mean or a sum there twice'],
    [({ dn, m, v }) => add(dn, m, v), 'times a factor, which is the same in each row'],
  ]],
  [batchNorm, 'm', [[none, 'is the same in each column: is a term with a mean or a sum missing?']]],
  [batchNorm, 'dx', [[({ s, dn }) => times(s, dn), 'is a multiple of x plus a number in each column']]],
  [nets.rmsNorm, 'v', [[none, 'is a multiple of x in each row: is a term with a mean or a sum missing?']]],
  // softmax and losses
  [nets.softmax, 'dx', [
    [({ dy, y }) => times(dy, y), 'of the outputs in each row: is a term with a mean or a sum missing?'],
    [byY((y) => y * (1 - y)), 'the other outputs of the row are missing'],
  ]],
  [crossEntropy, 'dz', [
    [({ p }) => add(p, scaled(-1, LABELS)), 'is a division by 4 missing? 4 is the extent of axis 1 of W [5,4], or another'],
    [({ p }) => scaled(1 / 16, add(p, scaled(-1, LABELS))), 'too many? 4 is the extent of axis 1 of W [5,4], or another'],
  ]],
  [crossEntropyOfLogits, 'dx', [
    [({ p }) => scaled(1 / 4, p), 'wrong in each row, by 0.25 each: is the 1 of a label not subtracted'],
    [({ p }) => scaled(1 / 4, add(LABELS, scaled(-1, p))), 'the wrong sign'],
  ]],
  [nets.binaryCrossEntropy, 'dx', [
    [({ p }) => each((y, t) => ((y - t) / 12) * y * (1 - y), p, TARGETS), 'is the derivative of σ there once too often'],
  ]],
  [nets.squaredError, 'de', [[({ e }) => scaled(1 / 12, e), 'the expected one divided by 2']]],
  // dropout
  [nets.dropout, 'dx', [
    [is('dy'), 'all others are 0.6 times the expected ones: is a mask missing'],
    [({ dy }) => times(dy, KEPT), 'is 0.6 times the expected one'],
    [({ dy }) => scaled(1 / 0.6, dy), 'all other numbers are right: is a mask missing'],
    [({ dy }) => scaled(1 / 0.6, times(dy, OTHER_MASK)), 'other numbers are right: is it another mask than that of'],
    [({ dy }) => scaled(0.6, times(dy, KEPT)), 'is 0.36 times the expected one'],
  ]],
  // a step of an LSTM
  [lstm, 'dzf', [[is('df'), 'divided by σ′(zf): is the derivative of σ missing']]],
  [lstm, 'dcPrev', [[is('dc'), 'divided by σ(zf): is this factor missing']]],
  [lstm, 'di', [[({ dc, i }) => times(dc, i), 'is σ(zi) in place of tanh(zj)']]],
  [lstm, 'dj', [[is('dc'), 'divided by σ(zi): is this factor missing']]],
  [lstm, 'df', [[({ dc, c }) => times(dc, c), 'c in place of cPrev']]],
  [lstm, 'dc', [[({ dh, dcNext, o }) => add(dcNext, times(dh, o)), 'the derivative of tanh']]],
  [lstm, 'dcNext', [[none, 'the gradient of c']]],
  // through time
  [rnn, 'dz', [
    [(values) => throughTime(values, undefined, () => 0), 'h0 has the expected numbers of a loss of row 0 of the outputs'],
    [({ dy, ...rest }) => throughTime({ ...rest, dy: dy.map((row, t) => (t === 4 ? row : [0, 0, 0])) }),
      'a loss of the last row of the outputs alone'],
    [({ dy, ...rest }) => throughTime({ ...rest, dy: [...dy.slice(1), [0, 0, 0]] }), 'the next row of the outputs'],
  ]],
  [rnn, 'dU', [[({ h, dz }) => dot(turn(h), dz), 'the next row of h']]],
  // others
  [nets.embedding, 'dtable', [[({ table, dy }) => nets.gradientOfTable(table, dy, false), 'only row 2 is wrong']]],
  [nets.residual, 'dx', [[({ dz, W }) => dot(dz, turn(W)), 'is missing that equals the gradient of the outputs']]],
  [nets.attention, 'ds', [[is('da'), 'is a division by √3 missing']]],
  [nets.pooling, 'dx', [[({ dm, x }) => each((d) => d, dm, scaled(0, x)), 'is a division by 6 missing']]],
];

const asMatrix = (list: ArrayLike<number>, columns: number): Matrix =>
  Array.from({ length: list.length / columns }, (_, r) =>
    Array.from({ length: columns }, (__, k) => list[r * columns + k]),
  );

/** The reports on a network in whose backward lines `wrong` replaces some. */
async function reportsOn({ inputs, forward, backward }: Net, wrong: Net['backward'], seed: number) {
  const random = new Random(seed);
  const tensors: Record<string, Tensor> = {};
  for (const [name, [rows, columns]] of Object.entries(inputs)) {
    const values = Float64Array.from({ length: rows * columns }, () => random.normal(0, 1));
    tensors[name] = tensorFrom(values, rows === 1 ? [columns] : [rows, columns]);
  }
  const run = (lines: Net['backward'], given: Readonly<Record<string, Matrix>>): Record<string, Matrix> => {
    const values = { ...given };
    for (const [name, line] of Object.entries(lines)) values[name] = line(values);
    return values;
  };
  const forwards = (): Record<string, Matrix> => {
    const given = Object.entries(tensors).map(([name, { data }]) => [name, asMatrix(data, inputs[name][1])] as const);
    return run(forward, Object.fromEntries(given));
  };
  const flat = (matrix: Matrix): Tensor =>
    tensorFrom(Float64Array.from(matrix.flat()), [matrix.length, matrix[0].length]);
  const isLoss = forwards().y.flat().length === 1;
  return checkGradients({
    inputs: tensors,
    ...(isLoss ? { loss: () => forwards().y[0][0] } : { outputs: () => flat(forwards().y) }),
    gradients(dOutputs) {
      const values = forwards();
      const found = run({ ...backward, ...wrong }, { ...values, dy: asMatrix(dOutputs, values.y[0].length) });
      return Object.fromEntries(Object.keys(inputs).map((name) => [name, found[`d${name}`].flat()]));
    },
  });
}

/** Places are true, but no cause. */
const PLACES = /^In the gradient of \w+, only .* (?:is|are) (?:wrong|right)\.$/;
const SEEDS = [11, 12];

test('of 72 wrong passes, 62 or more have their cause, and none has another', async () => {
  const all = PASSES.flatMap(([net, name, lines]) =>
    lines.map(([line, cause]) => ({ net, wrong: { [name]: line }, cause })),
  );
  expect(all).toHaveLength(72);
  for (const seed of SEEDS) {
    let named = 0;
    for (const { net, wrong, cause } of all) {
      const reports = (await reportsOn(net, wrong, seed)).filter(({ ok }) => !ok);
      expect([cause, reports.length]).not.toEqual([cause, 0]);
      const found = reports.flatMap((report) => report.cause ?? []);
      const others = found.filter((sentence) => !sentence.includes(cause) && !PLACES.test(sentence));
      expect([seed, cause, others]).toEqual([seed, cause, []]);
      if (found.some((sentence) => sentence.includes(cause))) named++;
    }
    expect(named).toBeGreaterThanOrEqual(62);
  }
});

test('right passes have no cause', async () => {
  for (const seed of SEEDS)
    for (const net of new Set(PASSES.map(([one]) => one)))
      for (const { name, ok, cause } of await reportsOn(net, {}, seed))
        expect([seed, name, ok, cause]).toEqual([seed, name, true, undefined]);
});
