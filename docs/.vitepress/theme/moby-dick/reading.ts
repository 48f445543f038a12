/** A passage that the site's Moby-Dick network reads: in a worker, and as a text of which a character is chosen. */
import address from '../../../learn/programs/moby-dick.safetensors?url';
import { type Remote, releaseProxy, wrap } from 'comlink';
import { type PropType, defineComponent, h, onMounted, onUnmounted, ref, shallowRef, useTemplateRef } from 'vue';
import type { TextInspection } from '../../../../src/page/text/inspect-text.js';
import { wordFor } from './words.js';
import type { reader } from './worker.js';

/** What the network computes in `text`, for the prediction after character `target`; the network is loaded when `place` comes near the window. */
export function useReading(place: () => Element | null, text: () => string, target: () => number) {
  const [inspection, fault] = [shallowRef<TextInspection>(), ref('')];
  let worker: Worker | undefined;
  let remote: Remote<typeof reader> | undefined;
  let [isBusy, isStale, isGone] = [false, false, false];
  /** At most one reading at a time; of the calls meanwhile, the last one counts. */
  const look = async (): Promise<void> => {
    isStale = isBusy;
    if (isBusy || isGone) return;
    isBusy = true;
    try {
      worker ??= new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
      remote ??= wrap<typeof reader>(worker);
      const found = await remote.look(new URL(address, location.href).href, { text: text(), target: target() });
      if (found.characters.join('') === text()) inspection.value = found;
      fault.value = '';
    } catch (error) {
      fault.value = (error as Error).message;
    }
    isBusy = false;
    if (isStale) await look();
  };
  let observer: IntersectionObserver | undefined;
  onMounted(() => {
    observer = new IntersectionObserver((entries) => {
      if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
      observer?.disconnect();
      void look();
    });
    const element = place();
    if (element) observer.observe(element);
  });
  onUnmounted(() => {
    isGone = true;
    observer?.disconnect();
    remote?.[releaseProxy]();
    worker?.terminate();
  });
  return { inspection, fault, look };
}

/** Divided by the largest absolute value. */
export function scaled(values: Float32Array): Float32Array {
  const most = values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  return values.map((value) => value / (most || 1));
}

/** Where the keys lead from character n. A line has about 60. */
const MOVES: Readonly<Record<string, (n: number, last: number) => number>> = {
  ArrowLeft: (n) => n - 1,
  ArrowRight: (n) => n + 1,
  ArrowUp: (n) => n - 60,
  ArrowDown: (n) => n + 60,
  Home: () => 0,
  End: (_, last) => last,
};

/** Percent of a colour behind a character, so that the character can be read. */
const STRONGEST = 40;

/** A text with a colour behind each character: `values` from -1 to 1. `choose` is emitted for one under the mouse, or one that keys lead to. */
export const CharacterText = defineComponent({
  props: {
    id: { type: String, required: true },
    label: { type: String, required: true },
    characters: { type: Array as PropType<readonly string[]>, required: true },
    values: { type: Object as PropType<ArrayLike<number>>, required: true },
    chosen: { type: Number, required: true },
  },
  emits: ['choose'],
  setup(props, { emit }) {
    const list = useTemplateRef<HTMLElement>('list');
    const choose = (n: number): void => {
      const kept = Math.max(0, Math.min(props.characters.length - 1, n));
      if (kept !== props.chosen) emit('choose', kept);
    };
    const press = (event: KeyboardEvent): void => {
      if (!(event.key in MOVES) || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      choose(MOVES[event.key](props.chosen, props.characters.length - 1));
    };
    const point = ({ target }: Event): void => {
      const n = Array.prototype.indexOf.call(list.value?.children ?? [], target);
      if (n >= 0) choose(n);
    };
    const colour = (value: number): string =>
      `color-mix(in srgb, var(${value < 0 ? '--first' : '--second'}) ${Math.round(STRONGEST * Math.min(1, Math.abs(value)))}%, transparent)`;
    return () =>
      h(
        'div',
        {
          ...{ ref: 'list', class: 'character-text', role: 'listbox', tabindex: 0, 'aria-label': props.label },
          ...{ 'aria-activedescendant': `${props.id}-${props.chosen}` },
          ...{ onKeydown: press, onPointerover: point, onClick: point },
        },
        props.characters.map((character, n) =>
          h(
            'span',
            {
              ...{ id: `${props.id}-${n}`, role: 'option', 'aria-selected': n === props.chosen },
              ...{ 'aria-label': wordFor(character), style: { backgroundColor: colour(props.values[n] ?? 0) } },
            },
            character === '\n' ? '↵\n' : character,
          ),
        ),
      );
  },
});
