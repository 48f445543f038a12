/** Chapters 2 and 3: a network, the length of the sequences, and a run of the gap experiment in the reader's browser. */
import { computed, defineComponent, h, ref } from 'vue';
import { NETWORKS, UPDATES } from '../../learn/programs/gap.mjs';
import type { GapJob, GapLine } from './training-worker.js';
import { useWorker } from './work-in-background.js';

/** Of the curve, in units of its SVG. */
const [WIDTH, HEIGHT] = [600, 160];
/** The top of the curve: the loss of a guess is log 2 = 0.69. */
const MOST = 1;

const pointOf = ({ update, loss }: GapLine): string =>
  `${((WIDTH * update) / UPDATES).toFixed(1)} ${(HEIGHT * (1 - Math.min(loss, MOST) / MOST)).toFixed(1)}`;

export default defineComponent(() => {
  const [network, steps, seed] = [ref(0), ref(32), ref(1)];
  const { reports, isRunning, fault, start, stop } = useWorker<GapJob, GapLine>(
    () => new Worker(new URL('./training-worker.ts', import.meta.url), { type: 'module' }),
    ({ update }) => update >= UPDATES,
  );
  const toggle = (): void => {
    if (isRunning.value) stop();
    else start({ network: network.value, steps: steps.value, seed: seed.value, updates: UPDATES });
  };
  const words = computed(() => {
    const last = reports.value.at(-1);
    if (fault.value !== '') return fault.value;
    if (!last) return isRunning.value ? 'Starting …' : `${UPDATES} updates, on one thread.`;
    return `Update ${last.update}: loss ${last.loss.toFixed(4)}, ${last.correct} of 56 answers correct.`;
  });
  const chosen = (event: Event): number => Number((event.target as HTMLInputElement).value);
  return () =>
    h('section', { class: 'run gap-run', 'aria-label': 'The gap experiment in your browser' }, [
      h('label', { for: 'gap-network' }, 'Network: '),
      h(
        'select',
        { id: 'gap-network', value: network.value, onChange: (event: Event) => (network.value = chosen(event)) },
        NETWORKS.map(({ name }, n) => h('option', { value: n }, name)),
      ),
      h('label', { for: 'gap-steps' }, ['Steps of a sequence: ', h('b', steps.value)]),
      h('input', {
        ...{ id: 'gap-steps', type: 'range', min: 8, max: 100, step: 4, value: steps.value },
        onInput: (event: Event) => (steps.value = chosen(event)),
      }),
      h('label', { for: 'gap-seed' }, ['Seed: ', h('b', seed.value)]),
      h('input', {
        ...{ id: 'gap-seed', type: 'range', min: 1, max: 9, value: seed.value },
        onInput: (event: Event) => (seed.value = chosen(event)),
      }),
      h('button', { type: 'button', onClick: toggle }, isRunning.value ? 'Stop' : 'Train'),
      h('p', { role: 'status' }, words.value),
      h('svg', { viewBox: `0 -8 ${WIDTH} ${HEIGHT + 16}`, role: 'img', 'aria-label': 'The loss after each update' }, [
        h('path', { class: 'line', d: `M0 ${HEIGHT}H${WIDTH}M0 ${HEIGHT * (1 - Math.LN2 / MOST)}H${WIDTH}` }),
        h('path', { class: 'first', d: reports.value.length > 0 ? `M${reports.value.map(pointOf).join('L')}` : '' }),
      ]),
      h('p', { class: 'note' }, 'The upper line is the loss of a guess, log 2; the lower one is 0.'),
    ]);
});
