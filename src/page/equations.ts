/** The LSTM's equations as the page shows them. docs/derivation.md links each to the lines that compute it. */
export interface Equation {
  /** As in src/equations/lstm.ts: `4′`. */
  readonly number: string;
  readonly latex: readonly string[];
  /** HTML. */
  readonly words: string;
}

export const EQUATIONS: readonly Equation[] = [
  {
    number: '1',
    latex: ['z = x\\,W_x + h_{t-1}W_h + b'],
    words: 'Combine the input with the past: x is the current row, or the states of the layer below.',
  },
  {
    number: '2',
    latex: ['i,\\,f,\\,o = \\sigma(z_i),\\ \\sigma(z_f + \\text{forget bias}),\\ \\sigma(z_o)', 'j = \\tanh(z_j)'],
    words: 'Compute the gates: i sets how much to add, f how much to keep, o how much to show. j is the candidate.',
  },
  {
    number: '3',
    latex: ['c_t = f \\odot c_{t-1} + i \\odot j'],
    words: 'Keep part of the old cell state, and add part of the candidate.',
  },
  { number: '4', latex: ['h_t = o \\odot \\tanh(c_t)'], words: 'Show part of the cell state.' },
  {
    number: '4′',
    latex: [
      '\\mathrm{d}o = \\mathrm{d}h \\odot \\tanh(c)',
      '\\mathrm{d}c \\mathrel{+}= \\mathrm{d}h \\odot o \\odot (1-\\tanh^2 c)',
    ],
    words: 'c is used twice, by h and by the next c: two gradients add up.',
  },
  {
    number: '3′',
    latex: [
      '\\mathrm{d}i = \\mathrm{d}c \\odot j,\\quad \\mathrm{d}j = \\mathrm{d}c \\odot i,\\quad \\mathrm{d}f = \\mathrm{d}c \\odot c_{t-1}',
      '\\mathrm{d}c_{t-1} \\mathrel{+}= \\mathrm{d}c \\odot f',
    ],
    words:
      'On the direct path from cell to cell, the gradient is multiplied by f. If f is near 1, the gradient hardly shrinks.',
  },
  {
    number: '2′',
    latex: [
      '\\mathrm{d}z_g = \\mathrm{d}g \\odot g \\odot (1-g) \\quad\\text{for } g = i, f, o',
      '\\mathrm{d}z_j = \\mathrm{d}j \\odot (1-j^2)',
    ],
    words: 'σ′ and tanh′ can be computed from the outputs of σ and tanh.',
  },
  {
    number: '1′',
    latex: [
      '\\mathrm{d}h_{t-1} \\mathrel{+}= \\mathrm{d}z\\,W_h^{\\top},\\quad \\mathrm{d}x \\mathrel{+}= \\mathrm{d}z\\,W_x^{\\top}',
      '\\mathrm{d}W_h \\mathrel{+}= h_{t-1}^{\\top}\\,\\mathrm{d}z,\\quad \\mathrm{d}W_x \\mathrel{+}= x^{\\top}\\,\\mathrm{d}z,\\quad \\mathrm{d}b \\mathrel{+}= \\textstyle\\sum \\mathrm{d}z',
    ],
    words:
      'If Y = A·B, then dA = dY·B<sup>T</sup> and dB = A<sup>T</sup>·dY. The parameters add up the gradients of all rows.',
  },
];
