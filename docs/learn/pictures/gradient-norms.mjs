/** The norm of dh in a plain RNN, over 28 and 784 steps: docs/learn/plain-rnn.md. */
import { gradientNorms, RADII } from '../programs/gradient-norms.mjs';
import { dashOf, diagram } from './norms-diagram.mjs';
import { picture, text } from './svg.mjs';

const LINES = [{ of: 'first' }, { of: 'second', dash: '8 4' }, { of: 'third', dash: '2 4' }];

export function normsPicture() {
  const curves = (T) => RADII.map((radius, n) => ({ ...LINES[n], norms: gradientNorms(radius, T).norms }));
  const legend = RADII.map((radius, n) => {
    const x = 62 + 215 * n;
    const { of, dash } = LINES[n];
    return [
      `<path class="${of}" stroke-width="2"${dashOf(dash)} d="M${x} 390h28"/>`,
      text(x + 36, 394, `spectral radius ${radius}`, { of }),
    ];
  });
  return picture(720, 412, 'The norm of the gradient of h, divided by its norm at the end, on a logarithmic scale', [
    diagram({ x: 62 }, 28, { low: -6, high: 2, every: 2 }, curves(28)),
    diagram({ x: 420 }, 784, { low: -150, high: 50, every: 50 }, curves(784)),
    legend,
  ]);
}
