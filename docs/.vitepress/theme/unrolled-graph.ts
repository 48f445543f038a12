/** Chapter 1: the unrolled graph with the reader's weights and inputs, what a nudge of Wh does, and what each of its arrows computes. */
import { computed, defineComponent, h, nextTick, ref, shallowRef, useId, useTemplateRef } from 'vue';
import { given, next, number } from '../../learn/pictures/svg.mjs';
import {
  type Arrow,
  arrowsOf,
  heightOf,
  MOST_NUDGE,
  NUDGE_HEIGHT,
  nudgeDiagram,
  unrolledGraph,
  WIDTH,
} from '../../learn/pictures/unrolled.mjs';
import { gradientsOf, lossOf, nudge, SEQUENCE, statesOf, TARGET, WEIGHTS } from '../../learn/programs/one-unit.mjs';
import { NumberSlider } from './elements.js';

const T = SEQUENCE.length;
const ARROWS = arrowsOf(T);
/** x[0]·Wx: the arrow after it leads further along the same value. */
const FIRST_ARROW = ARROWS.findIndex(({ kind }) => kind === 'Wx');
const FIRST_NUDGE = 0.1;
const START: Example = { x: SEQUENCE, ...WEIGHTS, target: TARGET };

/** The keys of a group of choices. */
const MOVES: Readonly<Record<string, (n: number) => number>> = {
  ArrowDown: (n) => n + 1,
  ArrowRight: (n) => n + 1,
  ArrowUp: (n) => n - 1,
  ArrowLeft: (n) => n - 1,
  Home: () => 0,
  End: () => ARROWS.length - 1,
};
const within = (n: number): number => Math.min(Math.max(n, 0), ARROWS.length - 1);

/** A bar below the number of dh: its length against the largest one. */
const barOf = (dh: readonly number[], row: number, x: number, y: number): string => {
  const most = Math.max(...dh.map(Math.abs));
  const width = most === 0 ? 0 : (112 * Math.abs(dh[row])) / most;
  return `<rect class="bar" x="${x}" y="${y}" width="${width.toFixed(1)}" height="4"/>`;
};

