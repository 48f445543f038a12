/**
 * Four settings of the gates of one cell: the numbers of docs/learn/lstm.md. The engine computes them.
 *
 *     node docs/learn/programs/one-cell.mjs
 */
import { fileURLToPath } from 'node:url';
import { lstmCellForward, tensorFrom, zeros } from 'longhand';

/** cPrev is 0.8 in each. zf is given before the forget bias, which is 1. */
export const CASES = [
  { name: 'keep', zi: -4, zj: 1, zf: 3, zo: 2 },
  { name: 'replace', zi: 4, zj: -1, zf: -5, zo: 2 },
  { name: 'add', zi: 4, zj: 1, zf: 3, zo: 2 },
  { name: 'hide', zi: -4, zj: 1, zf: 3, zo: -4 },
];
export const C_BEFORE = 0.8;

/** Each case is a sequence of one batch, B = 4 and H = 1. */
export function cellsOf(cases) {
  const B = cases.length;
  const z = tensorFrom(cases.map(({ zi, zj, zf, zo }) => [zi, zj, zf, zo]).flat(), [B, 4], 'f64');
  const cPrev = tensorFrom(Array(B).fill(C_BEFORE), [B, 1], 'f64');
  const [h, c, gates] = [zeros([B, 1], 'f64'), zeros([B, 1], 'f64'), zeros([B, 4], 'f64')];
  lstmCellForward(h, c, gates, z, cPrev, 1);
  return cases.map(({ name }, b) => {
    const [i, j, f, o] = [0, 1, 2, 3].map((n) => gates.get(b, n));
    return { name, i, j, f, o, c: c.get(b, 0), h: h.get(b, 0) };
  });
}

function main() {
  for (const { name, ...numbers } of cellsOf(CASES)) {
    const texts = Object.entries(numbers).map(([letter, value]) => `${letter} ${value.toFixed(2)}`);
    console.log(`${name}: ${texts.join('  ')}`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
