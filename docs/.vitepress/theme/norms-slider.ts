/** Chapter 2: a slider for the spectral radius of Wh, and the norms of dh over 28 and 784 steps. The chapter's functions compute and draw. */
import { computed, defineComponent, h, ref, shallowRef } from 'vue';
import { diagram } from '../../learn/pictures/norms-diagram.mjs';
import { gradientNorms } from '../../learn/programs/gradient-norms.mjs';

/** The two diagrams. The scales hold every radius of the slider, so that the curves can be compared. */
const DIAGRAMS = [
  { T: 28, low: -12, high: 4, every: 4 },
  { T: 784, low: -300, high: 100, every: 100 },
] as const;

/** Both curves take about 0.1 seconds, so a curve is computed at most once a frame. */
const curvesOf = (radius: number) => DIAGRAMS.map(({ T }) => gradientNorms(radius, T));

export default defineComponent(() => {
  const radius = ref(1.5);
  const curves = shallowRef(curvesOf(radius.value));
  let frame = 0;
  const move = (event: Event): void => {
    radius.value = Number((event.target as HTMLInputElement).value);
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(() => (curves.value = curvesOf(radius.value)));
  };
  const numbers = computed(() => {
    const [short, long] = curves.value;
    return [
      ['Norm after 28 steps back', short.norms[28].toExponential(1)],
      ['Norm after 784 steps back', long.norms[784].toExponential(1)],
      ['Mean of 1 - h² over the 784 steps', long.share.toFixed(2)],
    ];
  });
  return () =>
    h('section', { class: 'norms-slider', 'aria-label': 'The gradient for other spectral radii' }, [
      h('label', { for: 'spectral-radius' }, ['Spectral radius of Wh: ', h('b', radius.value.toFixed(2))]),
      h('input', {
        id: 'spectral-radius',
        type: 'range',
        min: 0.5,
        max: 2.5,
        step: 0.05,
        value: radius.value,
        onInput: move,
      }),
      DIAGRAMS.map(({ T, ...scale }, n) =>
        h('svg', {
          viewBox: '0 0 292 302',
          role: 'img',
          'aria-label': `The norm of dh over ${T} steps back, divided by its norm at the end, on a logarithmic scale`,
          innerHTML: diagram({ x: 60, y: 40, width: 216, height: 210 }, T, scale, [
            { norms: curves.value[n].norms, of: 'first' },
          ])
            .flat(Infinity)
            .join(''),
        }),
      ),
      h(
        'dl',
        { 'aria-live': 'polite' },
        numbers.value.map(([name, value]) => h('div', [h('dt', name), h('dd', value)])),
      ),
    ]);
});
