/** The worked example of docs/learn/by-hand.md: what is given, and the formula of each line. It runs in the browser too. */

/** The numbers that are given. Wx, Wh and b have one number for each gate. */
export const GIVEN = {
  ...{ 'x₁': 1, 'x₂': 2, 'h₀': 0.3, 'c₀': 0.8, y: 1 },
  ...{ Wxi: 0.1, Wxj: 0.6, Wxf: -0.2, Wxo: 0.2 },
  ...{ Whi: 0.7, Whj: 0.8, Whf: 0.4, Who: 0.6 },
  ...{ bi: -0.2, bj: -0.2, bf: 0.2, bo: -0.1 },
};

export const GATES = ['i', 'j', 'f', 'o'];

/** Lines of a section, each a name and its formula: `c₁ = f₁·c₀ + i₁·j₁`. */
const linesOf = (...texts) => texts.map((text) => text.split(' = '));

/** One line for each gate: `G` stands for its letter. */
const perGate = (text) => linesOf(...GATES.map((gate) => text.replaceAll('G', gate)));

/** (1) to (4) of the step from row p to row t. */
const forwardOf = (p, t, step) => [
  { title: `(1), step ${step}`, lines: perGate(`zG${t} = x${t}·WxG + h${p}·WhG + bG`) },
  {
    title: `(2), step ${step}`,
    lines: linesOf(`i${t} = σ(zi${t})`, `j${t} = tanh(zj${t})`, `f${t} = σ(zf${t} + 1)`, `o${t} = σ(zo${t})`),
  },
  { title: `(3), step ${step}`, lines: linesOf(`c${t} = f${t}·c${p} + i${t}·j${t}`) },
  { title: `(4), step ${step}`, lines: linesOf(`tanh c${t} = tanh(c${t})`, `h${t} = o${t}·tanh c${t}`) },
];

/** (4′) to (1′) of the same step. `dcLines` completes dc; `dcPrev` is the name of what (3′) adds to dc of row p. */
const backwardOf = (p, t, step, dcLines, dcPrev) => [
  { title: `(4′), step ${step}`, lines: linesOf(`do${t} = dh${t}·tanh c${t}`, ...dcLines) },
  {
    title: `(3′), step ${step}`,
    lines: linesOf(
      `di${t} = dc${t}·j${t}`,
      `dj${t} = dc${t}·i${t}`,
      `df${t} = dc${t}·c${p}`,
      `${dcPrev} = dc${t}·f${t}`,
    ),
  },
  {
    title: `(2′), step ${step}`,
    lines: linesOf(
      `dzi${t} = di${t}·i${t}·(1 - i${t})`,
      `dzj${t} = dj${t}·(1 - j${t}²)`,
      `dzf${t} = df${t}·f${t}·(1 - f${t})`,
      `dzo${t} = do${t}·o${t}·(1 - o${t})`,
    ),
  },
  {
    title: `(1′), step ${step}, the inputs`,
    lines: linesOf(
      `dh${p} = ${GATES.map((gate) => `dz${gate}${t}·Wh${gate}`).join(' + ')}`,
      `dx${t} = ${GATES.map((gate) => `dz${gate}${t}·Wx${gate}`).join(' + ')}`,
    ),
  },
];

/** The whole calculation, in order: each line is a name and its formula. */
export const SECTIONS = [
  ...forwardOf('₀', '₁', 1),
  ...forwardOf('₁', '₂', 2),
  { title: '(13), the loss', lines: linesOf('L = (h₂ - y)²') },
  { title: '(13′), the loss', lines: linesOf('dh₂ = 2·(h₂ - y)') },
  ...backwardOf('₁', '₂', 2, ['dc₂ = dh₂·o₂·(1 - (tanh c₂)²)'], 'dc₁[c₂]'),
  ...backwardOf('₀', '₁', 1, ['dc₁[h₁] = dh₁·o₁·(1 - (tanh c₁)²)', 'dc₁ = dc₁[c₂] + dc₁[h₁]'], 'dc₀'),
  { title: '(1′), both steps, dWx', lines: perGate('dWxG = x₁·dzG₁ + x₂·dzG₂') },
  { title: '(1′), both steps, dWh', lines: perGate('dWhG = h₀·dzG₁ + h₁·dzG₂') },
  { title: '(1′), both steps, db', lines: perGate('dbG = dzG₁ + dzG₂') },
];
