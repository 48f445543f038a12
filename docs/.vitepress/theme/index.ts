/** VitePress's own theme, with the page's typeface and colours. */
import '@fontsource-variable/inter/index.css';
import 'katex/dist/katex.min.css';
import type { Theme } from 'vitepress';
import DefaultTheme from 'vitepress/theme-without-fonts';
import { h } from 'vue';
import { registerExercises } from './exercises/index.js';
import { Figures } from './figures.js';
import { followLineLinks } from './line-links.js';
import './style.css';

export default {
  extends: DefaultTheme,
  Layout: () => h(DefaultTheme.Layout, null, { 'doc-after': () => h(Figures) }),
  enhanceApp({ app, router }) {
    registerExercises(app);
    if (typeof document === 'undefined') return;
    makeLinksAbsolute();
    followLineLinks(router);
  },
} satisfies Theme;

/** The built documents have relative links. Those of the frame stay when the reader goes to a page in another folder. */
function makeLinksAbsolute(): void {
  for (const link of document.querySelectorAll<HTMLAnchorElement | HTMLLinkElement>('a[href^="."], link[rel=icon]')) {
    const { pathname, search, hash } = new URL(link.href);
    link.setAttribute('href', pathname + search + hash);
  }
}
