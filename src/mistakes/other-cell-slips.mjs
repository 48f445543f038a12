/** More mistakes in the exercises on the cells beside the LSTM: see slips.mjs. */

const EACH_STEP = 'for (let t = T - 1; t >= 0; t--) {';
const BEFORE = 't > 0 ? stepOf(h, t - 1) : hPrev';
const D_BEFORE = 't > 0 ? stepOf(dh, t - 1) : dhPrev';
const D_A = 'const dA = dH * before.get(b, n);';
const D_B = 'const dB = dH;';
const ADDED = 'dBefore.get(b, n) + dH * a.get(t, b, n)';
const ADD = `dBefore.set(b, n, ${ADDED});`;

/** Of dh, what has come from outside: without the term of the next step. */
const OUTSIDE = '(t < T - 1 ? dH - a.get(t + 1, b, n) * dh.get(t + 1, b, n) : dH)';

const D_N = 'const dN = dh.get(b, k) * (1 - z);';
const D_Z = 'const dZ = dh.get(b, k) * (hPrev.get(b, k) - n);';
const H_PREV = 'dhPrev.get(b, k) + dh.get(b, k) * z';
const DAXN = 'const daxn = dN * (1 - n * n);';
const D_R = 'const dR = daxn * ahn;';
const DAR = 'const dar = dR * r * (1 - r);';
const DAZ = 'const daz = dZ * z * (1 - z);';

/** The lines that write a block, in both tensors or in one. */
const written = (tensor, column, value) => `${tensor}.set(b, ${column}, ${value});`;
const [N_COLUMN, Z_COLUMN] = ['2 * H + k', 'H + k'];
const N_LINES = `${written('dax', N_COLUMN, 'daxn')}\n      ${written('dah', N_COLUMN, 'daxn * r')}`;
const R_AND_Z = ['dar', 'daz'].flatMap((value, block) =>
  ['dax', 'dah'].map((tensor) => written(tensor, block === 0 ? 'k' : Z_COLUMN, value)),
);
const all = (lines) => lines.join('\n      ');
/** r and z exchanged in the lines of these tensors. */
const exchanged = (...tensors) =>
  all(
    R_AND_Z.map((line) =>
      tensors.some((tensor) => line.startsWith(tensor))
        ? line.replace(/da[rz]\)/, (value) => (value === 'dar)' ? 'daz)' : 'dar)'))
        : line,
    ),
  );

/** σ′ of a gate `g` times `d`, and what readers write in its place. `other`: of the other gate. */
const sigmoidSlips = (name, d, g, other, otherD) => ({
  [`${name} without the factor ${g} of σ′`]: `const ${name} = ${d} * (1 - ${g});`,
  [`${name} without the factor 1-${g} of σ′`]: `const ${name} = ${d} * ${g};`,
  [`${name} with σ′ of ${other} in place of σ′ of ${g}: it is the derivative of another gate`]: `const ${name} = ${d} * ${other} * (1 - ${other});`,
  [`${name} with tanh′ in place of σ′`]: `const ${name} = ${d} * (1 - ${g} * ${g});`,
  [`${name} with the gradient of ${other} in place of that of ${g}`]: `const ${name} = ${otherD} * ${g} * (1 - ${g});`,
  [`the gradient of ${g} is missing in ${name}: this is σ′ alone`]: `const ${name} = ${g} * (1 - ${g});`,
  [`${name} with ${g}² in place of ${g}·(1-${g})`]: `const ${name} = ${d} * ${g} * ${g};`,
  [`parentheses are missing around 1-${g} in ${name}`]: `const ${name} = ${d} * ${g} * 1 - ${g};`,
  [`σ is applied to ${g} in ${name}, which is already σ(…)`]: `const ${name} = ${d} / (1 + Math.exp(-${g})) / (1 + Math.exp(${g}));`,
});

