// @ts-check
/**
 * Mistakes that people make when they write these equations. Examples are exchanged gates, a missing forget bias, a dropped
 * term, and a sum over the batch instead of a mean.
 *
 * `npm run test:mutations` plants each in a copy of this project and runs the tests that must fail. The page offers those
 * with `onPage`. test/compare/mistakes.test.ts computes the results of programs with these mistakes, and compares them.
 *
 * `test` is the test file that must fail besides the test of the equation; undefined: none. If an entry names no other, it is
 * `equations/gradients`, the gradient check of the whole model. This check cannot find every mistake. It accepts a wrong
 * forward pass if the backward pass fits it (no forget bias). It also misses a mistake that changes no gradient (dc is not
 * stored, Adam). For those, `network/pytorch` compares with PyTorch's numbers. `equations/lstm` tests the LSTM alone,
 * `equations/cross-entropy` the loss. `network/pytorch-network` compares networks with PyTorch's numbers.
 *
 * @typedef {object} PlantedMistake
 * @property {string} id
 * @property {string} words The mistake in a few words.
 * @property {string} equation The number of the equation that it breaks, as in docs/derivation.md, or `output layer`,
 *   `directions`, `layers`.
 * @property {string} file The file in src/.
 * @property {string} right The text there; it occurs exactly once.
 * @property {string} wrong The text that replaces it.
 * @property {readonly string[]} fails The tests in test/equations/equations-*.test.ts that fail, and no others: the
 *   beginnings of their names.
 * @property {string | undefined} [test] Another test file that must fail, if there is one: `equations/gradients` is
 *   test/equations/gradients.test.ts.
 * @property {true} [onPage] Whether the page offers it.
 */

/**
 * The mistakes in one equation and one file, by their ids.
 *
 * @param {string} equation
 * @param {string} file
 * @param {Record<string, Omit<PlantedMistake, 'id' | 'equation' | 'file'>>} list
 * @returns {PlantedMistake[]}
 */
const mistakes = (equation, file, list) =>
  Object.entries(list).map(([id, mistake]) => ({ id, equation, file, test: 'equations/gradients', ...mistake }));

