/**
 * The worked example of docs/learn/by-hand.md: an LSTM with T = 2, B = 1, I = 1, H = 1. The engine computes every number.
 *
 *     node docs/learn/programs/by-hand.mjs
 */
import {
  allocateLstm,
  lstmBackward,
  lstmForward,
  squaredErrorBackward,
  squaredErrorForward,
  stepOf,
  tensorFrom,
  zeros,
} from 'longhand';
import { createReferenceBackend } from 'longhand/reference';
import { isMain } from './is-main.mjs';

/** The numbers that are given. Wx, Wh and b have one number for each gate. */
export const GIVEN = {
  ...{ 'x₁': 1, 'x₂': 2, 'h₀': 0.3, 'c₀': 0.8, y: 1 },
  ...{ Wxi: 0.1, Wxj: 0.6, Wxf: -0.2, Wxo: 0.2 },
  ...{ Whi: 0.7, Whj: 0.8, Whf: 0.4, Who: 0.6 },
  ...{ bi: -0.2, bj: -0.2, bf: 0.2, bo: -0.1 },
};

const GATES = ['i', 'j', 'f', 'o'];

/** Every number by its name, in full precision, as `lstmForward` and `lstmBackward` compute it. */
export function valuesOfTheEngine() {
  const values = { ...GIVEN };
  const backend = createReferenceBackend({ dtype: 'f64' });
  const lstm = allocateLstm(backend, { T: 2, B: 1, I: 1, H: 1 });
  const { x, kernel, bias, h, c, dhUpstream, dh, dx, dKernel, dBias } = lstm;
  x.data.set([GIVEN['x₁'], GIVEN['x₂']]);
  kernel.data.set([...GATES.map((gate) => GIVEN[`Wx${gate}`]), ...GATES.map((gate) => GIVEN[`Wh${gate}`])]);
  bias.data.set(GATES.map((gate) => GIVEN[`b${gate}`]));
  h.set(0, 0, 0, GIVEN['h₀']);
  c.set(0, 0, 0, GIVEN['c₀']);

  // Each step overwrites z and dz, and adds to dc. So we read them during the loop, around the engine's own functions.
  let step = 0;
  lstmForward(
    {
      ...backend,
      lstmCellForward(h, c, gates, z, cPrev, forgetBias) {
        backend.lstmCellForward(h, c, gates, z, cPrev, forgetBias);
        const t = '₁₂'[step++];
        GATES.forEach((gate, n) => {
          values[`z${gate}${t}`] = z.get(0, n);
          values[`${gate}${t}`] = gates.get(0, n);
        });
        values[`c${t}`] = c.get(0, 0);
        values[`tanh c${t}`] = Math.tanh(c.get(0, 0));
        values[`h${t}`] = h.get(0, 0);
      },
    },
    lstm,
  );

  const one = (value) => tensorFrom([value], [1, 1], 'f64');
  const [loss, mask, last] = [zeros([1], 'f64'), tensorFrom([1], [1], 'f64'), stepOf(h, 2)];
  squaredErrorForward(loss, last, one(GIVEN.y), mask);
  squaredErrorBackward(stepOf(dhUpstream, 2), last, one(GIVEN.y), mask, 1);
  values.L = loss.get(0);

  lstmBackward(
    {
      ...backend,
      lstmCellBackward(dz, dc, dcPrev, dh, gates, c, cPrev) {
        const before = dc.get(0, 0);
        backend.lstmCellBackward(dz, dc, dcPrev, dh, gates, c, cPrev);
        const t = '₁₂'[--step];
        values[`dc${t}`] = dc.get(0, 0);
        if (t === '₂') values['dc₁[c₂]'] = dcPrev.get(0, 0);
        else {
          values['dc₁[h₁]'] = dc.get(0, 0) - before;
          values['dc₀'] = dcPrev.get(0, 0);
        }
        GATES.forEach((gate, n) => {
          values[`dz${gate}${t}`] = dz.get(0, n);
          // The engine has no tensor for di, dj, df and do: each is dz divided by σ′ or tanh′.
          const a = gates.get(0, n);
          values[`d${gate}${t}`] = dz.get(0, n) / (gate === 'j' ? 1 - a * a : a * (1 - a));
        });
      },
    },
    lstm,
  );
  [...'₀₁₂'].forEach((t, row) => (values[`dh${t}`] = dh.get(row, 0, 0)));
  [...'₁₂'].forEach((t, row) => (values[`dx${t}`] = dx.get(row, 0, 0)));
  GATES.forEach((gate, n) => {
    values[`dWx${gate}`] = dKernel.get(0, n);
    values[`dWh${gate}`] = dKernel.get(1, n);
    values[`db${gate}`] = dBias.get(n);
  });
  return values;
}

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

/** The sections as texts: each line has its formula, the numbers in place of the names, and the result. */
export function tableOf(values) {
  const names = Object.keys(values).sort((a, b) => b.length - a.length);
  const escaped = names.map((name) => name.replace(/[[\]]/g, '\\$&'));
  const anyName = new RegExp(`(?<![\\p{L}₀-₉])(${escaped.join('|')})(?![\\p{L}₀-₉[])`, 'gu');
  const shown = (name) => {
    const text = name in GIVEN ? String(values[name]) : values[name].toFixed(4);
    return values[name] < 0 ? `(${text})` : text;
  };
  const withNumbers = (formula) =>
    formula
      .replace(anyName, shown)
      .replace(/([σh])\(\(([^()]*)\)/g, '$1($2') // σ((-1) + 1) is σ(-1 + 1)
      .replace(/\(([\d.]+)\)²/g, '$1²');
  return SECTIONS.map(({ title, lines }) => {
    const texts = lines.map(([name, formula]) => {
      const result = `${withNumbers(formula)} = ${values[name].toFixed(4)}`;
      const inOne = `${name} = ${formula} = ${result}`;
      return inOne.length <= 76 ? inOne : `${name} = ${formula}\n${' '.repeat(name.length)} = ${result}`;
    });
    return [title, ...texts].join('\n');
  });
}

if (isMain(import.meta.url)) console.log(tableOf(valuesOfTheEngine()).join('\n\n'));
