/** How many of the wrong lines the reader has found. */
import { defineComponent, h, onMounted, ref } from 'vue';
import { foundCount, forgetProgress, isKept, useLoadedProgress } from './progress.js';

export default defineComponent(() => {
  const isLoaded = useLoadedProgress();
  /** Of the page's programs; empty until they are loaded. */
  const names = ref<readonly string[]>([]);
  onMounted(async () => {
    const { BUGS } = await import('../../../../src/exercises/bugs.js');
    names.value = BUGS.map(({ name }) => name);
  });
  const forget = (): void => {
    if (confirm('Forget which lines you have chosen? This cannot be undone.')) forgetProgress();
  };
  return () =>
    isLoaded.value && names.value.length > 0
      ? h('div', { class: 'find-bug-progress' }, [
          h('p', { 'aria-live': 'polite' }, [
            `You have found ${foundCount(names.value)} of ${names.value.length} wrong lines. `,
            isKept() ? 'Your browser keeps this; no server gets it.' : 'This browser does not keep it.',
          ]),
          h('button', { type: 'button', onClick: forget }, 'Begin again'),
        ])
      : undefined;
});
