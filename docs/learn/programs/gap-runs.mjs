/**
 * The runs of the gap experiment, gap.mjs: every network, length and seed. Some minutes on one thread.
 *
 *     node docs/learn/programs/gap-runs.mjs    writes gap.json
 */
import { writeFileSync } from 'node:fs';
import { createWasmBackend } from 'longhand/wasm';
import { gapResult, LENGTHS, NETWORKS, SEEDS } from './gap.mjs';

const backend = await createWasmBackend({ deterministic: true });
const results = [];
for (const T of LENGTHS)
  for (const network of NETWORKS) for (const seed of SEEDS) results.push(await gapResult(backend, network, T, seed));
await backend.dispose();
const lines = results.map((result) => JSON.stringify(result));
writeFileSync(new URL('gap.json', import.meta.url), `[\n${lines.join(',\n')}\n]\n`);
