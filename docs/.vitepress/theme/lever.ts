/** A lever of a figure: a slider with its name and its number. */
import type { Ref, VNode } from 'vue';
import { h } from 'vue';

export interface Lever {
  readonly id: string;
  readonly name: string;
  readonly value: Ref<number>;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  /** The number as it is shown and read out, if it is not the slider's own. */
  readonly shown?: (value: number) => string;
}

export function lever({ id, name, value, min, max, step, shown = String }: Lever): VNode {
  const text = shown(value.value);
  return h('div', { class: 'lever' }, [
    h('label', { for: id }, [`${name}: `, h('b', text)]),
    h('input', {
      ...{ id, type: 'range', min, max, step, value: value.value, 'aria-valuetext': text },
      onInput: (event: Event) => (value.value = Number((event.target as HTMLInputElement).value)),
    }),
  ]);
}
