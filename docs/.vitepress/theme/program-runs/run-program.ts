/** Below a command of a chapter: a button that runs the program in a worker, and what it prints. */
import type { PropType } from 'vue';
import { computed, defineComponent, h, ref } from 'vue';
import { useWorker } from '../work-in-background.js';
import type { Runnable } from './names.js';
import type { Printed } from './worker.js';

export default defineComponent({
  props: { programs: { type: Array as PropType<readonly Runnable[]>, required: true } },
  setup(props) {
    const last = ref<Runnable>();
    const { reports, isRunning, fault, start, stop } = useWorker<Runnable, Printed>(
      () => new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' }),
      ({ line }) => line === undefined,
    );
    const toggle = (name: Runnable): void => {
      if (isRunning.value && last.value === name) stop();
      else {
        last.value = name;
        start(name);
      }
    };
    const lines = computed(() => reports.value.flatMap(({ line }) => line ?? []));
    const words = computed(() => {
      if (last.value === undefined) return '';
      if (fault.value !== '') return fault.value;
      if (isRunning.value) return `${last.value}.mjs runs …`;
      const isWhole = reports.value.at(-1)?.line === undefined && reports.value.length > 0;
      return `${last.value}.mjs ${isWhole ? 'has ended' : 'was stopped'} after ${lines.value.length} lines.`;
    });
    const button = (name: Runnable) => {
      const isOn = isRunning.value && last.value === name;
      return h('button', { type: 'button', onClick: () => toggle(name) }, `${isOn ? 'Stop' : 'Run'} ${name}.mjs`);
    };
    return () =>
      h('section', { class: 'program-run', 'aria-label': 'The program in your browser' }, [
        h('div', props.programs.map(button)),
        h('p', { role: 'status' }, words.value),
        lines.value.length > 0 &&
          h('pre', { tabindex: 0, 'aria-label': 'What the program prints' }, `${lines.value.join('\n')}\n`),
      ]);
  },
});
