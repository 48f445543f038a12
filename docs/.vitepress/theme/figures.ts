/**
 * What the site does with a page that is in the document. In some places of the chapters it has a figure with controls, or runs a program: on
 * GitHub there is only the picture, or nothing. What is wider than its place scrolls, and fades at each edge behind which it continues.
 */
import { type DefaultTheme, useData, useRoute } from 'vitepress';
import type { Component, VNode } from 'vue';
import { defineAsyncComponent, defineComponent, h, nextTick, onMounted, shallowRef, Teleport, watch } from 'vue';
import { isRunnable, PLACES, programsIn, type FigureName } from './places.js';

/** A figure is loaded when its place is in the document. */
const LOADERS = {
  'motion-button': () => import('./motion-button.js'),
  'norms-slider': () => import('./norms-slider.js'),
  'unrolled-graph': () => import('./unrolled-graph.js'),
  'cell-paths': () => import('./cell-paths.js'),
  'cell-run': () => import('./cell-run.js'),
  'gap-run': () => import('./gap-run.js'),
  'by-hand/number-fields': () => import('./by-hand/number-fields.js'),
  'by-hand/line-editors': () => import('./by-hand/line-editors.js'),
  'first-text': () => import('./first-text.js'),
  'own-writer/own-writer': () => import('./own-writer/own-writer.js'),
  'own-kernel/own-kernel': () => import('./own-kernel/own-kernel.js'),
  'moby-dick/read-back': () => import('./moby-dick/read-back.js'),
  'moby-dick/follow-unit': () => import('./moby-dick/follow-unit.js'),
  'softmax-live': () => import('./softmax-live.js'),
  'spike-live': () => import('./spike-live.js'),
  'why-57/paths-live': () => import('./why-57/paths-live.js'),
  'measure/measure': () => import('./measure/measure.js'),
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
const TestOut = defineAsyncComponent(() => import('./test-out.js'));

interface Place {
  readonly element: HTMLElement;
  readonly figure: () => VNode;
}

function placeAfter(found: Element, figure: () => VNode): Place {
  const element = document.createElement('div');
  found.after(element);
  return { element, figure };
}

/** An empty element after a chapter's heading, after each that has a figure, and after each command that runs here. */
const placesInDocument = (path: string, sidebar: readonly DefaultTheme.SidebarItem[]): Place[] => [
  ...Array.from(document.querySelectorAll('.vp-doc h1')).flatMap((heading) =>
    path.startsWith('learn/') ? placeAfter(heading, () => h(TestOut, { chapter: heading.id, path, sidebar })) : [],
  ),
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
  const { page, theme } = useData<DefaultTheme.Config>();
  const places = shallowRef<readonly Place[]>([]);
  const find = async (): Promise<void> => {
    places.value = [];
    await nextTick();
    const { '/': sidebar } = theme.value.sidebar as Record<string, DefaultTheme.SidebarItem[]>; // as in config.ts
    places.value = placesInDocument(page.value.relativePath, sidebar);
    hintAtWide();
  };
  onMounted(find);
  watch(() => route.path, find, { flush: 'post' });
  return () => places.value.map(({ element, figure }) => h(Teleport, { to: element }, figure()));
});

/** What can be too wide: code, tables, equations and pictures. */
const WIDE = '.vp-doc :is(pre, table, .formula, .picture, .scrolling)';

/** Rounded sizes differ by less than this, in pixels. */
const ROUNDING = 1.5;

/** `data-more`, for style/wide.css: which edges hide something. What scrolls can be scrolled by the keyboard, too. */
function hint(element: HTMLElement): void {
  const { scrollLeft, scrollWidth, clientWidth } = element;
  const edges = [scrollLeft > ROUNDING && 'left', scrollLeft + clientWidth < scrollWidth - ROUNDING && 'right'];
  const more = edges.filter((edge) => edge !== false).join(' ');
  if (more === '') delete element.dataset.more;
  else element.dataset.more = more;
  if (scrollWidth > clientWidth + ROUNDING) element.tabIndex = 0;
}

/**
 * For the whole visit: one listener, because an element's scrolling can be heard in the document on its way down, and one observer of
 * what components add to a page.
 */
export function followScrolling(): void {
  const onScroll = ({ target }: Event): void => {
    if (target instanceof HTMLElement && target.matches(WIDE)) hint(target);
  };
  document.addEventListener('scroll', onScroll, { capture: true, passive: true });
  new MutationObserver((changes) => changes.forEach(hintAtChanged)).observe(document.body, {
    childList: true,
    subtree: true,
  });
}

/** A new element is observed. One whose content has changed can be wider now, though its own size is the same. */
function hintAtChanged({ target, addedNodes }: MutationRecord): void {
  if (target instanceof HTMLElement && target.matches(WIDE)) hint(target);
  for (const node of addedNodes) {
    if (!(node instanceof HTMLElement)) continue;
    for (const element of [node, ...node.querySelectorAll<HTMLElement>(WIDE)])
      if (element.matches(WIDE)) observer?.observe(element);
  }
}

const observer =
  typeof ResizeObserver === 'undefined'
    ? undefined
    : new ResizeObserver((entries) => entries.forEach(({ target }) => hint(target as HTMLElement)));

/** Whenever a page is in the document. */
function hintAtWide(): void {
  observer?.disconnect();
  for (const element of document.querySelectorAll<HTMLElement>(WIDE)) observer?.observe(element);
}