/** In the order of the equations' numbers. @type {readonly PlantedMistake[]} */
export const PLANTED_MISTAKES = [
  ...mistakes('1', 'equations/lstm-input.ts', {
    'no-bias': {
      words: 'b is missing in z',
      right: 'k === 0 ? { bias: b } : { accumulate: true }',
      wrong: 'k === 0 ? {} : { accumulate: true }',
      fails: ['(1)', '(15) x·Wx', '(15′) dWx'],
    },
  }),
  ...mistakes('1', 'equations/lstm.ts', {
    'exchanged-biases': {
      // With zero biases all outputs are right, but the gradient check still fails: the gradients of the two biases are
      // exchanged too.
      words: 'the biases of gates i and j are exchanged',
      right: 'inputForward(backend, z, x, Wx, bias); // z = x·Wx + b',
      wrong:
        'const [, H] = h.shape;\n  const exchange = () => {\n    for (let n = 0; n < H; n++) {\n      const i = bias.get(n);\n      bias.set(n, bias.get(H + n));\n      bias.set(H + n, i);\n    }\n  };\n  exchange();\n  inputForward(backend, z, x, Wx, bias);\n  exchange();',
      fails: ['(1)'],
    },
    'past-replaces-input': {
      words: 'hPrev·Wh replaces x·Wx + b instead of being added',
      right: 'backend.matmul(z, hPrev, Wh, { accumulate: true })',
      wrong: 'backend.matmul(z, hPrev, Wh)',
      fails: ['(1)'],
    },
  }),
  ...mistakes('1', 'equations/lstm-tensors.ts', {
    'first-rows-for-all': {
      words: 'every input uses the first rows of the kernel',
      right: 'rowsOf(kernel, end, (end += count))',
      wrong: 'rowsOf(kernel, 0, count)',
      fails: ['(1)', '(1′) dhPrev', '(1′) dWx', '(1′) dWh', '(1′) dxₖ += dz·Wxₖᵀ for k = 1', 'layers h', 'layers dW'],
      test: 'network/pytorch-network',
    },
  }),
  ...mistakes('1′', 'equations/lstm.ts', {
    'no-dh-prev': {
      words: 'no gradient reaches the previous h',
      right: 'backend.matmul(dhPrev, dz, WhTransposed, { accumulate: true });',
      wrong: '',
      fails: ['(1′) dhPrev'],
    },
    'dh-prev-replaced': {
      words: 'dhPrev loses what reaches h from outside',
      right: 'backend.matmul(dhPrev, dz, WhTransposed, { accumulate: true })',
      wrong: 'backend.matmul(dhPrev, dz, WhTransposed)',
      fails: ['(1′) dhPrev', '(14′) dhPrev'],
      test: 'equations/lstm',
    },
  }),
  ...mistakes('1′', 'equations/lstm-input.ts', {
    'dx-replaced': {
      words: 'dx loses what the other direction has added',
      right: 'backend.matmul(dxk, dz, WxTransposed[k], { accumulate: true })',
      wrong: 'backend.matmul(dxk, dz, WxTransposed[k])',
      fails: ['(1′) dxₖ += for', 'directions reads last: dx', 'directions reads every: dx'],
      test: 'network/pytorch-network',
    },
  }),
  ...mistakes('1′', 'equations/lstm.ts', {
    'no-dh-outside': {
      words: 'dh does not begin as dhUpstream',
      right: 'backend.copy(dh, dhUpstream);',
      wrong: '',
      fails: ['(1′) dhPrev'],
    },
  }),
  ...mistakes('1′', 'equations/lstm-input.ts', {
    'no-dx': {
      words: 'dx is not computed',
      right: 'dx.forEach((dxk, k) => backend.matmul(dxk, dz, WxTransposed[k], { accumulate: true }));',
      wrong: '',
      fails: ['(1′) dx =', '(1′) dxₖ += dz·Wxₖᵀ'],
    },
  }),
  ...mistakes('1′', 'equations/lstm.ts', {
    'dx-not-cleared': {
      words: 'a second pass adds to dx of the first',
      right: 'if (!accumulate) for (const dInput of dInputs) backend.fill(dInput, 0);',
      wrong: '',
      fails: ['(1′) dx'],
      test: 'network/network-batch',
    },
    'second-direction-clears': {
      words: 'the second direction clears what the first has added to dx',
      right: 'if (!accumulate) for (const dInput',
      wrong: 'for (const dInput',
      fails: ['(1′) dxₖ += for', 'directions reads last: dx', 'directions reads every: dx'],
      test: 'network/pytorch-network',
    },
  }),
  ...mistakes('1′', 'equations/lstm-input.ts', {
    'first-input-left-out': {
      words: 'the first input gets no gradient, and neither do its weights',
      right:
        'dx.forEach((dxk, k) => backend.matmul(dxk, dz, WxTransposed[k], { accumulate: true }));\n  dWx.forEach((dWxk, k) => {',
      wrong:
        'dx.forEach((dxk, k) => {\n    if (k > 0) backend.matmul(dxk, dz, WxTransposed[k], { accumulate: true });\n  });\n  dWx.forEach((dWxk, k) => {\n    if (k === 0) return;',
      fails: [
        '(1′) dx =',
        '(1′) dWx +=',
        '(1′) dxₖ += dz·Wxₖᵀ for k = 0',
        '(1′) dWxₖ += xₖᵀ·dz for k = 0',
        'layers dW',
      ],
    },
    'no-dw': {
      words: 'dWx is not computed',
      right: 'else backend.matmul(dWxk, xTransposed[k], dz, { accumulate: true });',
      wrong: '',
      fails: ['(1′) dWx', '(15′) dWx'],
    },
    'dw-of-one-step': {
      words: 'dWx is the term of one step, not the sum over the steps',
      right: 'backend.matmul(dWxk, xTransposed[k], dz, { accumulate: true })',
      wrong: 'backend.matmul(dWxk, xTransposed[k], dz)',
      fails: ['(1′) dWx', '(14′) dW', '(15′) dWx'],
    },
  }),
  ...mistakes('1′', 'equations/lstm.ts', {
    'no-dwh': {
      words: 'dWh is not computed',
      right: 'backend.matmul(dWh, hPrevTransposed, dz, { accumulate: true });',
      wrong: '',
      fails: ['(1′) dWh'],
    },
    'dwh-of-one-step': {
      words: 'dWh is the term of one step, not the sum over the steps',
      right: 'backend.matmul(dWh, hPrevTransposed, dz, { accumulate: true })',
      wrong: 'backend.matmul(dWh, hPrevTransposed, dz)',
      fails: ['(1′) dWh', '(14′) dW'],
    },
  }),
  ...mistakes('1′', 'equations/lstm-step-views.ts', {
    'dwh-with-new-h': {
      words: 'dWh uses h in place of hPrev',
      right: 'hPrevTransposed: transposeOf(hPrev),',
      wrong: 'hPrevTransposed: transposeOf(first(lstm.h, write)),',
      fails: ['(1′) dWh'],
    },
  }),
  ...mistakes('1′', 'equations/lstm.ts', {
    'kernel-gradient-not-cleared': {
      words: 'a second pass adds to the kernel gradient of the first',
      right: 'backend.fill(dKernel, 0);',
      wrong: '',
      fails: ['(1′) dWx', '(1′) dWh'],
      test: 'equations/lstm',
    },
    'no-db': {
      words: 'db is not computed',
      right: 'backend.columnSums(dBias, dz, { accumulate: true });',
      wrong: '',
      fails: ['(1′) db'],
    },
    'db-of-one-step': {
      words: 'db is the term of one step, not the sum over the steps',
      right: 'columnSums(dBias, dz, { accumulate: true })',
      wrong: 'columnSums(dBias, dz)',
      fails: ['(1′) db', '(14′) dW'],
    },
    'bias-gradient-not-cleared': {
      words: 'a second pass adds to the bias gradient of the first',
      right: 'backend.fill(dBias, 0);',
      wrong: '',
      fails: ['(1′) db'],
      test: 'equations/lstm',
    },
  }),
  ...mistakes('2', 'equations/lstm.ts', {
    'i-and-j-exchanged': {
      words: 'gates i and j use each other’s pre-activation',
      right: 'sigmoid(z.get(b, n));\n      const j = Math.tanh(z.get(b, H + n))',
      wrong: 'sigmoid(z.get(b, H + n));\n      const j = Math.tanh(z.get(b, n))',
      fails: ['(2) i', '(2) j'],
    },
    'f-and-o-exchanged': {
      words: 'gates f and o use each other’s pre-activation',
      right: 'sigmoid(z.get(b, 2 * H + n) + forgetBias);\n      const o = sigmoid(z.get(b, 3 * H + n))',
      wrong: 'sigmoid(z.get(b, 3 * H + n) + forgetBias);\n      const o = sigmoid(z.get(b, 2 * H + n))',
      fails: ['(2) f', '(2) o'],
    },
    'no-forget-bias': {
      words: 'the forget bias is missing in the forward pass',
      right: 'const f = sigmoid(z.get(b, 2 * H + n) + forgetBias);',
      wrong: 'const f = sigmoid(z.get(b, 2 * H + n));',
      fails: ['(2) f'],
      test: 'network/pytorch',
      onPage: true,
    },
    'forget-bias-twice': {
      words: 'the forget bias is added twice',
      right: 'const f = sigmoid(z.get(b, 2 * H + n) + forgetBias);',
      wrong: 'const f = sigmoid(z.get(b, 2 * H + n) + 2 * forgetBias);',
      fails: ['(2) f'],
      test: 'network/pytorch',
    },
  }),
  ...mistakes('2′', 'equations/lstm.ts', {
    'i-and-j-read-exchanged': {
      words: 'the activations of i and j read in exchange',
      right: 'const i = gates.get(b, n);\n      const j = gates.get(b, H + n);',
      wrong: 'const i = gates.get(b, H + n);\n      const j = gates.get(b, n);',
      fails: ['(3′) di', '(3′) dj', '(2′) dzi', '(2′) dzj'],
    },
    'dzi-and-dzj-exchanged': {
      words: 'dzi and dzj written in exchange',
      right: 'dz.set(b, n, dI * i * (1 - i));\n      dz.set(b, H + n, dJ * (1 - j * j));',
      wrong: 'dz.set(b, H + n, dI * i * (1 - i));\n      dz.set(b, n, dJ * (1 - j * j));',
      fails: ['(3′) di', '(3′) dj', '(2′) dzi', '(2′) dzj'],
    },
    'half-of-sigma-prime-i': {
      words: 'σ′ without the factor 1-i',
      right: 'dI * i * (1 - i)',
      wrong: 'dI * i',
      fails: ['(2′) dzi', '(3′) di'],
    },
    'no-tanh-prime': {
      words: 'tanh′ is missing',
      right: 'dJ * (1 - j * j)',
      wrong: 'dJ',
      fails: ['(2′) dzj', '(3′) dj'],
    },
    'sigmoid-for-tanh': {
      words: 'σ′ in place of tanh′',
      right: 'dz.set(b, H + n, dJ * (1 - j * j));',
      wrong: 'dz.set(b, H + n, dJ * j * (1 - j));',
      fails: ['(2′) dzj', '(3′) dj'],
      onPage: true,
    },
    'half-of-sigma-prime-f': {
      words: 'σ′ without the factor f',
      right: 'dF * f * (1 - f)',
      wrong: 'dF * (1 - f)',
      fails: ['(2′) dzf', '(3′) df'],
    },
    'half-of-sigma-prime-o': {
      words: 'σ′ without the factor 1-o',
      right: 'dO * o * (1 - o)',
      wrong: 'dO * o',
      fails: ['(2′) dzo', '(4′) do'],
    },
  }),
  ...mistakes('3', 'equations/lstm.ts', {
    'no-candidate': {
      words: 'i in place of i*j',
      right: 'f * cPrev.get(b, n) + i * j',
      wrong: 'f * cPrev.get(b, n) + i',
      fails: ['(3) c'],
    },
  }),
  ...mistakes('3′', 'equations/lstm.ts', {
    'di-without-j': {
      words: 'di without the factor j',
      right: 'const dI = dC * j;',
      wrong: 'const dI = dC;',
      fails: ['(3′) di'],
    },
    'swapped-gate': {
      // The test of (2′) uses j = 1. With it, this factor i cannot be distinguished from a factor i in (2′).
      words: 'i in place of j',
      right: 'const dI = dC * j;',
      wrong: 'const dI = dC * i;',
      fails: ['(3′) di', '(2′) dzi'],
      onPage: true,
    },
    'i-and-j-exchanged-in-3′': {
      words: 'i and j exchanged as factors of di and dj',
      right: 'const dI = dC * j;\n      const dJ = dC * i;',
      wrong: 'const dI = dC * i;\n      const dJ = dC * j;',
      fails: ['(3′) di', '(3′) dj', '(2′) dzi', '(2′) dzj'],
    },
    'dj-without-i': {
      words: 'dj without the factor i',
      right: 'const dJ = dC * i;',
      wrong: 'const dJ = dC;',
      fails: ['(3′) dj'],
    },
    'df-without-c-prev': {
      words: 'df without the factor cPrev',
      right: 'const dF = dC * cPrev.get(b, n);',
      wrong: 'const dF = dC;',
      fails: ['(3′) df'],
    },
    'no-dc-prev': {
      words: 'no gradient reaches the previous c directly',
      right: 'dcPrev.get(b, n) + dC * f',
      wrong: 'dcPrev.get(b, n)',
      fails: ['(3′) dcPrev'],
    },
    'dc-prev-replaced': {
      words: 'dcPrev loses what reaches c from outside',
      right: 'dcPrev.get(b, n) + dC * f',
      wrong: 'dC * f',
      fails: ['(3′) dcPrev', '(14′) dhPrev'],
      test: 'equations/lstm',
    },
    'no-forget-gate': {
      words: 'dcPrev without the factor f',
      right: 'dcPrev.set(b, n, dcPrev.get(b, n) + dC * f);',
      wrong: 'dcPrev.set(b, n, dcPrev.get(b, n) + dC);',
      fails: ['(3′) dcPrev'],
      onPage: true,
    },
  }),
  ...mistakes('4', 'equations/lstm.ts', {
    'h-without-tanh': {
      words: 'o*c in place of o*tanh(c)',
      right: 'o * Math.tanh(cNew)',
      wrong: 'o * cNew',
      fails: ['(4) h'],
    },
  }),
  ...mistakes('4′', 'equations/lstm.ts', {
    'do-without-tanh': {
      words: 'do without the factor tanh(c)',
      right: 'dh.get(b, n) * tanhC;',
      wrong: 'dh.get(b, n);',
      fails: ['(4′) do'],
    },
    'dropped-term': {
      words: 'dc without the term that arrives through h',
      right: 'const dC = dc.get(b, n) + dh.get(b, n) * o * (1 - tanhC * tanhC);',
      wrong: 'const dC = dc.get(b, n);',
      fails: ['(4′) dc +='],
      onPage: true,
    },
    'no-memory': {
      words: 'dc without the term of the later steps',
      right: 'const dC = dc.get(b, n) + dh.get(b, n) * o * (1 - tanhC * tanhC);',
      wrong: 'const dC = dh.get(b, n) * o * (1 - tanhC * tanhC);',
      fails: ['(4′) dc +='],
      onPage: true,
    },
    'dc-without-tanh-prime': {
      words: 'dc without the factor tanh′',
      right: 'dh.get(b, n) * o * (1 - tanhC * tanhC)',
      wrong: 'dh.get(b, n) * o',
      fails: ['(4′) dc +='],
    },
    'dc-not-stored': {
      words: 'dc is used, but not stored',
      right: 'dc.set(b, n, dC);',
      wrong: '',
      fails: ['(4′) dc +='],
      test: 'network/pytorch',
    },
    'dc-not-begun': {
      words: 'dc begins as the pass before left it',
      right: 'if (dcUpstream) backend.copy(dc, dcUpstream);\n  else backend.fill(dc, 0);',
      wrong: '',
      fails: ['(4′) before the loop'],
      test: 'equations/lstm',
    },
    'no-dc-outside': {
      words: 'dc begins as zero, also if something outside reads c',
      right: 'if (dcUpstream) backend.copy(dc, dcUpstream);\n  else',
      wrong: '',
      fails: ['(4′) before the loop'],
      test: 'equations/lstm',
    },
  }),
  ...mistakes('output layer', 'equations/dense.ts', {
    'no-output-bias': {
      words: 'the output layer without its bias',
      right: 'k === 0 ? { bias: b } : { accumulate: true }',
      wrong: 'k === 0 ? {} : { accumulate: true }',
      fails: ['output layer logits'],
    },
    'second-state-replaces': {
      words: 'the product of the second state replaces that of the first',
      right: 'k === 0 ? { bias: b } : { accumulate: true }',
      wrong: '{ bias: b }',
      fails: ['output layer logits = Σ'],
      test: 'network/pytorch-network',
    },
    'first-rows-of-w': {
      words: 'every state uses the first rows of W',
      right: 'rowsOf(W, end, (end += H))',
      wrong: 'rowsOf(W, 0, H)',
      fails: ['output layer logits = Σ', 'output layer dStateₖ'],
      test: 'network/pytorch-network',
    },
    'no-output-dh': {
      words: 'no gradient reaches the last h',
      right: 'rowBlocks(W, states).forEach((Wk, k) => backend.matmul(dStates[k], dLogits, transposeOf(Wk)));',
      wrong: '',
      fails: ['output layer dh', 'output layer dStateₖ'],
    },
    'no-output-dw': {
      words: 'the output layer’s dW is not computed',
      right: 'rowBlocks(dW, states).forEach((dWk, k) => backend.matmul(dWk, transposeOf(states[k]), dLogits));',
      wrong: '',
      fails: ['output layer dW', 'output layer dStateₖ'],
    },
    'no-output-db': {
      words: 'the output layer’s db is not computed',
      right: 'backend.columnSums(db, dLogits);',
      wrong: '',
      fails: ['output layer db'],
    },
  }),
  ...mistakes('5', 'equations/cross-entropy.ts', {
    'exp-for-softmax': {
      words: 'p without the division by the sum',
      right: 'probabilities.set(b, k, Math.exp(logP));',
      wrong: 'probabilities.set(b, k, Math.exp(logP + logSum));',
      fails: ['(5) p', '(5) logits of ±1000'],
    },
    'loss-of-p': {
      words: 'the loss is -Σ y*p, without the logarithm',
      right: 'loss -= y.get(b, k) * logP;',
      wrong: 'loss -= y.get(b, k) * Math.exp(logP);',
      fails: ['(5) loss', '(5) logits of ±1000'],
    },
    'overflowing-softmax': {
      words: 'softmax without subtracting the largest logit',
      right: 'for (let k = 1; k < C; k++) max = Math.max(max, logits.get(b, k));',
      wrong: 'max = 0;',
      fails: ['(5) logits of ±1000'],
      test: undefined,
    },
  }),
  ...mistakes('5′', 'equations/cross-entropy.ts', {
    'no-labels': {
      words: 'dLogits without the labels',
      right: '(probabilities.get(b, k) * sum - y.get(b, k)) / count',
      wrong: 'probabilities.get(b, k) / count',
      fails: ['(5′) dLogits'],
    },
    'sum-over-batch': {
      words: 'the gradient of the sum over the batch in place of the mean',
      right: '(probabilities.get(b, k) * sum - y.get(b, k)) / count',
      wrong: 'probabilities.get(b, k) * sum - y.get(b, k)',
      fails: ['(5′) dLogits'],
    },
    'mean-over-all-rows': {
      words: 'the divisor is the number of all rows, also of those that do not count',
      right: '(probabilities.get(b, k) * sum - y.get(b, k)) / count',
      wrong: '(probabilities.get(b, k) * sum - y.get(b, k)) / B',
      fails: ['(5′) dLogits = (p*Σy - y) / count for a row of zeros'],
      test: 'network/pytorch-network',
    },
    'only-one-hot': {
      words: 'dLogits is right only for labels that add up to 1',
      right: 'probabilities.get(b, k) * sum',
      wrong: 'probabilities.get(b, k)',
      fails: [
        '(5′) dLogits = (p*Σy - y) / count for rows of y with other sums',
        '(5′) dLogits = (p*Σy - y) / count for a row of zeros',
      ],
      test: 'equations/cross-entropy',
    },
  }),
  ...mistakes('6', 'equations/adam.ts', {
    'm-replaced': {
      words: 'm is the last gradient, not the running mean',
      right: 'M.get(n) + (gradient - M.get(n)) * (1 - BETA1)',
      wrong: 'gradient',
      fails: ['(6) m'],
      test: 'network/pytorch',
    },
    'v-of-gradient': {
      words: 'v is the running mean of g, not of g²',
      right: '(gradient * gradient - V.get(n))',
      wrong: '(gradient - V.get(n))',
      fails: ['(6) v'],
      test: 'network/pytorch',
    },
    'epsilon-under-root': {
      words: 'ε is added under the root',
      right: 'Math.sqrt(square) + EPSILON',
      wrong: 'Math.sqrt(square + EPSILON)',
      fails: ['(6) p'],
      test: 'network/pytorch',
    },
    'no-bias-correction': {
      words: 'α is lr, without the correction for starting at zero',
      right: '(learningRate * Math.sqrt(1 - BETA2 ** t)) / (1 - BETA1 ** t)',
      wrong: 'learningRate',
      fails: ['(6) α'],
      test: 'network/pytorch',
    },
  }),
  ...mistakes('7', 'equations/gradcheck.ts', {
    'five-point-sign': {
      words: 'the far difference is added, not subtracted',
      right: '(8 * near - far)',
      wrong: '(8 * near + far)',
      fails: ['(7)'],
    },
    'two-point-rule': {
      words: 'the two-point rule, whose error is δ²·L⁽³⁾/6',
      right: '(8 * near - far) / (12 * STEP)',
      wrong: '(near + 0 * far) / (2 * STEP)',
      fails: ['(7)'],
    },
  }),
  ...mistakes('8', 'equations/schedule.ts', {
    'warm-up-from-zero': {
      words: 'the first step of a warm-up has the rate 0',
      right: '(learningRate * step) / warmUp',
      wrong: '(learningRate * (step - 1)) / warmUp',
      fails: ['(8) warm-up'],
      test: 'equations/schedule',
    },
    'constant-falls': {
      words: 'the constant rate falls along a cosine',
      right: '      return learningRate;\n',
      wrong: '',
      fails: ['(8) constant'],
      test: 'equations/schedule',
    },
    'schedule-one-step-late': {
      words: 'cosine and step begin one step too late',
      right: 'const since = step - 1 - warmUp;',
      wrong: 'const since = step - 2 - warmUp;',
      fails: ['(8) cosine', '(8) step'],
      test: 'equations/schedule',
    },
    'cosine-ignores-warm-up': {
      words: 'the cosine reaches 0 too late, by the steps of the warm-up',
      right: 'since / (steps - warmUp)',
      wrong: 'since / steps',
      fails: ['(8) cosine'],
      test: 'equations/schedule',
    },
    'smooth-decay': {
      words: 'the rate falls a little at every step',
      right: 'Math.floor(since / decayEvery)',
      wrong: '(since / decayEvery)',
      fails: ['(8) step'],
      test: 'equations/schedule',
    },
  }),
  ...mistakes('9', 'equations/clipping.ts', {
    'only-from-above': {
      words: 'negative elements are not clipped',
      right: 'Math.min(Math.max(values[n], -limit), limit)',
      wrong: 'Math.min(values[n], limit)',
      fails: ['(9)'],
      test: 'equations/clipping',
    },
  }),
  ...mistakes('10', 'equations/clipping.ts', {
    'always-scaled': {
      words: 'small gradients are scaled up to the limit',
      right: 'norm > limit && Number.isFinite(norm)',
      wrong: 'Number.isFinite(norm)',
      fails: ['(10) g stays', '(10) a gradient of zeros'],
      test: 'equations/clipping',
    },
    'norm-of-each-tensor': {
      words: 'each tensor is scaled by its own norm',
      right: 'for (const values of all) for (let n = 0; n < values.length; n++) values[n] *= factor;',
      wrong: `for (const values of all) {
      const whole = Math.hypot(...values);
      for (let n = 0; n < values.length; n++) values[n] *= limit / whole;
    }`,
      fails: ['(10) g = g·limit'],
      test: 'equations/clipping',
    },
  }),
  ...mistakes('11', 'equations/sgd.ts', {
    'no-momentum': {
      words: 'v is the gradient, without momentum',
      right: 'momentum * V.get(n) + G.get(n)',
      wrong: 'G.get(n)',
      fails: ['(11) v', '(11) p'],
      test: 'network/pytorch-network',
    },
    'damped-gradient': {
      words: 'v is the running mean of the gradient',
      right: 'momentum * V.get(n) + G.get(n)',
      wrong: 'momentum * V.get(n) + (1 - momentum) * G.get(n)',
      fails: ['(11) v', '(11) p'],
      test: 'network/pytorch-network',
    },
    'velocity-not-stored': {
      words: 'v is used, but not stored',
      right: '    V.set(n, velocity);\n',
      wrong: '',
      fails: ['(11) v', '(11) p'],
      test: 'network/pytorch-network',
    },
    nesterov: {
      words: 'p moves as with Nesterov’s momentum',
      right: 'P.get(n) - rate * velocity',
      wrong: 'P.get(n) - rate * (momentum * velocity + G.get(n))',
      fails: ['(11) p'],
      test: 'network/pytorch-network',
    },
    uphill: {
      words: 'p moves along the gradient, so the loss rises',
      right: 'P.get(n) - rate * velocity',
      wrong: 'P.get(n) + rate * velocity',
      fails: ['(11) p'],
      test: 'network/pytorch-network',
    },
  }),
  ...mistakes('12', 'equations/dropout.ts', {
    'mask-not-scaled': {
      words: 'what is kept is not scaled by 1/(1-p)',
      right: 'const kept = 1 / (1 - p);',
      wrong: 'const kept = 1;',
      fails: ['(12) mask', '(12) y'],
      test: 'network/pytorch-network',
    },
    'kept-with-p': {
      words: 'p is the probability that a number is kept',
      right: `kept * Number((bits & 0xffff) >= limit);
    if (n + 1 < values.length) values[n + 1] = kept * Number(bits >>> 16 >= limit);`,
      wrong: `kept * Number((bits & 0xffff) < limit);
    if (n + 1 < values.length) values[n + 1] = kept * Number(bits >>> 16 < limit);`,
      fails: ['(12) mask'],
      test: 'network/pytorch-network',
    },
  }),
  ...mistakes('12', 'network/layers.ts', {
    'no-dropout': {
      words: 'nothing is dropped in training',
      right: 'if (drops) backend.multiply(dropped, h, mask);\n    else backend.copy(dropped, h);',
      wrong: 'backend.copy(dropped, h);',
      fails: ['(12) y', '(12′) dx'],
      test: 'network/pytorch-network',
    },
    'dropout-in-evaluation': {
      words: 'numbers are dropped in evaluation too',
      right: 'if (drops) backend.multiply(dropped, h, mask);\n    else backend.copy(dropped, h);',
      wrong: 'backend.multiply(dropped, h, mask);',
      fails: ['(12) y'],
      test: undefined,
    },
  }),
  ...mistakes('12', 'network/layers.ts', {
    'masks-at-p-0': {
      words: 'masks are drawn though nothing is dropped',
      right: 'network.dropout > 0 ? dropoutAbove(layers[layer - 1], allocate) : []',
      wrong: 'dropoutAbove(layers[layer - 1], allocate)',
      fails: ['(12) nothing'],
      test: undefined,
    },
  }),
  ...mistakes('12′', 'network/layers.ts', {
    'no-mask-in-backward': {
      words: 'the backward pass does not use the mask',
      right: 'if (drops) backend.multiply(dh, dDropped, mask);\n    else backend.copy(dh, dDropped);',
      wrong: 'backend.copy(dh, dDropped);',
      fails: ['(12′) dx'],
      test: 'network/pytorch-network',
    },
    'mask-in-backward-only': {
      words: 'the backward pass uses the mask, though the forward pass did not',
      right: 'if (drops) backend.multiply(dh, dDropped, mask);\n    else backend.copy(dh, dDropped);',
      wrong: 'backend.multiply(dh, dDropped, mask);',
      fails: ['(12′) dx'],
      test: undefined,
    },
  }),
  ...mistakes('13', 'equations/error-losses.ts', {
    'half-squared-error': {
      words: 'the loss has a factor ½',
      right: 'sum += mask.get(b, k) * r * r;',
      wrong: 'sum += (mask.get(b, k) * r * r) / 2;',
      fails: ['(13) loss'],
      test: 'network/pytorch-network',
    },
    'loss-of-uncounted-target': {
      words: 'a target that does not count has a loss',
      right: 'sum += mask.get(b, k) * r * r;',
      wrong: 'sum += r * r;',
      fails: ['(13) loss'],
      test: 'network/pytorch-network',
    },
  }),
  ...mistakes('13′', 'equations/error-losses.ts', {
    'no-factor-2': {
      words: 'dOutputs without the factor 2',
      right: '(mask.get(b, k) * 2 * r) / count',
      wrong: '(mask.get(b, k) * r) / count',
      fails: ['(13′) dOutputs'],
      test: 'network/pytorch-network',
    },
    'uncounted-target-has-gradient': {
      words: 'a target that does not count has a gradient',
      right: '(mask.get(b, k) * 2 * r) / count',
      wrong: '(2 * r) / count',
      fails: ['(13′) dOutputs'],
      test: 'network/pytorch-network',
    },
    'squared-error-over-all-targets': {
      words: 'the divisor is the number of all targets, also of those that do not count',
      right: '(mask.get(b, k) * 2 * r) / count',
      wrong: '(mask.get(b, k) * 2 * r) / (B * C)',
      fails: ['(13′) dOutputs'],
      test: 'network/pytorch-network',
    },
    'no-mean-over-outputs': {
      words: 'dOutputs without the division by C',
      right: '(mask.get(b, k) * 2 * r) / count',
      wrong: '(mask.get(b, k) * 2 * r) / (count / C)',
      fails: ['(13′) dOutputs'],
      test: 'network/pytorch-network',
    },
  }),
  ...mistakes('17', 'equations/error-losses.ts', {
    'signed-error': {
      words: 'the errors have their signs, so they cancel',
      right: 'sum += mask.get(b, k) * Math.abs(r);',
      wrong: 'sum += mask.get(b, k) * r;',
      fails: ['(17) loss'],
      test: 'network/pytorch-network',
    },
  }),
  ...mistakes('17′', 'equations/error-losses.ts', {
    'absolute-error-wrong-direction': {
      words: 'the gradient of the targets, not of the outputs',
      right: '(mask.get(b, k) * Math.sign(r)) / count',
      wrong: '(mask.get(b, k) * -Math.sign(r)) / count',
      fails: ['(17′) dOutputs'],
      test: 'network/pytorch-network',
    },
    'absolute-error-as-squared': {
      words: 'the gradient grows with the error',
      right: '(mask.get(b, k) * Math.sign(r)) / count',
      wrong: '(mask.get(b, k) * r) / count',
      fails: ['(17′) dOutputs'],
      test: 'network/pytorch-network',
    },
  }),
  ...mistakes('18', 'equations/error-losses.ts', {
    'huber-without-half': {
      words: 'the parabola has no factor ½',
      right: '(r * r) / 2',
      wrong: 'r * r',
      fails: ['(18) loss'],
      test: 'network/pytorch-network',
    },
    'huber-with-a-jump': {
      words: 'the line does not meet the parabola at δ',
      right: 'delta * (r - delta / 2)',
      wrong: 'delta * r',
      fails: ['(18) loss'],
      test: 'network/pytorch-network',
    },
  }),
  ...mistakes('18′', 'equations/error-losses.ts', {
    'huber-not-limited': {
      words: 'the gradient has no limit',
      right: 'Math.max(-delta, Math.min(r, delta))',
      wrong: 'r',
      fails: ['(18′) dOutputs'],
      test: 'network/pytorch-network',
    },
    'huber-limited-to-1': {
      words: 'the limit is 1, not δ',
      right: 'Math.max(-delta, Math.min(r, delta))',
      wrong: 'Math.max(-1, Math.min(r, 1))',
      fails: ['(18′) dOutputs'],
      test: 'network/pytorch-network',
    },
  }),
  ...mistakes('19', 'equations/error-losses.ts', {
    'opposite-quantile': {
      words: 'the quantile 1-q in place of q',
      right: '(r < 0 ? -q * r : (1 - q) * r)',
      wrong: '(r < 0 ? -(1 - q) * r : q * r)',
      fails: ['(19) loss', '(19) is'],
      test: 'network/pytorch-network',
    },
  }),
  ...mistakes('19′', 'equations/error-losses.ts', {
    'opposite-slope': {
      words: 'the gradient of the quantile 1-q',
      right: 'r < 0 ? -q : r > 0 ? 1 - q : 0',
      wrong: 'r < 0 ? q - 1 : r > 0 ? q : 0',
      fails: ['(19′) dOutputs'],
      test: 'network/pytorch-network',
    },
    'pinball-wrong-direction': {
      words: 'the gradient of the targets, not of the outputs',
      right: 'r < 0 ? -q : r > 0 ? 1 - q : 0',
      wrong: 'r < 0 ? q : r > 0 ? q - 1 : 0',
      fails: ['(19′) dOutputs'],
      test: 'network/pytorch-network',
    },
  }),
  ...mistakes('14', 'equations/ended-sequences.ts', {
    'ended-h-not-kept': {
      words: 'after its end a sequence does not keep h',
      right: 'backend.copy(h, hPrev);',
      wrong: '',
      fails: ['(14) h', '(14) every', '(14′)'],
      test: 'network/pytorch-network',
    },
    'ended-c-not-kept': {
      words: 'after its end a sequence does not keep c',
      right: 'backend.copy(c, cPrev);',
      wrong: '',
      fails: ['(14) h', '(14) every', '(14′)'],
      test: 'network/pytorch-network',
    },
    'padding-is-read': {
      words: 'steps beyond the end of a sequence are computed',
      right: 'for (let t = 0; t < length; t++) running[t]++;',
      wrong: 'for (let t = 0; t < T; t++) running[t]++;',
      fails: ['(14) h', '(14) every', '(14′)'],
      test: 'network/pytorch-network',
    },
  }),
  ...mistakes('14′', 'equations/ended-sequences.ts', {
    'ended-dh-lost': {
      words: 'dh of an ended sequence does not reach its last step',
      right: 'backend.add(dhPrev, dh);',
      wrong: '',
      fails: ['(14′)'],
      test: 'network/pytorch-network',
    },
    'ended-dc-lost': {
      words: 'dc of an ended sequence does not reach its last step',
      right: 'backend.add(dcPrev, dc);',
      wrong: '',
      fails: ['(14′)'],
      test: 'network/pytorch-network',
    },
    'ended-dh-replaces': {
      words: 'dh of an ended sequence replaces what reaches hPrev from outside',
      right: 'backend.add(dhPrev, dh);',
      wrong: 'backend.copy(dhPrev, dh);',
      fails: ['(14′)'],
      test: 'network/pytorch-network',
    },
  }),
  ...mistakes('15', 'equations/embedding.ts', {
    'no-bias-with-classes': {
      words: 'b is missing if x is classes',
      right: 'a.get(indices.get(m), n) + bias.get(n)',
      wrong: 'a.get(indices.get(m), n)',
      fails: ['(15) x·Wx', '(15′) dWx'],
      test: 'network/pytorch-network',
    },
    'class-of-another-sequence': {
      words: 'every sequence reads the class of the first one',
      right: 'a.get(indices.get(m), n)',
      wrong: 'a.get(indices.get(0), n)',
      fails: ['(15) x·Wx', '(15′) dWx'],
      test: 'network/pytorch-network',
    },
  }),
  ...mistakes('15′', 'equations/embedding.ts', {
    'equal-classes-overwrite': {
      words: 'of two gradients of the same class, one is lost',
      right: 'out.get(row, n) + a.get(m, n)',
      wrong: 'a.get(m, n)',
      fails: ['(15′) dWx'],
      test: 'network/pytorch-network',
    },
  }),
  ...mistakes('15′', 'equations/lstm-input.ts', {
    'no-dwx-of-classes': {
      words: 'dWx of classes is not computed',
      right: 'backend.embeddingBackward(dWxk, xTransposed[k], dz); // (15′)',
      wrong: '; // (15′)',
      fails: ['(15′) dWx'],
      test: 'network/pytorch-network',
    },
  }),
  ...mistakes('16', 'equations/projection.ts', {
    'no-projection': {
      words: 'h is not computed from m',
      right: 'backend.matmul(h, m, Wr);',
      wrong: '',
      fails: ['(16) h'],
      test: 'network/pytorch-network',
    },
  }),
  ...mistakes('16′', 'equations/projection.ts', {
    'dm-adds': {
      words: 'dm of a step is added to that of the step before',
      right: 'backend.matmul(dm, dh, WrTransposed);',
      wrong: 'backend.matmul(dm, dh, WrTransposed, { accumulate: true });',
      fails: ['(16′) dm'],
      test: 'network/pytorch-network',
    },
    'one-step-of-dwr': {
      words: 'dWr is that of one step, not the sum over the steps',
      right: 'backend.matmul(dWr, mTransposed, dh, { accumulate: true });',
      wrong: 'backend.matmul(dWr, mTransposed, dh);',
      fails: ['(16′) dWr'],
      test: 'network/pytorch-network',
    },
  }),
  ...mistakes('directions', 'equations/lstm-step-views.ts', {
    'reverse-in-forward-order': {
      words: 'the reverse direction reads the steps from first to last',
      right: 'return this.lstm.reverse ? steps.reverse() : steps;',
      wrong: 'return steps;',
      fails: ['directions', '(14) h', '(14) every', '(14′)', 'layers h', 'layers dW'],
      test: 'network/pytorch-network',
    },
    'reverse-reads-forward-rows': {
      words: 'the reverse direction reads and writes the rows of the forward one',
      right: 'reverse ? { read: t + 1, write: t } : { read: t, write: t + 1 }',
      wrong: '({ read: t, write: t + 1 })',
      fails: ['directions', '(12) y', '(14) h', '(14) every', '(14′)', 'layers h', 'layers dW'],
      test: 'network/pytorch-network',
    },
  }),
  ...mistakes('directions', 'equations/lstm-tensors.ts', {
    'reverse-outputs-not-turned': {
      words: 'the outputs of the reverse direction are one step late',
      right: 'const first = reverse ? 0 : 1;',
      wrong: 'const first = 1;',
      fails: ['directions in reverse, h', 'layers h', 'layers dW'],
      test: 'network/pytorch-network',
    },
  }),
  ...mistakes('directions', 'network/network.ts', {
    'second-direction-replaces': {
      words: 'dx is what the second direction gives',
      right: '{ accumulate: k > 0 }',
      wrong: '{ accumulate: false }',
      fails: ['directions reads last: dx', 'directions reads every: dx'],
      test: 'network/pytorch-network',
    },
  }),
  ...mistakes('directions', 'network/layers.ts', {
    'last-row-in-reverse': {
      words: 'the output layer reads the reverse direction at the last step',
      right: 'lstm.reverse ? 0 : lstm.sizes.T',
      wrong: 'lstm.sizes.T',
      fails: ['directions reads last: the forward'],
      test: 'network/pytorch-network',
    },
    'reverse-rows-of-the-next-step': {
      words: 'the output layer reads the reverse direction one step late',
      right: 'return reverse ? rowsOf(rows, 0, T) : rowsOf(rows, 1, T + 1);',
      wrong: 'return rowsOf(rows, 1, T + 1);',
      fails: ['directions reads every: both', '(12′) dx', 'layers dW'],
      test: 'network/pytorch-network',
    },
  }),
  ...mistakes('layers', 'network/layers.ts', {
    'upper-reads-c': {
      words: 'the upper layer reads c of the lower one',
      right: 'inputs: below.map(({ outputs }) => outputs.h)',
      wrong: 'inputs: below.map(({ outputs }) => outputs.c)',
      fails: ['layers h', 'layers dW'],
      test: 'network/pytorch-network',
    },
    'no-gradient-below': {
      words: 'no gradient reaches the lower layers',
      right: 'dInputs: below.map((lstm) => outputRows(lstm, lstm.dhUpstream)),',
      wrong: 'dInputs: [],',
      fails: ['layers dW'],
      test: 'network/pytorch-network',
    },
  }),
  ...mistakes('layers', 'network/network.ts', {
    'lowest-layer-first': {
      words: 'the backward pass begins at the lowest layer',
      right: 'for (let n = this.layers.length - 1; n >= 0; n--) {',
      wrong: 'for (let n = 0; n < this.layers.length; n++) {',
      fails: ['layers dW'],
      test: 'network/pytorch-network',
    },
  }),
  ...mistakes('layers', 'network/layers.ts', {
    'output-writes-dh': {
      words: 'the output layer writes its gradient into dh, which the LSTM replaces',
      right: 'readRows(lstm, lstm.dhUpstream)',
      wrong: 'readRows(lstm, lstm.dh)',
      fails: ['layers reads every'],
    },
  }),
  ...mistakes('layers', 'network/output.ts', {
    'gradients-over-all-rows': {
      words: 'the gradients are divided by all rows, also by those that do not count',
      right: 'this.loss.backward(Math.max(this.counted.count, 1));',
      wrong: 'this.loss.backward(this.counted.mask.length);',
      fails: ['layers the loss', 'layers with the squared error'],
      test: 'network/pytorch-network',
    },
    'loss-over-all-rows': {
      words: 'the loss is divided by all rows, also by those that do not count',
      right: 'loss: loss / Math.max(divisor, 1)',
      wrong: 'loss: loss / losses.size',
      fails: ['layers the loss', 'layers with the squared error'],
      test: 'network/pytorch-network',
    },
  }),
  ...mistakes('layers', 'network/output.ts', {
    'padding-is-counted': {
      words: 'labels beyond the end of a sequence count',
      right: 'labels[row] >= 0 && this.isWithin(row)',
      wrong: 'labels[row] >= 0',
      fails: ['layers the loss'],
      test: 'network/pytorch-network',
    },
    'padded-targets-are-counted': {
      words: 'targets beyond the end of a sequence count',
      right: '!Number.isNaN(target) && this.isWithin(row)',
      wrong: '!Number.isNaN(target)',
      fails: ['layers with the squared error'],
      test: undefined,
    },
  }),
];
