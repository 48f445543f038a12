/**
 * The error of numeric derivatives against δ: one weight of an LSTM, in f64 and in f32. docs/learn/check-it.md.
 *
 *     node docs/learn/programs/numeric.mjs
 */
import { fileURLToPath } from 'node:url';
import { fillRandom, flatten, Model, Random, stepOf } from 'longhand';
import { createReferenceBackend } from 'longhand/reference';

export const SIZES = { T: 5, B: 3, I: 4, H: 6, C: 7 };

/** An LSTM with an output layer. Its numbers are random, and f32 holds them exactly. `operations` replace those of the backend. */
export function randomModel(dtype, { sizes = SIZES, operations = {} } = {}) {
  const model = new Model({ ...createReferenceBackend({ dtype }), ...operations }, sizes);
  const random = new Random(1);
  const { x, h, c, y } = model.activations;
  for (const tensor of [...model.parameters.map(({ value }) => value), x, stepOf(h, 0), stepOf(c, 0)]) {
    fillRandom(tensor, () => Math.fround(random.normal(0, 0.7)));
  }
  for (let b = 0; b < sizes.B; b++) y.set(b, random.below(sizes.C), 1);
  return model;
}

/** The loss after a forward pass. */
export async function lossOf(model) {
  model.forward();
  return (await model.metrics()).loss;
}

/** Two-point and five-point rule: numeric derivatives at δ. `lossAt(s)` is the loss with s added to the parameter. */
export async function numericDerivatives(lossAt, delta) {
  const near = (await lossAt(delta)) - (await lossAt(-delta));
  const far = (await lossAt(2 * delta)) - (await lossAt(-2 * delta));
  return { two: near / (2 * delta), five: (8 * near - far) / (12 * delta) }; // (7)
}

/** The weight of the table: the first of Wf, from input 0 to the forget gate of unit 0. */
const ELEMENT = 2 * SIZES.H;

/** Relative errors at δ = 10⁻¹, 10⁻¹·⁵, … 10⁻¹⁰, in f64 and in f32. The backward pass in f64 gives the derivative that counts as exact. */
export async function numericErrors() {
  const exact = await gradientIn('f64');
  const deltas = Array.from({ length: 19 }, (_, n) => 10 ** (-1 - n / 2));
  const errors = {};
  for (const dtype of ['f64', 'f32']) {
    const model = randomModel(dtype);
    const kernel = flatten(model.kernel.value);
    const before = kernel.get(ELEMENT);
    const lossAt = (s) => (kernel.set(ELEMENT, before + s), lossOf(model));
    errors[dtype] = [];
    for (const delta of deltas) {
      const { two, five } = await numericDerivatives(lossAt, delta);
      errors[dtype].push({ two: Math.abs(two / exact - 1), five: Math.abs(five / exact - 1) });
    }
  }
  return { deltas, errors, exact, backwardInF32: Math.abs((await gradientIn('f32')) / exact - 1) };
}

async function gradientIn(dtype) {
  const model = randomModel(dtype);
  model.forward();
  model.backward();
  return flatten(model.kernel.gradient).get(ELEMENT);
}

const row = (cells) => cells.map((cell) => String(cell).padStart(11)).join('');

async function main() {
  const { deltas, errors, exact, backwardInF32 } = await numericErrors();
  console.log(
    `backward pass: ${exact.toPrecision(10)} in f64; in f32 its relative error is ${backwardInF32.toExponential(0)}`,
  );
  console.log(row(['δ', 'two, f64', 'five, f64', 'two, f32', 'five, f32']));
  deltas.forEach((delta, n) => {
    if (n % 2 === 1) return;
    const four = ['f64', 'f32'].flatMap((dtype) => [errors[dtype][n].two, errors[dtype][n].five]);
    console.log(row([delta.toExponential(0), ...four.map((error) => error.toExponential(1))]));
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
