/** Chapters 2 and 4: editors of one line, in which the reader writes the backward pass, beside the drawing of the cell with the path that the line serves. */
import { type VNode, defineComponent, h, onMounted, onUnmounted, reactive, shallowRef, Teleport } from 'vue';
import { listed } from '../../../../src/core/arguments.js';
import { CELL_HEIGHT, CELL_WIDTH, cellBackward } from '../../../learn/pictures/cell.mjs';
import { ASKED, type Asked, namesOf, type Reply, replyOn } from './asked-lines.js';
import { nameButton } from '../elements.js';
import { storageEntry } from '../storage.js';

/** In characters. */
const LONGEST_LINE = 200;

/** The reader's lines, by the ids of their fields, in the browser's localStorage. */
const entry = storageEntry('longhand-lines');

/** What has been done in one line. */
interface State {
  text: string;
  reply: Reply | undefined;
  isNamed: boolean;
  isShown: boolean;
}

/** The lines of one place. */
const LineEditors = defineComponent(
  ({ id }: { id: string }) => {
    const asked = ASKED[id];
    const states = reactive(asked.map((): State => ({ text: '', reply: undefined, isNamed: false, isShown: false })));
    const current = shallowRef(0);
    const check = (n: number, text: string): void => {
      const reply = text.trim() === '' ? undefined : replyOn(asked[n], text);
      Object.assign(states[n], { text, reply, isNamed: false });
    };
    const keep = (n: number, text: string): void => {
      check(n, text);
      entry.write({ ...entry.read(), [`${id}-${n}`]: text });
    };
    onMounted(() => {
      const stored = entry.read();
      for (const n of asked.keys()) {
        const text = stored[`${id}-${n}`];
        if (typeof text === 'string' && text.length <= LONGEST_LINE) check(n, text);
      }
    });
    const editor = (line: Asked, n: number): VNode => {
      const state = states[n];
      const { reply } = state;
      const field = `${id}-${n}`;
      return h('div', { class: reply?.kind === 'right' ? 'right' : reply && 'wrong' }, [
        h('label', { for: field }, h('code', `${line.left} ?`)),
        h('input', {
          ...{ id: field, type: 'text', autocomplete: 'off', autocapitalize: 'off', spellcheck: false },
          ...{ maxlength: LONGEST_LINE, value: state.text, 'aria-describedby': `${field}-reply` },
          ...(reply && { 'aria-invalid': reply.kind !== 'right' }),
          onFocus: () => (current.value = n),
          onChange: (event: Event) => keep(n, (event.target as HTMLInputElement).value),
        }),
        h('p', { id: `${field}-reply`, 'aria-live': 'polite' }, [
          reply?.words,
          state.isNamed ? ` ${reply?.mistake}` : undefined,
        ]),
        reply?.mistake !== undefined && !state.isNamed
          ? nameButton(line.left.split(' ')[0], () => (state.isNamed = true))
          : undefined,
        h(
          'button',
          {
            ...{ type: 'button', 'aria-expanded': state.isShown, 'aria-label': `Show the line of ${line.left}` },
            onClick: () => (state.isShown = !state.isShown),
          },
          state.isShown ? 'Hide the line' : 'Show the line',
        ),
        state.isShown ? h('pre', { tabindex: 0 }, `${line.left} ${line.formula}`) : undefined,
      ]);
    };
    const drawing = (): VNode => {
      const { left, lights } = asked[current.value];
      const [name] = left.split(' ');
      return h('svg', {
        ...{ viewBox: `0 0 ${CELL_WIDTH} ${CELL_HEIGHT}`, role: 'img' },
        'aria-label': `One step of the LSTM, backward. Lit is what the line of ${name} serves: ${lights.map(pathOf).join(', and ')}.`,
        innerHTML: cellBackward(lights).flat(Infinity).join(''),
      });
    };
    const names = listed([...new Set(asked.flatMap(namesOf))]);
    return () =>
      h(
        'section',
        {
          class: 'live write-lines',
          'aria-label': `Your lines of ${listed(asked.map(({ left }) => left.split(' ')[0]))}`,
        },
        [
          h('div', { class: 'line-editor' }, [
            h('p', [
              `Write the line, and press Enter. You have ${names}, and `,
              ...['*', '^2', 'tanh( )', 'sigmoid( )'].flatMap((sign) => [h('code', sign), ' ']),
              'for the rest.',
            ]),
            asked.map(editor),
          ]),
          asked[0].lights.length > 0 ? drawing() : undefined,
        ],
      );
  },
  { props: ['id'] },
);

/** `c-h` → `from h to c`, because the path leads back. */
function pathOf(arrow: string): string {
  const [end, start] = arrow.split('-');
  return start === 'next' ? `from the next step to ${end}` : `from ${start} to ${end}`;
}

interface Place {
  readonly element: HTMLElement;
  readonly id: string;
}

/** It stands in every empty element of the chapter whose id is in `ASKED`. */
export default defineComponent(() => {
  const places = shallowRef<readonly Place[]>([]);
  onMounted(() => {
    places.value = Object.keys(ASKED).flatMap((id) => {
      const element = document.getElementById(id);
      return element ? [{ element, id }] : [];
    });
  });
  onUnmounted(() => (places.value = []));
  return () => places.value.map(({ element, id }) => h(Teleport, { to: element }, h(LineEditors, { id })));
});
