/**
 * The numbers of docs/learn/what-an-rnn-is.md: an RNN with one unit (one-unit.mjs), a batch, and a training of two weights.
 *
 *     node docs/learn/programs/one-state.mjs
 */
import { fileURLToPath } from 'node:url';
import { gradientsOf, lossOf, nudge, SEQUENCE, statesOf, TARGET, WEIGHTS } from './one-unit.mjs';
import { forward, matrix } from './plain-rnn.mjs';

/** Updates of both weights. Returns the weights and the loss before each update, and after the last one. */
export function train(x, target, { updates, learningRate }) {
  let { Wx, Wh } = WEIGHTS;
  const rows = [];
  for (let update = 0; update <= updates; update++) {
    const h = statesOf(x, { Wx, Wh });
    const { dWx, dWh } = gradientsOf(x, { Wx, Wh }, h, target);
    rows.push({ update, Wx, Wh, 'h[3]': h.at(-1), loss: lossOf(h, target), dWx, dWh });
    Wx -= learningRate * dWx;
    Wh -= learningRate * dWh;
  }
  return rows;
}

/** The second example: T = 3, B = 2, I = 2, H = 2. A step reads one row of numbers for each sequence. */
export const BATCH = {
  x: [
    [
      [1, 0],
      [0, 1],
    ],
    [
      [0, 0],
      [1, 1],
    ],
    [
      [-1, 2],
      [0, 0],
    ],
  ],
  Wx: [
    [1, 0.5],
    [-0.5, 1],
  ],
  Wh: [
    [0.5, 0],
    [0, 1],
  ],
  bias: [[0, 0.1]],
};

/** h `[T+1,B,H]` of the batch, by the forward pass of chapter 2. */
export const statesOfBatch = () => forward(BATCH.x, { ...BATCH, Wy: matrix(2, 1), biasY: [[0]] }).h;

const shown = (value) => value.toFixed(4);

function main() {
  console.log('A nudge of Wh');
  for (const delta of [0.1, 0.01, 0.001]) {
    const { expected, measured } = nudge(SEQUENCE, WEIGHTS, TARGET, delta);
    const texts = [expected, measured, measured - expected].map((value) => value.toFixed(7));
    console.log(`δ ${delta}: δ·dWh ${texts[0]}  measured ${texts[1]}  difference ${texts[2]}`);
  }

  console.log('\nOne unit, Wx = 1, Wh = 0.5');
  const h = statesOf(SEQUENCE, WEIGHTS);
  console.log(`row 0: h = ${shown(h[0])}`);
  SEQUENCE.forEach((x, t) => {
    const sum = `${WEIGHTS.Wx}·${x} + ${WEIGHTS.Wh}·${shown(h[t])}`;
    console.log(`step ${t}, row ${t + 1}: h = tanh(${sum}) = ${shown(h[t + 1])}`);
  });

  console.log('\nA batch: h [4,2,2]');
  statesOfBatch().forEach((rows, row) => {
    const sequences = rows.map((values, b) => `sequence ${b}: [${[...values].map(shown).join(', ')}]`);
    console.log(`row ${row}: ${sequences.join('  ')}`);
  });

  console.log(`\nTraining: h[3] must become ${TARGET}`);
  for (const row of train(SEQUENCE, TARGET, { updates: 5, learningRate: 0.5 })) {
    const { update, ...numbers } = row;
    const texts = Object.entries(numbers).map(([name, value]) => `${name} ${shown(value)}`);
    console.log(`update ${update}: ${texts.join('  ')}`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
