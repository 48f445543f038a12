/**
 * The same weights give other numbers in another framework: one step of an LSTM, as four programs may read the same matrices.
 *
 *     node docs/learn/programs/question-other-framework.mjs
 */
import { Random } from 'longhand';

const [I, H] = [2, 2];
const random = new Random(1);
const drawn = (rows, columns) =>
  Array.from({ length: rows }, () => Array.from({ length: columns }, () => random.uniform(-1, 1)));
const [Wx, Wh, [bias], [x], [hPrev], [cPrev]] = [
  ...[drawn(I, 4 * H), drawn(H, 4 * H), drawn(1, 4 * H)],
  ...[drawn(1, I), drawn(1, H), drawn(1, H)],
];
const sigmoid = (z) => 1 / (1 + Math.exp(-z));
const product = (row, W, n) => row.reduce((sum, value, k) => sum + value * W[k][n], 0);

/** h after one step. `order`: the gates' blocks of columns. */
function stateOf({ order = 'ijfo', forgetBias = 1, biases = 1, hidden = Wh }) {
  const z = bias.map((b, n) => product(x, Wx, n) + product(hPrev, hidden, n) + biases * b);
  return hPrev.map((_, n) => {
    const at = (gate) => z[order.indexOf(gate) * H + n];
    const c = sigmoid(at('f') + forgetBias) * cPrev[n] + sigmoid(at('i')) * Math.tanh(at('j'));
    return (sigmoid(at('o')) * Math.tanh(c)).toFixed(4);
  });
}

/** The block of each gate is transposed. */
const turned = Array.from({ length: H }, (_, m) => Wh[m].map((_, n) => Wh[n % H][n - (n % H) + m]));
for (const [name, reading] of Object.entries({
  'order i, j, f, o': {}, // as Longhand
  'order i, f, j, o': { order: 'ifjo' }, // as PyTorch
  'no forget bias': { forgetBias: 0 },
  'bias added twice': { biases: 2 }, // as if both of PyTorch's were this one
  'Wh transposed': { hidden: turned },
}))
  console.log(`${name}:`.padEnd(18) + `h = ${stateOf(reading).join(', ')}`);
