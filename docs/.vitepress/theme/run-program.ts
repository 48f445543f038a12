/** Below a command of a chapter: a button that runs the program in a worker, and what it prints. */
import { type PropType, computed, defineComponent, h, ref } from 'vue';
import { useWorker } from './work-in-background.js';
import { type Runnable, differing, outputIn } from './places.js';
import type { Printed } from './program-worker.js';
import { counted } from '../../../src/core/arguments.js';

/** The page has an output of Node. A browser's exp and tanh may have another last digit, and an experiment can depend on that. */
function comparison(printed: readonly string[], shown: readonly string[]): string {
  if (shown.length < printed.length) return '';
  const count = differing(printed, shown);
  if (count === 0) return ', the same as above';
  return `. ${count} of them ${count === 1 ? 'differs' : 'differ'} from those above: the last digit of exp or tanh differs here, and a training or a difference of nearly equal numbers enlarges that`;
}

export default defineComponent({
  props: {
    programs: { type: Array as PropType<readonly Runnable[]>, required: true },
    /** The code block above. */
    block: { type: String, required: true },
  },
  setup(props) {
    const last = ref<Runnable>();
    const { reports, isRunning, fault, start, stop } = useWorker<Runnable, Printed>(
      () => new Worker(new URL('./program-worker.ts', import.meta.url), { type: 'module' }),
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
      const name = last.value;
      if (name === undefined) return '';
      if (fault.value !== '') return fault.value;
      if (isRunning.value) return `${name}.mjs runs …`;
      const { length } = lines.value;
      if (reports.value.length === length) return `You stopped ${name}.mjs after ${counted(length, 'line')}.`;
      return `${name}.mjs has ended after ${counted(length, 'line')}${comparison(lines.value, outputIn(props.block, name))}.`;
    });
    const button = (name: Runnable) => {
      const isOn = isRunning.value && last.value === name;
      return h('button', { type: 'button', onClick: () => toggle(name) }, `${isOn ? 'Stop' : 'Run'} ${name}.mjs`);
    };
    return () =>
      h('div', { class: 'program-run', role: 'group', 'aria-label': 'The program in your browser' }, [
        h('div', props.programs.map(button)),
        h('p', { role: 'status' }, words.value),
        lines.value.length > 0 &&
          h('pre', { tabindex: 0, 'aria-label': 'What the program prints' }, `${lines.value.join('\n')}\n`),
      ]);
  },
});