export default defineComponent(() => {
  const example = shallowRef(START);
  const chosen = ref(FIRST_ARROW);
  const delta = ref(FIRST_NUDGE);
  /** A new round begins with the example and without what was typed. */
  const round = ref(0);
  const group = useTemplateRef<SVGGElement>('arrows');
  const id = useId();
  const explanation = computed(() => explanationOf(example.value, ARROWS[chosen.value]));
  const drawing = computed(() => unrolledGraph(example.value, barOf).flat(Infinity).join(''));

  const startAgain = (): void => {
    [example.value, delta.value] = [START, FIRST_NUDGE];
    round.value++;
  };
  const choose = (n: number): void => void (chosen.value = within(n));
  const press = (event: KeyboardEvent): void => {
    if (!(event.key in MOVES)) return;
    event.preventDefault();
    choose(MOVES[event.key](chosen.value));
    void nextTick(() => group.value?.querySelector<SVGElement>('[tabindex="0"]')?.focus());
  };
  const slider = (label: string, value: number, change: (value: number) => Partial<Example>) =>
    h(NumberSlider, {
      ...{ key: `${label} ${round.value}`, id: `${id}-${label}`, label, value, min: -3, max: 3, step: 0.05 },
      onChange: (changed: number) => (example.value = { ...example.value, ...change(changed) }),
    });
  const inputs = () =>
    example.value.x.map((value, t) =>
      slider(`x[${t}]`, value, (changed) => ({ x: example.value.x.map((old, n) => (n === t ? changed : old)) })),
    );
  const arrow = ({ kind, place }: (typeof ARROWS)[number], n: number) =>
    h('rect', {
      ...{ ...place, rx: 6, class: ['touch', kind.startsWith('d') ? 'back' : 'forward'], role: 'radio' },
      ...{ tabindex: n === chosen.value ? 0 : -1, 'aria-checked': n === chosen.value },
      'aria-label': explanationOf(example.value, ARROWS[n]).title,
      onClick: () => choose(n),
    });
  const picture = () =>
    h('svg', { viewBox: `0 0 ${WIDTH} ${heightOf(T)}`, role: 'group', 'aria-label': 'The unrolled graph' }, [
      h('g', { innerHTML: drawing.value }),
      h(
        'g',
        {
          ref: 'arrows',
          role: 'radiogroup',
          'aria-label': 'The arrows, in the order of the program',
          onKeydown: press,
        },
        ARROWS.map(arrow),
      ),
    ]);
  const step = (label: string, by: number) => {
    const n = chosen.value + by;
    return h('button', { type: 'button', disabled: n !== within(n), onClick: () => choose(n) }, label);
  };
  const panel = () =>
    h('div', { class: 'explanation' }, [
      h('div', { 'aria-live': 'polite' }, [
        h('p', h('b', explanation.value.title)),
        explanation.value.equations.map((equation) => h('p', { class: 'equation' }, equation)),
        h('p', explanation.value.words),
      ]),
      h('p', { class: 'buttons' }, [step('Previous arrow', -1), step('Next arrow', 1)]),
    ]);

  const nudged = () =>
    h('div', { class: 'nudge' }, [
      h(NumberSlider, {
        ...{ key: `δ ${round.value}`, id: `${id}-delta`, label: 'δ', value: delta.value, step: 0.01 },
        ...{ min: -MOST_NUDGE, max: MOST_NUDGE, onChange: (changed: number) => (delta.value = changed) },
      }),
      h(
        'div',
        { role: 'status' },
        nudgeOf(example.value, delta.value).map((line) => h('p', line)),
      ),
      h('svg', {
        ...{ viewBox: `0 0 ${WIDTH} ${NUDGE_HEIGHT}`, role: 'img' },
        'aria-label': 'The loss over Wh, and the line of its gradient',
        innerHTML: nudgeDiagram(example.value, delta.value).flat().join(''),
      }),
    ]);

  return () =>
    h('section', { class: 'live unrolled-live', 'aria-label': 'The unrolled graph with your numbers' }, [
      h('div', { class: 'controls' }, [
        nudged(),
        slider('Wh', example.value.Wh, (Wh) => ({ Wh })),
        h('details', [
          h('summary', 'Wx and the inputs'),
          slider('Wx', example.value.Wx, (Wx) => ({ Wx })),
          inputs(),
          h('button', { type: 'button', onClick: startAgain }, 'The example again'),
        ]),
        h('p', { role: 'status' }, resultOf(example.value)),
      ]),
      picture(),
      panel(),
    ]);
});

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

/** What an arrow computes, in numbers and words. */
export function explanationOf(example: Example, arrow: Arrow): Explanation {
  const values = valuesOf(example);
  const explain = { Wx: forward, Wh: forward, loss: toLoss, dLoss: fromLoss, dh: back }[arrow.kind];
  return explain === toLoss || explain === fromLoss
    ? explain(values, arrow.t)
    : (explain as typeof back)(values, arrow);
}

/** What the gradient says of a nudge of Wh by δ, what a second forward pass measures, and the difference of both. */
export function nudgeOf({ x, target, ...weights }: Example, delta: number): string[] {
  const { dWh, expected, measured } = nudge(x, weights, target, delta);
  const loss = lossOf(statesOf(x, weights), target);
  const percent = expected === 0 ? 0 : Number((100 * Math.abs(measured / expected - 1)).toPrecision(2));
  return [
    `The gradient says: δ·dWh = ${given(delta)}·${next(number(dWh))} = ${number(expected)}`,
    `Measured: ${number(loss + measured)} − ${number(loss)} = ${number(measured)}`,
    `Difference: ${(measured - expected).toFixed(6).replace('-', '−')}${expected === 0 ? '' : `, ${percent}% of δ·dWh`}`,
  ];
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