/** By the names of the exercises. */
export const OTHER_CELL_SLIPS = {
  scan: {
    [EACH_STEP]: {
      'the loop runs from the first step to the last, so no step has the complete dh of the steps after it':
        'for (let t = 0; t < T; t++) {',
      'the first step is left out of the loop': 'for (let t = T - 1; t > 0; t--) {',
      'the last step is left out of the loop': 'for (let t = T - 2; t >= 0; t--) {',
      'dh of the last step is set to 0: what reaches it from outside is lost':
        'for (let b = 0; b < B; b++) for (let n = 0; n < H; n++) dh.set(T - 1, b, n, 0);\n  for (let t = T - 1; t >= 0; t--) {',
    },
    [BEFORE]: {
      'each step reads the initial state in place of the state before it': 'hPrev',
      'the first step reads the state of the first step in place of the initial state': 'stepOf(h, Math.max(t - 1, 0))',
    },
    [D_BEFORE]: {
      'every step adds to dhPrev: only the first one reads the initial state': 'dhPrev',
      'the first step adds to dh of the first step in place of dhPrev': 'stepOf(dh, Math.max(t - 1, 0))',
    },
    [D_A]: {
      'hPrev is missing in da: da is dh': 'const dA = dH;',
      'da is 0 in the first step: its initial state is forgotten': 'const dA = t > 0 ? dH * before.get(b, n) : 0;',
      'da is a product with a in place of hPrev': 'const dA = dH * a.get(t, b, n);',
      'da is only dh from outside times hPrev: the term of the later steps is missing': `const dA = ${OUTSIDE} * before.get(b, n);`,
      'dh is missing in da: it is hPrev': 'const dA = before.get(b, n);',
      'da has the factor a too': 'const dA = dH * before.get(b, n) * a.get(t, b, n);',
      'da reads dh of the step before in place of dh': 'const dA = dBefore.get(b, n) * before.get(b, n);',
    },
    [D_B]: {
      'db has the factor a; b is only added': 'const dB = dH * a.get(t, b, n);',
      'db has the factor hPrev, as da has': 'const dB = dH * before.get(b, n);',
      'db is only dh from outside: the term of the later steps is missing': `const dB = ${OUTSIDE};`,
      'db is dh of the step before': 'const dB = dBefore.get(b, n);',
      'db has the factor h': 'const dB = dH * h.get(t, b, n);',
    },
    [`${D_A}\n        ${D_B}`]: {
      'da and db have only dh from outside: the term of the later steps is missing in both': `const dA = ${OUTSIDE} * before.get(b, n);\n        const dB = ${OUTSIDE};`,
    },
    [ADDED]: {
      'no gradient reaches the state before': 'dBefore.get(b, n)',
      'the state before loses what reaches it from outside: its gradient is overwritten, not added to':
        'dH * a.get(t, b, n)',
      'a is missing: the state before gets dh itself': 'dBefore.get(b, n) + dH',
      'a of the step before, a[t-1], in place of a of this step':
        'dBefore.get(b, n) + dH * a.get(Math.max(t - 1, 0), b, n)',
      'a of the next step, a[t+1], in place of a of this step':
        'dBefore.get(b, n) + dH * a.get(Math.min(t + 1, T - 1), b, n)',
      'a of the first step at every step': 'dBefore.get(b, n) + dH * a.get(0, b, n)',
      'a of the last step at every step': 'dBefore.get(b, n) + dH * a.get(T - 1, b, n)',
      '1-a in place of a': 'dBefore.get(b, n) + dH * (1 - a.get(t, b, n))',
      'a² in place of a': 'dBefore.get(b, n) + dH * a.get(t, b, n) ** 2',
      'the sign of the term is reversed': 'dBefore.get(b, n) - dH * a.get(t, b, n)',
      'the state before gets dh times h in place of a': 'dBefore.get(b, n) + dH * h.get(t, b, n)',
      'the state before gets dh times hPrev in place of a: this is da': 'dBefore.get(b, n) + dH * before.get(b, n)',
      'dh is missing: the state before gets a itself': 'dBefore.get(b, n) + a.get(t, b, n)',
      'the parentheses: what the state before has from outside gets the factor a too':
        '(dBefore.get(b, n) + dH) * a.get(t, b, n)',
      'the term is added twice': 'dBefore.get(b, n) + 2 * dH * a.get(t, b, n)',
      'h of the state before in place of its dh: what is added to is the gradient that arrives':
        'before.get(b, n) + dH * a.get(t, b, n)',
      'dh goes back only by one step: what is added is dh from outside alone': `dBefore.get(b, n) + ${OUTSIDE} * a.get(t, b, n)`,
    },
    [ADD]: {
      'the initial state is forgotten: nothing is added to dhPrev': `if (t > 0) ${ADD}`,
      'dhPrev loses what reaches it from outside; dh does not': `dBefore.set(b, n, (t > 0 ? dBefore.get(b, n) : 0) + dH * a.get(t, b, n));`,
      'a is missing only in dhPrev': `dBefore.set(b, n, dBefore.get(b, n) + dH * (t > 0 ? a.get(t, b, n) : 1));`,
      'dhPrev is a product with the initial state in place of a':
        'dBefore.set(b, n, dBefore.get(b, n) + dH * (t > 0 ? a.get(t, b, n) : hPrev.get(b, n)));',
      'only dhPrev gets a gradient: no step passes it on to the step before': `if (t === 0) ${ADD}`,
    },
    'da.set(t, b, n, dA);': {
      'da is not written': '',
      'da is written one step too early: da of step t-1 has that of step t': 'if (t > 0) da.set(t - 1, b, n, dA);',
    },
    'db.set(t, b, n, dB);': { 'db is not written': '' },
    'da.set(t, b, n, dA);\n        db.set(t, b, n, dB);': {
      'da and db are exchanged': 'da.set(t, b, n, dB);\n        db.set(t, b, n, dA);',
    },
  },
  'gru-step': {
    [D_N]: {
      'dn with z in place of 1-z: z is the weight of hPrev': 'const dN = dh.get(b, k) * z;',
      'dn with 1-r in place of 1-z: r and z are exchanged': 'const dN = dh.get(b, k) * (1 - r);',
      'dn with r in place of 1-z': 'const dN = dh.get(b, k) * r;',
      'the sign of dn is reversed: z-1': 'const dN = dh.get(b, k) * (z - 1);',
      'dn with dhPrev in place of dh': 'const dN = dhPrev.get(b, k) * (1 - z);',
      'dh is missing in dn': 'const dN = 1 - z;',
      'dn with the factor n too': 'const dN = dh.get(b, k) * (1 - z) * n;',
      'dn with 1+z in place of 1-z': 'const dN = dh.get(b, k) * (1 + z);',
    },
    [D_Z]: {
      'the sign of dz, or of daz, is reversed: dz is dh·(hPrev - n)':
        'const dZ = dh.get(b, k) * (n - hPrev.get(b, k));',
      'dz with n alone, with a minus: hPrev is missing': 'const dZ = -dh.get(b, k) * n;',
      'dz with n in place of hPrev - n': 'const dZ = dh.get(b, k) * n;',
      'dz with hPrev + n: 1-z has a minus': 'const dZ = dh.get(b, k) * (hPrev.get(b, k) + n);',
      'dz with h[t], the new state, in place of h[t-1], which is hPrev: so it has the factor z too':
        'const dZ = dh.get(b, k) * ((1 - z) * n + z * hPrev.get(b, k) - n);',
      'dz with ahn in place of n': 'const dZ = dh.get(b, k) * (hPrev.get(b, k) - ahn);',
      'dz with dn in place of dh': 'const dZ = dN * (hPrev.get(b, k) - n);',
      'dh is missing in dz': 'const dZ = hPrev.get(b, k) - n;',
      'dz with dhPrev in place of hPrev': 'const dZ = dh.get(b, k) * (dhPrev.get(b, k) - n);',
      'parentheses are missing in dz: this is dh·hPrev - n': 'const dZ = dh.get(b, k) * hPrev.get(b, k) - n;',
    },
    [H_PREV]: {
      'dhPrev with 1-z in place of z': 'dhPrev.get(b, k) + dh.get(b, k) * (1 - z)',
      'dhPrev with r in place of z: r and z are exchanged': 'dhPrev.get(b, k) + dh.get(b, k) * r',
      'z is missing in dhPrev': 'dhPrev.get(b, k) + dh.get(b, k)',
      'the sign of the term in dhPrev is reversed': 'dhPrev.get(b, k) - dh.get(b, k) * z',
      'hPrev in place of dhPrev: what is added to is the gradient that arrives': 'hPrev.get(b, k) + dh.get(b, k) * z',
      'dhPrev with hPrev in place of z: a part of dz': 'dhPrev.get(b, k) + dh.get(b, k) * hPrev.get(b, k)',
      'the parentheses: what dhPrev held gets the factor z too': '(dhPrev.get(b, k) + dh.get(b, k)) * z',
      'dhPrev with dz in place of dh': 'dhPrev.get(b, k) + dZ * z',
      'dhPrev with dn in place of dh, which makes z·(1-z) of z': 'dhPrev.get(b, k) + dN * z',
      'two mistakes: dhPrev loses what reaches h from outside, and z is missing': 'dh.get(b, k)',
      'dhPrev with n in place of z': 'dhPrev.get(b, k) + dh.get(b, k) * n',
    },
    [DAXN]: {
      'n is not squared in daxn: tanh′ is 1 - n²': 'const daxn = dN * (1 - n);',
      'daxn with n in place of tanh′': 'const daxn = dN * n;',
      'daxn with n² in place of 1 - n²': 'const daxn = dN * n * n;',
      'daxn with σ′ in place of tanh′': 'const daxn = dN * n * (1 - n);',
      'dn is missing in daxn: this is tanh′ alone': 'const daxn = 1 - n * n;',
      'tanh is applied to n in daxn, which is already tanh(…)': 'const daxn = dN * (1 - Math.tanh(n) ** 2);',
      'daxn with tanh′ of ahn, not of the whole sum': 'const daxn = dN * (1 - Math.tanh(ahn) ** 2);',
      'daxn with 1-r² in place of 1-n²: it is the derivative of another gate': 'const daxn = dN * (1 - r * r);',
      'daxn with 1-z² in place of 1-n²: it is the derivative of another gate': 'const daxn = dN * (1 - z * z);',
      'parentheses are missing around 1 - n² in daxn': 'const daxn = dN * 1 - n * n;',
      'daxn with dz in place of dn': 'const daxn = dZ * (1 - n * n);',
      'daxn with the factor r before dr and dahn read it': 'const daxn = dN * (1 - n * n) * r;',
    },
    [D_R]: {
      'dr with n in place of ahn': 'const dR = daxn * n;',
      'dr with hPrev in place of ahn: so it would be if r came before the product':
        'const dR = daxn * hPrev.get(b, k);',
      'dr with dn in place of daxn: tanh′ is missing': 'const dR = dN * ahn;',
      'dr with the factor r too': 'const dR = daxn * ahn * r;',
      'dr with dh in place of daxn': 'const dR = dh.get(b, k) * ahn;',
      'dr with r in place of ahn: this is dahn': 'const dR = daxn * r;',
      'the sign of dr is reversed': 'const dR = -daxn * ahn;',
      'daxn is missing in dr': 'const dR = ahn;',
    },
    [written('dax', N_COLUMN, 'daxn')]: {
      'daxn has the factor r: r multiplies only ahn': 'dax.set(b, 2 * H + k, daxn * r);',
      'daxn is not written': '',
      'dax has dn in block n: tanh′ is missing': 'dax.set(b, 2 * H + k, dN);',
    },
    [written('dah', N_COLUMN, 'daxn * r')]: {
      'dahn with z in place of r: r and z are exchanged': 'dah.set(b, 2 * H + k, daxn * z);',
      'dahn with 1-r in place of r': 'dah.set(b, 2 * H + k, daxn * (1 - r));',
      'dahn with ahn in place of r: this is dr': 'dah.set(b, 2 * H + k, daxn * ahn);',
      'dahn with dn in place of daxn: tanh′ is missing': 'dah.set(b, 2 * H + k, dN * r);',
      'dahn with the factor ahn too': 'dah.set(b, 2 * H + k, daxn * r * ahn);',
      'dahn with σ′ of r in place of r': 'dah.set(b, 2 * H + k, daxn * r * (1 - r));',
      'dahn is not written': '',
    },
    [N_LINES]: {
      'dax and dah are exchanged in block n': 'dax.set(b, 2 * H + k, daxn * r);\n      dah.set(b, 2 * H + k, daxn);',
    },
    [DAR]: {
      ...sigmoidSlips('dar', 'dR', 'r', 'z', 'dZ'),
    },
    [DAZ]: {
      ...sigmoidSlips('daz', 'dZ', 'z', 'r', 'dR'),
    },
    [all(R_AND_Z)]: {
      'r and z are exchanged in dax and dah: the order is r, z, n, as in PyTorch; Keras has z, r, n': exchanged(
        'dax',
        'dah',
      ),
      'r and z are exchanged in dax': exchanged('dax'),
      'r and z are exchanged in dah': exchanged('dah'),
      'dah is written only in block n: r and z of dah are missing': all(
        R_AND_Z.filter((line) => line.startsWith('dax')),
      ),
      'dax is written only in block n: r and z of dax are missing': all(
        R_AND_Z.filter((line) => line.startsWith('dah')),
      ),
    },
    [`${DAR}\n      ${DAZ}`]: {
      'no σ′: the blocks of r and z hold dr and dz': 'const dar = dR;\n      const daz = dZ;',
      'tanh′ in place of σ′ in r and z': 'const dar = dR * (1 - r * r);\n      const daz = dZ * (1 - z * z);',
      'the derivatives of r and z are exchanged': 'const dar = dR * z * (1 - z);\n      const daz = dZ * r * (1 - r);',
    },
  },
};
