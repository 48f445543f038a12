/**
 * Four settings of the gates of one cell: the numbers of docs/learn/lstm.md. The engine computes them.
 *
 *     node docs/learn/programs/one-cell.mjs
 */
import { fileURLToPath } from 'node:url';
import { C_BEFORE, CASES, cellOf } from './held-gates.mjs';

export const cellsOf = (cases) => cases.map(({ name, ...levers }) => ({ name, ...cellOf(levers, C_BEFORE) }));

function main() {
  for (const { name, ...numbers } of cellsOf(CASES)) {
    const texts = Object.entries(numbers).map(([letter, value]) => `${letter} ${value.toFixed(2)}`);
    console.log(`${name}: ${texts.join('  ')}`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
