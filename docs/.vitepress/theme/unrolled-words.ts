/** What an arrow of the unrolled graph computes, in numbers and words. */
import { given, next, number } from '../../learn/pictures/numbers.mjs';
import type { Arrow } from '../../learn/pictures/unrolled.mjs';
import { gradientsOf, lossOf, statesOf } from '../../learn/programs/one-unit.mjs';

export interface Example {
  readonly x: readonly number[];
  readonly Wx: number;
  readonly Wh: number;
  readonly target: number;
}

interface Explanation {
  readonly title: string;
  readonly equations: readonly string[];
  readonly words: string;
}

type Values = Example & { readonly h: readonly number[] } & ReturnType<typeof gradientsOf>;

const valuesOf = (example: Example): Values => {
  const h = statesOf(example.x, example);
  return { ...example, h, ...gradientsOf(example.x, example, h, example.target) };
};

/** Either arrow to h[t+1]: x[t]·Wx or h[t]·Wh. */
function forward({ x, h, dz, Wx, Wh, dWx, dWh }: Values, { kind, t }: Arrow): Explanation {
  const ofInput = { name: `x[${t}]·Wx`, factors: [given(x[t]), given(Wx)], value: x[t] * Wx };
  const ofState = { name: `h[${t}]·Wh`, factors: [number(h[t]), given(Wh)], value: h[t] * Wh };
  const [own, other] = kind === 'Wx' ? [ofInput, ofState] : [ofState, ofInput];
  const [read, weight, sum] = kind === 'Wx' ? [x[t], 'Wx', dWx] : [h[t], 'Wh', dWh];
  const [first] = own.name.split('·');
  return {
    title: `Step ${t}, forward: ${own.name}`,
    equations: [
      `${own.name} = ${own.factors[0]}·${next(own.factors[1])} = ${number(own.value)}`,
      `z[${t}] = ${ofInput.name} + ${ofState.name} = ${number(ofInput.value + ofState.value)}`,
      `h[${t + 1}] = tanh(z[${t}]) = ${number(h[t + 1])}`,
    ],
    words:
      `The product is added to ${other.name} = ${number(other.value)}. On the way back, this step adds ` +
      `${first}·dz[${t}] = ${own.factors[0]}·${next(number(dz[t]))} = ${number(read * dz[t])} to d${weight}, which is ${number(sum)} after all steps.`,
  };
}

function toLoss({ h, target }: Values, T: number): Explanation {
  return {
    title: `Forward: from h[${T}] to the loss`,
    equations: [
      `loss = (h[${T}] − ${given(target)})² = (${number(h[T])} − ${given(target)})² = ${number(lossOf(h, target))}`,
    ],
    words: `The loss is 0 if h[${T}] is ${given(target)}, and grows on both sides of it.`,
  };
}

function fromLoss({ h, dh, target }: Values, T: number): Explanation {
  const effect = dh[T] < 0 ? 'smaller' : 'larger';
  return {
    title: `Back: from the loss to h[${T}]`,
    equations: [`dh[${T}] = 2·(h[${T}] − ${given(target)}) = 2·${next(number(h[T] - target))} = ${number(dh[T])}`],
    words:
      dh[T] === 0
        ? `h[${T}] is ${given(target)}, so no change is needed, and every gradient is 0.`
        : `It is ${dh[T] < 0 ? 'negative' : 'positive'}, so a slightly larger h[${T}] makes the loss ${effect}.`,
  };
}

function back({ x, h, dh, dz, Wh }: Values, { t }: Arrow): Explanation {
  const through = 1 - h[t + 1] ** 2;
  return {
    title: `Step ${t}, back: from h[${t + 1}] to h[${t}]`,
    equations: [
      `dz[${t}] = dh[${t + 1}]·(1 − h[${t + 1}]²) = ${number(dh[t + 1])}·${number(through)} = ${number(dz[t])}`,
      `dh[${t}] = dz[${t}]·Wh = ${number(dz[t])}·${next(given(Wh))} = ${number(dh[t])}`,
    ],
    words:
      `This step multiplies the gradient by ${number(through)}·${next(given(Wh))} = ${number(through * Wh)}. ` +
      `From dz[${t}], both weights get a term too: x[${t}]·dz[${t}] = ${number(x[t] * dz[t])} for dWx, and h[${t}]·dz[${t}] = ${number(h[t] * dz[t])} for dWh.`,
  };
}

export function explanationOf(example: Example, arrow: Arrow): Explanation {
  const values = valuesOf(example);
  const explain = { Wx: forward, Wh: forward, loss: toLoss, dLoss: fromLoss, dh: back }[arrow.kind];
  return explain === toLoss || explain === fromLoss
    ? explain(values, arrow.t)
    : (explain as typeof back)(values, arrow);
}

/** The whole graph in two sentences. */
export function resultOf(example: Example): string {
  const { h, dh, target } = valuesOf(example);
  const T = example.x.length;
  const start = `h[${T}] = ${number(h[T])}, and the loss is ${number(lossOf(h, target))}.`;
  if (dh[T] === 0) return `${start} dh[${T}] is 0, so every gradient is 0.`;
  const percent = 100 * Math.abs(dh[0] / dh[T]);
  const arrives = percent < 0.01 ? 'less than 0.01%' : `${Number(percent.toPrecision(2))}%`;
  return `${start} dh[0] = ${number(dh[0])}: ${dh[0] === 0 ? 'nothing' : arrives} of dh[${T}] arrives at h[0].`;
}
