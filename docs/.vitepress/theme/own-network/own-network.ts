/** “A network of your own”: the reader's answers, and a network that they train beside the engine's. */
import type { VNode } from 'vue';
import { defineComponent, h } from 'vue';
import { addressOf } from '../exercises/lists.js';
import { scrollingTable } from '../exercises/findings.js';
import type { Row } from './answers.js';
import { stateOf } from './answers.js';
import { resultsView } from './results.js';
import type { Subject } from './subjects.js';
import { STEPS, SUBJECTS } from './subjects.js';
import type { OwnNetwork } from './use-own-network.js';
import { useOwnNetwork } from './use-own-network.js';
import type { BothRuns } from './use-run.js';
import { findingsOf, stateWords } from './words.js';

export default defineComponent(() => {
  const network = useOwnNetwork();
  return () =>
    h('section', { class: 'own-network', 'aria-label': 'Your network' }, [
      network.isLoaded.value ? subjectChoice(network) : h('noscript', WITHOUT_SCRIPTS),
      answersTable(network),
      findingsView(network),
      ...(network.isLoaded.value ? controls(network) : []),
      network.runs.value ? resultsView(network.runs.value) : undefined,
    ]);
});

const WITHOUT_SCRIPTS = 'The training on this page needs scripts. In a terminal it does not: see below.';

function subjectChoice({ subject, phase, choose }: OwnNetwork): VNode {
  const isBusy = phase.value !== 'waiting';
  const choices = (Object.keys(SUBJECTS) as Subject[]).map((one) =>
    h('label', [
      h('input', {
        ...{ type: 'radio', name: 'own-network-subject', checked: subject.value === one, disabled: isBusy },
        onChange: () => choose(one),
      }),
      SUBJECTS[one].label,
    ]),
  );
  return h('fieldset', { class: 'subjects' }, [h('legend', 'Your network learns'), ...choices]);
}

function answersTable({ rows, phase, filled, isLoaded }: OwnNetwork): VNode {
  const isBusy = phase.value !== 'waiting';
  const box = ({ exercise, isFilled }: Row): VNode =>
    h('label', [
      h('input', {
        type: 'checkbox',
        ...{ checked: isFilled, disabled: isBusy },
        'aria-label': `the engine’s for exercise ${exercise.number}`,
        onChange: (event: Event) => (filled[exercise.name] = (event.target as HTMLInputElement).checked),
      }),
      'the engine’s',
    ]);
  const cells = (row: Row): (VNode | string)[] => [
    h('a', { href: addressOf(row.exercise) }, `${row.exercise.number}. ${row.exercise.title}`),
    isLoaded.value ? h('span', { class: ['state', stateOf(row)] }, stateWords(row, phase.value === 'checking')) : '',
    isLoaded.value ? box(row) : '',
  ];
  const headings = ['Exercise', 'Your answer', 'Use instead'];
  return scrollingTable('answers', 'The answers that your network needs', headings, rows.value.map(cells));
}

function findingsView({ rows }: OwnNetwork): VNode | undefined {
  const found = findingsOf(rows.value);
  if (found.length === 0) return undefined;
  return h(
    'ul',
    { class: 'found' },
    found.map((words) => h('li', words)),
  );
}

function controls(network: OwnNetwork): VNode[] {
  const { rows, phase, filled, steps, refusal, runs, begin, stop } = network;
  const isBusy = phase.value !== 'waiting';
  const states = rows.value.map(stateOf);
  const missing = rows.value.filter((row) => ['missing', 'error'].includes(stateOf(row)));
  const canTrainAnyway = states.includes('wrong') && missing.length === 0 && !states.includes('unchecked');
  const button = (label: string, onClick: () => unknown, attributes: object = {}): VNode =>
    h('button', { type: 'button', onClick: () => void onClick(), ...attributes }, label);
  const fill = (): void => missing.forEach(({ exercise }) => (filled[exercise.name] = true));
  return [
    h('div', { class: 'bar' }, [
      isBusy
        ? button('Stop', stop, { class: 'run', key: 'run' })
        : button('Train', () => begin(false), { class: 'run', key: 'run' }),
      canTrainAnyway ? button('Train anyway', () => begin(true), { disabled: isBusy }) : undefined,
      missing.length > 0 ? button('Fill what is missing', fill, { disabled: isBusy }) : undefined,
      h('label', [
        'Updates: ',
        h(
          'select',
          {
            ...{ value: steps.value, disabled: isBusy },
            onChange: (event: Event) => (steps.value = Number((event.target as HTMLSelectElement).value)),
          },
          STEPS.map((count) => h('option', { value: count }, count)),
        ),
      ]),
    ]),
    h('p', { class: 'status', role: 'status' }, refusal.value || statusOf(phase.value, runs.value)),
  ];
}

/** In words that seldom change: a screen reader reads each of them. */
function statusOf(phase: OwnNetwork['phase']['value'], runs: BothRuns | undefined): string {
  if (phase === 'checking') return 'Your answers are checked …';
  if (!runs) return '';
  if (runs.failure !== undefined) return `Your network was not trained to the end. ${runs.failure}`;
  if (runs.tested.own) return `Trained and tested, on one thread: your network in ${secondsOf(runs)} s.`;
  if (runs.tested.engine) return 'The engine’s network is trained. Yours is trained …';
  if (runs.lines.engine.length > 0) return 'The engine’s network is trained first …';
  if (phase === 'training') return runs.subject === 'text' ? 'Moby-Dick is loaded …' : 'The images are loaded …';
  return '';
}

const secondsOf = ({ ended }: BothRuns): string => (((ended.own ?? 0) - (ended.engine ?? 0)) / 1000).toFixed(1);
