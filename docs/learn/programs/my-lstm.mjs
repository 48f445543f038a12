/**
 * An LSTM that shares no code with Longhand, as an example of your own: docs/learn/check-it.md. It reads the inputs and weights of a file
 * that `longhand compare --template` wrote, and writes its own results over those of the file. It has no backward pass.
 *
 *     node docs/learn/programs/my-lstm.mjs mine.safetensors        without a forget bias
 *     node docs/learn/programs/my-lstm.mjs mine.safetensors 1      with forget bias 1
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseSafetensors, writeSafetensors } from 'longhand';

const [, , file, forgetBias = 0] = process.argv;
const { tensors, metadata } = parseSafetensors(readFileSync(file), file);
const numbersOf = (name) => new Float64Array(Uint8Array.from(tensors.get(name).bytes).buffer);
const [x, kernel, bias, outKernel, outBias, h0, c0] = ['x', 'kernel', 'bias', 'outKernel', 'outBias', 'h0', 'c0'].map(
  numbersOf,
);
const [[T, B, I], [H, C]] = [tensors.get('x').shape, tensors.get('outKernel').shape];

const sigmoid = (z) => 1 / (1 + Math.exp(-z));
const h = new Float64Array(T * B * H);
const logits = new Float64Array(B * C);
for (let b = 0; b < B; b++) {
  let [state, cell] = [h0.slice(b * H, (b + 1) * H), c0.slice(b * H, (b + 1) * H)];
  for (let t = 0; t < T; t++) {
    const inputs = [...x.slice((t * B + b) * I, (t * B + b + 1) * I), ...state];
    const z = bias.map((value, n) => inputs.reduce((sum, input, k) => sum + input * kernel[k * 4 * H + n], value));
    cell = cell.map((c, n) => sigmoid(z[2 * H + n] + Number(forgetBias)) * c + sigmoid(z[n]) * Math.tanh(z[H + n]));
    state = cell.map((c, n) => sigmoid(z[3 * H + n]) * Math.tanh(c));
    h.set(state, (t * B + b) * H);
  }
  for (let k = 0; k < C; k++)
    logits[b * C + k] = state.reduce((sum, s, n) => sum + s * outKernel[n * C + k], outBias[k]);
}

const inputs = [...tensors].filter(([name]) => !/^(d\..*|loss|logits|h|c)$/.test(name));
const result = (name, values) => [
  name,
  { dtype: 'F64', shape: tensors.get(name).shape, bytes: new Uint8Array(values.buffer) },
];
writeFileSync(
  file,
  writeSafetensors({ tensors: new Map([...inputs, result('logits', logits), result('h', h)]), metadata }),
);
