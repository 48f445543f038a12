/** measure.md: a kernel in an editor, five tasks, and what a run finds. */
import type { Extension } from '@codemirror/state';
import { withBase } from 'vitepress';
import { type VNode, defineComponent, h, onMounted, onUnmounted, reactive, ref, shallowRef } from 'vue';
import { type Language, LANGUAGE_NAMES, LANGUAGES } from '../../../../bench/kernel/languages.js';
import type { Editor } from '../exercises/editor.js';
import { scrollingTable } from '../exercises/findings.js';
import { pageStays } from '../measure/isolation.js';
import { isObject, storageEntry } from '../storage.js';
import { type Order, type Report, type Task, taskOf, TASKS } from './tasks.js';

const stored = storageEntry('longhand-own-kernel');

type Start = NonNullable<Report['starts']>[number];
type Cells = NonNullable<Report['cells']>;

/** Starts a worker with this order. Returns a function that ends it. */
function ask(order: Order, hear: (report: Report) => void): () => void {
  const worker = new Worker(withBase('/measure/files/own-kernel/run.js'), { type: 'module' });
  worker.onmessage = ({ data }: MessageEvent<Report>) => hear(data);
  worker.onerror = (event) => {
    event.preventDefault(); // it is shown on the page
    hear({
      words: [`The kernel’s worker failed: ${event.message || 'it could not be loaded'}.`],
      failure: {},
      isOver: true,
    });
  };
  worker.postMessage(order);
  return () => worker.terminate();
}

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
        [problemOf(kernel), ...kernel.words.value].filter(Boolean).map((words) => h('p', words)),
      ),
      kernel.progress.value === undefined
        ? undefined
        : h('progress', { max: 1, value: kernel.progress.value, 'aria-label': 'Turns' }),
      kernel.cells.value.length > 0 ? figures(kernel) : undefined,
    ]);
});

type OwnKernel = ReturnType<typeof useOwnKernel>;

const problemOf = ({ problem, isReady, language }: OwnKernel): string =>
  isReady.value && language.value === 'wgsl' && !('gpu' in navigator) ? NO_WEBGPU : problem.value;

