/** Chapter 5: three logits and a label, and what softmax and the cross-entropy make of them. The engine's own functions compute it. */
import { type VNode, computed, defineComponent, h, ref } from 'vue';
import { engineOf } from '../../learn/programs/one-softmax.mjs';
import { lever } from './elements.js';

/** The chapter's example. */
const [LOGITS, LABEL] = [[2, 1, 0], 1] as const;

/** Of a bar's picture, in units of its SVG. */
const [WIDTH, HEIGHT] = [200, 14];

/** A bar from 0 to `value`, where the picture goes from `low` to 1. The number beside it says the same, so screen readers skip it. */
function bar(value: number, low: 0 | -1, of: string): VNode {
  const across = (at: number): number => (WIDTH * (at - low)) / (1 - low);
  const [left, right] = [across(Math.min(0, value)), across(Math.max(0, value))];
  return h('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', 'aria-hidden': 'true' }, [
    h('rect', { class: of, x: left.toFixed(2), y: 2, width: (right - left).toFixed(2), height: HEIGHT - 4 }),
    h('path', { class: 'line', d: `M${across(0)} 0V${HEIGHT}` }),
  ]);
}

const four = (value: number): string => (Math.abs(value) < 5e-5 ? 0 : value).toFixed(4);

export default defineComponent(() => {
  const logits = LOGITS.map((logit) => ref<number>(logit));
  const [added, label] = [ref(0), ref<number>(LABEL)];
  const result = computed(() => {
    const all = logits.map(({ value }) => value + added.value);
    return { all, ...engineOf(all, label.value) };
  });
  const row = (k: number): VNode => {
    const { all, p, dLogits } = result.value;
    return h('tr', { class: { label: k === label.value } }, [
      h('th', { scope: 'row' }, `${k}${k === label.value ? ', the label' : ''}`),
      h('td', all[k].toFixed(1)),
      h('td', [bar(p[k], 0, 'first'), four(p[k])]),
      h('td', [bar(dLogits[k], -1, 'second'), four(dLogits[k])]),
    ]);
  };
  const chooseLabel = (event: Event): void => {
    label.value = Number((event.target as HTMLSelectElement).value);
  };
  const tenth = (value: number): string => value.toFixed(1);
  return () => {
    const { loss, dLogits } = result.value;
    const sum = dLogits.reduce((total, value) => total + value, 0);
    return h('section', { class: 'levers softmax-live', 'aria-label': 'Softmax with your own logits' }, [
      logits.map((value, k) =>
        lever({ id: `logit-${k}`, name: `Logit ${k}`, value, min: -10, max: 10, step: 0.1, shown: tenth }),
      ),
      lever({ id: 'added', name: 'Added to all three', value: added, min: -100, max: 100, step: 1 }),
      h('div', { class: 'lever' }, [
        h('label', { for: 'softmax-label' }, 'Label: '),
        h(
          'select',
          { id: 'softmax-label', value: label.value, onChange: chooseLabel },
          LOGITS.map((_, k) => h('option', { value: k }, `class ${k}`)),
        ),
      ]),
      h('table', [
        h(
          'thead',
          h(
            'tr',
            ['class', 'logit', 'p', 'dLogit'].map((name) => h('th', { scope: 'col' }, name)),
          ),
        ),
        h(
          'tbody',
          LOGITS.map((_, k) => row(k)),
        ),
      ]),
      h('p', { 'aria-live': 'polite' }, [
        'Loss = -log p[label] = ',
        h('b', four(loss)),
        `. The sum of the three dLogits is ${four(sum)}.`,
      ]),
    ]);
  };
});
