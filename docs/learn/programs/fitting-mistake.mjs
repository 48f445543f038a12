/**
 * Three LSTMs, each with a gradient check and with a comparison with PyTorch's numbers: docs/learn/check-it.md. The first is the engine.
 * The second has no forget bias, in both passes. The third has a mistake in the backward pass only.
 *
 *     node docs/learn/programs/fitting-mistake.mjs
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  checkModelGradients,
  copyInto,
  lstmCellBackward,
  lstmCellForward,
  Model,
  stepOf,
  tensorFrom,
  zeros,
} from 'longhand';
import { createReferenceBackend } from 'longhand/reference';

/** What replaces the operations of the backend. */
export const PROGRAMS = {
  'the engine': {},
  'no forget bias': {
    lstmCellForward: (h, c, gates, z, cPrev) => lstmCellForward(h, c, gates, z, cPrev, 0),
    lstmCellBackward, // its equations have no forget bias, so it fits
  },
  'no gradient from dc to dcPrev': {
    lstmCellBackward: (dz, dc, dcPrev, ...others) => lstmCellBackward(dz, dc, zeros(dcPrev.shape, 'f64'), ...others),
  },
};

/** The largest relative error of the gradient check, with the engine's default tolerance of 10⁻⁷. */
export async function gradientCheck(operations) {
  const backend = { ...createReferenceBackend({ dtype: 'f64' }), ...operations };
  const reports = await checkModelGradients(backend, { T: 5, B: 3, I: 4, H: 6, C: 7 });
  return {
    largest: Math.max(...reports.map(({ largestRelative }) => largestRelative)),
    ok: reports.every(({ ok }) => ok),
  };
}

/** The loss of PyTorch for a small network, and the loss that these operations compute for it. */
export async function losses(operations) {
  const file = new URL('../../../test/fixtures/pytorch.json', import.meta.url);
  const { sizes, inputs, outputs } = JSON.parse(readFileSync(file, 'utf8')).cases[0];
  const model = new Model({ ...createReferenceBackend({ dtype: 'f64' }), ...operations }, sizes);
  const { x, h, c, y } = model.activations;
  const write = (tensor, values) => copyInto(tensor, tensorFrom(values, tensor.shape, 'f64'));
  for (const { name, value } of model.parameters) write(value, inputs[name]);
  write(x, inputs.x);
  write(stepOf(h, 0), inputs.h0);
  write(stepOf(c, 0), inputs.c0);
  inputs.labels.forEach((label, b) => y.set(b, label, 1));
  model.forward();
  return { pytorch: outputs.loss, own: (await model.metrics()).loss };
}

async function main() {
  for (const [name, operations] of Object.entries(PROGRAMS)) {
    const { largest, ok } = await gradientCheck(operations);
    const { pytorch, own } = await losses(operations);
    const agrees = Math.abs(own - pytorch) < 1e-12;
    console.log(name);
    console.log(`  gradient check: largest relative error ${largest.toExponential(0)}: ${ok ? 'passes' : 'FAILS'}`);
    console.log(`  loss ${own.toFixed(10)}, PyTorch ${pytorch.toFixed(10)}: ${agrees ? 'agrees' : 'DIFFERS'}`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
