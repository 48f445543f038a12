/** measure.md: a kernel in an editor, five tasks, and what a run finds. */
import { type VNode, defineComponent, h, onMounted, onUnmounted, reactive, ref, shallowRef } from 'vue';
import { type Row, figuresFor, runKernel, RunError, verdictOf } from '../../../../bench/kernel/drive.js';
import type { Start } from '../../../../bench/kernel/starts.js';
import type { Editor } from '../exercises/editor.js';
import { scrollingTable } from '../exercises/findings.js';
import { isObject, storageEntry } from '../storage.js';
import { type Limits, NAIVE, reached, rooflineWords, taskOf, TASKS, taskWords } from './tasks.js';
import { KernelWorker, limitsOfDevice, tensorflow } from './workers.js';

const stored = storageEntry('longhand-own-kernel');

export default defineComponent(() => {
  const kernel = useOwnKernel();
  return () =>
    h('section', { class: 'run own-kernel', 'aria-label': 'Your own kernel' }, [
      kernel.isReady.value ? taskChoice(kernel) : undefined,
      kernel.isReady.value ? bar(kernel) : undefined,
      h('div', { key: 'editor', class: 'editor', ref: kernel.host }),
      h(
        'div',
        { key: 'status', role: 'status' },
        [kernel.problem.value, ...kernel.words.value].filter(Boolean).map((words) => h('p', words)),
      ),
      kernel.progress.value === undefined
        ? undefined
        : h('progress', { max: 1, value: kernel.progress.value, 'aria-label': 'Turns' }),
      kernel.rows.value.length > 0 ? figures(kernel) : undefined,
    ]);
});

type OwnKernel = ReturnType<typeof useOwnKernel>;

function useOwnKernel() {
  const host = ref<HTMLElement>();
  const [isReady, isRunning, isCompared] = [ref(false), ref(false), ref(false)];
  const [problem, text] = [ref(''), ref('')];
  const task = shallowRef(TASKS[0]); // its size is sent to the worker, which a reactive list cannot be
  const words = ref<readonly string[]>([]);
  const progress = ref<number>();
  const starts = shallowRef<readonly Start[]>([]);
  const rows = shallowRef<readonly Row[]>([]);
  /** The ratios of the tasks that are done, by their ids. */
  const done = reactive<Record<string, number>>({});
  const worker = new KernelWorker();
  let limits: Limits | undefined;
  let editor: Editor | undefined;
  let isGone = false;

  const keep = (): void => void stored.write({ text: text.value, task: task.value.id, done: { ...done } });
  const stop = (): void => worker.end('You stopped this run.');

  async function run(): Promise<void> {
    if (isRunning.value) return;
    [isRunning.value, rows.value, words.value] = [true, [], ['The kernel is compiled and checked …']];
    const [source, { size }] = [text.value, task.value];
    const rivals = isCompared.value ? [tensorflow()] : [];
    const notes: string[] = [];
    editor?.markLine(undefined);
    try {
      const compared = [{ name: NAIVE, source: starts.value[0].source }];
      rows.value = await runKernel(worker, { source, size, compared, rivals }, (news) => {
        if (news.kind === 'executor') notes.push(`It runs on ${news.executor}.`);
        if (news.kind === 'right')
          notes.push(`It is right at ${news.sizes.length} sizes, and writes nothing outside of out.`);
        if (news.kind === 'absent') notes.push(`${news.name} is not compared: ${news.reason}.`);
        if (news.kind === 'times') [rows.value, progress.value] = [news.rows, news.turn / news.of];
        else words.value = [...notes];
      });
      const found = [...notes, verdictOf(rows.value), taskWords(task.value, rows.value)];
      words.value = found;
      noteDone();
      limits ??= await limitsOfDevice();
      if (limits) words.value = [...found, rooflineWords(size, rows.value[0], limits)];
    } catch (error) {
      const { line, message } = error instanceof RunError ? error : new RunError(`The run failed: ${String(error)}`);
      [rows.value, words.value] = [[], [...notes, line === undefined ? message : `Line ${line}: ${message}`]];
      editor?.markLine(line);
    } finally {
      [isRunning.value, progress.value] = [false, undefined];
      for (const rival of rivals) rival.close();
    }
  }

  function noteDone(): void {
    const ratio = reached(task.value, rows.value) ?? 0;
    const { id } = task.value;
    if (ratio >= task.value.ratio) done[id] = Math.max(ratio, id in done ? done[id] : 0);
    keep();
  }

  function begin(start: Start): void {
    editor?.replaceText(start.source);
  }
  function onChange(changed: string): void {
    text.value = changed;
    keep();
  }

  onMounted(async () => {
    try {
      const [{ createEditor }, { wgsl }, { startsFor }] = await Promise.all([
        import('../exercises/editor.js'),
        import('./wgsl.js'),
        import('../../../../bench/kernel/starts.js'),
      ]);
      if (isGone || !host.value) return; // the reader has left the page
      starts.value = startsFor('gpu');
      const kept = stored.read();
      text.value = typeof kept.text === 'string' ? kept.text : starts.value[0].source;
      task.value = taskOf(kept.task);
      for (const [id, ratio] of Object.entries(isObject(kept.done) ? kept.done : {}))
        if (typeof ratio === 'number') done[id] = ratio;
      editor = createEditor(host.value, {
        text: text.value,
        language: wgsl,
        label: 'Your kernel in WGSL',
        onChange,
        onRun: () => void run(),
      });
      isReady.value = true;
      if (!('gpu' in navigator)) problem.value = NO_WEBGPU;
    } catch (error) {
      problem.value = `The editor could not be loaded: ${String(error)}. Reload the page.`;
    }
  });
  onUnmounted(() => {
    isGone = true;
    stop();
    editor?.destroy();
  });

  return {
    host,
    isReady,
    isRunning,
    isCompared,
    problem,
    task,
    words,
    progress,
    starts,
    rows,
    done,
    begin,
    run,
    stop,
    keep,
  };
}