function useOwnKernel() {
  const host = ref<HTMLElement>();
  const [isReady, isRunning, isCompared] = [ref(false), ref(false), ref(false)];
  const problem = ref('');
  const language = ref<Language>('wgsl');
  /** The reader's last text in each language. */
  const texts = reactive<Partial<Record<Language, string>>>({});
  const task = shallowRef(TASKS[0]); // its size is sent to the worker, which a reactive list cannot be
  const words = ref<readonly string[]>([]);
  const progress = ref<number>();
  const starts = shallowRef<readonly Start[]>([]);
  const cells = shallowRef<Cells>([]);
  /** The ratios of the tasks that are done, by `doneName`. */
  const done = reactive<Record<string, number>>({});
  let end = (): void => undefined;
  let editor: Editor | undefined;
  let dialects: Readonly<Record<Language, Extension | 'javascript' | 'typescript'>> | undefined;
  let isGone = false;

  const keep = (): void =>
    void stored.write({ texts: { ...texts }, language: language.value, task: task.value.id, done: { ...done } });
  const over = (): void => {
    end();
    [isRunning.value, progress.value] = [false, undefined];
  };
  const stop = (): void => {
    if (isRunning.value) words.value = ['You stopped this run.'];
    over();
  };

  function run(): void {
    if (isRunning.value) return;
    editor?.markLine(undefined);
    [isRunning.value, cells.value, words.value] = [true, [], ['The kernel is compiled and checked …']];
    const measure = new URL(withBase('/measure/files/worker.js'), location.href).href;
    const order = {
      order: 'run',
      language: language.value,
      source: texts[language.value] ?? '',
      task: task.value,
      measure,
      isCompared: isCompared.value,
    } as const;
    end = ask(order, (report) => {
      if (report.words) words.value = report.words;
      if (report.cells) cells.value = report.cells;
      if (report.progress !== undefined) progress.value = report.progress;
      if (report.ratio !== undefined) noteDone(report.ratio);
      if (report.failure) {
        cells.value = [];
        editor?.markLine(report.failure.line);
      }
      if (report.isOver) over();
    });
  }

  function noteDone(ratio: number): void {
    const name = doneName(language.value, task.value);
    if (ratio >= task.value.ratio) done[name] = Math.max(ratio, name in done ? done[name] : 0);
    keep();
  }

  /** Another step of the same language can be undone. The text in another language is kept, and the list has it. */
  function begin(start: Pick<Start, 'language' | 'source'>): void {
    if (start.language === language.value) editor?.replaceText(start.source);
    else if (dialects) {
      [language.value, words.value, cells.value] = [start.language, [], []];
      editor?.open(start.source, dialects[start.language]);
      onChange(start.source);
    }
  }
  function onChange(changed: string): void {
    texts[language.value] = changed;
    keep();
  }

  onMounted(async () => {
    try {
      const [{ createEditor }, { wgsl }, loaded] = await Promise.all([
        import('../exercises/editor.js'),
        import('./wgsl.js'),
        new Promise<readonly Start[]>((resolve, reject) => {
          const close = ask({ order: 'starts' }, ({ starts: all, words: why }) => {
            close();
            if (all) resolve(all);
            else reject(new Error(why?.join(' ')));
          });
        }),
        pageStays,
      ]);
      if (isGone || !host.value) return; // the reader has left the page
      starts.value = loaded;
      const kept = stored.read();
      language.value = LANGUAGE_NAMES.find((one) => one === kept.language) ?? 'wgsl';
      const known = isObject(kept.texts) ? kept.texts : { wgsl: kept.text }; // before there were languages
      for (const name of LANGUAGE_NAMES) {
        const text = Object.entries(known).find(([key]) => key === name)?.[1];
        if (typeof text === 'string') texts[name] = text;
      }
      const text = (texts[language.value] ??=
        starts.value.find((one) => one.language === language.value)?.source ?? '');
      dialects = { wgsl, 'gpu.js': 'javascript', assemblyscript: 'typescript' };
      task.value = taskOf(kept.task);
      for (const [id, ratio] of Object.entries(isObject(kept.done) ? kept.done : {}))
        if (typeof ratio === 'number') done[id] = ratio;
      editor = createEditor(host.value, {
        text,
        language: dialects[language.value],
        label: 'Your kernel',
        onChange,
        onRun: run,
      });
      isReady.value = true;
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
    language,
    texts,
    task,
    words,
    progress,
    starts,
    cells,
    done,
    begin,
    run,
    stop,
    keep,
  };
}

/** Of WGSL it is the task's id, which readers had kept before there were other languages. */
const doneName = (language: Language, { id }: Task): string => (language === 'wgsl' ? id : `${language} ${id}`);

const NO_WEBGPU =
  'This browser has no WebGPU, so a kernel in WGSL cannot run here. In a clone it can: npm run bench -- kernel FILE.wgsl --start 1, and then without --start.';

function taskChoice({ language, task, done, isRunning, keep }: OwnKernel): VNode {
  const ratioOf = (one: Task): number | undefined =>
    Object.entries(done).find(([name]) => name === doneName(language.value, one))?.[1];
  const doneWords = (ratio: number | undefined): VNode | undefined =>
    ratio === undefined ? undefined : h('b', ` done, ×${ratio.toFixed(2)}`);
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
        doneWords(ratioOf(one)),
      ]),
    ),
    h('p', task.value.hint),
  ]);
}

function bar({ isRunning, isCompared, starts, language, texts, run, stop, begin }: OwnKernel): VNode {
  const isOther = (event: Event): void => {
    const select = event.target as HTMLSelectElement;
    const own = LANGUAGE_NAMES.find((name) => name === select.value);
    if (own) begin({ language: own, source: texts[own] ?? '' });
    else if (select.value !== '') begin(starts.value[Number(select.value)]);
    select.value = '';
  };
  return h('div', { class: 'buttons' }, [
    isRunning.value
      ? h('button', { key: 'run', type: 'button', onClick: stop }, 'Stop')
      : h('button', { key: 'run', type: 'button', onClick: run }, 'Run'),
    h('select', { 'aria-label': 'Begin with a step', disabled: isRunning.value, onChange: isOther }, [
      h('option', { value: '' }, 'Begin with …'),
      ...LANGUAGE_NAMES.map((name) => {
        const own =
          name !== language.value && name in texts ? h('option', { value: name }, 'your last text') : undefined;
        const options = starts.value.map((start, n) =>
          start.language === name ? h('option', { value: n }, start.name) : undefined,
        );
        return h('optgroup', { label: LANGUAGES[name].name }, [own, ...options]);
      }),
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

function figures({ cells }: OwnKernel): VNode {
  const headings = ['kernel', 'ms', 'GFLOPS', 'ratio', 'samples', 'spread'];
  return scrollingTable('figures', 'Times of one product', headings, cells.value);
}
