/**
 * Softmax and cross-entropy with numbers: the 3-class example of docs/learn/loss-and-update.md, large logits in f32, and a wrong
 * answer. The engine computes what the chapter calls its own.
 *
 *     node docs/learn/programs/softmax.mjs
 */
import { fileURLToPath } from 'node:url';
import { engineOf } from './one-softmax.mjs';

/** The loss by the definition, with every result rounded to f32. `shift` is subtracted from all logits before. */
export function naiveLossInF32(logits, label, shift = 0) {
  const f32 = Math.fround;
  const powers = logits.map((logit) => f32(Math.exp(f32(logit - shift))));
  const sum = powers.reduce((total, power) => f32(total + power));
  return f32(-Math.log(f32(powers[label] / sum)));
}

/** The gradient of Σ (p - y)² with respect to the logits, for comparison: dLogitⱼ = Σ over k of 2·(pₖ - yₖ)·pₖ·([k = j] - pⱼ). */
export function squaredErrorGradient(p, label) {
  return p.map((pj, j) =>
    p.reduce((sum, pk, k) => sum + 2 * (pk - (k === label ? 1 : 0)) * pk * ((k === j ? 1 : 0) - pj), 0),
  );
}

const LARGE = [
  [[2, 1, 0], 1],
  [[88, 0, 0], 0],
  [[100, 0, 0], 0],
  [[100, 0, 0], 1],
  [[110, 0, 0], 1],
  [[-110, -111, -112], 0],
];

const row = (...cells) =>
  cells
    .map((cell, n) => (n === 0 ? cell.padEnd(22) : cell.padStart(14)))
    .join('')
    .trimEnd();
const four = (numbers) => numbers.map((number) => number.toFixed(4)).join(', ');

function main() {
  const { p, loss, dLogits } = engineOf([2, 1, 0], 1);
  console.log(`logits 2, 1, 0; label 1: p ${four(p)}; loss ${loss.toFixed(4)}; dLogits ${four(dLogits)}`);
  console.log();
  console.log(row('logits; label, in f32', 'definition', 'max first', 'engine'));
  for (const [logits, label] of LARGE) {
    const losses = [
      naiveLossInF32(logits, label),
      naiveLossInF32(logits, label, Math.max(...logits)),
      engineOf(logits, label, 'f32').loss,
    ];
    console.log(row(`${logits.join(', ')}; ${label}`, ...losses.map((value) => Math.abs(value).toPrecision(5))));
  }
  console.log();
  const wrong = engineOf([10, 0], 1);
  console.log(`logits 10, 0; label 1: p ${wrong.p.map((value) => value.toPrecision(3)).join(', ')}`);
  console.log(`gradient of -log p[label]: ${wrong.dLogits.map((value) => value.toPrecision(3)).join(', ')}`);
  const squared = squaredErrorGradient(wrong.p, 1).map((value) => value.toPrecision(3));
  console.log(`gradient of Σ (p - y)²: ${squared.join(', ')}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
