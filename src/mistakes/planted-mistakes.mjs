// @ts-check
/**
 * Mistakes that people make when they write these equations. Examples are exchanged gates, a missing forget bias, a dropped
 * term, and a sum over the batch instead of a mean.
 *
 * `npm run test:mutations` plants each in a copy of this project and runs the tests that must fail. The page offers those
 * that are (on the page). test/compare/mistakes.test.ts computes the results of programs with these mistakes, and compares them.
 *
 * Behind ! are the beginnings of the names of the tests in test/equations/equations-*.test.ts that fail, and no others. Behind “and” is
 * the test file that must fail too. If a mistake names none, it is `equations/gradients`, the gradient check of the whole model.
 * This check cannot find every mistake. It accepts a wrong forward pass if the backward pass fits it (no forget bias). It also misses a
 * mistake that changes no gradient (dc is not stored, Adam). For those, `network/pytorch` compares with PyTorch's numbers.
 * `equations/lstm` tests the LSTM alone, `equations/cross-entropy` the loss. `network/pytorch-network` compares networks with
 * PyTorch's numbers.
 */

/**
 * The form of the lists, as in a diff:
 *
 *     ## what the mistakes below have in common
 *     id: the mistake in a few words
 *     - the right text
 *     + the text that replaces it; without such a line, nothing does
 *     ! what must fail
 *
 * Texts of several lines have the sign in front of each. A line that begins with // is a comment.
 *
 * @typedef {object} Row
 * @property {string} heading
 * @property {string} id
 * @property {string} words '' if the line has no colon.
 * @property {string} right
 * @property {string} wrong
 * @property {string} fails '' if the row has no such line.
 */

/**
 * The rows of a text. Throws an Error for a line that belongs to no row, and for a row without a right text.
 *
 * @param {string} text
 * @returns {Row[]}
 */
