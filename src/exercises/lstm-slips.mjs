/** More mistakes in the exercises on the LSTM: see slips.mjs. */

const D_C = 'dc.get(b, n) + dh.get(b, n) * o * (1 - tanhC * tanhC)';
const C_PREV = 'dcPrev.get(b, n) + dC * f';
const INPUT = 'inputBackward(backend, dx, dWx, dz, xTransposed, WxTransposed);';
const CALL = 'if (running) lstmStepBackward(backend, lstm, running);';
const DENSE = 'denseBackward(backend, [readRows(dhUpstream)], dW, db, dLogits, [readRows(h)], W);';

/** By the names of the exercises. */
export const LSTM_SLIPS = {
  'hidden-state': {
    'const dO = dh.get(b, n) * tanhC;': {
      'do with o in place of tanh(c)': 'const dO = dh.get(b, n) * o;',
      'do with tanh′(c) in place of tanh(c)': 'const dO = dh.get(b, n) * (1 - tanhC * tanhC);',
      'do with dc in place of dh': 'const dO = dc.get(b, n) * tanhC;',
      'σ′ twice: dO is not dz, the lines below have the factor o·(1-o)':
        'const dO = dh.get(b, n) * tanhC * o * (1 - o);',
      'dh is missing in do': 'const dO = tanhC;',
    },
    [D_C]: {
      'tanh(c) is not squared: tanh′ is 1 - tanh²': 'dc.get(b, n) + dh.get(b, n) * o * (1 - tanhC)',
      'tanh(c) in place of its derivative': 'dc.get(b, n) + dh.get(b, n) * o * tanhC',
      'σ′ in place of tanh′': 'dc.get(b, n) + dh.get(b, n) * o * tanhC * (1 - tanhC)',
      'σ′ of o in place of tanh′ of c': 'dc.get(b, n) + dh.get(b, n) * o * (1 - o)',
      'the sign of the term of h is reversed': 'dc.get(b, n) - dh.get(b, n) * o * (1 - tanhC * tanhC)',
      'the parentheses: dc gets the factors of dh too': '(dc.get(b, n) + dh.get(b, n)) * o * (1 - tanhC * tanhC)',
      'the two terms of dC are multiplied, not added': 'dc.get(b, n) * dh.get(b, n) * o * (1 - tanhC * tanhC)',
      'dc without the factor dh': 'dc.get(b, n) + o * (1 - tanhC * tanhC)',
      'dc with dO in place of dh': 'dc.get(b, n) + dO * o * (1 - tanhC * tanhC)',
    },
    [`const dC = ${D_C};\n      dc.set(b, n, dC);`]: {
      'dc is overwritten before dC reads it': `dc.set(b, n, 0);\n      const dC = ${D_C};`,
    },
  },
  'cell-state': {
    'const dI = dC * j;': {
      'σ′ twice: dI is not dz, the lines below have the factor i·(1-i)': 'const dI = dC * j * i * (1 - i);',
      'di with dh in place of dC': 'const dI = dh.get(b, n) * j;',
      'di with tanh′ of j in place of j': 'const dI = dC * (1 - j * j);',
      'di with dO in place of dC': 'const dI = dO * j;',
    },
    'const dJ = dC * i;': {
      'dj with j in place of i': 'const dJ = dC * j;',
      'dj with 1-i in place of i': 'const dJ = dC * (1 - i);',
      'dj with 1-f in place of i': 'const dJ = dC * (1 - f);',
      'dj with f in place of i': 'const dJ = dC * f;',
      'dj with dh in place of dC': 'const dJ = dh.get(b, n) * i;',
      'dj with σ′ of i in place of i': 'const dJ = dC * i * (1 - i);',
      'tanh′ twice: dJ is not dz, the lines below have the factor 1-j²': 'const dJ = dC * i * (1 - j * j);',
    },
    'const dF = dC * cPrev.get(b, n);': {
      'df with f in place of cPrev': 'const dF = dC * f;',
      'df with dcPrev in place of cPrev': 'const dF = dC * dcPrev.get(b, n);',
      'df with dh in place of dC': 'const dF = dh.get(b, n) * cPrev.get(b, n);',
      'σ′ twice: dF is not dz, the lines below have the factor f·(1-f)':
        'const dF = dC * cPrev.get(b, n) * f * (1 - f);',
    },
    [`dcPrev.set(b, n, ${C_PREV});`]: {
      'two mistakes: dcPrev loses what reaches c from outside, and it is without the factor f': 'dcPrev.set(b, n, dC);',
    },
    [C_PREV]: {
      'dcPrev with i in place of f': 'dcPrev.get(b, n) + dC * i',
      'dcPrev with cPrev in place of f: this is dF': 'dcPrev.get(b, n) + dC * cPrev.get(b, n)',
      'dcPrev with dF in place of dC': 'dcPrev.get(b, n) + dF * f',
      'dcPrev with 1-f in place of f': 'dcPrev.get(b, n) + dC * (1 - f)',
      'dcPrev with dh in place of dC': 'dcPrev.get(b, n) + dh.get(b, n) * f',
      'the sign of the term in dcPrev is reversed': 'dcPrev.get(b, n) - dC * f',
      'the parentheses: what dcPrev held gets the factor f too': '(dcPrev.get(b, n) + dC) * f',
    },
  },
  gates: {
    'dI * i * (1 - i)': {
      'σ′ without the factor i': 'dI * (1 - i)',
      'dzi with tanh′ in place of σ′': 'dI * (1 - i * i)',
      'dI is missing: this is σ′ alone': 'i * (1 - i)',
      'σ′ is missing in dzi': 'dI',
      'dzi with i² in place of i·(1-i)': 'dI * i * i',
      'dzi with j in place of i': 'dI * j * (1 - j)',
      'σ is applied to i, which is already σ(zi)': 'dI / (1 + Math.exp(-i)) / (1 + Math.exp(i))',
    },
    'dJ * (1 - j * j)': {
      'j is not squared: tanh′ is 1 - j²': 'dJ * (1 - j)',
      'j in place of tanh′': 'dJ * j',
      'dI in place of dJ': 'dI * (1 - j * j)',
      'dJ is missing: this is tanh′ alone': '1 - j * j',
      'dzj with i in place of j': 'dJ * (1 - i * i)',
      'j² in place of 1 - j²': 'dJ * j * j',
    },
    'dF * f * (1 - f)': {
      'σ′ without the factor 1-f': 'dF * f',
      'dzf with tanh′ in place of σ′': 'dF * (1 - f * f)',
      'dF is missing: this is σ′ alone': 'f * (1 - f)',
      'σ′ is missing in dzf': 'dF',
      'dzf with f² in place of f·(1-f)': 'dF * f * f',
      'dzf with i in place of f': 'dF * i * (1 - i)',
      'dzf with o in place of f': 'dF * o * (1 - o)',
      'dI in place of dF': 'dI * f * (1 - f)',
    },
    'dO * o * (1 - o)': {
      'σ′ without the factor o': 'dO * (1 - o)',
      'dzo with tanh′ in place of σ′': 'dO * (1 - o * o)',
      'dO is missing: this is σ′ alone': 'o * (1 - o)',
      'σ′ is missing in dzo': 'dO',
      'dzo with o² in place of o·(1-o)': 'dO * o * o',
      'dzo with f in place of o': 'dO * f * (1 - f)',
    },
    'dz.set(b, n, dI * i * (1 - i));': { 'dzi is not written': '' },
    'dz.set(b, H + n, dJ * (1 - j * j));': { 'dzj is not written': '' },
    'dz.set(b, 2 * H + n, dF * f * (1 - f));': { 'dzf is not written': '' },
    'dz.set(b, 3 * H + n, dO * o * (1 - o));': { 'dzo is not written': '' },
    'dz.set(b, n, dI * i * (1 - i));\n      dz.set(b, H + n, dJ * (1 - j * j));\n      dz.set(b, 2 * H + n, dF * f * (1 - f));\n      dz.set(b, 3 * H + n, dO * o * (1 - o));':
      {
        'no derivative of a nonlinearity: dz holds dI, dJ, dF and dO':
          'dz.set(b, n, dI);\n      dz.set(b, H + n, dJ);\n      dz.set(b, 2 * H + n, dF);\n      dz.set(b, 3 * H + n, dO);',
        'tanh′ in place of σ′ in i, f and o':
          'dz.set(b, n, dI * (1 - i * i));\n      dz.set(b, H + n, dJ * (1 - j * j));\n      dz.set(b, 2 * H + n, dF * (1 - f * f));\n      dz.set(b, 3 * H + n, dO * (1 - o * o));',
      },
  },
  weights: {
    'backend.matmul(dhPrev, dz, WhTransposed, { accumulate: true });': {
      'dz·Whᵀ is added to dh of the same step, not to dhPrev':
        'backend.matmul(dh, dz, WhTransposed, { accumulate: true });',
      'dz·Whᵀ is added to dhPrev twice':
        'backend.matmul(dhPrev, dz, WhTransposed, { accumulate: true });\n  backend.matmul(dhPrev, dz, WhTransposed, { accumulate: true });',
    },
    'backend.matmul(dWh, hPrevTransposed, dz, { accumulate: true });': {
      'dWh uses h in place of hPrev': 'backend.matmul(dWh, step.h.transpose(1, 0), dz, { accumulate: true });',
      'dWh uses dhPrev in place of hPrev': 'backend.matmul(dWh, dhPrev.transpose(1, 0), dz, { accumulate: true });',
      'dWh uses cPrev in place of hPrev': 'backend.matmul(dWh, cPrev.transpose(1, 0), dz, { accumulate: true });',
    },
    [INPUT]: {
      'inputBackward is called twice': `${INPUT}\n  ${INPUT}`,
      'only the first input gets its gradient, and only its rows of dWx':
        'if (dx.length > 0) backend.matmul(dx[0], dz, WxTransposed[0], { accumulate: true });\n  backend.matmul(dWx[0], xTransposed[0], dz, { accumulate: true });',
      'no step adds to dx': 'dWx.forEach((dWxk, k) => backend.matmul(dWxk, xTransposed[k], dz, { accumulate: true }));',
      'dWx is 0 at the end: no step adds to it, or it is cleared too late':
        'dx.forEach((dxk, k) => backend.matmul(dxk, dz, WxTransposed[k], { accumulate: true }));',
      'dWx is the term of one step, not the sum over the steps':
        'dx.forEach((dxk, k) => backend.matmul(dxk, dz, WxTransposed[k], { accumulate: true }));\n  dWx.forEach((dWxk, k) => backend.matmul(dWxk, xTransposed[k], dz));',
      'dx is replaced, not added to':
        'dx.forEach((dxk, k) => backend.matmul(dxk, dz, WxTransposed[k]));\n  dWx.forEach((dWxk, k) => backend.matmul(dWxk, xTransposed[k], dz, { accumulate: true }));',
    },
  },
  'through-time': {
    'backend.copy(dh, dhUpstream);': {
      'dh begins as zero but for the last row: only the last row of dhUpstream reaches it':
        'backend.fill(dh, 0);\n  backend.copy(dh.pick(steps.length), dhUpstream.pick(steps.length));',
      'dhUpstream is added to what dh held before': 'backend.add(dh, dhUpstream);',
      'dh begins as dhUpstream twice': 'backend.copy(dh, dhUpstream);\n  backend.add(dh, dhUpstream);',
    },
    'if (dcUpstream) backend.copy(dc, dcUpstream);\n  else backend.fill(dc, 0);': {
      'without dcUpstream, dc is not set to zero': 'if (dcUpstream) backend.copy(dc, dcUpstream);',
      'dc begins as dhUpstream': 'backend.copy(dc, dhUpstream);',
      'dc begins as dhUpstream if there is no dcUpstream': 'backend.copy(dc, dcUpstream ?? dhUpstream);',
    },
    'if (!accumulate) for (const dInput of dInputs) backend.fill(dInput, 0);': {
      'only dx of the first input begins at zero':
        'if (!accumulate && dInputs.length > 0) backend.fill(dInputs[0], 0);',
      'accumulate is read the wrong way round':
        'if (accumulate) for (const dInput of dInputs) backend.fill(dInput, 0);',
    },
    [CALL]: {
      'only the last step is computed': `${CALL}\n    break;`,
      'each step is computed twice': `${CALL}\n    ${CALL}`,
      'dKernel is cleared in the loop, so it is that of the first step alone': `backend.fill(dKernel, 0);\n    ${CALL}`,
      'dBias is cleared in the loop, so it is that of the first step alone': `backend.fill(dBias, 0);\n    ${CALL}`,
      'dx is cleared in the loop, so only the first step keeps its own': `if (!accumulate) for (const dInput of dInputs) backend.fill(dInput, 0);\n    ${CALL}`,
      'dh is set to dhUpstream in the loop, so it loses what the later steps have added': `backend.copy(dh, dhUpstream);\n    ${CALL}`,
      'dc is set to zero in the loop, so it loses what the later steps have added': `backend.fill(dc, 0);\n    ${CALL}`,
    },
  },
  'every-step': {
    [DENSE]: {
      'the output layer’s own backward pass is missing': '',
      'the output layer reads c in place of h': DENSE.replace('readRows(h)', 'readRows(lstm.c)'),
      'dW in place of W': DENSE.replace(', W)', ', dW)'),
      'dhUpstream is cleared after the output layer has written it': `${DENSE}\n  backend.fill(dhUpstream, 0);`,
    },
    'lstmBackward(backend, lstm);': {
      'accumulate: dx is added to what it held before': 'lstmBackward(backend, lstm, { accumulate: true });',
    },
  },
};
