/** A number that the reader drags or types. A text that is no such number gets a word beside it, and the last good number stays. */
import { defineComponent, h, ref } from 'vue';
import { shown, typedNumber, type Range } from './typed-number.js';

interface Properties extends Range {
  readonly id: string;
  readonly label: string;
  readonly value: number;
  readonly step: number;
}

/** Emits `change` with each good number. */
export const NumberSlider = defineComponent(
  (properties: Properties, { emit }: { emit: (event: 'change', value: number) => void }) => {
    /** What stands in the field while it is no good number. */
    const typed = ref<string>();
    const fault = ref('');
    const drag = (event: Event): void => {
      [typed.value, fault.value] = [undefined, ''];
      emit('change', Number((event.target as HTMLInputElement).value));
    };
    const type = (event: Event): void => {
      const text = (event.target as HTMLInputElement).value;
      const value = typedNumber(text, properties);
      typed.value = text;
      fault.value = typeof value === 'string' ? value : '';
      if (typeof value === 'number') emit('change', value);
    };
    /** The field shows the number again. */
    const leave = (): void => {
      if (fault.value === '') typed.value = undefined;
    };
    return () => {
      const { id, label, value, min, max, step } = properties;
      const isFaulty = fault.value !== '';
      return h('div', { class: 'number-slider' }, [
        h('label', { for: id }, label),
        h('input', { id, type: 'range', min, max, step, value, onInput: drag }),
        h('input', {
          ...{ type: 'text', autocomplete: 'off', spellcheck: false, value: typed.value ?? shown(value) },
          ...{ 'aria-label': `${label}, typed`, 'aria-invalid': isFaulty, 'aria-describedby': `${id}-fault` },
          ...{ onInput: type, onBlur: leave },
        }),
        h('p', { id: `${id}-fault`, class: 'fault', role: 'status' }, fault.value),
      ]);
    };
  },
  { props: ['id', 'label', 'value', 'min', 'max', 'step'], emits: ['change'] },
);
