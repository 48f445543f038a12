/** “A network of your own”: the reader's answers, and a network that they train beside the engine's. */
import { withBase } from 'vitepress';
import { type VNode, computed, defineComponent, h, onUnmounted, reactive, ref, shallowRef, triggerRef } from 'vue';
import type { Verdict } from '../../../../src/exercises/exercise.js';
import { twoAtATime, verdictOn } from '../exercises/attempt.js';
import { scrollingTable } from '../exercises/findings.js';
import { startLimited } from '../exercises/limited-run.js';
import { addressOf, useLoadedProgress } from '../exercises/lists.js';
import { loadProgress, progress } from '../exercises/progress.js';
import type { Row, Subject } from './answers.js';
import { answerOf, findingsOf, ownText, refusalOf, stateOf, stateWords, STEPS, SUBJECTS } from './answers.js';
import { type BothRuns, resultsView } from './results.js';
import type { Job, Report } from './train-answers.js';

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

type Phase = 'waiting' | 'checking' | 'training';

/** A verdict is about one text. */
interface Found {
  readonly source: string;
  readonly verdict: Verdict;
}

/** The state of the page: which answers there are, what has been found about them, and the run. */
function useOwnNetwork() {
  const isLoaded = useLoadedProgress();
  const [subject, phase, refusal] = [ref<Subject>('digits'), ref<Phase>('waiting'), ref('')];
  const steps = ref(SUBJECTS.digits.steps);
  const filled = reactive<Record<string, boolean>>({});
  const found = reactive<Record<string, Found>>({});
  const { runs, train } = useRun();
  let aborter: AbortController | undefined;

  const rows = computed(() =>
    SUBJECTS[subject.value].exercises.map((exercise): Row => {
      const { name } = exercise;
      const text = isLoaded.value ? ownText(progress.of[name]) : undefined;
      const verdict = name in found && found[name].source === text?.source ? found[name].verdict : undefined;
      return { exercise, text, verdict, isFilled: filled[name] ?? false };
    }),
  );

  async function checkAll(signal: AbortSignal): Promise<void> {
    const unchecked = rows.value.filter((row) => stateOf(row) === 'unchecked');
    await twoAtATime(unchecked, async ({ exercise, text }) => {
      if (text) found[exercise.name] = { source: text.source, verdict: await verdictOn(exercise, text, signal) };
    });
  }

  /** Checks the answers, and then trains with them. `isAnyway`: also with wrong ones. */
  async function begin(isAnyway: boolean): Promise<void> {
    if (phase.value !== 'waiting') return;
    loadProgress();
    aborter = new AbortController();
    const { signal } = aborter;
    refusal.value = '';
    try {
      phase.value = 'checking';
      await checkAll(signal);
      refusal.value = refusalOf(rows.value, isAnyway) ?? '';
      if (refusal.value !== '') return;
      phase.value = 'training';
      await train(subject.value, steps.value, rows.value, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      phase.value = 'waiting';
    }
  }

  function stop(): void {
    const isTraining = phase.value === 'training';
    aborter?.abort();
    refusal.value = isTraining ? 'You stopped the training.' : '';
  }

  function choose(chosen: Subject): void {
    subject.value = chosen;
    steps.value = SUBJECTS[chosen].steps;
    refusal.value = '';
  }

  onUnmounted(() => aborter?.abort());
  return { isLoaded, subject, steps, phase, refusal, filled, rows, runs, begin, stop, choose };
}

type OwnNetwork = ReturnType<typeof useOwnNetwork>;

function useRun() {
  const runs = shallowRef<BothRuns>();

  /** Resolves when the run is over. Rejects with the reason of `signal` as soon as that is aborted. */
  function train(subject: Subject, steps: number, rows: readonly Row[], signal: AbortSignal): Promise<void> {
    const current: BothRuns = {
      subject,
      steps,
      rows,
      loaded: 0,
      lines: { engine: [], own: [] },
      tested: {},
      ended: {},
    };
    runs.value = current;
    const folder = new URL(withBase('/play/data/'), location.href).href;
    const job: Job = { subject, steps, answers: rows.map(answerOf), folder };
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
    return new Promise((resolve, reject) => {
      const hear = (report: Report): void => {
        note(current, report);
        triggerRef(runs);
        if (report.kind === 'end' || report.kind === 'failed') resolve();
      };
      const stop = startLimited<Report>(worker, job, hear, {
        what: 'An update of your network',
        isTimed: ({ kind }) => kind !== 'loading',
      });
      signal.addEventListener('abort', () => {
        stop();
        reject(signal.reason as Error);
      });
    });
  }

  return { runs, train };
}

function note(runs: BothRuns, report: Report): void {
  switch (report.kind) {
    case 'loading':
      runs.loaded = report.part;
      return;
    case 'line':
      runs.loaded = 1;
      runs.lines[report.whose].push(report);
      return;
    case 'gradients':
      runs.gradients = report.rows;
      return;
    case 'tested':
      runs.tested[report.whose] = report;
      runs.ended[report.whose] = performance.now();
      return;
    case 'failed':
      runs.failure = report.message;
      return;
    case 'end':
  }
}
