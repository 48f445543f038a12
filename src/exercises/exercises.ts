/** The fourteen exercises in the order of the chapters: their texts. make.mjs makes their files from the code. */
import type { Exercise, Language, Texts } from './exercise.js';
import { TEXTS } from './texts.js';

type Prose = Omit<Exercise, keyof Texts | 'number'>;

const PROSE: Readonly<Record<string, Prose>> = {
  product: {
    title: 'The three gradients of a product',
    equation: 'matrix rule',
    formula: ['z = x·W + b', 'dW = ?   dx = ?   db = ?'],
    chapter: 'learn/plain-rnn.md#a-matrix-product',
    source: 'docs/learn/programs/plain-rnn.mjs',
    task: 'Write the loops that compute the gradients of W, x and b from dz, one number at a time: dW[k][n], dx[b][k] and db[n]. All three are zero before.',
    because:
      'each factor of a product gets dz times the other one, and what several rows or columns use gets the sum of its terms',
    hints: [
      'Number n of row b of z is the sum over k of x[b][k]·W[k][n], plus b[n]. Which numbers of z does W[k][n] change? Which does x[b][k] change?',
      'W[k][n] changes z[b][n] in every row b, and x[b][k] changes z[b][n] in every column n. Each factor of a product gets dz times the other factor.',
      'The derivative of z[b][n] with respect to W[k][n] is x[b][k], with respect to x[b][k] it is W[k][n], and with respect to b[n] it is 1. Each is multiplied by dz[b][n], and added in the loops over b, n and k.',
    ],
    trains: 'denseBackward',
  },
  'rnn-step': {
    title: 'One step of a plain RNN',
    equation: 'a′, b′',
    formula: ['z = x·Wx + hPrev·Wh + bias', 'h = tanh(z)', 'dz = ?   dWx, dWh, dBias, dhPrev += ?'],
    chapter: 'learn/plain-rnn.md#one-step',
    source: 'docs/learn/programs/plain-rnn.mjs',
    task: 'The loops over steps, sequences and units stand. Write what happens inside them, for one number n: dz from dh[t + 1], then its terms in the four gradients. h[t] is the state that step t reads, h[t + 1] the one that it computes.',
    because:
      'z is a sum of products, so each factor gets dz times the other one, and what several steps or sequences use is added',
    hints: [
      'h = tanh(z), and the derivative of tanh can be computed from tanh(z). You have tanh(z): it is the state that step t computes.',
      'In the forward line z adds x[t][b][k]·Wx[k][n] for each k. Each factor of a product gets dz times the other one. x is data, so one of the two is needed. Which two are needed of h[t][b][m]·Wh[m][n]?',
      'dz = dh·(1 - h²), with the h that step t computes. Wh[m][n] gets h·dz with the h that step t reads, and that h gets dz·Wh[m][n]. The bias is added once. All of these are sums over several n, sequences or steps, so they need +=.',
    ],
  },
  'initial-state': {
    title: 'The initial state',
    equation: 'e, e′',
    formula: ['h[0] = start, for every sequence', 'dStart = ?'],
    chapter: 'learn/plain-rnn.md#the-initial-state',
    source: 'docs/learn/programs/plain-rnn.mjs',
    task: 'The initial state can be a parameter too: one row of H numbers, `start`, with which every sequence of the batch begins. Write the forward line, and its gradient dStart.',
    because: 'every sequence begins with the same start, so its gradient is the sum of theirs',
    hints: [
      'Each row of h[0] must become a copy of the only row of start. A Float64Array has the method set.',
      'The loop over time ends at t = 0. There it has added the gradient of the initial state to row 0 of dh.',
      '∂L/∂start of unit n is the sum over b of ∂L/∂h[0] of sequence b, unit n, because every sequence uses the same start. Do you need = or +=?',
    ],
  },
  sigmoid: {
    title: 'The derivative of σ',
    equation: '2′',
    formula: ['i = σ(zi) = 1/(1 + e⁻ᶻⁱ)', 'dzi = dI·σ′(zi)'],
    chapter: 'derivation.md#one-step-of-the-lstm',
    source: 'src/equations/lstm.ts',
    task: 'The forward pass has computed i = σ(zi). You get i, and dI = ∂L/∂i. Return ∂L/∂zi. You do not get zi, and you do not need it.',
    because: 'σ′(zi) is σ(zi)·(1-σ(zi)), and i is σ(zi), so the result of the forward pass is enough',
    hints: [
      'By the chain rule, ∂L/∂zi = ∂L/∂i · ∂i/∂zi. The second factor is σ′(zi).',
      'Differentiate (1 + e⁻ᶻ)⁻¹: you get e⁻ᶻ/(1 + e⁻ᶻ)². Write this as a product of two fractions, and look for σ in both.',
      'The two fractions are 1/(1 + e⁻ᶻ), which is σ, and e⁻ᶻ/(1 + e⁻ᶻ). Their sum is 1. So what is the second one, in terms of σ? And σ(zi) is i.',
    ],
  },
  'hidden-state': {
    title: 'From h back to o and c',
    equation: '4′',
    formula: ['h = o*tanh(c)', 'do = ?   dc = ?'],
    chapter: 'derivation.md#one-step-of-the-lstm',
    source: 'src/equations/lstm.ts',
    task: 'Compute dO = ∂L/∂o and dC = ∂L/∂c of one element, and store dC in dc, whose element is a number already. The lines below use both. Who reads c, besides h?',
    because:
      'h is a product of o and tanh(c), and c is used twice, so the gradient from h is added to the one from step t+1',
    hints: [
      'h is a product of o and tanh(c). By the product rule, each factor gets dh times the other factor.',
      'c is used twice: by h, and by the next c. The term of the next c is already in dc. So dC is a sum.',
      '∂h/∂o is tanh(c), and ∂h/∂c is o·(1 - tanh²(c)). Both are multiplied by dh. One of the two results is added to what dc holds, and dc must hold the sum afterwards: which one?',
    ],
    trains: 'lstmCellBackward',
  },
  'cell-state': {
    title: 'From c back to i, j, f and cPrev',
    equation: '3′',
    formula: ['c = f*cPrev + i*j', 'di = ?   dj = ?   df = ?   dcPrev += ?'],
    chapter: 'derivation.md#one-step-of-the-lstm',
    source: 'src/equations/lstm.ts',
    task: 'dC is complete. Compute dI, dJ and dF of one element, and add the term of cPrev to dcPrev.',
    because: 'c is a sum of two products, so each factor gets dC times the other one, and cPrev gets f·dC',
    hints: [
      'c is a sum of two products. Each factor gets dC times the other factor of its product.',
      'dcPrev may already hold a gradient from outside the LSTM, so read it, add, and write it back.',
      '∂c/∂f is cPrev, so dF is dC times cPrev. Find ∂c/∂i, ∂c/∂j and ∂c/∂cPrev in the same way. Only the last one needs an addition.',
    ],
    trains: 'lstmCellBackward',
  },
  gates: {
    title: 'Through the gates',
    equation: '2′',
    formula: ['i, f, o = σ(z);   j = tanh(z)', 'dzi = ?   dzj = ?   dzf = ?   dzo = ?'],
    chapter: 'derivation.md#one-step-of-the-lstm',
    source: 'src/equations/lstm.ts',
    task: 'Write the four numbers of dz for this element. dz has four blocks of H columns, in the order i, j, f, o. The forget bias is a constant, so it does not occur.',
    because:
      'σ′ and tanh′ can be computed from their results, i·(1-i) and 1-j², and the blocks of dz have the order i, j, f, o',
    hints: [
      'Exercise 4 is one of the four lines. Which two others have the same form?',
      'j is the candidate: its nonlinearity is tanh, and tanh′ = 1 - tanh². j itself is tanh(zj).',
      'σ′ is σ·(1 - σ), and tanh′ is 1 - tanh². Each is multiplied by the gradient of its own gate. Gates i, j, f, o have the numbers 0, 1, 2, 3: in which column does unit n of gate number 2 stand?',
    ],
    trains: 'lstmCellBackward',
  },
  weights: {
    title: 'From z back to the inputs and the weights',
    equation: '1′',
    formula: ['z = x·Wx + hPrev·Wh + b', 'dhPrev += ?   dx += ?   dWh += ?   dWx += ?   db += ?'],
    chapter: 'derivation.md#one-step-of-the-lstm',
    source: 'src/equations/lstm.ts',
    task: 'dz of this step is complete. Add the terms of this step to the gradients of hPrev, Wh and b. inputBackward adds those of x and Wx: x, dx and dWx are lists, because there can be several inputs. The transposes are given: WhTransposed and hPrevTransposed.',
    because: 'every step uses the same Wx, Wh and b, so each step adds its term to their gradients',
    hints: [
      'This is exercise 1 again, but with += : every step uses the same weights, and hPrev may have other readers.',
      'The shapes decide: dz is `[B,4H]`, Wh is `[H,4H]`, and hPrev is `[B,H]`. Which products have the shapes of dhPrev and of dWh?',
      'dhPrev += dz·Whᵀ, dWh += hPrevᵀ·dz, and db += the sum of the rows of dz. backend.matmul and backend.columnSums replace their first argument: which option makes them add?',
    ],
    trains: 'lstmStepBackward',
  },
  'through-time': {
    title: 'The loop over time',
    equation: '1′–4′',
    formula: ['for t = T-1 … 0:  (4′), (3′), (2′), (1′)'],
    chapter: 'derivation.md#one-step-of-the-lstm',
    source: 'src/equations/lstm.ts',
    task: 'Write backpropagation through time. lstm.steps has the views of every step, in the order of the forward pass. lstmStepBackward(backend, lstm, running) computes (4′) to (1′) of one step. What are dh, dc and the gradients before the first of these calls?',
    because:
      'dh and dc begin as what arrives from outside, and each step, from the last to the first, adds to the state before it',
    hints: [
      'Each step adds to dh and dc of the step before. So what must they hold before the loop? Gradients from outside are in dhUpstream and, if there is one, in dcUpstream.',
      'The weights’ gradients are sums over the steps. What must dKernel, dBias and each of dInputs hold before the first term is added? `accumulate` makes an exception for one of them.',
      'backend.copy(out, a) and backend.fill(out, value) write what dh, dc and the gradients begin as. A step needs the complete dh and dc of its own states, which all later steps have added to. So in which direction does the loop count?',
    ],
    trains: 'lstmBackward',
  },
  softmax: {
    title: 'Softmax and its loss',
    equation: '5′',
    formula: ['p = softmax(logits)', 'loss = Σ over b of -Σ y*log p, / count', 'dLogits = ?'],
    chapter: 'derivation.md#the-loss',
    source: 'src/equations/cross-entropy.ts',
    task: 'Fill dLogits from the probabilities p, the labels y and `count`. A row of y usually has a single 1. But the check also has rows with another sum: smoothed labels, a weighted row, and a row of zeros, which has no loss.',
    because:
      'the loss of a row is Σy·log S minus the logits of the labels, and the derivative of log S with respect to a logit is its p',
    hints: [
      'Take one row with a single 1 first, at the label. Then its loss is log S - logits[label], with S = Σ exp(logits). Differentiate this with respect to logits[k].',
      '∂log S/∂logits[k] is p[k]. If the row of y has another sum, log S occurs Σy times.',
      '∂/∂logits[k] of the loss of a row is p[k]·Σy - y[k], with the Σy of this row. The loss of the batch has a divisor: which one?',
    ],
    trains: 'crossEntropyBackward',
  },
  adam: {
    title: 'Adam',
    equation: '6',
    formula: ['α = lr·√(1-β₂ᵗ)/(1-β₁ᵗ)', 'm += (g - m)·(1-β₁)', 'v += (g² - v)·(1-β₂)', 'p -= α·m/(√v + ε)'],
    chapter: 'learn/loss-and-update.md',
    source: 'src/equations/adam.ts',
    task: 'Return α of update t, and update one element: M and V first, then P. Read with G.get(n), write with P.set(n, …). Use the constants BETA1, BETA2 and EPSILON. This is the form of TensorFlow 1.x: ε stands beside √v.',
    because: 'm and v are updated before p reads them, and α removes what their start at zero leaves in them',
    hints: [
      'Compute the new mean and the new square first, as two constants. P is then updated with the new ones.',
      'm += (g - m)·(1-β₁) moves m by a tenth of its distance to g. v moves in the same way to g², with β₂. Write both back with set.',
      'p moves by -α·m/(√v + ε), with the new m and v. α is the learning rate times √(1-β₂ᵗ)/(1-β₁ᵗ), where ᵗ is a power: `** t`. Is ε inside the root or beside it?',
    ],
    trains: 'adam',
  },
  'every-step': {
    title: 'A loss at every step',
    equation: '5′, 1′–4′',
    formula: ['logits = Σ stateₖ·Wₖ + b, for the h of every step', 'dStateₖ = ?   dWₖ = ?   db = ?   dhUpstream = ?'],
    chapter: 'learn/networks.md',
    source: 'src/network/layers.ts',
    task: 'Write the output layer’s own backward pass, denseBackward, for one state or several: then W has the rows of each in turn, and rowBlocks(W, states) gives them. backend.matmul(out, a, b) writes a·b to out. Now the output layer reads h of every step, and each step has a loss. dLogits has T·B rows. Choose the rows of h and of dhUpstream, and call denseBackward and longhand’s lstmBackward.',
    because: 'the output layer read row t+1 of h for step t, so its gradients belong into the same rows of dhUpstream',
    hints: [
      'denseBackward is exercise 1 with whole matrices: dStateₖ = dLogits·Wₖᵀ, dWₖ = stateₖᵀ·dLogits, and db is the sum of the rows. Row 0 of h is the initial state. The state after step t is row t+1. How many rows does the output layer read?',
      'Each product is one call of backend.matmul with one transposeOf, and backend.columnSums adds rows. rowsOf(a, from, to) ends before `to`, and matrixOf sees `[T,B,H]` as `[T·B,H]`, in the order of the rows of dLogits. dhUpstream has the same rows as h.',
      'Both views begin at row 1 and have T rows. denseBackward writes into the view of dhUpstream, and lstmBackward reads dhUpstream. Which of them comes first?',
    ],
  },
  scan: {
    title: 'A scan backwards',
    equation: '26′',
    formula: ['h[t] = a[t]*h[t-1] + b[t]', 'dh[t-1] += ?   da[t] = ?   db[t] = ?'],
    chapter: 'derivation.md#a-scan',
    source: 'src/equations/scan.ts',
    task: 'In a minGRU, a and b of all steps depend only on x, so the state is linear in the state before: a scan. Write the backward pass of all its steps. The first step reads the initial state, hPrev, whose gradient is dhPrev.',
    because:
      'the next step multiplies the state by its a, so the gradient goes back by the same a: the backward pass is the same scan, from the end',
    hints: [
      'h[t] reaches the loss from outside, and through h[t+1] = a[t+1]*h[t] + b[t+1]. Its gradient is the sum of both terms. Which of the two does dh hold on entry?',
      'In h = a*hPrev + b, each factor of the product gets the gradient times the other one, and b gets the gradient itself. But dh of a step is complete only when the step after it has added its term. So in which direction does the loop count?',
      'Let g be the complete gradient: g[t] = dh[t] + a[t+1]*g[t+1], da[t] = g[t]*h[t-1] and db[t] = g[t]. The first step has no step before it. Where do a and g of this step go, and where does it read the state?',
    ],
  },
  'gru-step': {
    title: 'A step of a GRU backwards',
    equation: '23′, 22′',
    formula: [
      'r = σ(axr + ahr);   z = σ(axz + ahz);   n = tanh(axn + r*ahn)',
      'h = (1-z)*n + z*hPrev',
      'dhPrev += ?   dax = ?   dah = ?',
    ],
    chapter: 'derivation.md#a-plain-rnn-and-a-gru',
    source: 'src/equations/gru.ts',
    task: 'This is the GRU of PyTorch: ax = x·Wx + b and ah = hPrev·Wh + bRecurrent are two products, and r multiplies only the n of ah, which is ahn. ax, ah, dax and dah have three blocks of H columns, in the order r, z, n. Write dax and dah of this element, and add the term of z*hPrev to dhPrev. (Then dhPrev and the weights follow from dah and dax as in exercise 8.)',
    because:
      'h is a mean of n and hPrev, whose weights are 1-z and z; n has the product r*ahn, so r and ahn get each other as a factor, and ax and ah have different gradients only there',
    hints: [
      'h is a sum of two products, and z is in both of them, once with a minus. By the product rule, which gradients do n, z and hPrev get from dh?',
      'Go on through the nonlinearities as in exercise 7: tanh′ is 1-n², and σ′ is r·(1-r) or z·(1-z). The sum axn + r*ahn gets one gradient. What do its parts axn, r and ahn get from it?',
      'dn is dh·(1-z), and dz is dh·(hPrev-n). With daxn = dn·(1-n²), ahn gets daxn times r, and r gets daxn times ahn. In r and z, ax and ah are only added. So what are their gradients?',
    ],
  },
};

