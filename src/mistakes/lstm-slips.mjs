/** More mistakes in the exercises on the LSTM: see slips.mjs. */

const D_C = 'dc.get(b, n) + dh.get(b, n) * o * (1 - tanhC * tanhC)';
const C_PREV = 'dcPrev.get(b, n) + dC * f';
const D_H_PREV = 'backend.matmul(dhPrev, dz, WhTransposed, { accumulate: true });';
const D_WH = 'backend.matmul(dWh, hPrevTransposed, dz, { accumulate: true });';
const D_BIAS = 'backend.columnSums(dBias, dz, { accumulate: true });';
const INPUT = 'inputBackward(backend, dx, dWx, dz, xTransposed, WxTransposed);';
const CALL = 'if (running) lstmStepBackward(backend, lstm, running);';
const DENSE = 'denseBackward(backend, [readRows(dhUpstream)], dW, db, dLogits, [readRows(h)], W);';

/** The output layer's backward pass in a loop over the steps, which reads h of row `row`. */
const perStep = (loop, row) =>
  `for (let t = ${loop})
    denseBackward(backend, [dhUpstream.pick(t + 1)], dW, db, rowsOf(dLogits, t * B, t * B + B), [h.pick(${row})], W);`.replaceAll(
    ' B',
    ' lstm.sizes.B',
  );

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
      'tanh is applied to tanhC in do, which is already tanh(c)': 'const dO = dh.get(b, n) * Math.tanh(tanhC);',
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
      'parentheses are missing around 1 - tanh²: this is dc + dh·o - tanh²':
        'dc.get(b, n) + dh.get(b, n) * o * 1 - tanhC * tanhC',
      '1 + tanh² in place of 1 - tanh²': 'dc.get(b, n) + dh.get(b, n) * o * (1 + tanhC * tanhC)',
      'tanh² in place of 1 - tanh²': 'dc.get(b, n) + dh.get(b, n) * o * tanhC * tanhC',
      'the factor of dh is tanh(c), as in do; it is o·tanh′(c)': 'dc.get(b, n) + dh.get(b, n) * tanhC',
      'tanh is applied to tanhC in dc, which is already tanh(c)':
        'dc.get(b, n) + dh.get(b, n) * o * (1 - Math.tanh(tanhC) ** 2)',
      'c in place of dc: what is added is the gradient that arrives':
        'c.get(b, n) + dh.get(b, n) * o * (1 - tanhC * tanhC)',
      'σ′ of o is a factor too: o goes through no σ here':
        'dc.get(b, n) + dh.get(b, n) * o * (1 - o) * (1 - tanhC * tanhC)',
      'dc in place of dh, and the term of the later steps is missing': 'dc.get(b, n) * o * (1 - tanhC * tanhC)',
      'o - tanh² in place of o·(1 - tanh²)': 'dc.get(b, n) + dh.get(b, n) * (o - tanhC * tanhC)',
    },
    [`const dC = ${D_C};\n      dc.set(b, n, dC);`]: {
      'dc is overwritten before dC reads it': `dc.set(b, n, 0);\n      const dC = ${D_C};`,
    },
    'dc.set(b, n, dC);': { 'dO is stored in dc, not dC': 'dc.set(b, n, dO);' },
  },
  'cell-state': {
    'const dI = dC * j;': {
      'σ′ twice: dI is not dz, the lines below have the factor i·(1-i)': 'const dI = dC * j * i * (1 - i);',
      'di with dh in place of dC': 'const dI = dh.get(b, n) * j;',
      'di with tanh′ of j in place of j': 'const dI = dC * (1 - j * j);',
      'di with dO in place of dC': 'const dI = dO * j;',
      'di with the factor i too': 'const dI = dC * i * j;',
    },
    'const dJ = dC * i;': {
      'dj with j in place of i': 'const dJ = dC * j;',
      'dj with 1-i in place of i': 'const dJ = dC * (1 - i);',
      'dj with 1-f in place of i': 'const dJ = dC * (1 - f);',
      'dj with f in place of i': 'const dJ = dC * f;',
      'dj with dh in place of dC': 'const dJ = dh.get(b, n) * i;',
      'dj with σ′ of i in place of i': 'const dJ = dC * i * (1 - i);',
      'dj with the factor j too': 'const dJ = dC * i * j;',
      'tanh′ twice: dJ is not dz, the lines below have the factor 1-j²': 'const dJ = dC * i * (1 - j * j);',
    },
    'const dF = dC * cPrev.get(b, n);': {
      'df with f in place of cPrev': 'const dF = dC * f;',
      'df with dcPrev in place of cPrev': 'const dF = dC * dcPrev.get(b, n);',
      'df with dh in place of dC': 'const dF = dh.get(b, n) * cPrev.get(b, n);',
      'df with the factor f too': 'const dF = dC * f * cPrev.get(b, n);',
      'df with dcPrev in place of dC': 'const dF = dcPrev.get(b, n) * cPrev.get(b, n);',
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
      'cPrev in place of dcPrev: what is added to is the gradient that arrives': 'cPrev.get(b, n) + dC * f',
      'dcPrev with σ′ of f in place of f': 'dcPrev.get(b, n) + dC * f * (1 - f)',
      'dC is missing in dcPrev: what it held is multiplied by f': 'dcPrev.get(b, n) * f',
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
      'parentheses are missing around 1-i: this is dI·i - i': 'dI * i * 1 - i',
      'parentheses are missing: dI·i - i² is not dI·(i - i²)': 'dI * i - i * i',
      'σ is applied to i, which is already σ(zi)': 'dI / (1 + Math.exp(-i)) / (1 + Math.exp(i))',
    },
    'dJ * (1 - j * j)': {
      'j is not squared: tanh′ is 1 - j²': 'dJ * (1 - j)',
      'j in place of tanh′': 'dJ * j',
      'dI in place of dJ': 'dI * (1 - j * j)',
      'dJ is missing: this is tanh′ alone': '1 - j * j',
      'dzj with i in place of j': 'dJ * (1 - i * i)',
      'j² in place of 1 - j²': 'dJ * j * j',
      'parentheses are missing around 1 - j²: this is dJ - j²': 'dJ * 1 - j * j',
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
      'parentheses are missing around 1-f: this is dF·f - f': 'dF * f * 1 - f',
      'parentheses are missing: dF·f - f² is not dF·(f - f²)': 'dF * f - f * f',
    },
    'dO * o * (1 - o)': {
      'σ′ without the factor o': 'dO * (1 - o)',
      'dzo with tanh′ in place of σ′': 'dO * (1 - o * o)',
      'dO is missing: this is σ′ alone': 'o * (1 - o)',
      'σ′ is missing in dzo': 'dO',
      'dzo with o² in place of o·(1-o)': 'dO * o * o',
      'dzo with f in place of o': 'dO * f * (1 - f)',
      'dF in place of dO': 'dF * o * (1 - o)',
      'parentheses are missing around 1-o: this is dO·o - o': 'dO * o * 1 - o',
      'parentheses are missing: dO·o - o² is not dO·(o - o²)': 'dO * o - o * o',
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
    [`${D_H_PREV} // dhPrev += dz·Whᵀ\n  ${D_WH} // dWh += hPrevᵀ·dz\n  ${D_BIAS}`]: {
      'none of the three lines adds: { accumulate: true } is missing in each':
        'backend.matmul(dhPrev, dz, WhTransposed);\n  backend.matmul(dWh, hPrevTransposed, dz);\n  backend.columnSums(dBias, dz);',
    },
    [D_BIAS]: {
      'db adds the terms of the first sequence only':
        'for (let n = 0; n < dBias.size; n++) dBias.set(n, dBias.get(n) + dz.get(0, n));',
    },
    [D_H_PREV]: {
      'dz·Whᵀ is added to dh of the same step, not to dhPrev':
        'backend.matmul(dh, dz, WhTransposed, { accumulate: true });',
      'dz·Whᵀ is added to dhPrev twice':
        'backend.matmul(dhPrev, dz, WhTransposed, { accumulate: true });\n  backend.matmul(dhPrev, dz, WhTransposed, { accumulate: true });',
    },
    [D_WH]: {
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
      'only the last row of dhUpstream reaches dh: its other rows begin as zero, or dhPrev is cleared before each step':
        'backend.fill(dh, 0);\n  backend.copy(dh.pick(steps.length), dhUpstream.pick(steps.length));',
      'dhUpstream is added to what dh held before': 'backend.add(dh, dhUpstream);',
      'dh begins as dhUpstream twice': 'backend.copy(dh, dhUpstream);\n  backend.add(dh, dhUpstream);',
      'dh begins as h, not as its gradient': 'backend.copy(dh, lstm.h);',
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
      'dh is set to zero in the loop, so it loses what the later steps have added, and dhUpstream': `backend.fill(dh, 0);\n    ${CALL}`,
      'dh and dc are set to zero in the loop, so they lose what the later steps have added': `backend.fill(dh, 0);\n    backend.fill(dc, 0);\n    ${CALL}`,
      'dh is set to zero after each step, which has added to it': `${CALL}\n    backend.fill(dh, 0);`,
      'dc is set to zero after each step, which has added to it': `${CALL}\n    backend.fill(dc, 0);`,
      'only the last row of dcUpstream reaches dc: its other rows begin as zero, or dcPrev is cleared before each step': `if (running) backend.fill(running.dcPrev, 0);\n    ${CALL}`,
      'dhPrev and dcPrev are cleared before each step: only the last rows of dhUpstream and dcUpstream reach dh and dc': `if (running) {\n      backend.fill(running.dhPrev, 0);\n      backend.fill(running.dcPrev, 0);\n    }\n    ${CALL}`,
      'dhPrev is cleared after each step, which has added to it': `${CALL}\n    if (running) backend.fill(running.dhPrev, 0);`,
      'dcPrev is cleared after each step, which has added to it': `${CALL}\n    if (running) backend.fill(running.dcPrev, 0);`,
    },
  },
  'every-step': {
    [DENSE]: {
      'the output layer’s own backward pass is missing': '',
      'the output layer reads c in place of h': DENSE.replace('readRows(h)', 'readRows(lstm.c)'),
      'dW in place of W': DENSE.replace(', W)', ', dW)'),
      'dhUpstream is cleared after the output layer has written it': `${DENSE}\n  backend.fill(dhUpstream, 0);`,
      'dW and db have the terms of the last step alone: each call of denseBackward replaces those of the step before':
        perStep('0; t < T; t++', 't + 1'),
      'dW and db have the terms of the first step alone: each call of denseBackward replaces those of the step after':
        perStep('T - 1; t >= 0; t--', 't + 1'),
      'two mistakes: dW and db have the terms of the last step alone, because each call of denseBackward replaces them; and h is read from the rows before the steps':
        perStep('0; t < T; t++', 't'),
      'only the last step goes through the output layer: each step has a loss': perStep('T - 1; t < T; t++', 't + 1'),
    },
    'lstmBackward(backend, lstm);': {
      'accumulate: dx is added to what it held before': 'lstmBackward(backend, lstm, { accumulate: true });',
    },
  },
};