export function rowsIn(text) {
  /** @type {{ heading: string, first: string, signs: Record<string, string[]> }[]} */
  const rows = [];
  let heading = '';
  for (const line of text.split('\n').filter((one) => one !== '' && !one.startsWith('//'))) {
    const [, sign, rest] = /^(##|[-+!])(?: (.*))?$/.exec(line) ?? [];
    if (sign === '##') heading = rest;
    else if (sign === undefined) rows.push({ heading, first: line, signs: { '-': [], '+': [], '!': [] } });
    else if (rows.length === 0) throw new Error(`mistakes: “${line}” belongs to no mistake`);
    else rows[rows.length - 1].signs[sign].push(rest ?? '');
  }
  return rows.map(({ heading, first, signs }) => {
    if (signs['-'].length === 0) throw new Error(`mistakes: ${first} has no right text`);
    const [, id, words = ''] = /^(.*?)(?:: (.*))?$/.exec(first) ?? [first, first];
    const [right, wrong, fails] = ['-', '+', '!'].map((sign) => signs[sign].join('\n'));
    return { heading, id, words, right, wrong, fails };
  });
}

/**
 * @typedef {object} PlantedMistake
 * @property {string} id
 * @property {string} words The mistake in a few words.
 * @property {string} equation The number of the equation that it breaks, as in docs/derivation.md, or `output layer`,
 *   `directions`, `layers`.
 * @property {string} file The file in src/.
 * @property {string} right The text there; it occurs exactly once.
 * @property {string} wrong The text that replaces it.
 * @property {readonly string[]} fails The beginnings of the names of the tests of equations that fail.
 * @property {string | undefined} test The other test file that must fail, if there is one: `equations/gradients` is
 *   test/equations/gradients.test.ts.
 * @property {boolean} onPage Whether the page offers it.
 */

/** In the order of the equations' numbers. The headings have the equation and the file. */
const LIST = `
## 1, equations/lstm-input.ts
no-bias: b is missing in z
- k === 0 ? { bias: b } : { accumulate: true }
+ k === 0 ? {} : { accumulate: true }
! (1) | (15) x·Wx | (15′) dWx | (21) ax | (21′) dWx
## 1, equations/lstm.ts
// With zero biases all outputs are right, but the gradient check still fails: the gradients of the two biases are exchanged too.
exchanged-biases: the biases of gates i and j are exchanged
- inputForward(backend, z, x, Wx, bias); // z = x·Wx + b
+ const [, H] = h.shape;
+   const exchange = () => {
+     for (let n = 0; n < H; n++) {
+       const i = bias.get(n);
+       bias.set(n, bias.get(H + n));
+       bias.set(H + n, i);
+     }
+   };
+   exchange();
+   inputForward(backend, z, x, Wx, bias);
+   exchange();
! (1)
past-replaces-input: hPrev·Wh replaces x·Wx + b instead of being added
- backend.matmul(z, hPrev, Wh, { accumulate: true })
+ backend.matmul(z, hPrev, Wh)
! (1)
## 1, equations/lstm-tensors.ts
first-rows-for-all: every input uses the first rows of the kernel
- rowsOf(kernel, end, (end += count))
+ rowsOf(kernel, 0, count)
! (1) | (1′) dhPrev | (1′) dWx | (1′) dWh | (1′) dxₖ += dz·Wxₖᵀ for k = 1 | layers h | layers dW, and network/pytorch-network
## 1′, equations/lstm.ts
no-dh-prev: no gradient reaches the previous h
- backend.matmul(dhPrev, dz, WhTransposed, { accumulate: true });
! (1′) dhPrev
dh-prev-replaced: dhPrev loses what reaches h from outside
- backend.matmul(dhPrev, dz, WhTransposed, { accumulate: true })
+ backend.matmul(dhPrev, dz, WhTransposed)
! (1′) dhPrev | (14′) dhPrev, and equations/lstm
## 1′, equations/lstm-input.ts
dx-replaced: dx loses what the other direction has added
- backend.matmul(dxk, dz, WxTransposed[k], { accumulate: true })
+ backend.matmul(dxk, dz, WxTransposed[k])
! (1′) dxₖ += for | directions reads last: dx | directions reads every: dx, and network/pytorch-network
## 1′, equations/lstm.ts
no-dh-outside: dh does not begin as dhUpstream
- backend.copy(dh, dhUpstream);
! (1′) dhPrev
## 1′, equations/lstm-input.ts
no-dx: dx is not computed
- dx.forEach((dxk, k) => backend.matmul(dxk, dz, WxTransposed[k], { accumulate: true }));
! (1′) dx = | (1′) dxₖ += dz·Wxₖᵀ | (21′) dx
## 1′, equations/lstm.ts
dx-not-cleared: a second pass adds to dx of the first
- if (!accumulate) for (const dInput of dInputs) backend.fill(dInput, 0);
! (1′) dx, and network/network-batch
second-direction-clears: the second direction clears what the first has added to dx
- if (!accumulate) for (const dInput
+ for (const dInput
! (1′) dxₖ += for | directions reads last: dx | directions reads every: dx, and network/pytorch-network
## 1′, equations/lstm-input.ts
first-input-left-out: the first input gets no gradient, and neither do its weights
- dx.forEach((dxk, k) => backend.matmul(dxk, dz, WxTransposed[k], { accumulate: true }));
-   dWx.forEach((dWxk, k) => {
+ dx.forEach((dxk, k) => {
+     if (k > 0) backend.matmul(dxk, dz, WxTransposed[k], { accumulate: true });
+   });
+   dWx.forEach((dWxk, k) => {
+     if (k === 0) return;
! (1′) dx = | (1′) dWx += | (1′) dxₖ += dz·Wxₖᵀ for k = 0 | (1′) dWxₖ += xₖᵀ·dz for k = 0 | (21′) dx | (21′) dWx | layers dW
no-dw: dWx is not computed
- else backend.matmul(dWxk, xTransposed[k], dz, { accumulate: true });
! (1′) dWx | (15′) dWx | (21′) dWx
dw-of-one-step: dWx is the term of one step, not the sum over the steps
- backend.matmul(dWxk, xTransposed[k], dz, { accumulate: true })
+ backend.matmul(dWxk, xTransposed[k], dz)
! (1′) dWx | (14′) dW | (15′) dWx
## 1′, equations/lstm.ts
no-dwh: dWh is not computed
- backend.matmul(dWh, hPrevTransposed, dz, { accumulate: true });
! (1′) dWh
dwh-of-one-step: dWh is the term of one step, not the sum over the steps
- backend.matmul(dWh, hPrevTransposed, dz, { accumulate: true })
+ backend.matmul(dWh, hPrevTransposed, dz)
! (1′) dWh | (14′) dW
## 1′, equations/lstm-step-views.ts
dwh-with-new-h: dWh uses h in place of hPrev
- hPrevTransposed: transposeOf(hPrev),
+ hPrevTransposed: transposeOf(first(lstm.h, write)),
! (1′) dWh
## 1′, equations/lstm.ts
kernel-gradient-not-cleared: a second pass adds to the kernel gradient of the first
- backend.fill(dKernel, 0);
! (1′) dWx | (1′) dWh, and equations/lstm
no-db: db is not computed
- backend.columnSums(dBias, dz, { accumulate: true });
! (1′) db
db-of-one-step: db is the term of one step, not the sum over the steps
- columnSums(dBias, dz, { accumulate: true })
+ columnSums(dBias, dz)
! (1′) db | (14′) dW
bias-gradient-not-cleared: a second pass adds to the bias gradient of the first
- backend.fill(dBias, 0);
! (1′) db, and equations/lstm
## 2, equations/lstm.ts
i-and-j-exchanged: gates i and j use each other’s pre-activation
- sigmoid(z.get(b, n));
-       const j = Math.tanh(z.get(b, H + n))
+ sigmoid(z.get(b, H + n));
+       const j = Math.tanh(z.get(b, n))
! (2) i | (2) j
f-and-o-exchanged: gates f and o use each other’s pre-activation
- sigmoid(z.get(b, 2 * H + n) + forgetBias);
-       const o = sigmoid(z.get(b, 3 * H + n))
+ sigmoid(z.get(b, 3 * H + n) + forgetBias);
+       const o = sigmoid(z.get(b, 2 * H + n))
! (2) f | (2) o
no-forget-bias (on the page): the forget bias is missing in the forward pass
- const f = sigmoid(z.get(b, 2 * H + n) + forgetBias);
+ const f = sigmoid(z.get(b, 2 * H + n));
! (2) f, and network/pytorch
forget-bias-twice: the forget bias is added twice
- const f = sigmoid(z.get(b, 2 * H + n) + forgetBias);
+ const f = sigmoid(z.get(b, 2 * H + n) + 2 * forgetBias);
! (2) f, and network/pytorch
## 2′, equations/lstm.ts
i-and-j-read-exchanged: the activations of i and j read in exchange
- const i = gates.get(b, n);
-       const j = gates.get(b, H + n);
+ const i = gates.get(b, H + n);
+       const j = gates.get(b, n);
! (3′) di | (3′) dj | (2′) dzi | (2′) dzj
dzi-and-dzj-exchanged: dzi and dzj written in exchange
- dz.set(b, n, dI * i * (1 - i));
-       dz.set(b, H + n, dJ * (1 - j * j));
+ dz.set(b, H + n, dI * i * (1 - i));
+       dz.set(b, n, dJ * (1 - j * j));
! (3′) di | (3′) dj | (2′) dzi | (2′) dzj
half-of-sigma-prime-i: σ′ without the factor 1-i
- dI * i * (1 - i)
+ dI * i
! (2′) dzi | (3′) di
no-tanh-prime: tanh′ is missing
- dJ * (1 - j * j)
+ dJ
! (2′) dzj | (3′) dj
sigmoid-for-tanh (on the page): σ′ in place of tanh′
- dz.set(b, H + n, dJ * (1 - j * j));
+ dz.set(b, H + n, dJ * j * (1 - j));
! (2′) dzj | (3′) dj
half-of-sigma-prime-f: σ′ without the factor f
- dF * f * (1 - f)
+ dF * (1 - f)
! (2′) dzf | (3′) df
half-of-sigma-prime-o: σ′ without the factor 1-o
- dO * o * (1 - o)
+ dO * o
! (2′) dzo | (4′) do
## 3, equations/lstm.ts
no-candidate: i in place of i*j
- f * cPrev.get(b, n) + i * j
+ f * cPrev.get(b, n) + i
! (3) c
## 3′, equations/lstm.ts
di-without-j: di without the factor j
- const dI = dC * j;
+ const dI = dC;
! (3′) di
// The test of (2′) uses j = 1. With it, this factor i cannot be distinguished from a factor i in (2′).
swapped-gate (on the page): i in place of j
- const dI = dC * j;
+ const dI = dC * i;
! (3′) di | (2′) dzi
i-and-j-exchanged-in-3′: i and j exchanged as factors of di and dj
- const dI = dC * j;
-       const dJ = dC * i;
+ const dI = dC * i;
+       const dJ = dC * j;
! (3′) di | (3′) dj | (2′) dzi | (2′) dzj
dj-without-i: dj without the factor i
- const dJ = dC * i;
+ const dJ = dC;
! (3′) dj
df-without-c-prev: df without the factor cPrev
- const dF = dC * cPrev.get(b, n);
+ const dF = dC;
! (3′) df
no-dc-prev: no gradient reaches the previous c directly
- dcPrev.get(b, n) + dC * f
+ dcPrev.get(b, n)
! (3′) dcPrev
dc-prev-replaced: dcPrev loses what reaches c from outside
- dcPrev.get(b, n) + dC * f
+ dC * f
! (3′) dcPrev | (14′) dhPrev, and equations/lstm
no-forget-gate (on the page): dcPrev without the factor f
- dcPrev.set(b, n, dcPrev.get(b, n) + dC * f);
+ dcPrev.set(b, n, dcPrev.get(b, n) + dC);
! (3′) dcPrev
## 4, equations/lstm.ts
h-without-tanh: o*c in place of o*tanh(c)
- o * Math.tanh(cNew)
+ o * cNew
! (4) h
## 4′, equations/lstm.ts
do-without-tanh: do without the factor tanh(c)
- dh.get(b, n) * tanhC;
+ dh.get(b, n);
! (4′) do
dropped-term (on the page): dc without the term that arrives through h
- const dC = dc.get(b, n) + dh.get(b, n) * o * (1 - tanhC * tanhC);
+ const dC = dc.get(b, n);
! (4′) dc +=
no-memory (on the page): dc without the term of the later steps
- const dC = dc.get(b, n) + dh.get(b, n) * o * (1 - tanhC * tanhC);
+ const dC = dh.get(b, n) * o * (1 - tanhC * tanhC);
! (4′) dc +=
dc-without-tanh-prime: dc without the factor tanh′
- dh.get(b, n) * o * (1 - tanhC * tanhC)
+ dh.get(b, n) * o
! (4′) dc +=
dc-not-stored: dc is used, but not stored
- dc.set(b, n, dC);
! (4′) dc +=, and network/pytorch
dc-not-begun: dc begins as the pass before left it
- if (dcUpstream) backend.copy(dc, dcUpstream);
-   else backend.fill(dc, 0);
! (4′) before the loop, and equations/lstm
no-dc-outside: dc begins as zero, also if something outside reads c
- if (dcUpstream) backend.copy(dc, dcUpstream);
-   else
! (4′) before the loop, and equations/lstm
## output layer, equations/dense.ts
no-output-bias: the output layer without its bias
- k === 0 ? { bias: b } : { accumulate: true }
+ k === 0 ? {} : { accumulate: true }
! output layer logits
second-state-replaces: the product of the second state replaces that of the first
- k === 0 ? { bias: b } : { accumulate: true }
+ { bias: b }
! output layer logits = Σ, and network/pytorch-network
first-rows-of-w: every state uses the first rows of W
- rowsOf(W, end, (end += H))
+ rowsOf(W, 0, H)
! output layer logits = Σ | output layer dStateₖ, and network/pytorch-network
no-output-dh: no gradient reaches the last h
- rowBlocks(W, states).forEach((Wk, k) => backend.matmul(dStates[k], dLogits, transposeOf(Wk)));
! output layer dh | output layer dStateₖ
no-output-dw: the output layer’s dW is not computed
- rowBlocks(dW, states).forEach((dWk, k) => backend.matmul(dWk, transposeOf(states[k]), dLogits));
! output layer dW | output layer dStateₖ
no-output-db: the output layer’s db is not computed
- backend.columnSums(db, dLogits);
! output layer db
## 5, equations/cross-entropy.ts
exp-for-softmax: p without the division by the sum
- probabilities.set(b, k, Math.exp(logP));
+ probabilities.set(b, k, Math.exp(logP + logSum));
! (5) p | (5) logits of ±1000
loss-of-p: the loss is -Σ y*p, without the logarithm
- loss -= y.get(b, k) * logP;
+ loss -= y.get(b, k) * Math.exp(logP);
! (5) loss | (5) logits of ±1000
overflowing-softmax: softmax without subtracting the largest logit
- for (let k = 1; k < C; k++) max = Math.max(max, logits.get(b, k));
+ max = 0;
! (5) logits of ±1000, and no other
## 5′, equations/cross-entropy.ts
no-labels: dLogits without the labels
- (probabilities.get(b, k) * sum - y.get(b, k)) / count
+ probabilities.get(b, k) / count
! (5′) dLogits
sum-over-batch: the gradient of the sum over the batch in place of the mean
- (probabilities.get(b, k) * sum - y.get(b, k)) / count
+ probabilities.get(b, k) * sum - y.get(b, k)
! (5′) dLogits
mean-over-all-rows: the divisor is the number of all rows, also of those that do not count
- (probabilities.get(b, k) * sum - y.get(b, k)) / count
+ (probabilities.get(b, k) * sum - y.get(b, k)) / B
! (5′) dLogits, and network/pytorch-network
only-one-hot: dLogits is right only for labels that add up to 1
- probabilities.get(b, k) * sum
+ probabilities.get(b, k)
! (5′) dLogits, and network/pytorch-network
## 6, equations/adam.ts
m-replaced: m is the last gradient, not the running mean
- M.get(n) + (gradient - M.get(n)) * (1 - BETA1)
+ gradient
! (6) m, and network/pytorch
v-of-gradient: v is the running mean of g, not of g²
- (gradient * gradient - V.get(n))
+ (gradient - V.get(n))
! (6) v, and network/pytorch
epsilon-under-root: ε is added under the root
- Math.sqrt(square) + EPSILON
+ Math.sqrt(square + EPSILON)
! (6) p, and network/pytorch
no-bias-correction: α is lr, without the correction for starting at zero
- (learningRate * Math.sqrt(1 - BETA2 ** t)) / (1 - BETA1 ** t)
+ learningRate
! (6) α, and network/pytorch
## 7, equations/gradcheck-measure.ts
five-point-sign: the far difference is added, not subtracted
- 8 * (right - left) - (farRight - farLeft)
+ 8 * (right - left) + (farRight - farLeft)
! (7)
two-point-rule: the two-point rule, whose error is δ²·L⁽³⁾/6
- 8 * (right - left) - (farRight - farLeft)
+ right - left + 0 * (farRight - farLeft)
! (7)
## 8, equations/schedule.ts
warm-up-from-zero: the first step of a warm-up has the rate 0
- (learningRate * step) / warmUp
+ (learningRate * (step - 1)) / warmUp
! (8) warm-up, and equations/schedule
constant-falls: the constant rate falls along a cosine
-       return learningRate;
-
! (8) constant, and equations/schedule
schedule-one-step-late: cosine and step begin one step too late
- const since = step - 1 - warmUp;
+ const since = step - 2 - warmUp;
! (8) cosine | (8) step, and equations/schedule
cosine-ignores-warm-up: the cosine reaches 0 too late, by the steps of the warm-up
- since) / (steps - warmUp)
+ since) / steps
! (8) cosine, and equations/schedule
smooth-decay: the rate falls a little at every step
- Math.floor(since / decayEvery)
+ (since / decayEvery)
! (8) step, and equations/schedule
## 9, equations/clipping.ts
only-from-above: negative elements are not clipped
- Math.min(Math.max(values[n], -limit), limit)
+ Math.min(values[n], limit)
! (9), and equations/clipping
## 10, equations/clipping.ts
always-scaled: small gradients are scaled up to the limit
- norm > limit && Number.isFinite(norm)
+ Number.isFinite(norm)
! (10) g stays | (10) a gradient of zeros, and equations/clipping
norm-of-each-tensor: each tensor is scaled by its own norm
- for (const values of all) for (let n = 0; n < values.length; n++) values[n] *= factor;
+ for (const values of all) {
+       const whole = Math.hypot(...values);
+       for (let n = 0; n < values.length; n++) values[n] *= limit / whole;
+     }
! (10) g = g·limit, and equations/clipping
## 11, equations/sgd.ts
no-momentum: v is the gradient, without momentum
- momentum * V.get(n) + G.get(n)
+ G.get(n)
! (11) v | (11) p, and network/pytorch-network
damped-gradient: v is the running mean of the gradient
- momentum * V.get(n) + G.get(n)
+ momentum * V.get(n) + (1 - momentum) * G.get(n)
! (11) v | (11) p, and network/pytorch-network
velocity-not-stored: v is used, but not stored
-     V.set(n, velocity);
-
! (11) v | (11) p, and network/pytorch-network
nesterov: p moves as with Nesterov’s momentum
- P.get(n) - rate * velocity
+ P.get(n) - rate * (momentum * velocity + G.get(n))
! (11) p, and network/pytorch-network
uphill: p moves along the gradient, so the loss rises
- P.get(n) - rate * velocity
+ P.get(n) + rate * velocity
! (11) p, and network/pytorch-network
## 12, equations/dropout.ts
mask-not-scaled: what is kept is not scaled by 1/(1-p)
- const kept = 1 / (1 - p);
+ const kept = 1;
! (12) mask | (12) y, and network/pytorch-network
kept-with-p: p is the probability that a number is kept
- kept * Number((bits & 0xffff) >= limit);
-     if (n + 1 < values.length) values[n + 1] = kept * Number(bits >>> 16 >= limit);
+ kept * Number((bits & 0xffff) < limit);
+     if (n + 1 < values.length) values[n + 1] = kept * Number(bits >>> 16 < limit);
! (12) mask, and network/pytorch-network
## 12, network/layers.ts
no-dropout: nothing is dropped in training
- if (drops) backend.multiply(dropped, h, mask);
-     else backend.copy(dropped, h);
+ backend.copy(dropped, h);
! (12) y | (12′) dx, and network/pytorch-network
dropout-in-evaluation: numbers are dropped in evaluation too
- if (drops) backend.multiply(dropped, h, mask);
-     else backend.copy(dropped, h);
+ backend.multiply(dropped, h, mask);
! (12) y, and no other
masks-at-p-0: masks are drawn though nothing is dropped
- network.dropout > 0 ? dropoutAbove(layers[layer - 1], allocate) : []
+ dropoutAbove(layers[layer - 1], allocate)
! (12) nothing, and no other
## 12′, network/layers.ts
no-mask-in-backward: the backward pass does not use the mask
- if (drops) backend.multiply(dh, dDropped, mask);
-     else backend.copy(dh, dDropped);
+ backend.copy(dh, dDropped);
! (12′) dx, and network/pytorch-network
mask-in-backward-only: the backward pass uses the mask, though the forward pass did not
- if (drops) backend.multiply(dh, dDropped, mask);
-     else backend.copy(dh, dDropped);
+ backend.multiply(dh, dDropped, mask);
! (12′) dx, and no other
## 13, equations/error-losses.ts
half-squared-error: the loss has a factor ½
- sum += mask.get(b, k) * r * r;
+ sum += (mask.get(b, k) * r * r) / 2;
! (13) loss, and network/pytorch-network
loss-of-uncounted-target: a target that does not count has a loss
- sum += mask.get(b, k) * r * r;
+ sum += r * r;
! (13) loss, and network/pytorch-network
## 13′, equations/error-losses.ts
no-factor-2: dOutputs without the factor 2
- (mask.get(b, k) * 2 * r) / count
+ (mask.get(b, k) * r) / count
! (13′) dOutputs, and network/pytorch-network
uncounted-target-has-gradient: a target that does not count has a gradient
- (mask.get(b, k) * 2 * r) / count
+ (2 * r) / count
! (13′) dOutputs, and network/pytorch-network
squared-error-over-all-targets: the divisor is the number of all targets, also of those that do not count
- (mask.get(b, k) * 2 * r) / count
+ (mask.get(b, k) * 2 * r) / (B * C)
! (13′) dOutputs, and network/pytorch-network
no-mean-over-outputs: dOutputs without the division by C
- (mask.get(b, k) * 2 * r) / count
+ (mask.get(b, k) * 2 * r) / (count / C)
! (13′) dOutputs, and network/pytorch-network
## 17, equations/error-losses.ts
signed-error: the errors have their signs, so they cancel
- sum += mask.get(b, k) * Math.abs(r);
+ sum += mask.get(b, k) * r;
! (17) loss, and network/pytorch-network
## 17′, equations/error-losses.ts
absolute-error-wrong-direction: the gradient of the targets, not of the outputs
- (mask.get(b, k) * Math.sign(r)) / count
+ (mask.get(b, k) * -Math.sign(r)) / count
! (17′) dOutputs, and network/pytorch-network
absolute-error-as-squared: the gradient grows with the error
- (mask.get(b, k) * Math.sign(r)) / count
+ (mask.get(b, k) * r) / count
! (17′) dOutputs, and network/pytorch-network
## 18, equations/error-losses.ts
huber-without-half: the parabola has no factor ½
- (r * r) / 2
+ r * r
! (18) loss, and network/pytorch-network
huber-with-a-jump: the line does not meet the parabola at δ
- delta * (r - delta / 2)
+ delta * r
! (18) loss, and network/pytorch-network
## 18′, equations/error-losses.ts
huber-not-limited: the gradient has no limit
- Math.max(-delta, Math.min(r, delta))
+ r
! (18′) dOutputs, and network/pytorch-network
huber-limited-to-1: the limit is 1, not δ
- Math.max(-delta, Math.min(r, delta))
+ Math.max(-1, Math.min(r, 1))
! (18′) dOutputs, and network/pytorch-network
## 19, equations/error-losses.ts
opposite-quantile: the quantile 1-q in place of q
- (r < 0 ? -q * r : (1 - q) * r)
+ (r < 0 ? -(1 - q) * r : q * r)
! (19) loss | (19) is, and network/pytorch-network
## 19′, equations/error-losses.ts
opposite-slope: the gradient of the quantile 1-q
- r < 0 ? -q : r > 0 ? 1 - q : 0
+ r < 0 ? q - 1 : r > 0 ? q : 0
! (19′) dOutputs, and network/pytorch-network
pinball-wrong-direction: the gradient of the targets, not of the outputs
- r < 0 ? -q : r > 0 ? 1 - q : 0
+ r < 0 ? q : r > 0 ? q - 1 : 0
! (19′) dOutputs, and network/pytorch-network
## 14, equations/ended-sequences.ts
ended-h-not-kept: after its end a sequence does not keep h
- backend.copy(h, hPrev);
! (14) h | (14) every | (14′), and network/pytorch-network
ended-c-not-kept: after its end a sequence does not keep c
- backend.copy(c, cPrev);
! (14) h | (14) every | (14′), and network/pytorch-network
padding-is-read: steps beyond the end of a sequence are computed
- for (let t = 0; t < length; t++) running[t]++;
+ for (let t = 0; t < T; t++) running[t]++;
! (14) h | (14) every | (14′), and network/pytorch-network
## 14′, equations/ended-sequences.ts
ended-dh-lost: dh of an ended sequence does not reach its last step
- backend.add(dhPrev, dh);
! (14′), and network/pytorch-network
ended-dc-lost: dc of an ended sequence does not reach its last step
- backend.add(dcPrev, dc);
! (14′), and network/pytorch-network
ended-dh-replaces: dh of an ended sequence replaces what reaches hPrev from outside
- backend.add(dhPrev, dh);
+ backend.copy(dhPrev, dh);
! (14′), and network/pytorch-network
## 15, equations/embedding.ts
no-bias-with-classes: b is missing if x is classes
- a.get(indices.get(m), n) + bias.get(n)
+ a.get(indices.get(m), n)
! (15) x·Wx | (15′) dWx, and network/pytorch-network
class-of-another-sequence: every sequence reads the class of the first one
- a.get(indices.get(m), n)
+ a.get(indices.get(0), n)
! (15) x·Wx | (15′) dWx, and network/pytorch-network
## 15′, equations/embedding.ts
equal-classes-overwrite: of two gradients of the same class, one is lost
- out.get(row, n) + a.get(m, n)
+ a.get(m, n)
! (15′) dWx, and network/pytorch-network
## 15′, equations/lstm-input.ts
no-dwx-of-classes: dWx of classes is not computed
- backend.embeddingBackward(dWxk, xTransposed[k], dz); // (15′)
+ ; // (15′)
! (15′) dWx, and network/pytorch-network
## 16, equations/projection.ts
no-projection: h is not computed from m
- backend.matmul(h, m, Wr);
! (16) h, and network/pytorch-network
## 16′, equations/projection.ts
dm-adds: dm of a step is added to that of the step before
- backend.matmul(dm, dh, WrTransposed);
+ backend.matmul(dm, dh, WrTransposed, { accumulate: true });
! (16′) dm, and network/pytorch-network
one-step-of-dwr: dWr is that of one step, not the sum over the steps
- backend.matmul(dWr, mTransposed, dh, { accumulate: true });
+ backend.matmul(dWr, mTransposed, dh);
! (16′) dWr, and network/pytorch-network
## 20, equations/rnn.ts
rnn-without-tanh: tanh is missing, so h is a
- Math.tanh(a.get(b, n))
+ a.get(b, n)
! (20) | (20′), and network/pytorch-network
## 20′, equations/rnn.ts
rnn-tanh-of-h: tanh′ is 1-h in place of 1-h²
- (1 - h.get(b, n) ** 2)
+ (1 - h.get(b, n))
! (20′), and network/pytorch-network
## 21, equations/gru.ts
gru-one-bias: both products add the bias of x
- bias: values.recurrentBias
+ bias: values.bias
! (21) ah | (21′), and network/pytorch-network
## 21′, equations/gru.ts
gru-dx-of-ah: dx and dWx use dah in place of dax
- inputBackward(backend, dx, dWx, dax, xTransposed, WxTransposed);
+ inputBackward(backend, dx, dWx, dah, xTransposed, WxTransposed);
! (21′) dWx, dWh and the biases: numeric derivative of (21), kernel | (21′) dx, and network/pytorch-network
gru-db-of-ah: db is that of the recurrent bias
- backend.columnSums(gradients.bias, dax, { accumulate: true });
+ backend.columnSums(gradients.bias, dah, { accumulate: true });
! (21′) dWx, dWh and the biases: numeric derivative of (21), bias, and network/pytorch-network
gru-dwh-of-ax: dhPrev, dWh and the recurrent bias use dax in place of dah
- productBackward(backend, dah, {
+ productBackward(backend, dax, {
! (21′) dWx, dWh and the biases: numeric derivative of (21), kernel | (21′) dWx, dWh and the biases: numeric derivative of (21), recurrentBias | (21′) dhPrev, and network/pytorch-network
## 22, equations/gru.ts
gru-resets-before: r multiplies both sums of n
- Math.tanh(ax.get(b, 2 * H + k) + r * ahn)
+ Math.tanh(r * (ax.get(b, 2 * H + k) + ahn))
! (22) n | (22′) daxr | (22′) daxn | (22′) dahr, and network/pytorch-network
gru-r-and-z-exchanged: r and z use each other’s pre-activation
- const r = sigmoid(ax.get(b, k) + ah.get(b, k));
-       const z = sigmoid(ax.get(b, H + k) + ah.get(b, H + k));
+ const z = sigmoid(ax.get(b, k) + ah.get(b, k));
+       const r = sigmoid(ax.get(b, H + k) + ah.get(b, H + k));
! (22) | (22′), and network/pytorch-network
## 23, equations/gru.ts
gru-z-takes-in: z takes in, and 1-z keeps: the GRU of other texts
- (1 - z) * n + z * hPrev.get(b, k)
+ z * n + (1 - z) * hPrev.get(b, k)
! (23) | (22′) | (23′), and network/pytorch-network
## 23′, equations/gru.ts
gru-no-direct-path: no gradient reaches hPrev through z*hPrev
- dhPrev.get(b, k) + dh.get(b, k) * z
+ dhPrev.get(b, k)
! (23′), and network/pytorch-network
gru-dh-prev-replaced: dhPrev loses what reaches h from outside
- dhPrev.get(b, k) + dh.get(b, k) * z
+ dh.get(b, k) * z
! (23′), and network/pytorch-network
## 22′, equations/gru.ts
gru-dn-without-z: dn is dh
- dh.get(b, k) * (1 - z);
+ dh.get(b, k);
! (22′) daxr | (22′) daxn | (22′) dahr | (22′) dahn, and network/pytorch-network
gru-dz-without-n: dz is a product with hPrev alone
- (hPrev.get(b, k) - n)
+ hPrev.get(b, k)
! (22′) daxz | (22′) dahz, and network/pytorch-network
gru-dn-without-tanh: tanh′ is missing in daxn
- const daxn = dN * (1 - n * n);
+ const daxn = dN;
! (22′) daxr | (22′) daxn | (22′) dahr | (22′) dahn, and network/pytorch-network
gru-dr-without-ahn: dr is daxn
- const dR = daxn * ahn;
+ const dR = daxn;
! (22′) daxr | (22′) dahr, and network/pytorch-network
gru-dahn-without-r: dahn is daxn
- dah.set(b, 2 * H + k, daxn * r);
+ dah.set(b, 2 * H + k, daxn);
! (22′) dahn, and network/pytorch-network
gru-dar-without-sigmoid: σ′ is missing in dar
- const dar = dR * r * (1 - r);
+ const dar = dR;
! (22′) daxr | (22′) dahr, and network/pytorch-network
gru-daz-without-sigmoid: σ′ is missing in daz
- const daz = dZ * z * (1 - z);
+ const daz = dZ;
! (22′) daxz | (22′) dahz, and network/pytorch-network
## 24, equations/peephole.ts
i-without-peephole: i does not read the cell
- sigmoid(z.get(b, n) + p.get(n) * cPrev.get(b, n))
+ sigmoid(z.get(b, n))
! (24) i | (24) c | (24′) dpi | (24′) dcPrev, and cells/oracle
f-without-peephole: f does not read the cell
- p.get(H + n) * cPrev.get(b, n) + forgetBias
+ forgetBias
! (24) f | (24) c | (24′) dpf | (24′) dcPrev, and cells/oracle
peephole-without-forget-bias: the forget bias is missing
- cPrev.get(b, n) + forgetBias)
+ cPrev.get(b, n))
! (24) f | (24) c, and cells/oracle
peephole-j-without-tanh: j is zj
- Math.tanh(z.get(b, H + n))
+ z.get(b, H + n)
! (24) j | (24) c | (24′) dzj, and cells/oracle
## 25, equations/peephole.ts
o-reads-the-old-cell: o reads cPrev in place of c
- p.get(2 * H + n) * cNew
+ p.get(2 * H + n) * cPrev.get(b, n)
! (25) | (25′) dpo | (25′) dc | (24′), and cells/oracle
## 25′, equations/peephole.ts
dc-without-o: no gradient reaches c through o
- dThroughH + dzo * p.get(2 * H + n)
+ dThroughH
! (25′) dc | (24′), and cells/oracle
dpo-of-the-old-cell: dpo is a product with cPrev
- dzo * c.get(b, n)
+ dzo * cPrev.get(b, n)
! (25′) dpo, and cells/oracle
dzo-without-sigmoid: σ′ is missing in dzo
- const dzo = dO * o * (1 - o);
+ const dzo = dO * o;
! (25′) | (24′), and cells/oracle
## 24′, equations/peephole.ts
dpi-of-the-gate: dpi uses di in place of dzi
- terms.set(b, n, dzi * cPrev.get(b, n))
+ terms.set(b, n, dI * cPrev.get(b, n))
! (24′) dpi, and cells/oracle
dpf-of-the-new-cell: dpf is a product with c
- terms.set(b, H + n, dzf * cPrev.get(b, n))
+ terms.set(b, H + n, dzf * c.get(b, n))
! (24′) dpf, and cells/oracle
dc-prev-without-peepholes: no gradient reaches cPrev through i and f
-  + dzi * p.get(n) + dzf * p.get(H + n)
! (24′) dcPrev, and cells/oracle
peephole-dc-prev-without-f: no gradient reaches cPrev on the direct path
- dcPrev.get(b, n) + dC * f
+ dcPrev.get(b, n)
! (24′) dcPrev, and cells/oracle
peephole-dzi-without-sigmoid: σ′ is missing in dzi
- const dzi = dI * i * (1 - i);
+ const dzi = dI * i;
! (24′) dzi | (24′) dpi | (24′) dcPrev, and cells/oracle
peephole-dzf-without-sigmoid: σ′ is missing in dzf
- const dzf = dF * f * (1 - f);
+ const dzf = dF * f;
! (24′) dzf | (24′) dpf | (24′) dcPrev, and cells/oracle
peephole-dzj-without-tanh: tanh′ is missing in dzj
- dJ * (1 - j * j)
+ dJ
! (24′) dzj, and cells/oracle
## 26, equations/scan.ts
scan-without-a: the state before is not multiplied by a
- aAt(t, b, n) * before.get(b, n) + bAt(t, b, n)
+ before.get(b, n) + bAt(t, b, n)
! (26) | (26′) | (27) a | (27′) | (28) | (28′) | (29) a | (29′), and cells/oracle
scan-without-initial-state: the state given at the start does not count
- aAt(t, b, n) * before.get(b, n) + bAt(t, b, n)
+ (step > 0 ? aAt(t, b, n) * before.get(b, n) : 0) + bAt(t, b, n)
! (26) | (26′) da | (26′) dhPrev | (27) a | (27′) dzu | (27′) in reverse | (28) | (28′) | (29) a | (29′) dzi | (29′) dzf | (29′) in reverse, and cells/oracle
## 26′, equations/scan.ts
scan-without-recurrence: no gradient reaches the step before
- dBefore.get(b, n) + dH * aAt(t, b, n)
+ dBefore.get(b, n)
! (26′) | (27′) | (28′) | (29′), and cells/oracle
scan-replaces-dh: the step before loses what reaches its h from outside
- dBefore.get(b, n) + dH * aAt(t, b, n)
+ dH * aAt(t, b, n)
! (26′) | (27′) | (28′) | (29′), and cells/oracle
da-of-the-new-state: da is a product with h in place of hPrev
- const dA = dH * before.get(b, n);
+ const dA = dH * h.get(t, b, n);
! (26′) da | (27′) dzu | (27′) in reverse | (28′) | (29′) dzi | (29′) dzf | (29′) in reverse, and cells/oracle
## 27, equations/mingru.ts
u-keeps: u keeps in place of taking in
- stretched(1 - gates.get(t, b, n), signed)
+ stretched(gates.get(t, b, n), signed)
! (27) a | (27′) dzu | (27′) in reverse | (28) a = 2·a₀ - 1, minGRU | (28′) da₀ = 2·da, minGRU, and cells/oracle
b-without-u: b is j in place of u*j
- gates.get(t, b, n) * gates.get(t, b, H + n)
+ gates.get(t, b, H + n)
! (27) a | (27′) | (28) a = 2·a₀ - 1, minGRU | (28′) da₀ = 2·da, minGRU, and cells/oracle
sigmoid-of-j: σ is applied to j in place of u
- gates.set(t, b, n, sigmoid(gates.get(t, b, n)));
+ gates.set(t, b, H + n, sigmoid(gates.get(t, b, H + n)));
! (27) | (27′) | (28) a = 2·a₀ - 1, minGRU | (28′) da₀ = 2·da, minGRU, and cells/oracle
## 27′, equations/mingru.ts
dzu-sign-of-a: da₀ has the wrong sign in dzu
- (dB * j - dA0)
+ (dB * j + dA0)
! (27′) dzu | (27′) in reverse | (28′) da₀ = 2·da, minGRU, and cells/oracle
dzu-without-sigmoid: σ′ is missing in dzu
-  * u * (1 - u)
! (27′) dzu | (27′) in reverse | (28′) da₀ = 2·da, minGRU, and cells/oracle
dzj-without-u: dzj is db
- dz.set(t, b, H + n, dB * u)
+ dz.set(t, b, H + n, dB)
! (27′) dzj | (27′) in reverse | (28′) da₀ = 2·da, minGRU, and cells/oracle
## 28, equations/scan.ts
signed-without-shift: a is 2·a₀, so up to 2
- 2 * a0 - 1
+ 2 * a0
! (28), and cells/oracle
## 28′, equations/scan.ts
da0-without-2: the factor 2 is missing in da₀
- signed ? 2 * dA : dA
+ signed ? dA : dA
! (28′), and cells/oracle
## 29, equations/minlstm.ts
gates-of-zero: far below 0, f/(f+i) is 0/0
- Math.max(0, EXPONENTIAL - Math.max(zi, zf))
+ 0
! (29) a = f/(f+i) far below 0, and no other
minlstm-without-forget-bias: the forget bias is missing
- 2 * H + n) + forgetBias
+ 2 * H + n)
! (29) f | (29) a | (28) a = 2·a₀ - 1, minLSTM, and cells/oracle
not-normalised: f is not divided by f + i
- return f / (f + i);
+ return f;
! (29) a | (29′) dzi | (29′) dzf | (29′) in reverse | (28) a = 2·a₀ - 1, minLSTM | (28′) da₀ = 2·da, minLSTM, and cells/oracle
minlstm-sigmoid-of-j: σ is applied to j in place of i
- gates.set(t, b, n, sigmoid(zi + raise));
+ gates.set(t, b, H + n, sigmoid(gates.get(t, b, H + n)));
! (29) i | (29) j | (29) a | (29′) | (28) a = 2·a₀ - 1, minLSTM | (28′) da₀ = 2·da, minLSTM, and cells/oracle
## 29′, equations/minlstm.ts
dzi-sign: dzi has the sign of dzf
- -dRatio * (1 - i)
+ dRatio * (1 - i)
! (29′) dzi | (29′) in reverse | (28′) da₀ = 2·da, minLSTM, and cells/oracle
ratio-without-b: b gives the gates no gradient
- (dA0 - dB * j) * a0 * (1 - a0)
+ dA0 * a0 * (1 - a0)
! (29′) dzi | (29′) dzf | (29′) in reverse | (28′) da₀ = 2·da, minLSTM, and cells/oracle
dzf-without-sigmoid: the factor 1-f is missing in dzf
- dRatio * (1 - f)
+ dRatio
! (29′) dzf | (29′) in reverse | (28′) da₀ = 2·da, minLSTM, and cells/oracle
minlstm-dzj-of-a: dzj has the factor a₀
- dB * (1 - a0)
+ dB * a0
! (29′) dzj | (29′) in reverse | (28′) da₀ = 2·da, minLSTM, and cells/oracle
## 30, equations/slstm.ts
no-maximum: the stabiliser is zi, so f can overflow
- Math.max(logF + mPrev.get(b, u), zi)
+ zi
! (30) m is, and no other
first-step-as-others: in the first step i can be 0, and n too
- nPrev.get(b, u) === 0 ? zi : Math.max
+ Math.max
! (30) in the first step, and no other
## 31, equations/slstm.ts
f-without-the-old-stabiliser: f does not know by what c and n are divided
- mPrev.get(b, u) - mNew + logF
+ logF - mNew
! (30) the stabiliser | (31) f | (31′) di | (31′) df, and cells/oracle
slstm-exchanged-gates: the backward pass reads j for i, and i for j
- gates.set(b, u, i);
-       gates.set(b, H + u, j);
+ gates.set(b, u, j);
+       gates.set(b, H + u, i);
! (31) i | (31) j | (32) n = f*nPrev + i | (31′) di | (31′) dj, and cells/oracle
slstm-o-without-sigmoid: o is zo
- sigmoid(z.get(b, 3 * H + u))
+ z.get(b, 3 * H + u)
! (30) in the first step | (31) o | (33′) do, and cells/oracle
f-for-s: the backward pass reads f for s
- sigmoid(zf)
+ f
! (31) s | (31′) df, and cells/oracle
## 32, equations/slstm.ts
slstm-c-without-i: the cell adds j in place of i*j
- f * cPrev.get(b, u) + i * j
+ f * cPrev.get(b, u) + j
! (30) the stabiliser changes | (32) c | (31′), and cells/oracle
n-without-f: the normaliser forgets nothing
- f * nPrev.get(b, u) + i
+ nPrev.get(b, u) + i
! (30) the stabiliser changes | (32) n = f*nPrev + i | (32′) dnPrev | (31′) di | (31′) df, and cells/oracle
## 33, equations/slstm.ts
h-without-n: h is not divided by the normaliser
- (o * cNew) / nNew
+ o * cNew
! (30) the stabiliser changes | (33) | (33′) do | (32′) | (31′), and cells/oracle
## 33′, equations/slstm.ts
no-gradient-of-n: no gradient reaches n through h
- dn.get(b, u) - dMean * mean
+ dn.get(b, u)
! (33′) dc | (32′) dnPrev | (31′) di | (31′) df, and cells/oracle
slstm-dc-replaced: dc loses the gradient of the next step
- dc.get(b, u) + dMean
+ dMean
! (33′) dc | (32′) dcPrev | (31′), and cells/oracle
slstm-dzo-without-sigmoid: σ′ is missing in dzo
- dO * o * (1 - o)
+ dO * o
! (33′) do, and cells/oracle
## 32′, equations/slstm.ts
slstm-dc-prev-without-f: dcPrev has no factor f
- dcPrev.get(b, u) + dC * f
+ dcPrev.get(b, u) + dC
! (32′) dcPrev | (31′), and cells/oracle
dn-prev-without-f: dnPrev has no factor f
- dnPrev.get(b, u) + dN * f
+ dnPrev.get(b, u) + dN
! (32′) dnPrev | (31′) di | (31′) df, and cells/oracle
## 31′, equations/slstm.ts
di-without-n: i gets no gradient from n
- dC * j + dN
+ dC * j
! (31′) di, and cells/oracle
df-without-n: f gets no gradient from n
- dC * cPrev.get(b, u) + dN * nPrev.get(b, u)
+ dC * cPrev.get(b, u)
! (31′) df, and cells/oracle
dzi-without-i: the factor i is missing in dzi
- dI * i
+ dI
! (31′) di, and cells/oracle
slstm-dzf-of-f: dzf has 1-f in place of 1-s
- dF * f * (1 - s)
+ dF * f * (1 - f)
! (31′) df, and cells/oracle
slstm-dzj-without-tanh: tanh′ is missing in dzj
- dJ * (1 - j * j)
+ dJ
! (31′) dj, and cells/oracle
## directions, equations/lstm-step-views.ts
reverse-in-forward-order: the reverse direction reads the steps from first to last
- return this.of.reverse ? steps.reverse() : steps;
+ return steps;
! directions | (14) h | (14) every | (14′) | layers h | layers dW, and network/pytorch-network
reverse-reads-forward-rows: the reverse direction reads and writes the rows of the forward one
- reverse ? { read: t + 1, write: t } : { read: t, write: t + 1 }
+ ({ read: t, write: t + 1 })
! directions | (12) y | (14) h | (14) every | (14′) | layers h | layers dW, and network/pytorch-network
## directions, network/network.ts
second-direction-replaces: dx is what the second direction gives
- { accumulate: k > 0 }
+ { accumulate: false }
! directions reads last: dx | directions reads every: dx, and network/pytorch-network
## directions, network/layers.ts
last-row-in-reverse: the output layer reads the reverse direction at the last step
- cell.reverse ? 0 : cell.sizes.T
+ cell.sizes.T
! directions reads last: the forward, and network/pytorch-network
reverse-rows-of-the-next-step: the output layer reads the reverse direction one step late
- reads === 'every' ? matrixOf(outputRows(cell, rows))
+ reads === 'every' ? matrixOf(outputRows({ ...cell, reverse: false }, rows))
! directions reads every: both, and network/pytorch-network
## layers, cells/cell.ts
reverse-outputs-not-turned: the outputs of the reverse direction are one step late
- outputs: each((name) => outputRows(parts, activations[name])),
+ outputs: each((name) => rowsOf(activations[name], 1, T + 1)),
! layers h | layers dW, and network/pytorch-network
## layers, network/layers.ts
upper-reads-c: the upper layer reads c of the lower one
- inputs: below.map(({ outputs }) => outputs.h)
+ inputs: below.map(({ outputs }) => outputs.c)
! layers h | layers dW, and network/pytorch-network
no-gradient-below: no gradient reaches the lower layers
- dInputs: below.map((cell) => outputRows(cell, dhUpstreamOf(cell))),
+ dInputs: [],
! layers dW, and network/pytorch-network
## layers, network/network.ts
lowest-layer-first: the backward pass begins at the lowest layer
- for (let n = this.layers.length - 1; n >= 0; n--) {
+ for (let n = 0; n < this.layers.length; n++) {
! layers dW, and network/pytorch-network
## layers, network/layers.ts
output-writes-dh: the output layer writes its gradient into dh, which the LSTM replaces
- readRows(cell, dhUpstreamOf(cell))
+ readRows(cell, cell.dStates.h)
! layers reads every
## layers, network/output.ts
gradients-over-all-rows: the gradients are divided by all rows, also by those that do not count
- this.loss.backward(Math.max(this.counted.count, 1));
+ this.loss.backward(this.counted.mask.length);
! layers the loss | layers with the squared error, and network/pytorch-network
loss-over-all-rows: the loss is divided by all rows, also by those that do not count
- loss: loss / Math.max(divisor, 1)
+ loss: loss / losses.size
! layers the loss | layers with the squared error, and network/pytorch-network
## layers, network/output.ts
padding-is-counted: labels beyond the end of a sequence count
- labels[row] >= 0 && this.isWithin(row)
+ labels[row] >= 0
! layers the loss, and network/pytorch-network
padded-targets-are-counted: targets beyond the end of a sequence count
- !Number.isNaN(target) && this.isWithin(row)
+ !Number.isNaN(target)
! layers with the squared error, and no other
`;

/** @type {readonly PlantedMistake[]} */
export const PLANTED_MISTAKES = rowsIn(LIST).map(({ heading, fails, ...row }) => {
  const [equation, file] = heading.split(', ');
  const [names, test = 'equations/gradients'] = fails.split(', and ');
  const [id, page] = row.id.split(' (');
  const texts = { words: row.words, right: row.right, wrong: row.wrong };
  return {
    ...{ id, equation, file, ...texts, fails: names.split(' | '), onPage: page !== undefined },
    test: test === 'no other' ? undefined : test,
  };
});
