/**
 * What a reader of docs/exercises/bugs.md learns about a line that is right: what it computes, and why the evidence excludes it. By the
 * bug's name: [the line's beginning, the hint]. Every line that can be chosen, except the wrong one, begins with exactly one of them.
 */
const SEQUENCES = [
  'for (let b = 0;',
  'This loop visits every sequence of the batch. If it left one out, tensors that pass would fail too.',
];
const UNITS = [
  'for (let n = 0; n < H; n++) {',
  'This loop visits every unit. If it left one out, tensors that pass would fail too.',
];

/** @type {Readonly<Record<string, readonly (readonly string[])[]>>} */
export const HINTS = {
  'one-tensor': [
    SEQUENCES,
    UNITS,
    [
      'export function backward',
      'It names what the lines below use. Five of the six gradients use the same names, and they are right.',
    ],
    ['const [T, B', 'These are the sizes. If one of them were wrong, tensors that pass would fail too.'],
    [
      'const [dWx',
      'It makes the gradients: zeros in the shapes of their parameters. dWh has the shape `[H,H]` of Wh, as it must.',
    ],
    ['const dStart', 'It makes the gradient of the initial state, and `start` passes the check.'],
    [
      'const dh =',
      'dh begins with zeros, because (c′) and (a′) add to it. Every gradient but one is computed from dh and passes.',
    ],
    ['for (let k = 0; k < C', 'This loop visits every class. If it left one out, biasY and Wy would fail.'],
    [
      'const dLogit',
      'This is (d′). All six gradients are computed from it, so a mistake here would make all of them fail.',
    ],
    [
      'dh[T][b][n]',
      'Here the way back through time begins. Wx, bias and start are computed from this dh, and they pass.',
    ],
    ['for (let t', 'This loop goes from the last step to the first. If it left one out, Wx and bias would fail too.'],
    ['const dz', 'This is (b′). Wx, bias and start are computed from dz and pass, so dz is right.'],
    ...['dBias[0][n]', 'dBiasY[0][k]', 'dWy[n][k]'].map((line) => [
      line,
      'It adds to a gradient that passes the check.',
    ]),
    [
      'for (let k = 0; k < I',
      'This is the gradient of Wx, which passes. Which row of x does the line read: t, or t + 1?',
    ],
    ['for (let m', 'This loop visits every unit of hPrev. If it left one out, start would fail too.'],
    [
      'dh[t][b][m]',
      'It takes the gradient to the state before. The gradient of start needs it, and so do the terms of early steps in Wx. Both pass.',
    ],
    ['for (let n = 0; n < H; n++) dStart', 'This is the gradient of the initial state, and `start` passes the check.'],
    [
      'return {',
      'It returns the gradients under the names of their parameters. Exchanged names would make two tensors fail.',
    ],
  ],
  'three-gates': [
    ['for (let b = 0;', 'This loop visits every sequence. If it left one out, the gate o would fail at T = 1 too.'],
    [
      'for (let n = 0; n < H; n++) {',
      'This loop visits every unit. If it left one out, the gate o would fail at T = 1 too.',
    ],
    ['export function lstmCellBackward', 'It names the tensors. The call further below has them in the same order.'],
    ['const [B, H]', 'These are the sizes. If one were too small, the gate o would fail at T = 1 too.'],
    ['const i =', 'It reads i. dJ and dzi need it, but f fails too at T = 1, and dzf does not contain i.'],
    ['const j =', 'It reads j. dI and dzj need it, but f fails too at T = 1, and dzf does not contain j.'],
    [
      'const f =',
      'It reads f. dzf and dcPrev need it, but i and j fail too at T = 1, and dzi and dzj do not contain f.',
    ],
    [
      'const o =',
      'It reads o from the fourth block. dzo is computed from it and passes at T = 1, so the number is right.',
    ],
    ['const tanhC', 'dO is computed from this number, and o passes at T = 1. So tanhC is right.'],
    ['const dO', 'This is the first part of (4′). The gate o is computed from it, and passes at T = 1.'],
    [
      'dc.set(b, n, dC)',
      'It stores the complete ∂loss/∂c. At T = 1 nothing in the check reads this row of dc afterwards, and yet three gates fail.',
    ],
    [
      'const dI',
      'This is dC times the other factor of i*j, as (3′) says. But j and f fail too. What do the three have in common?',
    ],
    [
      'const dJ',
      'This is dC times the other factor of i*j, as (3′) says. But i and f fail too. What do the three have in common?',
    ],
    [
      'const dF',
      'This is dC times the other factor of f*cPrev, as (3′) says. But i and j fail too. What do the three have in common?',
    ],
    ['dcPrev.set', 'It adds dC*f, as (3′) says. c0 fails, but at T = 1 the three failing gates do not need dcPrev.'],
    ['dz.set(b, n,', 'This is σ′ for i. A mistake here would not make j, f and c0 fail at T = 1.'],
    ['dz.set(b, H + n', 'This is tanh′ for j. A mistake here would not make i, f and c0 fail at T = 1.'],
    ['dz.set(b, 2 * H', 'This is σ′ for f. A mistake here would not make i, j and c0 fail at T = 1.'],
    ['dz.set(b, 3 * H', 'This is σ′ for o, which passes at T = 1.'],
    ['export function lstmStepBackward', 'It names the tensors of one step.'],
    [
      'const { WxTransposed',
      'It names the parameters and their gradients. The columns of o pass at T = 1, and they are in the same tensors.',
    ],
    [
      'const { dz, dc',
      'It names the tensors of the step. The gate o is computed from the same ones, and passes at T = 1.',
    ],
    ['backend.lstmCellBackward', 'It calls the function above. The arguments are in the order of its signature.'],
    [
      'backend.matmul(dhPrev',
      'h0 gets its gradient from this line, and fails. But dz of three gates is wrong already before it.',
    ],
    ...['backend.matmul(dWh', 'backend.columnSums', 'inputBackward'].map((line) => [
      line,
      'It treats the columns of all four gates alike, and those of o pass at T = 1.',
    ]),
  ],
  'falling-loss': [
    [
      'export function product(',
      'It computes row·W. The forward pass calls it as well, and at T = 1 everything passes.',
    ],
    ['const result = new Float64Array(W[0].length)', 'row·W has one number for each column of W, as here.'],
    [
      'for (let m = 0; m < W.length; m++) for (let n = 0; n < result.length',
      'This is row·W: the sum is over the rows of W. The forward pass uses it too.',
    ],
    ['return result', 'It returns the sums that the loop above has made.'],
    [
      'export function productTransposed',
      'It computes row·Wᵀ. At T = 1, dh is computed with it, and everything passes.',
    ],
    ['const result = new Float64Array(W.length)', 'row·Wᵀ has one number for each row of W, as here.'],
    [
      'for (let m = 0; m < W.length; m++) for (let n = 0; n < row.length',
      'This is row·Wᵀ: the sum is over the columns of W. At T = 1, dh is computed with it, and everything passes.',
    ],
    ['export function addProduct', 'It adds a product to dWy and to dWh. Wy passes, also at T = 5.'],
    ['for (let m = 0; m < dW.length', 'It adds rowᵀ·d. dWy is computed with it, and Wy passes also at T = 5.'],
    ['export const addRow', 'It adds a row. dBiasY is computed with it, and biasY passes also at T = 5.'],
    [
      'export function backward',
      'It names what the lines below use. At T = 1 the same names give the right gradients.',
    ],
    ['const gradients', 'All gradients begin with zeros, because each step adds to them.'],
    ['const { Wx: dWx', 'It gives each gradient its short name. Exchanged names would make tensors fail at T = 1 too.'],
    ['const T', 'This is the number of steps. If it were too small, Wy and biasY would fail too.'],
    [
      'let dhNext',
      'The last step has no next one, so dhNext begins with zeros. At T = 1 it has no other value, and everything passes.',
    ],
    [
      'for (let t',
      'This loop goes from the last step to the first. If it left one out, Wy and biasY would fail at T = 5.',
    ],
    ['const dLogits', 'This is (d′). Wy and biasY are computed from it, and pass also at T = 5.'],
    ['addProduct(dWy', 'This is the gradient of Wy, which passes also at T = 5.'],
    ['addRow(dBiasY[0]', 'This is the gradient of biasY, which passes also at T = 5.'],
    ['const dh =', 'This is the term of the output layer. At T = 1 there is no other, and everything passes.'],
    [
      'addRow(dh, dhNext)',
      'This is (f′): it adds the term of the next step. That is right if dhNext is right. Which line computes it?',
    ],
    ['const dz', 'This is (b′). At T = 1 it has the same form, and everything passes.'],
    [
      'addRow(dWx',
      'This is the gradient of Wx, which adds over the steps. At T = 1 it passes, so dz came to it wrong at T = 5.',
    ],
    ['addProduct(dWh', 'This is hPrevᵀ·dz, and row t is hPrev. At T = 1, with a random initial state, it passes.'],
    ['addRow(dBias[0]', 'This is the gradient of the bias, which adds over the steps. At T = 1 it passes.'],
    ['return gradients', 'It returns all gradients, and those of Wy and biasY are right.'],
  ],
  'more-sequences': [
    [
      'export function crossEntropyForward',
      'It names the tensors: losses and probabilities are written, and logits and y are read.',
    ],
    ['const [B, C] = logits.shape', 'These are the sizes: B rows, and C classes.'],
    ['for (let b = 0;', 'This loop visits every row. It is right if each line in it reads and writes the row b.'],
    [
      'let max =',
      'It begins with the first logit of row b. And max cancels: log p subtracts it, and adds it again in the logarithm.',
    ],
    [
      'for (let k = 1;',
      'This is the largest logit of row b. And max cancels: log p subtracts it, and adds it again in the logarithm.',
    ],
    [
      'let sum = 0',
      'The sum begins with 0 in every row. Outside the loop over b it would be a mistake, but here it is inside.',
    ],
    ['const logSum', 'This is the logarithm of the sum. It is right if the sum is.'],
    ['let loss = 0', 'The loss of a row begins with 0.'],
    [
      'for (let k = 0; k < C; k++) {',
      'This loop visits every class. If it left one out, the check would fail for B = 1 too.',
    ],
    [
      'const logP',
      'This is log p = logit - log Σ exp(logits), for row b. It is right if logSum is. Can p be above 1 here?',
    ],
    ['probabilities.set', 'It stores p of row b. It is right if logP is.'],
    ['loss -=', 'This is -y*log p of row b. It becomes negative only if p is above 1. Where could such a p come from?'],
    ['losses.set', 'It stores the loss in row b.'],
    [
      'export function crossEntropyBackward',
      'This is the backward pass. But the loss itself is impossible, and the forward pass computes it.',
    ],
    [
      'const [B, C] = dLogits.shape',
      'These are the sizes. And the loss itself is impossible: no line of the backward pass computes it.',
    ],
    [
      'for (let k = 0; k < C; k++) sum += y',
      'Σy is 1 in every row with one label. And no line of the backward pass can make the loss negative.',
    ],
    [
      'for (let k = 0; k < C; k++) dLogits',
      'This is (5′) for row b. And no line of the backward pass can make the loss negative.',
    ],
  ],
  'second-update': [
    [
      'export const BETA1',
      'β₁ is 0.9, the usual value. In the right program, a constant gradient gives updates of 1 with any β₁.',
    ],
    [
      'export const BETA2',
      'β₂ is 0.999, the usual value. In the right program, a constant gradient gives updates of 1 with any β₂.',
    ],
    ['export const EPSILON', 'ε is 10⁻⁸, the usual value. In this experiment √v is at least 0.03, so ε hardly counts.'],
    [
      'export function adamRate',
      'It gets the learning rate, and t, the number of the update. Both are needed below. Is t in every place where (6) has it?',
    ],
    ['export function adam(', 'It names the tensors of one parameter, and α.'],
    [
      'const [P, M, V, G]',
      'These are flat views of the four tensors. The first update is right, so they are the right ones.',
    ],
    ['for (let n', 'This loop visits every number of the parameter. The experiment has only one.'],
    ['const gradient', 'It reads the gradient, which passes the check.'],
    [
      'const mean',
      'With a gradient of 1, m becomes 0.1 and then 0.19, which is 1 - β₁ᵗ. Divided by 1 - β₁ᵗ this is 1, as it should be.',
    ],
    [
      'const square',
      'With a gradient of 1, v becomes 0.001 and then 0.001999, which is 1 - β₂ᵗ. So √v grows, and α must grow as much.',
    ],
    ['M.set', 'It keeps m. If it did not, the second update would be 0.53 and not 0.71.'],
    ['V.set', 'It keeps v. If it did not, the second update would be 1.41 and not 0.71.'],
    ['P.set', 'This is the last line of (6). The first update is right, and the line is the same in all of them.'],
  ],
  forward: [
    [
      'const sigmoid',
      'This is σ. With c0 = 0 and one step, h agrees with the other program, and i and o are values of σ.',
    ],
    ['for (let b = 0;', 'This loop visits every sequence. With c0 = 0 and one step, all of h agrees.'],
    ['for (let n = 0;', 'This loop visits every unit. With c0 = 0 and one step, all of h agrees.'],
    [
      'export function lstmCellForward',
      'It names the tensors and the forget bias. The call further below has them in the same order.',
    ],
    ['const [B, H]', 'These are the sizes. With c0 = 0 and one step, all of h agrees.'],
    ...['i', 'j', 'o'].map((gate) => [
      `const ${gate} =`,
      `With c0 = 0 and one step, h = o*tanh(i*j) agrees with the other program. So ${gate} is right.`,
    ]),
    [
      'gates.set',
      'It keeps the gate for the backward pass. The gradient check passes, so the stored gate is the one that was used.',
    ],
    [
      'const cNew',
      'This is (3). With c0 = 0 its first product is 0, so the mistake is in this product. But f and cPrev are what (3) multiplies. Which line computes f?',
    ],
    ['c.set', 'It writes c. The gradient check passes, so the backward pass reads the c that was used.'],
    ['h.set', 'This is (4). With c0 = 0 and one step, h agrees with the other program.'],
    ['export function lstmStepForward', 'It names the parameters of the LSTM, and the tensors of one step.'],
    [
      'const { x, hPrev',
      'It names the tensors of the step. With c0 = 0 and one step, h agrees, and all of them but cPrev are used in it.',
    ],
    ['inputForward', 'This is x·Wx + b. With c0 = 0 and one step, h agrees, although x and b are random.'],
    ['backend.matmul', 'This adds hPrev·Wh. With c0 = 0 and one step, h agrees, although h0 is random.'],
    ['backend.lstmCellForward', 'It calls the function above. The arguments are in the order of its signature.'],
  ],
};
