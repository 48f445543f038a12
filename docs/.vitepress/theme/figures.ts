/** In some places of the chapters, the site has a figure with controls. On GitHub there is only the picture, or nothing. */
import { useRoute } from 'vitepress';
import { defineAsyncComponent, defineComponent, h, nextTick, onMounted, shallowRef, Teleport, watch } from 'vue';

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

type Selector = keyof typeof FIGURES;

interface Place {
  readonly selector: Selector;
  readonly element: HTMLElement;
}

/** An empty element after each that has a figure. */
const placesInDocument = (): Place[] =>
  (Object.keys(FIGURES) as Selector[]).flatMap((selector) => {
    const found = document.querySelector(`.vp-doc ${selector}`);
    if (!found) return [];
    const element = document.createElement('div');
    (found.closest('p') ?? found).after(element);
    return [{ selector, element }];
  });

export const Figures = defineComponent(() => {
  const route = useRoute();
  const places = shallowRef<readonly Place[]>([]);
  const find = async (): Promise<void> => {
    places.value = [];
    await nextTick();
    places.value = placesInDocument();
  };
  onMounted(find);
  watch(() => route.path, find, { flush: 'post' });
  return () => places.value.map(({ selector, element }) => h(Teleport, { to: element }, h(FIGURES[selector])));
});
