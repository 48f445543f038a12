/** Buttons that write all answers into a file, and read one: from the terminal, or from another browser. */
import type { VNode } from 'vue';
import { defineComponent, h, onUnmounted, ref, shallowRef } from 'vue';
import { counted } from '../../../../src/core/arguments.js';
import type { Imported } from './transfer.js';

export default defineComponent(() => {
  const [message, isDropping] = [ref(''), ref(false)];
  const differing = shallowRef<readonly Imported[]>([]);
  const aborter = new AbortController();
  onUnmounted(() => aborter.abort());

  async function take(texts: readonly Imported[]): Promise<void> {
    const { check } = await import('./transfer.js');
    message.value = `${counted(texts.length, 'answer')} from the file. Checking …`;
    const right = await check(texts, aborter.signal);
    message.value = `${counted(texts.length, 'answer')} from the file: ${right} of ${texts.length} right.`;
  }

  async function readFile(file: File | undefined): Promise<void> {
    if (!file) return;
    differing.value = [];
    try {
      const { read } = await import('./transfer.js');
      const found = await read(file);
      differing.value = found.differing;
      await take(found.taken);
    } catch (error) {
      if (!aborter.signal.aborted) message.value = `The file has not been read. ${(error as Error).message}.`;
    }
  }

  async function replaceWith(texts: readonly Imported[]): Promise<void> {
    const transfer = await import('./transfer.js');
    differing.value = [];
    transfer.take(texts);
    await take(texts);
  }

  const onDrop = (event: DragEvent): void => {
    event.preventDefault();
    isDropping.value = false;
    void readFile(event.dataTransfer?.files[0]);
  };
  const onChange = (event: Event): void => {
    const input = event.target as HTMLInputElement;
    void readFile(input.files?.[0]).then(() => (input.value = '')); // the same file can be read again
  };
  return () =>
    h(
      'section',
      {
        class: ['transfer', { dropping: isDropping.value }],
        'aria-label': 'Your answers as a file',
        onDragover: (event: DragEvent) => {
          event.preventDefault();
          isDropping.value = true;
        },
        onDragleave: () => (isDropping.value = false),
        onDrop,
      },
      [
        h('button', { type: 'button', class: 'download', onClick: () => void download() }, 'Download my answers'),
        h('label', [
          'Read a file of answers, or drop it here: ',
          h('input', { type: 'file', accept: '.json', onChange }),
        ]),
        h('p', { role: 'status' }, message.value),
        ...differingView(differing.value, replaceWith, () => (differing.value = [])),
      ],
    );
});

const download = async (): Promise<void> => (await import('./transfer.js')).download();

/** What stays until the reader decides. */
function differingView(
  texts: readonly Imported[],
  replaceWith: (texts: readonly Imported[]) => Promise<void>,
  keep: () => void,
): VNode[] {
  if (texts.length === 0) return [];
  const button = (label: string, onClick: () => void): VNode => h('button', { type: 'button', onClick }, label);
  const name = ({ exercise, language }: Imported): string =>
    `${exercise.number}. ${exercise.title} (${language === 'typescript' ? 'TypeScript' : 'JavaScript'})`;
  return [
    h(
      'p',
      'These answers in the file differ from yours, which have not been changed. To keep both, download yours first.',
    ),
    h(
      'ul',
      texts.map((text) => h('li', name(text))),
    ),
    button('Keep mine', keep),
    button('Use those of the file', () => void replaceWith(texts)),
  ];
}