export const EXERCISES: readonly Exercise[] = Object.entries(PROSE).map(([name, prose], n) => {
  const texts = TEXTS.find((one) => one.name === name);
  if (texts === undefined) throw new Error(`exercises: ${name} has no files`);
  return { ...texts, ...prose, number: n + 1 };
});

/** `05-hidden-state` */
export const fileNameOf = ({ number, name }: Exercise): string => `${String(number).padStart(2, '0')}-${name}`;

/** `1`, `1 and 2`, `1 to 5, 7 and 9`: at least three in a row have a `to`. */
export function numbersOf(exercises: readonly Exercise[]): string {
  const runs: number[][] = [];
  for (const { number } of exercises) {
    const last = runs.at(-1);
    if (last?.at(-1) === number - 1) last.push(number);
    else runs.push([number]);
  }
  const words = runs.flatMap((run) => (run.length > 2 ? [`${run[0]} to ${run[run.length - 1]}`] : run.map(String)));
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words[words.length - 1]}`;
}

/** The next exercise behind `number` that is not solved; behind the last one the first follows. undefined: all are solved. */
export const nextAfter = (number: number, isSolved: (exercise: Exercise) => boolean): Exercise | undefined =>
  [...EXERCISES.slice(number), ...EXERCISES.slice(0, number)].find((exercise) => !isSolved(exercise));

/** The exercises whose answers train a network with a loss at its last step, in the order of the exercises. */
export const LAST_STEP = [
  'product',
  'hidden-state',
  'cell-state',
  'gates',
  'weights',
  'through-time',
  'softmax',
  'adam',
] as const;
/** With a loss at every step. */
export const EVERY_STEP = [...LAST_STEP, 'every-step'] as const;

export type Name = (typeof EVERY_STEP)[number];

/** The exercises that a network needs. */
export const exercisesOf = (names: readonly Name[]): Exercise[] =>
  EXERCISES.filter(({ name }) => (names as readonly string[]).includes(name));

/** An answer to one of these exercises. */
export interface AnswerText {
  /** The exercise's name. */
  readonly name: string;
  /** Its file, for messages. */
  readonly file: string;
  readonly source: string;
  readonly language: Language;
}

/** The project's own lines, in place of an answer. */
export const solutionOf = ({ name, typescript }: Exercise): AnswerText => ({
  ...{ name, file: `the solution of ${name}` },
  ...{ source: typescript.solution, language: 'typescript' },
});
