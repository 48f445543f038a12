/** `npm run build`: builds the parts whose inputs have changed since the last build. `-- wasm modules`: only these. */
import { bringUpToDate } from './part.mjs';
import { generated, rest } from './parts.mjs';

const names = [...generated, ...rest].map(({ name }) => name);
const wanted = process.argv.slice(2);
const isWanted = ({ name }) => wanted.length === 0 || wanted.includes(name);

try {
  const unknown = wanted.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new Error(`${unknown}: the parts are ${names.join(', ')}`);
  for (const part of generated.filter(isWanted)) await bringUpToDate(part);
  const results = await Promise.allSettled(rest.filter(isWanted).map(bringUpToDate)); // each ends, also if another fails
  for (const { status, reason } of results) if (status === 'rejected') report(reason);
} catch (error) {
  report(error);
}

function report(error) {
  console.error(`build: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
