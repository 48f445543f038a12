/** Chapter 5: one large gradient, and what it leaves in Adam, for other sizes, β₁ and β₂, and with clipping. */
import { computed, defineComponent, h, ref } from 'vue';
import { spikeDiagram } from '../../learn/pictures/diagrams.mjs';
import { afterSpike, algorithm1, clipped, effectOn, SPIKE } from '../../learn/programs/one-spike.mjs';
import { lever } from './elements.js';

/** The updates after the spike that the sentences are about. */
const LAST = 1000;
/** Clipping by norm. */
const LIMIT = 1;

/** The least round number above all values: a quarter of it is short too. */
export function topOf(values: readonly number[]): number {
  const most = 1.05 * Math.max(...values);
  const power = 10 ** Math.floor(Math.log10(most));
  return [1.2, 2, 4, 8, 12].map((factor) => factor * power).find((top) => top >= most) ?? 12 * power;
}

const place = { x: 48, y: 40, width: 232, height: 180 };

export default defineComponent(() => {
  const [exponent, beta1, beta2, isClipped] = [ref(Math.log10(SPIKE)), ref(0.9), ref(0.999), ref(false)];
  const size = computed(() => Math.round(10 ** exponent.value));
  const states = computed(() =>
    afterSpike(isClipped.value ? clipped(size.value, LIMIT) : size.value, (gradients: number[]) =>
      algorithm1(gradients, beta1.value, beta2.value),
    ),
  );
  const diagrams = computed(() => {
    const [m, root, update] = (['m', 'root', 'update'] as const).map((name) =>
      states.value.map((state) => state[name]),
    );
    return [
      {
        label: 'm and √v over the updates after the spike',
        svg: spikeDiagram(place, topOf([...m, ...root]), 'm (solid) and √v (dashed)', [
          { of: 'second', dash: ' stroke-dasharray="8 4"', values: root },
          { of: 'first', dash: '', values: m },
        ]),
      },
      {
        label: 'The updates after the spike, divided by the learning rate',
        svg: spikeDiagram(place, topOf(update), 'the update, divided by lr', [
          { of: 'third', dash: '', values: update },
        ]),
      },
    ];
  });
  const numbers = computed(() => {
    const { sum, largest, smallest, smallestAt, tooLarge } = effectOn(states.value, LAST);
    const when = smallest < 1 - 1e-6 ? `, ${smallestAt} after the spike` : '';
    return [
      ['The largest update, divided by lr', largest.toFixed(2)],
      ['Updates above 1, before the first below 1', String(tooLarge)],
      ['The smallest update', `${smallest < 0.01 ? smallest.toExponential(1) : smallest.toFixed(2)}${when}`],
      [`√v after ${LAST} more updates`, states.value[LAST].root.toFixed(2)],
      [`Sum of updates 0 to ${LAST} (${LAST + 1} without a spike)`, sum.toFixed(0)],
    ];
  });
  return () =>
    h('section', { class: 'levers spike-live', 'aria-label': 'A spike of your own' }, [
      lever({
        ...{ id: 'spike-size', name: 'Size of the spike', value: exponent, min: 0, max: 4, step: 0.1 },
        shown: () => String(size.value),
      }),
      h('div', { class: 'lever' }, [
        h('label', [
          h('input', {
            ...{ type: 'checkbox', checked: isClipped.value },
            onChange: (event: Event) => (isClipped.value = (event.target as HTMLInputElement).checked),
          }),
          ` Clip to norm ${LIMIT}`,
        ]),
      ]),
      lever({ id: 'beta-1', name: 'β₁', value: beta1, min: 0, max: 0.99, step: 0.01 }),
      lever({ id: 'beta-2', name: 'β₂', value: beta2, min: 0.9, max: 0.999, step: 0.001 }),
      diagrams.value.map(({ label, svg }) =>
        h('svg', { viewBox: '0 0 292 250', role: 'img', 'aria-label': label, innerHTML: svg.flat(Infinity).join('') }),
      ),
      h(
        'dl',
        { 'aria-live': 'polite' },
        numbers.value.map(([name, value]) => h('div', [h('dt', name), h('dd', value)])),
      ),
    ]);
});
