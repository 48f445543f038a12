/** Mistakes that the page can plant into src/lstm.ts: one line each, as people make them. */
export interface PlantedMistake {
  readonly id: string;
  readonly words: string;
  /** The equation it breaks. */
  readonly equation: string;
  /** The text of src/lstm.ts, and what takes its place. */
  readonly right: string;
  readonly wrong: string;
}

export const PLANTED_MISTAKES: readonly PlantedMistake[] = [
  {
    id: 'swapped-gate',
    words: 'i and j swapped',
    equation: '3′',
    right: 'const dI = dC * j;',
    wrong: 'const dI = dC * i;',
  },
  {
    id: 'dropped-term',
    words: 'c’s share through h forgotten',
    equation: '4′',
    right: 'const dC = dc.get(b, n) + dh.get(b, n) * o * (1 - tanhC * tanhC);',
    wrong: 'const dC = dc.get(b, n);',
  },
  {
    id: 'no-memory',
    words: 'the later steps’ share forgotten',
    equation: '4′',
    right: 'const dC = dc.get(b, n) + dh.get(b, n) * o * (1 - tanhC * tanhC);',
    wrong: 'const dC = dh.get(b, n) * o * (1 - tanhC * tanhC);',
  },
  {
    id: 'no-forget-bias',
    words: 'the forget bias missing in the forward pass whose gates it uses',
    equation: '2',
    right: 'const f = sigmoid(z.get(b, 2 * H + n) + forgetBias);',
    wrong: 'const f = sigmoid(z.get(b, 2 * H + n));',
  },
  {
    id: 'no-forget-gate',
    words: 'c’s way back without f',
    equation: '3′',
    right: 'dcPrev.set(b, n, dcPrev.get(b, n) + dC * f);',
    wrong: 'dcPrev.set(b, n, dcPrev.get(b, n) + dC);',
  },
  {
    id: 'sigmoid-for-tanh',
    words: 'σ′ in place of tanh′',
    equation: '2′',
    right: 'dz.set(b, H + n, dJ * (1 - j * j));',
    wrong: 'dz.set(b, H + n, dJ * j * (1 - j));',
  },
];