const NO_WEBGPU =
  'This browser has no WebGPU, so a kernel cannot run here. In a clone it can: npm run bench -- kernel FILE.wgsl --start 1, and then without --start.';

function taskChoice({ task, done, isRunning, keep }: OwnKernel): VNode {
  const choose = (one: (typeof TASKS)[number]): void => {
    task.value = one;
    keep();
  };
  return h('fieldset', { class: 'tasks' }, [
    h('legend', 'Your task'),
    ...TASKS.map((one, n) =>
      h('label', [
        h('input', {
          type: 'radio',
          name: 'kernel-task',
          checked: task.value.id === one.id,
          disabled: isRunning.value,
          onChange: () => choose(one),
        }),
        `${n + 1}. ${one.title}, ${one.size.join(' × ')}`,
        one.id in done ? h('b', ` done, ×${done[one.id].toFixed(2)}`) : undefined,
      ]),
    ),
    h('p', task.value.hint),
  ]);
}

function bar({ isRunning, isCompared, starts, run, stop, begin }: OwnKernel): VNode {
  const isOther = (event: Event): void => {
    const select = event.target as HTMLSelectElement;
    const start = starts.value.find(({ name }) => name === select.value);
    if (start) begin(start);
    select.value = '';
  };
  return h('div', { class: 'buttons' }, [
    isRunning.value
      ? h('button', { key: 'run', type: 'button', onClick: stop }, 'Stop')
      : h('button', { key: 'run', type: 'button', onClick: () => void run() }, 'Run'),
    h('select', { 'aria-label': 'Begin with a step', onChange: isOther }, [
      h('option', { value: '' }, 'Begin with …'),
      ...starts.value.map(({ name }) => h('option', { value: name }, name)),
    ]),
    h('label', [
      h('input', {
        ...{ type: 'checkbox', checked: isCompared.value, disabled: isRunning.value },
        onChange: (event: Event) => (isCompared.value = (event.target as HTMLInputElement).checked),
      }),
      'beside TensorFlow.js',
    ]),
  ]);
}

function figures({ rows, task }: OwnKernel): VNode {
  const headings = ['', 'ms', 'GFLOPS', 'ratio', 'samples', 'spread'];
  return scrollingTable('figures', 'Times of one product', headings, figuresFor(task.value.size, rows.value));
}
