/** In some places of the chapters, the site has a figure with controls, or runs a program. On GitHub there is only the picture, or nothing. */
import { useRoute } from 'vitepress';
import type { Component, VNode } from 'vue';
import { defineAsyncComponent, defineComponent, h, nextTick, onMounted, shallowRef, Teleport, watch } from 'vue';
import { isRunnable, PLACES, programsIn, type FigureName } from './places.js';
import { hintAtWide } from './scroll-hints.js';

/** A figure is loaded when its place is in the document. */
const LOADERS = {
  'motion-button': () => import('./motion-button.js'),
  'norms-slider': () => import('./norms-slider.js'),
  'unrolled-graph': () => import('./unrolled-graph.js'),
  'cell-run': () => import('./cell-run.js'),
  'gap-run': () => import('./gap-run.js'),
  'by-hand/number-fields': () => import('./by-hand/number-fields.js'),
  'first-text': () => import('./first-text.js'),
  'softmax-live': () => import('./softmax-live.js'),
  'spike-live': () => import('./spike-live.js'),
} satisfies Record<FigureName, () => Promise<{ default: Component }>>;

/** The later calls wait for the first one. A second `import` would end only after the page has been drawn once without the figure. */
function once<Result>(load: () => Promise<Result>): () => Promise<Result> {
  let loading: Promise<Result> | undefined;
  return () =>
    (loading ??= load().catch((error: unknown) => {
      loading = undefined; // the next page tries it again
      throw error;
    }));
}

const FIGURES = Object.entries<() => Promise<{ default: Component }>>(LOADERS).map(([name, loader]) => {
  const load = once(loader);
  const { selector } = PLACES[name as FigureName];
  return { load, component: defineAsyncComponent(load), find: () => document.querySelector(`.vp-doc ${selector}`) };
});

/** For the visit's first page, before VitePress has made it interactive: its figures are then loaded, and drawn at once. */
export function loadFigures(): void {
  for (const { find, load } of FIGURES) if (find()) load().catch(() => undefined); // the component reports it
}

const RunProgram = defineAsyncComponent(() => import('./run-program.js'));

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
  ...FIGURES.flatMap(({ find, component }) => {
    const found = find();
    return found ? placeAfter(found.closest('p') ?? found, () => h(component)) : [];
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
