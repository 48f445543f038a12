/** Chapter 2: a slider for the spectral radius of Wh, and the norms of dh over 28 and 784 steps. The chapter's functions compute and draw. */
import { computed, defineComponent, h, onMounted, onUnmounted, ref, shallowRef } from 'vue';
import { normsDiagram } from '../../learn/pictures/diagrams.mjs';
import { gradientNorms } from '../../learn/programs/gradient-norms.mjs';
import { counted } from '../../../src/core/arguments.js';

/** The two diagrams. The scales hold every radius of the slider, so that the curves can be compared. */
const DIAGRAMS = [
  { T: 28, low: -12, high: 4, every: 4 },
  { T: 784, low: -300, high: 100, every: 100 },
] as const;

type Curve = ReturnType<typeof gradientNorms>;

export default defineComponent(() => {
  const radius = ref(1.5);
  /** The page first shows the short curve. The long one takes about 0.1 seconds, so it follows when the page has been drawn. */
  const curves = shallowRef<readonly [Curve, Curve?]>([gradientNorms(radius.value, DIAGRAMS[0].T)]);
  const isMoved = ref(false);
  let [frame, timer] = [0, 0];
  const compute = (): void => {
    const [short, long] = DIAGRAMS.map(({ T }) => gradientNorms(radius.value, T));
    curves.value = [short, long];
  };
  /** At most once a frame. */
  const move = (event: Event): void => {
    radius.value = Number((event.target as HTMLInputElement).value);
    isMoved.value = true;
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(compute);
  };
  onMounted(() => (frame = requestAnimationFrame(() => (timer = window.setTimeout(compute)))));
  onUnmounted(() => {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
  });
  const numbers = computed(() => {
    const [short, long] = curves.value;
    return [
      ['Norm after 28 steps back', short.norms[28].toExponential(1)],
      ['Norm after 784 steps back', long?.norms[784].toExponential(1) ?? '…'],
      ['Mean of 1 - h² over the 784 steps', long?.share.toFixed(2) ?? '…'],
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
          'aria-label': `The norm of dh over ${counted(T, 'step')} back, divided by its norm at the end, on a logarithmic scale`,
          innerHTML: drawn(T, scale, curves.value[n]),
        }),
      ),
      h(
        'dl',
        { 'aria-live': isMoved.value ? 'polite' : 'off' },
        numbers.value.map(([name, value]) => h('div', [h('dt', name), h('dd', value)])),
      ),
    ]);
});

/** As long as there is no curve, an empty diagram. */
function drawn(T: number, scale: { low: number; high: number; every: number }, curve: Curve | undefined): string {
  const curves = curve ? [{ norms: curve.norms, of: 'first' }] : [];
  return normsDiagram({ x: 60, y: 40, width: 216, height: 210 }, T, scale, curves).flat(Infinity).join('');
}
