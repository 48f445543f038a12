/** VitePress's own theme, with the page's typeface and colours. */
import '@fontsource-variable/inter/index.css';
import 'katex/dist/katex.min.css';
import { type Router, type Theme, useData, withBase } from 'vitepress';
import DefaultTheme from 'vitepress/theme-without-fonts';
import { type App, defineAsyncComponent, defineComponent, h, nextTick, provide } from 'vue';
import { Figures, followScrolling, loadFigures } from './figures.js';
import './style/site.css';
import './style/runs.css';
import './style/levers.css';
import './style/by-hand-and-spike.css';
import './style/exercises.css';
import './style/bugs-and-network.css';
import './style/wide.css';

export default {
  extends: DefaultTheme,
  Layout: defineComponent(() => {
    switchWithoutTransitions();
    return () => h(DefaultTheme.Layout, null, { 'doc-after': () => h(Figures) });
  }),
  enhanceApp({ app, router }) {
    registerExercises(app);
    if (typeof document === 'undefined') return;
    loadFigures();
    makeLinksAbsolute();
    followScrolling();
    followLineLinks(router);
    followFormerLinks();
  },
} satisfies Theme;

/**
 * Light and dark. VitePress can switch without transitions, but then it computes the styles of the whole page twice whenever a page is
 * opened, too. So its option is off, and the switch does the same only when it is pressed. Called in the setup of a component around
 * VitePress's layout.
 */
function switchWithoutTransitions(): void {
  const { isDark } = useData();
  provide('toggle-appearance', async () => {
    const { classList } = document.documentElement;
    classList.add('no-transitions');
    isDark.value = !isDark.value;
    await nextTick();
    getComputedStyle(document.body).getPropertyValue('color'); // the new colours are there before transitions are
    classList.remove('no-transitions');
  });
}

/** The built documents have relative links. Those of the frame stay when the reader goes to a page in another folder. */
function makeLinksAbsolute(): void {
  for (const link of document.querySelectorAll<HTMLAnchorElement | HTMLLinkElement>('a[href^="."], link[rel=icon]')) {
    const { pathname, search, hash } = new URL(link.href);
    link.setAttribute('href', pathname + search + hash);
  }
}

/**
 * The site's root was the README before it had a page of its own: its sections are still found, such as `/#use`. What the first page
 * has itself stays there. A section of chapter 4 has become a page.
 */
function followFormerLinks(): void {
  if (location.pathname === withBase('/learn/by-hand.html') && location.hash === '#why-1-becomes-57')
    location.replace(withBase('/learn/why-57.html'));
  const home = withBase('/');
  const { pathname, hash } = location;
  const isHome = pathname === home || pathname === `${home}index.html`;
  if (isHome && hash !== '' && !document.getElementById(hash.slice(1)))
    location.replace(`${withBase('/readme.html')}${hash}`);
}

/** In the page of a source file, the address's lines are highlighted: #L12 or #L12-L20. */
function followLineLinks(router: Router): void {
  const show = (): void => {
    const [, first, last = first] = /^#L(\d+)(?:-L(\d+))?$/.exec(location.hash) ?? [];
    for (const line of document.querySelectorAll('.source-page .line')) {
      const number = Number(line.id.slice(1));
      line.classList.toggle('linked', number >= Number(first) && number <= Number(last));
    }
  };
  addEventListener('hashchange', show);
  addEventListener('popstate', show);
  router.onAfterPageLoad = () => void setTimeout(show); // once the page is in the document
}

/** The components of the exercises' pages. Only these pages load them. */
function registerExercises(app: App): void {
  app.component(
    'ExerciseWorkbench',
    defineAsyncComponent(() => import('./exercises/workbench.js')),
  );
  app.component(
    'ExerciseList',
    defineAsyncComponent(async () => (await import('./exercises/lists.js')).ExerciseList),
  );
  app.component(
    'ExerciseNumbers',
    defineAsyncComponent(async () => (await import('./exercises/lists.js')).ExerciseNumbers),
  );
  app.component(
    'OwnNetwork',
    defineAsyncComponent(() => import('./own-network/own-network.js')),
  );
  app.component(
    'FindBug',
    defineAsyncComponent(async () => (await import('./find-bug.js')).FindBug),
  );
  app.component(
    'FindBugProgress',
    defineAsyncComponent(async () => (await import('./find-bug.js')).FindBugProgress),
  );
}
