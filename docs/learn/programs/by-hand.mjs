/**
 * The worked example of docs/learn/by-hand.md: an LSTM with T = 2, B = 1, I = 1, H = 1. The engine computes every number.
 *
 *     node docs/learn/programs/by-hand.mjs
 */
import { fileURLToPath } from 'node:url';
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
import { GATES, GIVEN, SECTIONS } from './by-hand-lines.mjs';

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

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(tableOf(valuesOfTheEngine()).join('\n\n'));
