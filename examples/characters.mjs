import { Adam, clipGradients, Network, Random, tensorFrom } from 'longhand';
import { createWasmBackend } from 'longhand/wasm';

const text = 'the quick brown fox jumps over the lazy dog. '.repeat(200);
const letters = [...new Set(text)].sort();
const classes = Array.from(text, (letter) => letters.indexOf(letter));

const backend = await createWasmBackend();
const [T, B, C] = [25, 8, letters.length]; // 8 streams of the text side by side, 25 characters a batch
const layers = [{ hidden: 48 }, { hidden: 48 }];
const config = { inputs: C, inputKind: 'classes', layers, outputs: C, reads: 'every' };
const network = new Network(backend, config, { T, B });
network.initialise(new Random(1), 'glorot');
const adam = new Adam(backend, network.parameters);
const gradients = network.parameters.map(({ gradient }) => gradient);

const length = Math.floor((classes.length - 1) / B); // of a stream
const places = Array.from({ length: T * B }, (_, row) => (row % B) * length + Math.floor(row / B)); // row t·B + b
for (let epoch = 1; epoch <= 4; epoch++) {
  network.resetState();
  for (let start = 0; start + T <= length; start += T) {
    const charactersAt = (shift) => places.map((place) => classes[place + start + shift]);
    network.setBatch({ x: tensorFrom(charactersAt(0), [T, B]), labels: charactersAt(1) });
    network.forward();
    network.backward();
    await clipGradients(backend, gradients, { clipNorm: 5 });
    adam.update(0.01);
    network.carryState(); // the next batch continues here
  }
  const { loss } = await network.metrics();
  console.log(`epoch ${epoch}, last batch: ${(loss / Math.LN2).toFixed(3)} bits per character`);
}
await backend.dispose();
