/** Chapter 1: a button that trains an LSTM in the reader's browser, and what it writes. */
import address from 'virtual:first-text';
import { computed, defineComponent, h } from 'vue';
import { AFTER } from '../../learn/programs/first-text.mjs';
import type { Written } from './training-worker.js';
import { useWorker } from './work-in-background.js';
import { counted } from '../../../src/core/arguments.js';

const LAST = AFTER[AFTER.length - 1];

export default defineComponent(() => {
  const { reports, isRunning, fault, start, stop } = useWorker<string, Written>(
    () => new Worker(new URL('./training-worker.ts', import.meta.url), { type: 'module' }),
    ({ update, text }) => update === LAST && text !== undefined,
  );
  const toggle = (): void => {
    if (isRunning.value) stop();
    else start(new URL(address, location.href).href);
  };
  const samples = computed(() => reports.value.filter(({ text }) => text !== undefined));
  const words = computed(() => {
    if (fault.value !== '') return fault.value;
    const last = reports.value.at(-1);
    return last ? `Update ${last.update} of ${LAST}.` : `${LAST} updates, on one thread.`;
  });
  return () =>
    h('section', { class: 'run first-text', 'aria-label': 'The same network in your browser' }, [
      h('button', { type: 'button', onClick: toggle }, isRunning.value ? 'Stop' : 'Train it here'),
      h('p', { role: 'status' }, words.value),
      samples.value.map(({ update, text }) => h('p', [h('b', `After ${counted(update, 'update')}: `), text])),
    ]);
});
