/** The norm of the gradient in a plain RNN and in an LSTM, over 28 and 784 steps: docs/learn/lstm.md. */
import { DRAWN_BIASES, lstmNorms, RNN_RADIUS } from '../programs/forget-bias.mjs';
import { gradientNorms } from '../programs/gradient-norms.mjs';
import { dashOf, diagram } from './norms-diagram.mjs';
import { picture, text } from './svg.mjs';

const LINES = [{ of: 'first' }, { of: 'second', dash: '8 4' }, { of: 'third', dash: '2 4' }];
const RNN = { of: 'grey', dash: '12 3 3 3' };

export function lstmNormsPicture() {
  const curves = (T) => [
    { ...RNN, norms: gradientNorms(RNN_RADIUS, T).norms },
    ...DRAWN_BIASES.map((forgetBias, n) => ({ ...LINES[n], norms: lstmNorms(forgetBias, T).norms })),
  ];
  const names = [
    [RNN, `plain RNN, spectral radius ${RNN_RADIUS}`],
    ...DRAWN_BIASES.map((forgetBias, n) => [LINES[n], `LSTM, forget bias ${forgetBias}`]),
  ];
  const legend = names.map(([{ of, dash }, name], n) => [
    `<path class="${of}" stroke-width="2"${dashOf(dash)} d="M62 ${660 + 22 * n}h40"/>`,
    text(112, 664 + 22 * n, name, { of: of === 'grey' ? 'quiet' : of }),
  ]);
  const place = { x: 62, width: 274, height: 220 };
  return picture(
    360,
    746,
    'The norm of the gradient of the state in a plain RNN and in LSTMs, on a logarithmic scale',
    [
      diagram({ ...place, y: 44 }, 28, { low: -8, high: 2, every: 2 }, curves(28)),
      diagram({ ...place, y: 370 }, 784, { low: -150, high: 50, every: 50 }, curves(784)),
      legend,
    ],
  );
}
