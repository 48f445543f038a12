/**
 * How the gradient shrinks or grows in a new LSTM, for four forget biases: the numbers of docs/learn/lstm.md. The engine's own functions
 * compute them.
 *
 *     node docs/learn/programs/forget-bias.mjs
 */
import { fileURLToPath } from 'node:url';
import { allocateLstm, fillRandom, lstmBackward, lstmForward, norm, Random, stepOf } from 'longhand';
import { createReferenceBackend } from 'longhand/reference';
import { gradientNorms } from './gradient-norms.mjs';

/** The forget biases of the table, and those of the picture. */
export const FORGET_BIASES = [0, 1, 2.5, 5];
export const DRAWN_BIASES = [0, 1, 2.5];

/** The plain RNN of chapter 2 that the LSTMs are compared with. It has the same sizes. */
export const RNN_RADIUS = 0.8;

const [B, I, H] = [1, 3, 64];

/**
 * A new LSTM reads T steps of random inputs. Its kernel is glorot-uniform and its bias is zero, as in src/network/initial-values.ts. The gradient
 * enters at the last h: random numbers.
 *
 * `norms[k]` is ‖(dh, dc)‖, the norm of both together, k steps before the end, divided by the norm at the end. `dh` and `dc` are the norms
 * of each alone at the initial state, divided by the same number. `forget` is the mean of f. `size` is √ of the mean of c² after the last
 * step, and `open` the mean of 1-tanh²c there.
 */
export function lstmNorms(forgetBias, T) {
  const backend = createReferenceBackend({ dtype: 'f64' });
  const lstm = allocateLstm(backend, { T, B, I, H }, { forgetBias });
  const { x, kernel, gates, c, dhUpstream, dh, dc } = lstm;
  const random = new Random(1);
  const limit = Math.sqrt(6 / (I + H + 4 * H));
  fillRandom(kernel, () => random.uniform(-limit, limit));
  fillRandom(x, () => random.uniform(-1, 1));
  fillRandom(stepOf(dhUpstream, T), () => random.normal(0, 1));
  lstmForward(backend, lstm);
  lstmBackward(backend, lstm);

  const sizes = Array.from({ length: T + 1 }, (_, k) => [norm(stepOf(dh, T - k)), norm(stepOf(dc, T - k))]);
  const end = Math.hypot(...sizes[0]);
  return {
    norms: sizes.map((both) => Math.hypot(...both) / end),
    dh: sizes[T][0] / end,
    dc: sizes[T][1] / end,
    forget: mean(T * H, (n) => gates.get(Math.floor(n / H), 0, 2 * H + (n % H))),
    size: norm(stepOf(c, T)) / Math.sqrt(H),
    open: mean(H, (n) => 1 - Math.tanh(c.get(T, 0, n)) ** 2),
  };
}

const mean = (count, valueOf) => Array.from({ length: count }, (_, n) => valueOf(n)).reduce((a, b) => a + b) / count;

function main() {
  for (const T of [28, 784]) {
    console.log(`${T} steps back`);
    const power = (value) => value.toExponential(1);
    console.log(`plain RNN, spectral radius ${RNN_RADIUS}: norm ${power(gradientNorms(RNN_RADIUS, T).norms[T])}`);
    for (const forgetBias of FORGET_BIASES) {
      const { norms, dh, dc, forget, size, open } = lstmNorms(forgetBias, T);
      const state = `c ${size.toFixed(2)}, 1-tanh²c ${open.toFixed(2)}`;
      const gradient = `norm ${power(norms[T])}, dh ${power(dh)}, dc ${power(dc)}`;
      console.log(`forget bias ${forgetBias}: f ${forget.toFixed(2)}, ${gradient}, ${state}`);
    }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
