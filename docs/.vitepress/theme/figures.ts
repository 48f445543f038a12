/** Below some pictures of the chapters, the site has a figure with controls. On GitHub there is only the picture. */
import { useRoute } from 'vitepress';
import { defineAsyncComponent, defineComponent, h, nextTick, onMounted, shallowRef, Teleport, watch } from 'vue';

/** By a part of the picture's address. A figure is loaded when its picture is in the document. */
const FIGURES = { 'gradient-norms': defineAsyncComponent(() => import('./norms-slider.js')) } as const;

type Name = keyof typeof FIGURES;

interface Place {
  readonly name: Name;
  readonly element: HTMLElement;
}

/** An empty element after each picture that has a figure. */
const placesInDocument = (): Place[] =>
  (Object.keys(FIGURES) as Name[]).flatMap((name) => {
    const paragraph = document.querySelector(`.vp-doc img[src*="${name}"]`)?.closest('p');
    if (!paragraph) return [];
    const element = document.createElement('div');
    paragraph.after(element);
    return [{ name, element }];
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
  return () => places.value.map(({ name, element }) => h(Teleport, { to: element }, h(FIGURES[name])));
});
