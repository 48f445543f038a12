/** In some places of the chapters, the site has a figure with controls, or runs a program. On GitHub there is only the picture, or nothing. */
import { useRoute } from 'vitepress';
import type { VNode } from 'vue';
import { defineAsyncComponent, defineComponent, h, nextTick, onMounted, shallowRef, Teleport, watch } from 'vue';
import { isRunnable, programsIn } from './program-runs/names.js';
import { hintAtWide } from './scroll-hints.js';

/** By the selector of the picture, or of the empty element, after which it stands. A figure is loaded when that is in the document. */
const FIGURES = {
  'img[src*="/reach."]': defineAsyncComponent(() => import('./motion-button.js')),
  'img[src*="/gradient-norms."]': defineAsyncComponent(() => import('./norms-slider.js')),
  'img[src*="/unrolled."]': defineAsyncComponent(() => import('./unrolled-graph.js')),
  '#cell-run': defineAsyncComponent(() => import('./cell-run.js')),
  '#gap': defineAsyncComponent(() => import('./gap-run.js')),
  '#by-hand-numbers': defineAsyncComponent(() => import('./by-hand/number-fields.js')),
  '#first-text': defineAsyncComponent(() => import('./first-text.js')),
  '#softmax-live': defineAsyncComponent(() => import('./softmax-live.js')),
  '#spike-live': defineAsyncComponent(() => import('./spike-live.js')),
} as const;

const RunProgram = defineAsyncComponent(() => import('./program-runs/run-program.js'));

interface Place {
  readonly element: HTMLElement;
  readonly figure: () => VNode;
}

function placeAfter(found: Element, figure: () => VNode): Place {
  const element = document.createElement('div');
  found.after(element);
  return { element, figure };
}

/** An empty element after each that has a figure, and after each command that runs here. */
const placesInDocument = (): Place[] => [
  ...Object.entries(FIGURES).flatMap(([selector, figure]) => {
    const found = document.querySelector(`.vp-doc ${selector}`);
    return found ? placeAfter(found.closest('p') ?? found, () => h(figure)) : [];
  }),
  ...Array.from(document.querySelectorAll('.vp-doc pre')).flatMap((block) => {
    const programs = programsIn(block.textContent).filter(isRunnable);
    const whole = block.closest('[class*="language-"]') ?? block;
    return programs.length > 0 ? placeAfter(whole, () => h(RunProgram, { programs, block: block.textContent })) : [];
  }),
];

export const Figures = defineComponent(() => {
  const route = useRoute();
  const places = shallowRef<readonly Place[]>([]);
  const find = async (): Promise<void> => {
    places.value = [];
    await nextTick();
    places.value = placesInDocument();
    hintAtWide();
  };
  onMounted(find);
  watch(() => route.path, find, { flush: 'post' });
  return () => places.value.map(({ element, figure }) => h(Teleport, { to: element }, figure()));
});
