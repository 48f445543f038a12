/** The state of the page: which answers there are, what has been found about them, and the run. */
import { computed, onUnmounted, reactive, ref } from 'vue';
import type { Verdict } from '../../../../src/exercises/exercise.js';
import { useLoadedProgress } from '../exercises/lists.js';
import { loadProgress, progress } from '../exercises/progress.js';
import type { Row } from './answers.js';
import { ownText, stateOf } from './answers.js';
import { twoAtATime, verdictOn } from './check-in-worker.js';
import type { Subject } from './subjects.js';
import { SUBJECTS } from './subjects.js';
import { useRun } from './use-run.js';
import { refusalOf } from './words.js';

type Phase = 'waiting' | 'checking' | 'training';

/** A verdict is about one text. */
interface Found {
  readonly source: string;
  readonly verdict: Verdict;
}

export function useOwnNetwork() {
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

export type OwnNetwork = ReturnType<typeof useOwnNetwork>;
