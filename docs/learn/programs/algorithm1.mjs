import { BETA1, BETA2, EPSILON } from 'longhand';

/**
 * Algorithm 1 of Adam's paper, as PyTorch computes it: ε is beside the root of the corrected v. m, v and the update after each gradient, with
 * any β₁ and β₂: those of `adam` are constants.
 *
 * @param {readonly number[]} gradients
 */
export function algorithm1(gradients, beta1 = BETA1, beta2 = BETA2) {
  let [m, v] = [0, 0];
  return gradients.map((gradient, n) => {
    m += (gradient - m) * (1 - beta1);
    v += (gradient ** 2 - v) * (1 - beta2);
    return { m, v, update: m / (1 - beta1 ** (n + 1)) / (Math.sqrt(v / (1 - beta2 ** (n + 1))) + EPSILON) };
  });
}
