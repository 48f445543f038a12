/** How many of the wrong lines the reader has found. */
import { defineComponent, h } from 'vue';
import { foundCount, forgetProgress, isKept, useLoadedProgress } from './progress.js';

/** How many programs the page has. */
const PROGRAMS = 6;

export default defineComponent(() => {
  const isLoaded = useLoadedProgress();
  const forget = (): void => {
    if (confirm('Forget which lines you have chosen? This cannot be undone.')) forgetProgress();
  };
  return () =>
    isLoaded.value
      ? h('div', { class: 'find-bug-progress' }, [
          h('p', { 'aria-live': 'polite' }, [
            `You have found ${foundCount()} of ${PROGRAMS} wrong lines. `,
            isKept() ? 'Your browser keeps this; no server gets it.' : 'This browser does not keep it.',
          ]),
          h('button', { type: 'button', onClick: forget }, 'Begin again'),
        ])
      : undefined;
});
