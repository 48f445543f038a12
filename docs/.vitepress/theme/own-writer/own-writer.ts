/** min-char-rnn.md: the reader's backward pass and update in an editor, and beside it what the network writes while it trains with them. */
import program from '../../../learn/programs/min-char-rnn.mjs?raw';
import { computed, defineComponent, h, onMounted, onUnmounted, ref, shallowRef } from 'vue';
import { startLimited } from '../exercises/limited-run.js';
import type { Editor } from '../exercises/editor.js';
import { storageEntry } from '../storage.js';
import { type Report, startIn, UPDATES, wordsOf } from './results.js';

const START = startIn(program);
const stored = storageEntry('longhand-own-writer');

export default defineComponent(() => {
  const host = ref<HTMLElement>();
  const [text, problem, isReady, isRunning] = [ref(START), ref(''), ref(false), ref(false)];
  const reports = shallowRef<readonly Report[]>([]);
  let editor: Editor | undefined;
  let isGone = false;
  let end: (() => void) | undefined;

  const stop = (): void => {
    end?.();
    isRunning.value = false;
  };
  const run = (): void => {
    stop();
    [reports.value, isRunning.value] = [[], true];
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
    end = startLimited<Report>(worker, text.value, (report) => {
      reports.value = [...reports.value, report];
      if (report.kind === 'end' || report.kind === 'failed') isRunning.value = false;
    });
  };
  const onChange = (changed: string): void => {
    text.value = changed;
    if (changed === START) stored.forget();
    else stored.write({ text: changed });
  };
  onMounted(async () => {
    const { text: kept } = stored.read();
    if (typeof kept === 'string') text.value = kept;
    try {
      const { createEditor } = await import('../exercises/editor.js');
      if (isGone || !host.value) return; // the reader has left the page
      const label = 'Your gradients and update';
      editor = createEditor(host.value, { text: text.value, language: 'javascript', label, onChange, onRun: run });
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

  const written = computed(() => reports.value.filter((report) => report.kind === 'written').at(-1));
  const button = (label: string, onClick: () => void, disabled = false) =>
    h('button', { type: 'button', onClick, disabled }, label);
  return () =>
    h('section', { class: 'run own-writer', 'aria-label': 'Your network that writes' }, [
      h('div', { key: 'editor', class: 'editor', ref: host }),
      h('div', { class: 'beside' }, [
        h('div', { class: 'buttons' }, [
          isRunning.value ? button('Stop', stop) : button('Run', run, !isReady.value),
          button('Reset', () => editor?.replaceText(START), !isReady.value),
        ]),
        h('div', { role: 'status' }, [problem.value, ...wordsOf(reports.value).map((words) => h('p', words))]),
        written.value &&
          h('p', { class: 'progress' }, [
            h('progress', { max: UPDATES, value: written.value.number, 'aria-label': 'Updates' }),
            ` update ${written.value.number}: loss ${written.value.mean.toFixed(2)}`,
          ]),
        written.value && h('pre', { tabindex: 0, 'aria-label': 'What the network writes' }, written.value.text),
      ]),
    ]);
});
