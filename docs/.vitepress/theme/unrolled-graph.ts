/** Chapter 1: the unrolled graph with the reader's weights and inputs, and what each of its arrows computes. */
import { computed, defineComponent, h, nextTick, ref, shallowRef, useId, useTemplateRef } from 'vue';
import { arrowsOf, heightOf, unrolledGraph, WIDTH } from '../../learn/pictures/unrolled.mjs';
import { SEQUENCE, TARGET, WEIGHTS } from '../../learn/programs/one-unit.mjs';
import { NumberSlider } from './number-slider.js';
import { explanationOf, resultOf, type Example } from './unrolled-words.js';

const T = SEQUENCE.length;
const ARROWS = arrowsOf(T);
/** x[0]·Wx: the arrow after it leads further along the same value. */
const FIRST_ARROW = ARROWS.findIndex(({ kind }) => kind === 'Wx');
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
  /** A new round begins with the example and without what was typed. */
  const round = ref(0);
  const group = useTemplateRef<SVGGElement>('arrows');
  const id = useId();
  const explanation = computed(() => explanationOf(example.value, ARROWS[chosen.value]));
  const drawing = computed(() => unrolledGraph(example.value, barOf).flat(Infinity).join(''));

  const startAgain = (): void => {
    example.value = START;
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

  return () =>
    h('section', { class: 'live unrolled-live', 'aria-label': 'The unrolled graph with your numbers' }, [
      h('div', { class: 'controls' }, [
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
