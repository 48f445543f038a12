/** Wrong answers to the exercises on one step of the LSTM's cell: see wrong-answers.ts. */

export type WrongAnswer = readonly [right: string, wrong: string, ...words: string[]];

const D_O = 'const dO = dh.get(b, n) * tanhC;';
const D_C = 'const dC = dc.get(b, n) + dh.get(b, n) * o * (1 - tanhC * tanhC);';
const STORED = 'dc.set(b, n, dC);';
const D_I = 'const dI = dC * j;';
const D_J = 'const dJ = dC * i;';
const D_F = 'const dF = dC * cPrev.get(b, n);';
const C_PREV = 'dcPrev.set(b, n, dcPrev.get(b, n) + dC * f);';
const ZI = 'dz.set(b, n, dI * i * (1 - i));';
const ZJ = 'dz.set(b, H + n, dJ * (1 - j * j));';
const ZF = 'dz.set(b, 2 * H + n, dF * f * (1 - f));';
const ZO = 'dz.set(b, 3 * H + n, dO * o * (1 - o));';

export const CELL_ANSWERS: Readonly<Record<string, readonly WrongAnswer[]>> = {
  'hidden-state': [
    [D_O, 'const dO = dh.get(b, n);', 'do without the factor tanh(c)'],
    [D_O, 'const dO = dh.get(b, n) * c.get(b, n);', 'c in place of tanh(c)'],
    [D_O, 'const dO = dh.get(b, n) * o;', 'do with o in place of tanh(c)'],
    [D_O, 'const dO = dh.get(b, n) * (1 - tanhC * tanhC);', 'tanh′(c) in place of tanh(c)'],
    [D_O, 'const dO = -dh.get(b, n) * tanhC;', 'Gate o', 'wrong sign'],
    [D_O, 'const dO = dh.get(b, n) * tanhC * o * (1 - o);', 'σ′ twice'],
    [D_O, 'const dO = dc.get(b, n) * tanhC;', 'do with dc in place of dh'],
    [D_C, 'const dC = dh.get(b, n) * o * (1 - tanhC * tanhC);', 'without the term of the later steps'],
    [D_C, 'const dC = dc.get(b, n);', 'without the term that arrives through h'],
    [D_C, 'const dC = dc.get(b, n) + dh.get(b, n) * o;', 'dc without the factor tanh′'],
    [D_C, 'const dC = dc.get(b, n) + dh.get(b, n) * (1 - tanhC * tanhC);', 'dc without the factor o'],
    [D_C, 'const dC = dc.get(b, n) + dh.get(b, n) * o * (1 - c.get(b, n) ** 2);', 'c itself is squared'],
    [D_C, 'const dC = dc.get(b, n) + dh.get(b, n) * o * (1 - tanhC);', 'not squared'],
    [D_C, 'const dC = dc.get(b, n) + dh.get(b, n) * o * tanhC;', 'tanh(c) in place of its derivative'],
    [D_C, 'const dC = dc.get(b, n) + dh.get(b, n) * o * tanhC * (1 - tanhC);', 'σ′ in place of tanh′'],
    [D_C, 'const dC = dc.get(b, n) + dh.get(b, n) * o * (1 - o);', 'σ′ of o in place of tanh′'],
    [D_C, 'const dC = dc.get(b, n) - dh.get(b, n) * o * (1 - tanhC * tanhC);', 'sign of the term'],
    [D_C, 'const dC = (dc.get(b, n) + dh.get(b, n)) * o * (1 - tanhC * tanhC);', 'parentheses'],
    [D_C, 'const dC = dc.get(b, n) * dh.get(b, n) * o * (1 - tanhC * tanhC);', 'multiplied'],
    [D_C, 'const dC = dc.get(b, n) + o * (1 - tanhC * tanhC);', 'dc without the factor dh'],
    ['Math.tanh(c.get(b, n));', 'Math.atan(c.get(b, n));', 'Look at tanhC'],
    [STORED, '', 'not stored'],
    [STORED, 'dc.set(b, n, dc.get(b, n) + dC);', 'added to dc'],
    [`${D_C}\n      ${STORED}`, `${STORED}\n      ${D_C}`.replace('n, dC', 'n, 0'), 'overwritten'],
    [
      `${D_O}\n      ${D_C}`,
      'const dO = dh.get(b, n);\n const dC = dc.get(b, n) + dh.get(b, n) * (1 - tanhC * tanhC);',
      'do without the factor tanh(c)',
      'dc without the factor o',
    ],
    [
      `${D_C}\n      ${STORED}`,
      'const dC = dc.get(b, n) + dh.get(b, n) * o;',
      'dc without the factor tanh′',
      'not stored',
    ],
  ],
  'cell-state': [
    [D_I, 'const dI = dC;', 'di without the factor j'],
    [D_I, 'const dI = dC * i;', 'i in place of j'],
    [D_I, 'const dI = dC * j * i * (1 - i);', 'σ′ twice'],
    [D_I, 'const dI = -dC * j;', 'Gate i', 'wrong sign'],
    [D_I, 'const dI = dh.get(b, n) * j;', 'dh in place of dC'],
    [D_I, 'const dI = dC * (1 - j * j);', 'tanh′ of j in place of j'],
    [D_J, 'const dJ = dC;', 'dj without the factor i'],
    [D_J, 'const dJ = dC * j;', 'j in place of i'],
    [D_J, 'const dJ = dC * (1 - i);', '1-i in place of i'],
    [D_J, 'const dJ = dC * i * (1 - j * j);', 'tanh′ twice'],
    [D_J, 'const dJ = dC * (1 - f);', '1-f in place of i'],
    [D_F, 'const dF = dC;', 'df without the factor cPrev'],
    [D_F, 'const dF = dC * c.get(b, n);', 'c in place of cPrev'],
    [D_F, 'const dF = dC * f;', 'f in place of cPrev'],
    [D_F, 'const dF = dC * dcPrev.get(b, n);', 'dcPrev in place of cPrev'],
    [D_F, 'const dF = dC * cPrev.get(b, n) * f * (1 - f);', 'σ′ twice'],
    [D_F, 'const dF = 2 * dC * cPrev.get(b, n);', 'gate f', '2 times'],
    [C_PREV, '', 'no gradient reaches the previous c directly'],
    [C_PREV, 'dcPrev.set(b, n, dC * f);', 'dcPrev loses'],
    [C_PREV, 'dcPrev.set(b, n, dcPrev.get(b, n) + dC);', 'dcPrev without the factor f'],
    [C_PREV, 'dcPrev.set(b, n, dcPrev.get(b, n) + dC * i);', 'i in place of f'],
    [C_PREV, 'dcPrev.set(b, n, dcPrev.get(b, n) + dC * cPrev.get(b, n));', 'cPrev in place of f'],
    [C_PREV, 'dcPrev.set(b, n, dcPrev.get(b, n) + dF * f);', 'dF in place of dC'],
    [C_PREV, 'dcPrev.set(b, n, dcPrev.get(b, n) - dC * f);', 'sign of the term'],
    [C_PREV, 'dcPrev.set(b, n, (dcPrev.get(b, n) + dC) * f);', 'parentheses'],
    [C_PREV, 'dcPrev.set(b, n, dC);', 'dcPrev loses', 'without the factor f'],
    [`${D_I}\n      ${D_J}`, 'const dI = dC * i;\n      const dJ = dC * j;', 'i and j exchanged'],
    [`${D_I}\n      ${D_J}`, 'const dI = dC;\n      const dJ = dC;', 'di without', 'dj without'],
    [
      `${D_F}\n      ${C_PREV}`,
      'const dF = dC * c.get(b, n);\n      dcPrev.set(b, n, dC * f);',
      'c in place of cPrev',
      'dcPrev loses',
    ],
  ],
  gates: [
    [ZI, 'dz.set(b, n, dI * i);', 'without the factor 1-i'],
    [ZI, 'dz.set(b, n, dI * (1 - i));', 'without the factor i'],
    [ZI, 'dz.set(b, n, dI * (1 - i * i));', 'dzi with tanh′ in place of σ′'],
    [ZI, 'dz.set(b, n, i * (1 - i));', 'dI is missing'],
    [ZI, 'dz.set(b, n, dI);', 'σ′ is missing in dzi'],
    [ZJ, 'dz.set(b, H + n, dJ);', 'tanh′ is missing'],
    [ZJ, 'dz.set(b, H + n, dJ * j * (1 - j));', 'σ′ in place of tanh′'],
    [ZJ, 'dz.set(b, H + n, dJ * (1 - Math.tanh(j) ** 2));', 'already tanh(zj)'],
    [ZJ, 'dz.set(b, H + n, dJ * (1 - j));', 'j is not squared'],
    [ZJ, 'dz.set(b, H + n, dJ * j);', 'j in place of tanh′'],
    [ZJ, 'dz.set(b, H + n, dJ * (j * j - 1));', 'Gate j', 'wrong sign'],
    [ZJ, 'dz.set(b, H + n, dI * (1 - j * j));', 'dI in place of dJ'],
    [ZF, 'dz.set(b, 2 * H + n, dF * f);', 'without the factor 1-f'],
    [ZF, 'dz.set(b, 2 * H + n, dF * (1 - f));', 'without the factor f'],
    [ZF, 'dz.set(b, 2 * H + n, dF * (1 - f * f));', 'dzf with tanh′ in place of σ′'],
    [ZF, 'dz.set(b, 2 * H + n, dF * i * (1 - i));', 'i in place of f'],
    [ZF, 'dz.set(b, 2 * H + n, dF * (f - f + f * f));', 'f² in place of'],
    [ZO, 'dz.set(b, 3 * H + n, dO * o);', 'without the factor 1-o'],
    [ZO, 'dz.set(b, 3 * H + n, dO * (1 - o));', 'without the factor o'],
    [ZO, 'dz.set(b, 3 * H + n, dO * (1 - o * o));', 'dzo with tanh′ in place of σ′'],
    [ZO, 'dz.set(b, 3 * H + n, dO);', 'σ′ is missing in dzo'],
    [ZO, '', 'dzo is not written'],
    [ZO, 'dz.set(b, 3 * H + n, dz.get(b, 3 * H + n) + dO * o * (1 - o));', 'added to what was there before'],
    [
      `${ZI}\n      ${ZJ}`,
      'dz.set(b, H + n, dI * i * (1 - i));\n      dz.set(b, n, dJ * (1 - j * j));',
      'dzi and dzj written in exchange',
    ],
    [
      `${ZF}\n      ${ZO}`,
      'dz.set(b, 3 * H + n, dF * f * (1 - f));\n      dz.set(b, 2 * H + n, dO * o * (1 - o));',
      'dzf and dzo written in exchange',
    ],
    [
      `${ZJ}\n      ${ZF}`,
      'dz.set(b, 2 * H + n, dJ * (1 - j * j));\n      dz.set(b, H + n, dF * f * (1 - f));',
      'as in PyTorch',
    ],
    [
      `${ZI}\n      ${ZJ}\n      ${ZF}\n      ${ZO}`,
      'dz.set(b, 4 * n, dI * i * (1 - i));\n dz.set(b, 4 * n + 1, dJ * (1 - j * j));\n dz.set(b, 4 * n + 2, dF * f * (1 - f));\n dz.set(b, 4 * n + 3, dO * o * (1 - o));',
      'side by side',
    ],
    [
      `${ZI}\n      ${ZJ}\n      ${ZF}\n      ${ZO}`,
      'dz.set(b, n, dO * o * (1 - o));\n dz.set(b, H + n, dI * i * (1 - i));\n dz.set(b, 2 * H + n, dF * f * (1 - f));\n dz.set(b, 3 * H + n, dJ * (1 - j * j));',
      'the numbers of gate',
    ],
    [
      `${ZI}\n      ${ZJ}\n      ${ZF}\n      ${ZO}`,
      'dz.set(b, n, dI);\n dz.set(b, H + n, dJ);\n dz.set(b, 2 * H + n, dF);\n dz.set(b, 3 * H + n, dO);',
      'no derivative',
    ],
    [
      `${ZJ}\n      ${ZF}`,
      'dz.set(b, H + n, dJ * j * (1 - j));\n dz.set(b, 2 * H + n, dF * f);',
      'σ′ in place of tanh′',
      '1-f',
    ],
  ],
};
